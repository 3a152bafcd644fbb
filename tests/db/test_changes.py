"""The log of changes: in the order of commits, complete for whoever follows it, and no writer forgets it."""

from __future__ import annotations

import ast
import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlalchemy import select

from db import changes, erasure, likes, logs, members, photos, safety, standings, tastes, types
from db.errors import Forgotten
from db.records import Member
from db.session import Connection, Database
from db.settings import DatabaseSettings
from db.tables import metadata
from tests.db.following import Follower, everything
from tests.db.people import NOW, people, person
from tests.db.test_matching import sync_types
from tests.db.test_state_machines import Fresh, places

LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FAR_AHEAD = dt.datetime(2100, 1, 1, tzinfo=dt.UTC)


def test_each_transaction_notes_a_member_once_and_numbers_have_no_gaps(database: Database) -> None:
    one, two = people(database, "man", "woman")
    begin = database.read(changes.last)
    database.transact(lambda connection: changes.note(connection, two.id, one.id, two.id))
    with pytest.raises(ZeroDivisionError):
        database.transact(lambda connection: (changes.note(connection, one.id), 1 // 0))
    database.transact(changes.note, one.id)
    assert database.read(changes.after, begin, 10) == [(begin + 1, two.id), (begin + 2, one.id), (begin + 3, one.id)]
    assert database.read(changes.after, begin, 2) == [(begin + 1, two.id), (begin + 2, one.id)]
    assert database.read(changes.last) == begin + 3
    assert database.read(changes.after, begin + 3, 10) == []


def test_nothing_was_ever_noted(database: Database) -> None:
    assert database.read(changes.after, 0, 10) == []
    assert database.read(changes.last) == database.read(changes.forgotten) == 0
    assert database.transact(changes.forget_before, FAR_AHEAD) == 0


def test_who_is_behind_what_was_forgotten_is_told_so(database: Database) -> None:
    (one,) = people(database, "man")
    for _ in range(4):
        database.transact(changes.note, one.id)
    end = database.read(changes.last)
    assert database.transact(changes.forget_before, LONG_AGO) == 0
    assert database.transact(changes.forget_before, FAR_AHEAD, 2) == 2
    assert database.read(changes.forgotten) == 2
    with pytest.raises(Forgotten):
        database.read(changes.after, 1, 10)
    assert [seq for seq, _ in database.read(changes.after, 2, 10)] == list(range(3, end + 1))
    assert database.transact(changes.forget_before, FAR_AHEAD) == end - 2
    assert database.transact(changes.forget_before, FAR_AHEAD) == 0
    # With the whole log gone, too, a reader who is up to date is told of nothing, one who is not that it missed something.
    assert database.read(changes.after, end, 10) == []
    with pytest.raises(Forgotten):
        database.read(changes.after, end - 1, 10)
    database.transact(changes.note, one.id)
    assert database.read(changes.after, end, 10) == [(end + 1, one.id)]


def test_a_note_outside_of_a_transaction_is_refused(database: Database) -> None:
    with pytest.raises(RuntimeError, match=r"outside of Database\.transact"):
        database.read(changes.note, 1)


@pytest.fixture
def second(database: Database, database_url: str) -> Any:
    """Another process's connections to the same database."""
    other = Database(DatabaseSettings(url=database_url, pool=8))
    other.open(upgrade=False)
    yield other
    other.close()


def start(function: Callable[..., object], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("numbered", [False, True], ids=["before its end", "about to commit"])
def test_a_change_that_is_committed_late_is_not_behind_the_reader(database: Database, second: Database, numbered: bool) -> None:
    """Two connections: the one that notes first commits last.  With numbers drawn when noting, the reader would lose its change."""
    if database.embedded:
        pytest.skip("SQLite has one writer at a time")
    slow, quick = people(database, "man", "woman")
    begin = database.read(changes.last)
    noted, go_on = threading.Event(), threading.Event()

    def hold(connection: Connection) -> None:
        changes.note(connection, slow.id)
        if numbered:
            logs.write(connection)
        noted.set()
        assert go_on.wait(120)

    first = start(database.transact, hold)
    assert noted.wait(60)
    other = start(second.transact, changes.note, quick.id)
    other.join(0.5 if numbered else 60)
    seen = second.read(changes.after, begin, 10)
    # Either the quick one was not held up and comes first, or it waits until the number before its own is committed.
    assert seen == ([] if numbered else [(begin + 1, quick.id)])
    assert other.is_alive() == numbered
    go_on.set()
    first.join(60)
    other.join(60)
    seen += second.read(changes.after, begin + len(seen), 10)
    assert [seq for seq, _ in seen] == [begin + 1, begin + 2]
    assert {member_id for _, member_id in seen} == {slow.id, quick.id}


def test_a_reader_who_follows_many_writers_misses_nothing(database: Database, second: Database) -> None:
    writers, rounds = 6, 40
    ids = database.transact(lambda connection: [person(connection, photo=False).id for _ in range(writers)])
    begin = seq = database.read(changes.last)
    seen: list[tuple[int, int]] = []
    failures: list[BaseException] = []

    def write(member_id: int, own: Database) -> None:
        def one(connection: Connection, pause: float) -> None:
            changes.note(connection, member_id)
            time.sleep(pause)

        try:
            for number in range(rounds):
                own.transact(one, 0.002 * ((number * 7 + member_id) % 4))
        except BaseException as error:  # noqa: BLE001 shown by the test
            failures.append(error)

    threads = [start(write, member_id, (database, second)[place % 2]) for place, member_id in enumerate(ids)]
    ended = False
    while not ended:
        ended = not any(thread.is_alive() for thread in threads)
        new = second.read(changes.after, seq, 50)
        seen += new
        seq = new[-1][0] if new else seq
    assert not failures
    assert [place for place, _ in seen] == list(range(begin + 1, begin + 1 + writers * rounds))
    assert Counter(member_id for _, member_id in seen) == dict.fromkeys(ids, rounds)


Writer = Callable[[Connection, Member, int], object]
"""What changes a member whose photo has the id given."""
WRITERS: dict[str, Writer] = {
    "language": lambda c, m, _: members.update(c, m.id, NOW, language="en"),
    "birth_date": lambda c, m, _: members.update(c, m.id, NOW, birth_date=dt.date(1990, 1, 1)),
    "gender": lambda c, m, _: members.update(c, m.id, NOW, gender="other"),
    "seeks": lambda c, m, _: members.update(c, m.id, NOW, seeks="men"),
    "city": lambda c, m, _: members.update(c, m.id, NOW, city="부산"),
    "latitude": lambda c, m, _: members.update(c, m.id, NOW, latitude=35.0),
    "longitude": lambda c, m, _: members.update(c, m.id, NOW, longitude=129.0),
    "distance_km": lambda c, m, _: members.update(c, m.id, NOW, distance_km=7),
    "age_min": lambda c, m, _: members.update(c, m.id, NOW, age_min=28),
    "age_max": lambda c, m, _: members.update(c, m.id, NOW, age_max=33),
    "photo_based": lambda c, m, _: members.update(c, m.id, NOW, photo_based=False),
    "verified": lambda c, m, _: members.update(c, m.id, NOW, verified=True),
    "verified_only": lambda c, m, _: members.update(c, m.id, NOW, verified_only=True),
    "same_language": lambda c, m, _: members.update(c, m.id, NOW, same_language=True),
    "languages": lambda c, m, _: members.update(c, m.id, NOW, languages="en ko"),
    "paused": lambda c, m, _: members.update(c, m.id, NOW, status="paused"),
    "unreachable": lambda c, m, _: members.update(c, m.id, NOW, reachable=False),
    "ban": lambda c, m, _: safety.ban(c, m.id, NOW),
    "erase": lambda c, m, _: members.erase(c, m.id, NOW),
    "photo added": lambda c, m, _: photos.add(c, m.id, b"x", NOW),
    "photo rejected": lambda c, _, photo: photos.reject(c, photo),
    "photo removed": lambda c, _, photo: photos.remove(c, photo),
    "photos in another order": lambda c, m, _: photos.reorder(c, m.id, [one.id for one in reversed(photos.of(c, m.id))]),
    "vector": lambda c, _, photo: photos.add_vector(c, photo, "fashion", "1", "test", b"\1" * 8, 2),
    "vectors dropped": lambda c, m, _: photos.drop_vectors(c, m.id, "face"),
    "type": lambda c, m, _: types.assign(c, m.id, "face", "f-2", 0.5, "1", NOW),
    "type cleared": lambda c, m, _: types.clear(c, m.id, "face"),
    "taste": lambda c, m, _: tastes.save(c, m.id, "face", "1", 2, b"\2" * 8),
    "taste forgotten": lambda c, m, _: tastes.forget(c, m.id),
    "answer given": lambda c, m, _: standings.count_answer(c, m.id, _third(c, m), True, 0.4),
    "answer received": lambda c, m, _: standings.count_answer(c, _third(c, m), m.id, False, 0.4),
    "face withdrawn": lambda c, m, _: erasure.withdraw_face(c, m.id),
}


def _third(connection: Connection, member: Member) -> int:
    """Somebody else."""
    c = metadata.tables["members"].c
    found = connection.scalar(select(c.id).where(c.id != member.id).order_by(c.id).limit(1))
    assert found is not None
    return int(found)


def furnished(connection: Connection) -> tuple[Member, int]:
    """A member who has everything that can be followed, and their first photo."""
    person(connection)
    sync_types(connection)
    member = person(connection)
    first, second = photos.of(connection, member.id)[0], photos.add(connection, member.id, b"y", NOW)
    for number, photo in enumerate((first, second)):
        photos.add_vector(connection, photo.id, "face", "1", "test", bytes([number]) * 8, 2)
    types.assign(connection, member.id, "face", "f-1", 0.9, "1", NOW)
    tastes.save(connection, member.id, "face", "1", 1, b"\1" * 8)
    return member, first.id


@pytest.mark.parametrize("what", WRITERS)
def test_who_follows_the_log_knows_of_every_change(database: Database, what: str) -> None:
    member, photo_id = database.transact(furnished)
    follower = Follower(database)
    before = database.read(everything)
    database.transact(WRITERS[what], member, photo_id)
    after = database.read(everything)
    assert before[member.id] != after.get(member.id), "the writer changes nothing that could be followed"
    follower.catch_up()
    assert follower.known == after


def test_coming_back_is_a_change_too(database: Database) -> None:
    member, photo_id = database.transact(furnished)
    for away, back in (
        (lambda c: members.update(c, member.id, NOW, status="paused"), lambda c: members.update(c, member.id, NOW, status="active")),
        (lambda c: safety.ban(c, member.id, NOW), lambda c: safety.unban(c, member.id, NOW, "active")),
        (lambda c: [photos.reject(c, one.id) for one in photos.of(c, member.id)], lambda c: photos.approve(c, photo_id)),
    ):
        database.transact(away)
        follower = Follower(database)
        assert member.id not in follower.known
        database.transact(back)
        follower.catch_up()
        assert member.id in follower.known
        assert follower.known == database.read(everything)


def test_what_cannot_be_seen_is_not_noted(database: Database) -> None:
    member, photo_id = database.transact(furnished)
    end = database.read(changes.last)
    database.transact(members.set_step, member.id, "question:about", {"a": 1}, NOW)
    database.transact(members.touch, member.id, NOW)
    database.transact(members.update, member.id, NOW, about="hello", active_pair_id=None)
    database.transact(photos.set_file_id, photo_id, "file")
    assert database.read(changes.last) == end


def test_an_erased_member_leaves_only_that_they_are_gone(database: Database) -> None:
    member, _ = database.transact(furnished)
    before = database.read(changes.last)
    database.transact(members.erase, member.id, NOW)
    log = database.read(changes.after, 0, 1000)
    assert [entry for entry in log if entry[1] == member.id] == [(before + 1, member.id)]


FOLLOWED = {"members", "photos", "vectors", "vector_table", "member_types", "tastes", "taste_table", "standings"}
WITHOUT_NOTE = {
    "members.create": "whoever is new cannot be shown to anybody before an update",
    "members.touch": "when somebody was last here is not in an index",
    "pairs.leave": "which chat is open is not in an index",
    "photos._set": "its callers note what can be seen",
    "erasure.erase": "_erase_answers notes by changes.erase",
    "erasure._erase_profile": "part of erase",
    "erasure._erase_company": "which chat is open is not in an index",
}


def test_every_function_that_writes_what_is_followed_notes_it() -> None:
    """Read from the source, so that a writer who comes later cannot forget it."""
    forgetful = set()
    for file in sorted((Path(__file__).resolve().parents[2] / "db").glob("*.py")):
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and _writes(function) and not _notes(function):
                forgetful.add(f"{file.stem}.{function.name}")
    assert forgetful == set(WITHOUT_NOTE)


def _writes(function: ast.FunctionDef) -> bool:
    """Whether the function inserts into, updates or deletes from a table that is followed, by name or as one of a loop."""
    loops = [loop for loop in ast.walk(function) if isinstance(loop, ast.For)]
    looped = {name.id for loop in loops for name in ast.walk(loop.iter) if isinstance(name, ast.Name)}
    tables = FOLLOWED | ({"table"} if looped & FOLLOWED else set())
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            method, owner = call.func.attr, call.func.value
            if method in ("insert", "update", "delete") and isinstance(owner, ast.Name) and owner.id in tables:
                return True
            given = {one.id for one in call.args if isinstance(one, ast.Name)}
            if method in ("insert", "upsert", "add_to", "lock_or_insert", "insert_new") and given & tables:
                return True
    return False


def _notes(function: ast.FunctionDef) -> bool:
    called = {ast.unparse(call.func) for call in ast.walk(function) if isinstance(call, ast.Call)}
    return bool(called & {"changes.note", "changes.erase", "_note"})


FIELDS = {
    "gender": st.sampled_from(["woman", "man", "other", None]),
    "seeks": st.sampled_from(["women", "men", "everyone"]),
    "status": st.sampled_from(["active", "active", "paused", "review", "onboarding"]),
    "reachable": st.booleans(),
    "city": st.sampled_from(["서울", "부산", None]),
    "latitude": st.sampled_from([35.0, 37.6, None]),
    "birth_date": st.dates(dt.date(1970, 1, 1), dt.date(2005, 1, 1)),
    "age_min": st.integers(18, 40),
    "languages": st.sampled_from(["", "ko", "en", "en ko"]),
    "verified_only": st.booleans(),
    "photo_based": st.booleans(),
    "about": st.sampled_from(["", "hello"]),
}


class Followed(Fresh):
    """Random histories of everything that changes members, and a reader who at times catches up, by the log alone."""

    @initialize()
    def begin(self) -> None:
        self.database.transact(sync_types)
        self.follower = Follower(self.database)

    @rule(where=places, what=st.sampled_from(sorted(WRITERS)))
    def write(self, where: int, what: str) -> None:
        self.database.transact(self._write, where, WRITERS[what])

    def _write(self, connection: Connection, where: int, writer: Writer) -> None:
        member = members.by_id(connection, self.ids[where])
        if member is None:
            member = person(connection)
            self.ids[where] = member.id
        held = photos.of(connection, member.id) or [photos.add(connection, member.id, b"x", NOW)]
        writer(connection, member, held[0].id)

    @rule(where=places, fields=st.fixed_dictionaries({}, optional=FIELDS).filter(bool))
    def update(self, where: int, fields: dict[str, object]) -> None:
        if self.database.read(members.by_id, self.ids[where]) is not None:
            self.database.transact(lambda connection: members.update(connection, self.ids[where], NOW, **fields))

    @rule(where=places)
    def come_back(self, where: int) -> None:
        member = self.database.read(members.by_id, self.ids[where])
        if member is not None:
            self.database.transact(safety.unban, member.id, NOW, "active")
            self.database.transact(lambda connection: [photos.approve(connection, one.id) for one in photos.of(connection, member.id)])

    @rule(who=places, whom=places, liked=st.booleans())
    def like(self, who: int, whom: int, liked: bool) -> None:
        if who != whom:
            self.database.transact(likes.mark, self.ids[who], self.ids[whom], liked, NOW)

    @rule(limit=st.integers(1, 20))
    def forget(self, limit: int) -> None:
        self.database.transact(changes.forget_before, FAR_AHEAD, limit)

    @rule()
    def catch_up(self) -> None:
        try:
            self.follower.catch_up()
        except Forgotten:
            self.follower = Follower(self.database)
        assert self.follower.known == self.database.read(everything)


TestFollowed = Followed.TestCase
TestFollowed.settings = settings(max_examples=15, stateful_step_count=40)
