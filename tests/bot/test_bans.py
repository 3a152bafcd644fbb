"""Whoever was banned and comes back with a new account is held for an admin to look at, never banned by a machine; twins are let in."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot import fingerprints, returning
from bot.desk import Services
from bot.replies import Picture
from bot.retyping import Note
from bot.settings import ScheduleSettings
from bot.usecases import (
    admin,
    appeals,
    bans,
    decisions,
    evidence,
    freezing,
    moderation,
    onboarding,
    photos,
    privacy,
    safety,
    steering,
)
from db import bans as marks
from db import erasure, jobs, members, types
from db import photos as photo_queries
from db import safety as safety_queries
from db.records import TypeRow
from db.session import Connection
from engine.embedding import packed
from engine.values import Vector
from tests.bot.meeting import ADMIN, WORDS, Town, keys, small_pack, surroundings
from tests.bot.newcomer import selfie
from tests.bot.runner import scheduler
from tests.db.people import NOW


@pytest.fixture
def boss(town: Town) -> int:
    rows = [TypeRow(info.id, info.group, info.kind, info.gender, info.name, info.name_ko) for info in small_pack().types]
    town.database.transact(types.sync, rows, "test-1", NOW)
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def picture(seed: int, quality: int = 90, size: int = 160) -> bytes:
    """A picture that a hash can tell from others; the same seed is the same picture whatever size and quality."""
    noise = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def face(likeness: float = 1.0) -> Vector:
    """A vector that is as like the first axis as this."""
    made = np.zeros(4, np.float32)
    made[:2] = likeness, (1 - likeness**2) ** 0.5
    return made


def settle(town: Town, seed: int, likeness: float = 1.0, *, vector: bool = True) -> int:
    made = town.newcomer("man", "women", photo=False, face_consent=vector)
    photo = town.database.transact(photo_queries.add, made, picture(seed), NOW, facts={"face": {"box": [0.2, 0.2, 0.5, 0.5], "age": 30}})
    if vector:
        town.database.transact(photo_queries.add_vector, photo.id, "face", "face-test", "test", packed(face(likeness)), 4)
    return made


def send(town: Town, member_id: int, seed: int, likeness: float = 0.0, **changes: object) -> list[str]:
    analysis = selfie(photo_jpeg=picture(seed, quality=60, size=220), embedding=face(likeness), **changes)
    return keys(town.act(member_id, photos.receive, analysis, None))


def banned(town: Town, boss: int, seed: int = 1) -> int:
    him = settle(town, seed)
    town.act(boss, decisions.ban_command, f"#{him}")
    town.mail()
    return him


def held(town: Town) -> int:
    """Somebody new whose photo is like the face of who was banned."""
    made = town.newcomer("man", "women", face_consent=True)
    assert send(town, made, 2, 0.9) == ["safety.frozen.lookalike"]
    return made


def decide(town: Town, boss: int, kind: str, *, approved: bool) -> None:
    case = next(one for one in town.database.read(safety_queries.reviews_open) if one.kind == kind)
    town.act(boss, decisions.decide_review, case.id, approved=approved)


def appeal(town: Town, boss: int, who: int) -> None:
    """Their words, and an admin who grants it."""
    town.act(who, appeals.ask)
    assert keys(town.act(who, appeals.receive, "that is somebody else")) == ["safety.appealed"]
    decide(town, boss, "appeal", approved=True)


def test_hashes_know_a_picture_again_and_no_other() -> None:
    first, again, other = (fingerprints.phash(jpeg) for jpeg in (picture(1), picture(1, 40, 300), picture(2)))
    assert first is not None
    assert again is not None
    assert other is not None
    assert fingerprints.distance(first, again) <= 6 < fingerprints.distance(first, other)
    assert fingerprints.phash(b"no picture") is fingerprints.face(b"no picture", None) is None


def test_the_face_that_is_kept_is_small() -> None:
    small = fingerprints.face(picture(1), [0.2, 0.2, 0.5, 0.5])
    assert small is not None
    assert max(Image.open(io.BytesIO(small)).size) == fingerprints.SIDE


@pytest.mark.parametrize(("seed", "likeness"), [(2, 0.7), (1, 0.0)], ids=["face", "picture"])
def test_a_look_alike_is_held_and_both_pictures_are_shown(town: Town, boss: int, seed: int, likeness: float) -> None:
    banned(town, boss)
    back = town.newcomer("man", "women", face_consent=True)
    assert send(town, back, seed, likeness) == ["safety.frozen.lookalike"]
    assert town.member(back).status == "frozen"
    shown = town.act(boss, moderation.queue)
    assert keys(shown) == ["admin.lookalike.before", "admin.review.lookalike"]
    assert isinstance(shown[0], Picture)
    assert shown[0].protect


def test_somebody_else_is_let_in(town: Town, boss: int) -> None:
    banned(town, boss)
    other = town.newcomer("man", "women", face_consent=True)
    assert "safety.frozen.lookalike" not in send(town, other, 2, 0.57)
    assert town.member(other).status == "active"


def test_vectors_of_another_model_are_never_compared(town: Town, boss: int) -> None:
    banned(town, boss)
    other = town.newcomer("man", "women", face_consent=True)
    assert "safety.frozen.lookalike" not in send(town, other, 2, 1.0, face_model="another")


def test_twins_are_two_people_once_an_admin_said_so(town: Town, boss: int) -> None:
    banned(town, boss)
    twin = town.newcomer("man", "women", face_consent=True)
    send(town, twin, 2, 0.9)
    (review,) = town.database.read(safety_queries.reviews_open)
    town.act(boss, decisions.decide_review, review.id, approved=True)
    assert town.member(twin).status == "active"
    assert "safety.frozen.lookalike" not in send(town, twin, 3, 0.95), "it is remembered for this account"
    third = town.newcomer("man", "women", face_consent=True)
    assert send(town, third, 4, 0.9) == ["safety.frozen.lookalike"], "and for no other"


@pytest.mark.parametrize("way", ["decided", "appealed", "banned and appealed"])
def test_not_the_same_person_is_remembered_whichever_way_it_was_said(town: Town, boss: int, way: str) -> None:
    banned(town, boss)
    twin = held(town)
    if way == "banned and appealed":
        decide(town, boss, "lookalike", approved=False)
        assert town.member(twin).status == "banned"
    if way == "decided":
        decide(town, boss, "lookalike", approved=True)
    else:
        appeal(town, boss, twin)
    [case] = [one for one in town.database.read(safety_queries.reviews_of, twin) if one.kind == "lookalike"]
    assert case.state == "approved"
    town.database.transact(members.update, twin, NOW, status="active")
    assert "safety.frozen.lookalike" not in send(town, twin, 3, 0.95)
    town.act(twin, photos.remove, case.photo_id)
    assert case.photo_id not in [photo.id for photo in town.database.read(photo_queries.of, twin)]
    assert "safety.frozen.lookalike" not in send(town, twin, 4, 0.95), "nor does it go with the photo that raised it"
    town.now += dt.timedelta(hours=1)
    banned(town, boss, 7)
    assert send(town, twin, 5, 0.95) == ["safety.frozen.lookalike"], "another ban is another question"


def test_of_a_granted_appeal_only_the_ban_is_remembered(town: Town, boss: int) -> None:
    banned(town, boss)
    twin = held(town)
    appeal(town, boss, twin)
    [case] = [one for one in town.database.read(safety_queries.reviews_of, twin) if one.kind == "lookalike"]
    assert set(town.database.read(safety_queries.note_of, case)) == {"ban"}


def test_a_ban_for_something_else_that_is_taken_back_answers_no_likeness(town: Town, boss: int) -> None:
    banned(town, boss)
    back = held(town)
    town.act(boss, decisions.ban_command, f"#{back}")
    appeal(town, boss, back)
    assert town.member(back).status == "paused"
    assert send(town, back, 3, 0.95) == ["safety.frozen.lookalike"], "nobody said that these are two people"


def test_an_appeal_against_another_freeze_answers_no_likeness(town: Town, boss: int) -> None:
    banned(town, boss)
    back = held(town)
    town.database.transact(members.update, back, NOW, status="active", frozen_reason=None)
    town.act(back, freezing.freeze, "words")
    appeal(town, boss, back)
    assert [one.kind for one in town.database.read(safety_queries.reviews_open)] == ["lookalike"]
    assert send(town, back, 3, 0.95) == ["safety.frozen.lookalike"]


def test_the_same_person_is_banned_by_an_admin_and_may_appeal(town: Town, boss: int) -> None:
    banned(town, boss)
    back = town.newcomer("man", "women", face_consent=True)
    send(town, back, 2, 0.9)
    (review,) = town.database.read(safety_queries.reviews_open)
    town.act(boss, decisions.decide_review, review.id, approved=False)
    assert town.member(back).status == "banned"
    assert keys(town.act(back, appeals.ask)) == ["safety.appeal_ask"]


def test_marks_outlive_the_account_end_with_the_ban_and_with_time(town: Town, boss: int) -> None:
    him = banned(town, boss)
    town.database.transact(erasure.erase, him, NOW)
    kinds = {kind for kind in ("face:face-test", "phash", "crop") if town.database.read(marks.current, kind, NOW)}
    assert kinds == {"face:face-test", "phash", "crop"}
    assert town.database.read(marks.current, "phash", NOW + dt.timedelta(days=731)) == []
    town.database.transact(marks.forget_before, NOW + dt.timedelta(days=731))
    assert town.database.read(marks.current, "crop", NOW) == []
    other = banned(town, boss, 5)
    town.act(boss, moderation.queue)
    town.database.transact(lambda c: appeals.readmit(c, surroundings(), town.member(other)))
    assert town.database.read(marks.current, "phash", NOW) == []


def test_without_consent_nothing_of_a_face_is_kept(town: Town, boss: int) -> None:
    him = settle(town, 1, vector=False)
    town.act(boss, decisions.ban_command, f"#{him}")
    assert town.database.read(marks.current, "face:face-test", NOW) == []
    assert len(town.database.read(marks.current, "phash", NOW)) == 1


def test_a_face_whose_consent_lapsed_is_not_kept(town: Town, boss: int) -> None:
    him = settle(town, 1)
    town.database.transact(members.update, him, NOW, face_consent=False)
    town.act(boss, decisions.ban_command, f"#{him}")
    assert town.database.read(photo_queries.vectors, him, "face"), "nothing is erased before they answer"
    assert town.database.read(marks.current, "face:face-test", NOW) == []
    assert len(town.database.read(marks.current, "phash", NOW)) == 1


def reported(town: Town, him: int, reason: str = "scam") -> int:
    her = town.newcomer("woman", "men")
    town.match(her, him)
    town.act(her, safety.report, him, reason)
    return town.database.read(safety_queries.open_reports)[-1].id


def kept_of(town: Town, report_id: int) -> set[str]:
    return {kind for kind, _ in town.database.read(evidence.marks, report_id)}


def kinds_marked(town: Town) -> dict[str, int]:
    found = {kind: len(town.database.read(marks.current, kind, town.now)) for kind in ("face:face-test", "phash", "crop")}
    return {kind: number for kind, number in found.items() if number}


@pytest.mark.parametrize(("seed", "likeness"), [(2, 0.7), (1, 0.0)], ids=["face", "picture"])
def test_who_erases_themselves_before_the_ban_is_recognised_all_the_same(town: Town, boss: int, seed: int, likeness: float) -> None:
    him = settle(town, 1)
    filed = [reported(town, him) for _ in range(2)]
    town.database.transact(erasure.erase, him, town.now)
    for report_id in filed:
        town.act(boss, decisions.decide_report, report_id, "uphold")
    assert kinds_marked(town) == {"face:face-test": 1, "phash": 1, "crop": 1}, "once, however many reports"
    assert all(kept_of(town, report_id) == set() for report_id in filed), "the decision was what they were for"
    again = town.newcomer("man", "women", face_consent=True)
    assert send(town, again, seed, likeness) == ["safety.frozen.lookalike"]
    assert keys(town.act(boss, moderation.queue)) == ["admin.lookalike.before", "admin.review.lookalike"]


def test_a_ban_of_who_is_back_already_can_be_taken_back_with_its_marks(town: Town, boss: int) -> None:
    him = settle(town, 1)
    account = town.member(him).telegram_id
    report_id = reported(town, him)
    town.database.transact(erasure.erase, him, town.now)
    back = town.database.transact(members.create, account, "ko", town.now).id
    town.act(boss, decisions.decide_report, report_id, "uphold")
    assert town.member(back).status == "banned"
    assert kinds_marked(town) == {"face:face-test": 1, "phash": 1, "crop": 1}
    town.act(boss, admin.unban, f"#{back}")
    assert kinds_marked(town) == {}


@pytest.mark.parametrize("do", ["dismiss", "warn", "uphold"])
def test_what_could_recognise_somebody_goes_with_the_decision(town: Town, boss: int, do: str) -> None:
    him = settle(town, 1)
    report_id = reported(town, him)
    assert kept_of(town, report_id) == {"face:face-test", "phash", "crop"}
    town.act(boss, decisions.decide_report, report_id, do)
    assert kept_of(town, report_id) == set()
    assert bool(kinds_marked(town)) == (do == "uphold")
    town.database.transact(erasure.erase, him, town.now)
    assert bool(kinds_marked(town)) == (do == "uphold")


def test_of_a_face_a_report_keeps_nothing_without_consent(town: Town, boss: int) -> None:
    without, withdrawn, lapsed = settle(town, 1, vector=False), settle(town, 2), settle(town, 3)
    filed = [reported(town, him) for him in (without, withdrawn, lapsed)]
    assert [kept_of(town, report_id) for report_id in filed] == [{"phash"}, *[{"face:face-test", "phash", "crop"}] * 2]
    town.act(withdrawn, privacy.face, "off")
    assert kept_of(town, filed[1]) == {"phash"}, "at once"
    town.database.transact(members.update, lapsed, town.now, face_consent=False)
    for him in (without, withdrawn, lapsed):
        town.database.transact(erasure.erase, him, town.now)
    assert [kept_of(town, report_id) for report_id in filed] == [{"phash"}] * 3
    for report_id in filed:
        town.act(boss, decisions.decide_report, report_id, "uphold")
    assert kinds_marked(town) == {"phash": 3}


def test_of_who_may_be_a_child_nothing_is_kept(town: Town, boss: int) -> None:
    him = settle(town, 1)
    first = reported(town, him, "fake")
    second = reported(town, him, "minor")
    assert kept_of(town, second) == set()
    town.act(boss, decisions.decide_report, first, "warn")
    town.database.transact(erasure.erase, him, town.now)
    town.act(boss, decisions.decide_report, second, "uphold")
    assert kinds_marked(town) == {}


def test_a_child_that_is_turned_away_leaves_no_mark(town: Town) -> None:
    child = settle(town, 1)
    town.act(child, onboarding.turn_away)
    assert town.database.read(marks.current, "phash", NOW) == []


def test_a_thousand_bans_are_compared_quickly(town: Town, boss: int) -> None:
    him = town.newcomer("man", "women")

    def fill(connection: Connection) -> None:
        for number in range(1000):
            data = packed(-face(0.0001 * number))
            marks.add(connection, None, "face:face-test", data, "rules", NOW, NOW + dt.timedelta(days=9))

    town.database.transact(fill)
    began = time.process_time()
    assert town.database.read(bans.find, surroundings(), town.member(him), 0, face(0.3), "face-test") is None
    assert time.process_time() - began < 1.0


async def nothing(stage: str, done: int, total: int, resume: dict[str, Any]) -> None:
    """Nobody is told how far it is."""


@pytest.fixture
def services(town: Town, tmp_path: Path) -> Services:
    quiet = ScheduleSettings(collect="", learn="", retype="", daily_pick="", retention="")
    _, made = scheduler(town.database, tmp_path, quiet)
    return replace(made, admins=frozenset({ADMIN}), clock=lambda: town.now)


def waiting(town: Town) -> list[dict[str, Any]]:
    """What the bans that were made ask to be compared with."""
    return [dict(row.arguments) for row in town.database.read(jobs.queued) if row.job == "bans"]


def compare(services: Services, arguments: dict[str, Any], note: Note = nothing, **resume: int) -> dict[str, Any]:
    return asyncio.run(returning.compare(services, arguments, resume, note))


def asked_about(town: Town) -> set[int]:
    return {one.member_id for one in town.database.read(safety_queries.reviews_open) if one.kind == "lookalike"}


def test_who_is_here_already_is_asked_about_once_and_not_stopped(town: Town, boss: int, services: Services) -> None:
    him = settle(town, 1)
    face_alike, copy, lapsed_copy, other = settle(town, 2, 0.9), settle(town, 1, vector=False), settle(town, 1), settle(town, 3, 0.3)
    town.database.transact(members.update, lapsed_copy, NOW, face_consent=False)
    lapsed = settle(town, 4, 0.9)
    town.database.transact(members.update, lapsed, NOW, face_consent=False)
    town.act(boss, decisions.ban_command, f"#{him}")
    town.mail()
    [ban] = waiting(town)
    assert compare(services, ban) == {"members": 5, "told": 3}
    assert asked_about(town) == {face_alike, copy, lapsed_copy}
    assert {town.member(who).status for who in (face_alike, copy, lapsed_copy, lapsed, other)} == {"active"}
    assert set(town.mail()) == {boss}, "nobody but the admins hears of it"
    assert compare(services, ban)["told"] == 0, "each is asked about once"
    shown = town.act(boss, moderation.queue)
    assert keys(shown) == ["admin.lookalike.before", "admin.review.lookalike"]


def test_an_admin_says_who_it_is(town: Town, boss: int, services: Services) -> None:
    him, twin, same = settle(town, 1), settle(town, 2, 0.9), settle(town, 3, 0.9)
    town.act(boss, decisions.ban_command, f"#{him}")
    [ban] = waiting(town)
    compare(services, ban)
    cases = {one.member_id: one.id for one in town.database.read(safety_queries.reviews_open)}
    town.act(boss, decisions.decide_review, cases[twin], approved=True)
    town.act(boss, decisions.decide_review, cases[same], approved=False)
    assert (town.member(twin).status, town.member(same).status) == ("active", "banned")
    assert "safety.frozen.lookalike" not in send(town, twin, 5, 0.95)
    assert compare(services, ban)["told"] == 0


def test_taking_the_photo_away_ends_no_case(town: Town, boss: int, services: Services) -> None:
    him, same = settle(town, 1), settle(town, 2, 0.9)
    send(town, same, 3, 0.3)
    town.act(boss, decisions.ban_command, f"#{him}")
    compare(services, waiting(town)[0])
    town.act(same, photos.remove, town.database.read(photo_queries.of, same)[0].id)
    assert asked_about(town) == {same}
    decide(town, boss, "lookalike", approved=False)
    assert town.member(same).status == "banned"


def test_a_comparison_that_was_killed_goes_on_behind_whom_it_saw(town: Town, boss: int, services: Services, monkeypatch: Any) -> None:
    monkeypatch.setattr(returning, "PAGE", 1)
    him = settle(town, 1)
    alike = [settle(town, number, 0.9) for number in (2, 3, 4)]
    town.act(boss, decisions.ban_command, f"#{him}")
    [ban] = waiting(town)
    seen: list[dict[str, Any]] = []

    async def killed(stage: str, done: int, total: int, resume: dict[str, Any]) -> None:
        seen.append(resume)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(services, ban, killed)
    assert asked_about(town) == {alike[-1]}, "the newest first"
    assert compare(services, ban, **seen[-1]) == {"members": 3, "told": 3}
    assert asked_about(town) == set(alike)


def test_chance_cannot_flood_the_admins(town: Town, boss: int, services: Services, monkeypatch: Any) -> None:
    monkeypatch.setattr(returning, "CASES", 2)
    him = settle(town, 1)
    alike = [settle(town, number, 0.9) for number in (2, 3, 4)]
    town.act(boss, decisions.ban_command, f"#{him}")
    assert compare(services, waiting(town)[0])["told"] == 2
    assert asked_about(town) == set(alike[1:])


def test_what_changed_before_the_comparison_counts(town: Town, boss: int, services: Services) -> None:
    him, erased, out = settle(town, 1), settle(town, 2, 0.9), settle(town, 3, 0.9)
    town.act(boss, decisions.ban_command, f"#{him}")
    [ban] = waiting(town)
    found = town.database.read(bans.compare, surroundings(town.now), ban["ban"], [erased, out])
    assert [one[0] for one in found] == [erased, out]
    town.database.transact(erasure.erase, erased, town.now)
    town.now += dt.timedelta(minutes=1)
    town.act(boss, decisions.ban_command, f"#{out}")
    assert town.database.transact(bans.ask, surroundings(town.now), ban["ban"], found) == 0
    town.act(boss, admin.unban, f"#{him}")
    third = settle(town, 4, 0.9)
    assert town.database.read(bans.compare, surroundings(town.now), ban["ban"], [third]) == [], "the ban was taken back"


async def test_the_job_runs_it(town: Town, boss: int, tmp_path: Path) -> None:
    him, alike = settle(town, 1), settle(town, 2, 0.9)
    town.act(boss, decisions.ban_command, f"#{him}")
    jobs_runner, _ = scheduler(town.database, tmp_path, ScheduleSettings(collect="", learn="", retype="", daily_pick="", retention=""))
    work = asyncio.create_task(jobs_runner.run())
    try:
        async with asyncio.timeout(60):
            while not town.database.read(jobs.recent, 1, "bans")[0].finished_at:  # noqa: ASYNC110 only the database says so
                await asyncio.sleep(0.05)
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    [row] = town.database.read(jobs.recent, 1, "bans")
    assert (row.state, row.result) == ("done", {"members": 1, "told": 1})
    assert asked_about(town) == {alike}
    assert all("1" in WORDS.text(steering.told(row), language) for language in ("en", "ko"))
