"""What was erased is in none of SQLite's files, the log included; whoever erases waits for no reader."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import text

from db import erasure, members, photos, residue
from db.errors import Unavailable
from db.session import Connection, Database
from db.settings import DatabaseSettings
from tests.db.people import NOW, person

SECRET = "a-word-that-only-this-member-wrote"


@pytest.fixture
def database(tmp_path: Path, _sqlite_template: Path) -> Iterator[Database]:
    """Without a vault: what is left of somebody could be read."""
    shutil.copy(_sqlite_template, tmp_path / "inyeon.db")
    made = Database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'inyeon.db'}"))
    made.open()
    yield made
    made.close()


@pytest.fixture
def member(database: Database) -> int:
    """Somebody whose words stand in the log."""

    def sign_up(connection: Connection) -> int:
        made = person(connection, about=SECRET)
        photos.add(connection, made.id, b"jpeg", NOW, facts={"face": {"note": SECRET}})
        return made.id

    made = database.transact(sign_up)
    assert SECRET.encode() in log_of(database).read_bytes()
    return made


def log_of(database: Database) -> Path:
    return Path(f"{database.url.database}-wal")


def files(database: Database) -> bytes:
    file = Path(str(database.url.database))
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


def gone(database: Database, seconds: float = 20) -> bool:
    """Whether the words are in no file any more, at the latest after so long."""
    until = time.monotonic() + seconds
    while SECRET.encode() in files(database):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


@pytest.mark.parametrize("now", [False, True])
def test_after_an_erasure_the_log_is_empty(database: Database, member: int, now: bool) -> None:
    (database.transact_now if now else database.transact)(erasure.erase, member, NOW)
    assert gone(database)


@pytest.mark.parametrize("fails", [False, True])
def test_the_log_is_emptied_once_for_an_erasure_not_for_whatever_follows(
    database: Database, member: int, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Small transactions share one connection."""
    asked: list[bool] = []
    monkeypatch.setattr(residue.Emptier, "ask", lambda _: asked.append(True))

    def erase(connection: Connection) -> None:
        erasure.erase(connection, member, NOW)
        if fails:
            raise LookupError

    with pytest.raises(LookupError) if fails else nullcontext():
        database.transact_now(erase)
    for number in (501, 502, 503):
        database.transact_now(members.create, number, "en", NOW)
    assert asked == ([] if fails else [True])


def test_after_a_withdrawal_the_log_holds_nothing_of_the_face(database: Database, member: int) -> None:
    database.transact(members.update, member, NOW, about="")
    database.transact(erasure.withdraw_face, member)
    assert gone(database)


def test_nobody_waits_for_a_reader(database: Database, member: int) -> None:
    reads, may_end = threading.Event(), threading.Event()

    def read(connection: Connection) -> None:
        connection.execute(text("SELECT count(*) FROM members")).all()
        reads.set()
        assert may_end.wait(60)

    reader = threading.Thread(target=database.read, args=(read,))
    reader.start()
    assert reads.wait(20)
    began = time.monotonic()
    database.transact(erasure.erase, member, NOW)
    for _ in range(20):
        database.transact(members.create, 77, "ko", NOW)
    assert time.monotonic() - began < 10, "a checkpoint that waits for readers would keep writers for half a minute"
    assert not gone(database, 0.5), "the reader still reads from the log"
    may_end.set()
    reader.join()
    assert gone(database)


def test_a_transaction_that_fails_asks_for_nothing(database: Database, member: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(residue.Emptier, "ask", lambda _: asked.append(True))

    def fail(connection: Connection) -> None:
        erasure.erase(connection, member, NOW)
        raise Unavailable("no")

    with pytest.raises(Unavailable):
        database.transact(fail)
    assert asked == []
    database.transact(erasure.erase, member, NOW)
    assert asked == [True]


def test_what_a_killed_process_left_is_emptied_by_the_next(
    database: Database, member: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(residue.Emptier, "ask", lambda _: None)
        database.transact(erasure.erase, member, NOW)
    (tmp_path / "copy").mkdir()
    for path in tmp_path.glob("inyeon.db*"):
        shutil.copy(path, tmp_path / "copy" / path.name)
    after = Database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'copy' / 'inyeon.db'}"))
    assert SECRET.encode() in log_of(after).read_bytes()
    after.open()
    assert gone(after)
    assert after.read(members.by_id, member) is None
    after.close()


def test_a_log_that_cannot_be_emptied_is_tried_again_and_once_more_at_the_end() -> None:
    answers: list[bool | Exception] = [OSError("disk full"), False, True]
    done = threading.Event()

    def attempt() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer:
            done.set()
        return answer

    emptier = residue.Emptier(attempt)
    emptier.ask()
    assert done.wait(20)
    emptier.close()
    assert answers == []
    last = residue.Emptier(lambda: bool(answers.append(True)))
    last.ask()
    last.close()
    tries = len(answers)
    assert tries >= 1
    last.ask()
    time.sleep(3 * residue.FIRST_PAUSE)
    assert len(answers) == tries, "nothing goes on after the end"
