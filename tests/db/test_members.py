"""Members are made once, keep coarse coordinates and come back as they were stored."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import StatementError

from db import members
from db.errors import NotFound
from db.session import Database
from tests.db.people import NOW, person


def test_create_gives_the_same_member_again(database: Database) -> None:
    first = database.transact(members.create, 7, "ko", NOW, distance_km=30)
    again = database.transact(members.create, 7, "en", NOW + dt.timedelta(days=1))
    assert again == first
    assert (first.status, first.step, first.draft, first.face_consent, first.distance_km) == ("onboarding", "", {}, None, 30)
    assert first.created_at == NOW
    assert first.age(NOW) is None
    assert database.read(members.by_telegram, 7) == database.read(members.by_id, first.id) == first
    assert database.read(members.by_telegram, 8) is None


def test_many_first_messages_at_once_make_one_member(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: database.transact(members.create, 2**40, "ko", NOW), range(16)))
    assert len({member.id for member in made}) == 1


def test_update_rounds_coordinates_and_folds_the_city(database: Database) -> None:
    member = database.transact(person, latitude=37.5665, longitude=-0.04999, city="  Seoul　Special ")
    assert (member.latitude, member.longitude) == (37.6, -0.0)
    assert (member.city, member.city_key) == ("  Seoul　Special ", "seoul special")
    gone = database.transact(members.update, member.id, NOW, latitude=None, longitude=None, city=None)
    assert (gone.latitude, gone.longitude, gone.city, gone.city_key) == (None, None, None, None)


def test_update_keeps_every_kind_of_value(database: Database) -> None:
    later = NOW + dt.timedelta(seconds=1, microseconds=7)
    about = "안녕하세요 🙂 '; DROP TABLE members; -- %s :x <b>\\"
    draft = {"nested": {"글": ["🙂", 1.5, None, True]}}
    member = database.transact(person)
    changed = database.transact(members.update, member.id, later, about=about, face_consent=False, language="en", draft=draft)
    assert (changed.about, changed.face_consent, changed.language, changed.draft) == (about, False, "en", draft)
    assert (changed.updated_at, changed.last_active_at) == (later, NOW)
    stepped = database.transact(members.set_step, member.id, "onboarding.city", {"a": 1}, later)
    assert (stepped.step, stepped.draft) == ("onboarding.city", {"a": 1})
    database.transact(members.touch, member.id, later)
    assert database.read(members.by_id, member.id).last_active_at == later


def test_update_refuses_what_does_not_exist(database: Database) -> None:
    member = database.transact(person)
    with pytest.raises(ValueError, match="no changeable field telegram_id"):
        database.transact(members.update, member.id, NOW, telegram_id=1)
    with pytest.raises(NotFound):
        database.transact(members.update, member.id + 1, NOW, about="")
    with pytest.raises(StatementError, match="without a zone"):
        database.transact(members.touch, member.id, dt.datetime(2026, 1, 1))  # noqa: DTZ001 the point of the test


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [((2008, 2, 29), (2026, 2, 28), 17), ((2008, 2, 29), (2026, 3, 1), 18), ((2000, 11, 21), (2026, 11, 21), 26)],
)
def test_age_changes_on_the_birthday(born: tuple[int, int, int], today: tuple[int, int, int], age: int, database: Database) -> None:
    member = database.transact(person, birth_date=dt.date(*born))
    assert member.age(dt.datetime(*today, tzinfo=dt.UTC)) == age
