"""A broadcast cannot be taken back: what a button stood below is what it sends, and whoever writes one keeps their place."""

from __future__ import annotations

import pytest

from bot.replies import Replies, Say
from bot.usecases import broadcast
from db import members
from db import outbox as lanes
from tests.bot.meeting import ADMIN, Town, buttons, keys


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", town.now).id


def confirmed(replies: Replies) -> str:
    """What the button below a preview carries."""
    [choice] = [
        button.press.choice
        for reply in replies
        if isinstance(reply, Say)
        for button in buttons(reply)
        if button.press.do == "broadcast_yes"
    ]
    assert 0 < len(choice.encode()) <= 40
    return choice


def test_an_older_preview_sends_nothing_and_the_newer_one_itself(town: Town, boss: int) -> None:
    town.newcomer("woman")
    first = confirmed(town.act(boss, broadcast.write, "Maintenance tonight"))
    second = confirmed(town.act(boss, broadcast.write, "Maintenance is called off"))
    assert keys(town.act(boss, broadcast.send, first)) == ["ask.passed"]
    assert keys(town.act(boss, broadcast.send, "")) == ["ask.passed"]
    assert town.database.read(lanes.waiting) == 0
    assert keys(town.act(boss, broadcast.send, second)) == ["admin.broadcast_sent"]
    assert "called off" in str(town.mail())


@pytest.mark.parametrize("sent", [True, False])
def test_an_admin_who_is_signing_up_goes_on_from_where_they_were(town: Town, boss: int, sent: bool) -> None:
    """Before, /broadcast put them back to the very first question, and all that they had said was gone."""
    town.database.transact(members.set_step, boss, "city", {"told": "so far"}, town.now)
    town.act(boss, broadcast.write, "")
    choice = confirmed(town.act(boss, broadcast.write, "Hello"))
    town.act(boss, broadcast.send, choice) if sent else town.act(boss, broadcast.cancel)
    assert (town.member(boss).step, town.member(boss).draft) == ("city", {"told": "so far"})
