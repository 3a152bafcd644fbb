"""The day's suggestion: pairs of people who are new to each other, both told once, by a job that may be killed at any moment."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.desk import Services
from bot.jobs import Run, Worker
from bot.learning import LearnedInUse
from bot.replies import word
from bot.usecases import daily, discover, persons
from db import daily as picks
from db import exposures, impressions, jobs, likes, members, outbox, safety, search
from db.session import Connection
from engine.matching.daily import stable
from tests.bot.meeting import Town, surroundings
from tests.bot.runner import scheduler
from tests.bot.test_discover import dress
from tests.bot.test_scheduler import QUIET
from tests.bot.test_words import WORDS
from tests.db.people import person

DAY = dt.date(2026, 11, 21)


def choices(town: Town, member_id: int, day: dt.date = DAY) -> list[int]:
    member = town.member(member_id)
    return [other for _, other, _ in town.database.read(daily.choices, surroundings(town.now), member, day)]


def suggest(town: Town, one: int, other: int, day: dt.date = DAY) -> int:
    return town.database.transact(daily.give, surroundings(town.now), one, other, day)


def test_a_suggestion_a_day_of_somebody_new_told_to_both(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    assert choices(town, her) == [him]
    assert choices(town, him) == [her]
    assert suggest(town, her, him) == 2
    town.newcomer("man", "women")
    assert choices(town, her) == []
    mail = town.mail()
    for one, other in ((her, him), (him, her)):
        [letter] = mail[one]
        assert letter["key"] == f"daily:{DAY}"
        assert WORDS.plain(word("steering.daily_both"), town.member(one).language) in letter["body"]["caption"]
        data = [item["callback_data"] for row in letter["body"]["reply_markup"]["inline_keyboard"] for item in row]
        assert {f"like:{other}:", f"skip:{other}:", f"why:{other}:", f"report:{other}:"} <= set(data)
        assert town.database.read(exposures.was_shown, one, other)
        noted = town.database.read(impressions.latest, one, other)
        assert noted is not None
        assert noted.place == "daily"


def test_the_card_of_the_day_is_answered_as_any_other(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    suggest(town, her, him)
    town.mail()
    town.act(her, discover.answer, him, liked=True)
    assert town.act(him, discover.answer, her, liked=True)
    assert {letter["key"].split(":")[0] for letter in town.mail()[her]} == {"match"}


def test_what_was_told_by_other_means_leaves_nothing_behind(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.database.transact(outbox.put, him, "sendMessage", {"body": {}}, f"daily:{DAY}", town.now)
    with pytest.raises(daily.AlreadyTold):
        suggest(town, her, him)
    assert not town.database.read(exposures.was_shown, her, him)
    assert town.database.read(picks.of_day, DAY) == {}
    assert [letter["method"] for letter in town.mail().get(her, [])] == []


def test_nobody_gets_two_in_a_day(town: Town) -> None:
    her = town.newcomer("woman", "men")
    first, second = town.newcomer("man", "women"), town.newcomer("man", "women")
    assert suggest(town, her, first) == 2
    assert suggest(town, her, second) == 0
    assert suggest(town, her, first) == 0
    town.now += dt.timedelta(days=1)
    assert suggest(town, her, second, DAY + dt.timedelta(days=1)) == 2
    assert [len(letters) for letters in town.mail().values()] == [2, 1, 1]


@pytest.mark.parametrize("change", ["paused", "unreachable", "blocked", "skipped", "shown", "left", "filter"])
def test_nothing_is_said_where_nobody_is_new_or_may_be_met(town: Town, change: str) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")

    def happen(connection: Connection) -> None:
        now = town.now
        if change == "shown":
            exposures.add(connection, him, her, now)
        elif change == "blocked":
            safety.block(connection, him, her, now)
        elif change == "skipped":
            likes.mark(connection, him, her, False, now)
        else:
            fields: dict[str, dict[str, Any]] = {
                "paused": {"status": "paused"},
                "unreachable": {"reachable": False},
                "left": {"status": "banned"},
                "filter": {"age_min": 60},
            }
            members.update(connection, him, now, **fields[change])

    town.database.transact(happen)
    assert suggest(town, her, him) == 0
    assert town.mail() == {}
    assert town.database.read(picks.of_day, DAY) == {}
    assert choices(town, her) == []


def crowd_in(town: Town, member_id: int, cards: int) -> None:
    """So many others see somebody."""

    def work(connection: Connection) -> None:
        for _ in range(cards):
            impressions.add(connection, person(connection, "other", photo=False).id, member_id, town.now, "discover")

    town.database.transact(work)


@pytest.mark.parametrize("side", ["her", "him"])
def test_who_was_shown_to_enough_people_is_chosen_by_nobody_and_chooses_nobody(town: Town, side: str) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    minimum = surroundings().learned.settings.minimum
    crowd_in(town, her if side == "her" else him, minimum - 1)
    assert (choices(town, her), choices(town, him)) == ([him], [her])
    crowd_in(town, her if side == "her" else him, 1)
    assert (choices(town, her), choices(town, him)) == ([], [])
    assert suggest(town, her, him) == 0, "the choice was made before the last of these cards"
    assert town.database.read(picks.of_day, DAY) == {}
    assert town.mail() == {}


def test_a_choice_has_the_score_of_the_engines_pairs_in_both_directions(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.database.transact(members.update, her, town.now, last_active_at=town.now - dt.timedelta(days=5))
    crowd_in(town, him, 4)
    context = surroundings(town.now)
    learned = context.learned
    two = [town.database.read(persons.of, context.pack, town.now, 7, [one])[one] for one in (her, him)]
    assert [one.recent for one in two] == [0, 4]
    [(_, _, score)] = learned.matcher.pairs(two, np.array([(0, 1)]), learned.model, None, learned.fair)
    for me, you in ((her, him), (him, her)):
        assert town.database.read(daily.choices, context, town.member(me), DAY) == [(me, you, pytest.approx(score))]


def test_where_all_of_the_first_were_shown_enough_it_is_looked_further(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    me = town.newcomer("man", "women")
    hers = [town.newcomer("woman", "men", last_active_at=town.now - dt.timedelta(days=day)) for day in range(4)]
    minimum = surroundings().learned.settings.minimum
    for her in hers[:2]:
        crowd_in(town, her, minimum)
    context = surroundings(town.now)
    few = LearnedInUse(replace(context.learned.settings, pool=2)).now(context.affinity)
    found = town.database.read(daily.choices, replace(context, learned=few), town.member(me), DAY)
    assert [other for _, other, _ in found] == hers[2:]
    crowd_in(town, me, minimum)
    monkeypatch.setattr(search, "candidates", None)  # for whom no pair can be there is no search
    assert town.database.read(daily.choices, replace(context, learned=few), town.member(me), DAY) == []


def test_who_was_away_takes_no_part(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.database.transact(members.update, him, town.now, last_active_at=town.now - daily.ACTIVE - dt.timedelta(hours=1))
    assert [member.id for member in town.database.read(daily.page, surroundings(town.now), 0, 10)] == [her]
    assert choices(town, her) == []


def test_demo_members_are_given_to_people_and_told_nothing(town: Town) -> None:
    me = town.newcomer("man", "women")
    demo = town.newcomer("woman", "men", demo=True, last_active_at=town.now - dt.timedelta(days=60))
    assert choices(town, me) == [demo]
    assert choices(town, demo) == []
    assert suggest(town, me, demo) == 1
    mail = town.mail()
    assert list(mail) == [me]
    assert WORDS.plain(word("steering.daily"), "ko") in mail[me][0]["body"]["caption"]


def test_no_two_would_both_rather_have_each_other(town: Town) -> None:
    women = [town.newcomer("woman", "men") for _ in range(4)]
    men = [town.newcomer("man", "women") for _ in range(4)]
    for number, (her, him) in enumerate(zip(women, men, strict=True)):
        town.database.transact(dress, her, f"wf-{number % 3}", f"wo-{number % 3}")
        town.database.transact(dress, him, f"mf-{number % 3}", f"mo-{number % 3}")
    scores: dict[tuple[int, int], list[float]] = {}
    for one in (*women, *men):
        for me, other, score in town.database.read(daily.choices, surroundings(town.now), town.member(one), DAY):
            scores.setdefault((min(me, other), max(me, other)), []).append(score)
    means = {pair: sum(found) / len(found) for pair, found in scores.items()}
    pairs = stable((*pair, score) for pair, score in means.items())
    assert len(pairs) == 4
    held = {member: means[pair] for pair in pairs for member in pair}
    assert not [pair for pair, score in means.items() if score > held[pair[0]] and score > held[pair[1]]]
    types = [(town.member(one).gender, pair) for pair in pairs for one in pair]
    assert len(types) == 8


def job(town: Town, folder: Path) -> tuple[Services, Worker]:
    made, services = scheduler(town.database, folder, QUIET)
    services = replace(services, clock=lambda: town.now)
    worker = made._worker
    worker._services = services
    return services, worker


def run(town: Town, services: Services, worker: Worker, run_id: int) -> dict[str, Any]:
    row = town.database.read(jobs.by_id, run_id)
    assert row is not None
    return asyncio.run(worker._daily_pick(Run(services, row, None))).result


def test_the_job_pairs_everybody_off_and_goes_on_after_a_kill(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    women = [town.newcomer("woman", "men") for _ in range(5)]
    men = [town.newcomer("man", "women") for _ in range(5)]
    services, worker = job(town, tmp_path)
    run_id = town.database.transact(jobs.queue, "daily_pick", "schedule", {}, town.now)
    town.database.transact(jobs.start, run_id, town.now)
    give, given = daily.give, []

    def killed(*args: Any) -> int:
        if len(given) == 2:
            raise KeyboardInterrupt
        given.append(args)
        return give(*args)

    monkeypatch.setattr(daily, "give", killed)
    with pytest.raises(KeyboardInterrupt):
        run(town, services, worker, run_id)
    monkeypatch.setattr(daily, "give", give)
    assert len(town.database.read(picks.of_day, DAY)) == 4
    result = run(town, services, worker, run_id)
    assert result == {"day": DAY.isoformat(), "members": 10, "told": 6}
    held = town.database.read(picks.of_day, DAY)
    assert set(held) == {*women, *men}
    assert all(held[other] == one for one, other in held.items())
    mail = town.mail()
    assert sorted(mail) == sorted([*women, *men])
    assert all([letter["key"] for letter in letters] == [f"daily:{DAY}"] for letters in mail.values())
    run(town, services, worker, run_id)
    assert town.mail() == {}
    services.runtime.close()
