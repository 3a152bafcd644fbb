"""Whatever operators look at leaves a row in the audit log, and nobody else can look."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.replies import Replies
from bot.usecases import admin, decisions, models, moderation, steering
from db import audit, members
from tests.bot.meeting import ADMIN, Town

READS: dict[str, Callable[..., Replies]] = {
    "stats": admin.stats,
    "audit": admin.recent,
    "queue": moderation.queue,
    "profile": moderation.look,
    "jobs": steering.listed,
    "models": models.listed,
    "gallery": models.gallery,
    "affinity": models.affinity,
    "gates": models.gates,
    "crawl": steering.crawl,
    "retrain": steering.retrain,
    "ban": decisions.ban_command,
    "unban": admin.unban,
}
LOOKED_UP = ("", "#999999", "1", f"{ADMIN}")
"""Nobody, nobody, nobody, and an admin: nothing is done to them, but that nothing is tells something."""


@pytest.mark.parametrize("name", READS)
def test_each_look_leaves_a_row_and_is_for_admins_alone(town: Town, name: str) -> None:
    person = town.newcomer("man", "women")
    operator = town.database.transact(members.create, ADMIN, "en", town.now).id
    arguments: tuple[object, ...] = (person,) if name == "profile" else (f"#{person}",) if name in ("ban", "unban") else ()
    town.act(operator, READS[name], *arguments)
    newest = town.database.read(audit.recent)[0]
    assert newest.actor == str(ADMIN)
    before = len(town.database.read(audit.recent, 100))
    with pytest.raises(PermissionError):
        town.act(person, READS[name], *arguments)
    assert len(town.database.read(audit.recent, 100)) == before


@pytest.mark.parametrize("usecase", [decisions.ban_command, admin.unban])
@pytest.mark.parametrize("who", LOOKED_UP)
def test_who_is_only_looked_up_is_on_record_too(town: Town, usecase: Callable[..., Replies], who: str) -> None:
    person, operator = town.newcomer("man", "women"), town.database.transact(members.create, ADMIN, "en", town.now).id
    town.act(operator, usecase, who)
    assert town.database.read(audit.recent)[0].action in ("ban.asked", "unban")
    with pytest.raises(PermissionError):
        town.act(person, usecase, who)
