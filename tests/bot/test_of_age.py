"""Of age is whom an admin looked at: what counts as that, for which faces it holds, and what it takes to be asked again."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from bot.usecases import decisions, onboarding, photos, safety, verification
from bot.usecases.verification import Pending
from bot.watching import Watched
from db import exposures, members, types, verifications
from db import photos as stored
from db import safety as cases
from db.records import TypeRow
from engine.embedding import packed
from engine.values import Vector
from tests.bot.meeting import ADMIN, Town, keys, small_pack
from tests.bot.newcomer import selfie
from tests.db.people import NOW

MODEL = "face-test"
OWN = np.eye(4, dtype=np.float32)[0]
OTHER = np.eye(4, dtype=np.float32)[1]


@pytest.fixture
def boss(town: Town) -> int:
    rows = [TypeRow(info.id, info.group, info.kind, info.gender, info.name, info.name_ko) for info in small_pack().types]
    town.database.transact(types.sync, rows, "test-1", NOW)
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def settle(town: Town) -> int:
    """A member with a photo whose face was read."""
    made = town.newcomer("woman", "men", face_consent=True)
    [photo] = town.database.read(stored.of, made)
    town.database.transact(stored.add_vector, photo.id, "face", MODEL, "test", packed(OWN), 4)
    return made


def corrected(town: Town, boss: int) -> int:
    """Typed a birth date under 18, said that it was a slip, and was let type another one; nobody has looked at an age."""
    her = town.newcomer("woman", "men", photo=False, face_consent=True, status="onboarding", step="birth")
    town.act(her, onboarding.text, "2010-05-05")
    assert keys(town.act(her, onboarding.press, "birth", "2010-05-05"))[-1] == "underage.turned_away"
    town.act(her, onboarding.appeal)
    [review] = town.database.read(cases.reviews_open)
    town.act(boss, decisions.decide_review, review.id, approved=True)
    town.database.transact(members.update, her, town.now, birth_date=dt.date(1999, 5, 5), status="active")
    town.database.transact(members.set_step, her, "", {}, town.now)
    photo = town.database.transact(stored.add, her, b"jpeg", town.now)
    town.database.transact(stored.add_vector, photo.id, "face", MODEL, "test", packed(OWN), 4)
    return her


def report(town: Town, her: int, reason: str = "minor") -> int:
    him = town.newcomer("man", "women")
    town.database.transact(exposures.add, him, her, town.now)
    town.act(him, safety.report, her, reason)
    return him


def film(town: Town, who: int, face: Vector | None, problem: str = "flat") -> list[str]:
    """A round video that looks like one of a minor."""
    found = town.database.transact(verifications.open_new, who, ["left"], town.now, town.now + dt.timedelta(minutes=5))
    watched = Watched(problem, None, f"m{found.id}", MODEL, maybe_minor=True, embedding=face)  # type: ignore[arg-type]
    return keys(town.act(who, verification.decide, Pending(found.id, ("left",)), watched))


def send(town: Town, who: int, face: Vector | None) -> list[str]:
    return keys(town.act(who, photos.receive, selfie("minor", embedding=face), None))


def clear(town: Town, boss: int, who: int) -> None:
    """The admin looks at whatever is open about somebody, and finds them to be of age."""
    for review in town.database.read(cases.reviews_open):
        if review.member_id == who:
            town.act(boss, decisions.decide_review, review.id, approved=True)
    assert town.member(who).status == "active"


def test_a_birth_date_that_was_corrected_does_not_speak_against_a_report(town: Town, boss: int) -> None:
    her = corrected(town, boss)
    report(town, her)
    assert (town.member(her).status, town.member(her).frozen_reason) == ("frozen", "report")


def test_nor_against_a_video(town: Town, boss: int) -> None:
    her = corrected(town, boss)
    assert film(town, her, OWN) == ["safety.frozen.age"]


def test_nor_against_a_photo(town: Town, boss: int) -> None:
    her = corrected(town, boss)
    assert send(town, her, OWN) == ["safety.frozen.photo"]


@pytest.mark.parametrize("by", ["report", "photo"])
def test_whom_an_admin_looked_at_no_single_sign_of_the_same_person_stops_again(town: Town, boss: int, by: str) -> None:
    her = settle(town)
    report(town, her) if by == "report" else send(town, her, OWN)
    assert town.member(her).status == "frozen"
    clear(town, boss, her)
    report(town, her)
    assert "safety.frozen.age" not in film(town, her, OWN)
    assert "safety.frozen.age" not in film(town, her, None, "no_face"), "a video without a face shows nobody else"
    assert send(town, her, OWN) == (["photo.minor_waits"] if by == "report" else ["photo.added"])
    assert town.member(her).status == "active"


def test_another_face_that_looks_young_is_a_new_sign(town: Town, boss: int) -> None:
    her = settle(town)
    send(town, her, OWN)
    clear(town, boss, her)
    assert send(town, her, OTHER) == ["photo.minor_waits"], "nobody has looked at this one"
    [waiting] = town.database.read(cases.reviews_open)
    assert (waiting.kind, town.member(her).status) == ("minor", "active")
    assert film(town, her, OTHER) == ["safety.frozen.age"]


def test_what_an_admin_said_holds_for_faces_that_were_there_then(town: Town, boss: int) -> None:
    """Else one could be cleared with a sister's photo, put one's own beside it, and be known by that."""
    her = settle(town)
    send(town, her, OWN)
    clear(town, boss, her)
    town.now += dt.timedelta(days=1)
    town.act(her, photos.receive, selfie(embedding=OTHER), None)
    assert send(town, her, OTHER) == ["photo.minor_waits"]


def test_a_doubt_about_another_photo_while_signing_up_is_told(town: Town, boss: int) -> None:
    """Who was found to be of age by one photo is in review again for the other, and must hear of it."""
    her = town.newcomer("woman", "men", photo=False, face_consent=True, status="onboarding", step="photo")
    assert [send(town, her, OWN), send(town, her, OWN)] == [["photo.problem.minor"], ["photo.minor_review"]]
    [review] = town.database.read(cases.reviews_open)
    town.act(boss, decisions.decide_review, review.id, approved=True)
    other = town.database.transact(stored.add, her, b"jpeg", town.now)
    assert review.photo_id is not None
    found = [(other.id, selfie("minor", embedding=OTHER)), (review.photo_id, selfie("minor", embedding=OWN))]
    assert keys(town.act(her, photos.reread, found)) == ["photo.minor_review"]
    assert town.member(her).status == "review"


@pytest.mark.parametrize(("known", "needed"), [(True, 3), (False, 9)], ids=["known", "made for it"])
def test_independent_reports_after_an_admin_looked_stop_them_again(town: Town, boss: int, known: bool, needed: int) -> None:
    her = settle(town)
    report(town, her)
    clear(town, boss, her)
    town.now += dt.timedelta(days=5 if known else 0)
    for _ in range(needed - 1):
        report(town, her)
    assert (town.member(her).status, town.member(her).hidden_at) == ("active", None)
    report(town, her)
    assert (town.member(her).status, town.member(her).frozen_reason) == ("frozen", "report")
    clear(town, boss, her)
    assert town.database.read(cases.open_reports) == [], "and an admin's answer is theirs too"


def test_reports_for_other_reasons_do_not_count_towards_an_age(town: Town, boss: int) -> None:
    her = settle(town)
    report(town, her)
    clear(town, boss, her)
    town.now += dt.timedelta(days=5)
    for reason in ("minor", "minor", "rude"):
        report(town, her, reason)
    assert town.member(her).status == "active"
    assert town.member(her).hidden_at is not None, "but all weigh together"
