"""Buttons, commands and links of other people: nothing of theirs changes, and nothing is learned."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any

from bot.local.server import LocalServer
from db import members, outbox
from db.session import Connection
from fuzz.seeds import updates
from fuzz.targets import whole
from tests.journeys.stage import ADMIN, PATIENCE, Person, Stage, matched, words

TABLES = ("pairs", "likes", "photos", "messages", "reports", "blocks", "reviews", "consents", "couple_uploads", "job_runs")
OWN = {"language", "languages"}
"""Verbs that change the one who presses, and nobody else."""
_number = itertools.count(900_000)


def _rows(connection: Connection, but: int) -> dict[str, list[tuple[Any, ...]]]:
    """All that is stored of others, with what is noted on reading left out."""
    found = {}
    for table in TABLES:
        listed = connection.exec_driver_sql(f"SELECT * FROM {table}")  # noqa: S608 names of ours
        columns = list(listed.keys())
        own = [columns.index(name) for name in ("member_id", "liker_id", "sender_id", "reporter_id", "blocker_id") if name in columns]
        found[table] = [tuple(row) for row in listed if not any(row[place] == but for place in own)]
    people = connection.exec_driver_sql("SELECT id, status, step, active_pair_id, about, city, gender FROM members ORDER BY id")
    found["members"] = [tuple(row) for row in people if row[0] != but]
    return found


async def _press(stage: Stage, person: int, data: str) -> None:
    message = {**updates.message(text="card"), "chat": {"id": person, "type": "private"}}
    query = {"id": "5", "from": updates.person(person), "chat_instance": "1", "message": message, "data": data}
    assert stage.application is not None
    await stage.application.intake.accept([{"update_id": next(_number), "callback_query": query}])


async def _quiet(stage: Stage) -> None:
    assert stage.application is not None
    while workers := set(stage.application.intake._workers):
        await asyncio.wait(workers)


async def test_no_button_of_a_stranger_changes_anything_of_others(stage: Stage) -> None:
    """Every verb there is, with the ids of all rows of two people who are matched, talk and reported each other."""
    one = await stage.person(1001, gender="woman", seeks="men")
    two = await stage.person(1002, gender="man", seeks="women")
    await matched(one, two)
    await one.write("hello you")
    await two.hears("hello you")
    stranger = await stage.person(1003, gender="man", seeks="women", city="Busan", latitude=35.2, longitude=129.1, distance_km=5)
    own = stage.member(stranger).id
    async with asyncio.timeout(PATIENCE):
        while await asyncio.to_thread(stage.database.read, outbox.waiting):  # noqa: ASYNC110 what was sent is noted a moment later
            await asyncio.sleep(0.05)
    await _quiet(stage)
    before = await asyncio.to_thread(stage.database.read, _rows, own)
    assert stage.application is not None
    stage.application.intake._throttle._burst = 1e9
    stage.application.intake._throttle._buckets.clear()
    for verb in sorted(set(whole.verbs()) - {"like", "skip", "flag", "report", "keep"}):
        for to in (1, 2):
            for choice in ("", "1", "man"):
                await _press(stage, 1003, f"{verb}:{to}:{choice}")
    await _quiet(stage)
    assert await asyncio.to_thread(stage.database.read, _rows, own) == before


async def test_what_exists_and_what_does_not_are_answered_alike(stage: Stage) -> None:
    """An id that is somebody's and one that is nobody's: the same words, so nothing can be counted."""
    one = await stage.person(1001, gender="woman", seeks="men")
    two = await stage.person(1002, gender="man", seeks="women")
    await matched(one, two)
    stranger = await stage.person(1003, gender="man", seeks="women")
    await stranger.write("/help")
    message = await stranger.hears()
    for verb in ("open", "leave", "unmatch", "unmatch_yes", "block", "report_pair", "photo_main", "couple_yes"):
        first = await stranger.press_data(message, f"{verb}:1:")
        await _quiet(stage)
        said = await _said(stranger)
        second = await stranger.press_data(message, f"{verb}:987654321:")
        await _quiet(stage)
        assert re.sub(r"\d+", "", str(first)) == re.sub(r"\d+", "", str(second)), verb
        assert await _said(stranger) == said, verb


async def _said(person: Person) -> list[str]:
    """What the bot said since this was asked last."""
    new = [message for message in await person.messages() if not message["out"] and message["message_id"] > person.seen]
    person.seen = max((message["message_id"] for message in new), default=person.seen)
    return [words(message) for message in new]


async def test_start_parameters_open_nothing(stage: Stage) -> None:
    person = await stage.person(1001, gender="woman", seeks="men")
    hostile = ("' OR 1=1 --", "%", "_" * 22, "../../x", "\0", "é" * 22)
    for parameter in (*(f"couple_{end}" for end in hostile), "<b>x</b>", "9" * 64):
        await person.write(f"/start {parameter}")
        message = await person.hears()
        assert "<b>" not in words(message)
        assert "couple_yes" not in str(message.get("reply_markup", ""))


async def test_admins_commands_and_buttons_tell_others_nothing(stage: Stage) -> None:
    """The same answer as to a word that means nothing, with or without arguments."""
    person = await stage.person(1001, gender="woman", seeks="men")
    await person.write("/nonsense")
    unknown = words(await person.hears())
    for command in ("stats", "audit", "reports", "ban 1", "unban 1", "broadcast x", "jobs", "rollback", "crawl", "retrain", "models"):
        await person.write(f"/{command}")
        assert words(await person.hears()) == unknown, command
    for command in ("/STATS", "/stats@other_bot", "/stats\u200b", "／stats"):
        await person.write(command)
        assert "SQL" not in words(await person.hears())


async def test_who_calls_himself_an_admin_is_none(stage: Stage) -> None:
    """An admin is an account's number, not a name."""
    await stage.server.add_person(1005, str(ADMIN), "en", "admin", started=True)
    person = Person(stage, 1005, "en")
    await person.write("/stats")
    said = words(await person.hears())
    assert "%" not in said
    assert isinstance(stage.server, LocalServer)


async def test_delete_twice_at_once_is_one(stage: Stage) -> None:
    await stage.person(1001, gender="woman", seeks="men")
    await asyncio.gather(*(_press(stage, 1001, "delete::now") for _ in range(4)))
    await _quiet(stage)
    found = await asyncio.to_thread(stage.database.read, members.by_telegram, 1001)
    assert found is None or found.status in {"deleted", "onboarding"}
