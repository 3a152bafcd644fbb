"""Going through all that lies sealed: rows from before there were seals, rotation, the way back; killed anywhere, nothing is lost."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from db import erasure, keyring, marks, members, outbox, photos, resealing, schema, sealing, seals, upkeep
from db.errors import VaultError
from db.session import Database
from db.settings import DatabaseSettings, PrivacySettings, keys_under
from db.tables import photos as photo_table
from tests.db.people import NOW, people, person
from tests.db.test_vault import PLANTED, WORDS, everything, life, opened, vault_of

ROOT = Path(__file__).resolve().parents[2]


def all_well(database: Database, one: int, mine: int) -> None:
    found = database.read(photos.by_id, mine)
    assert found is not None
    assert (found.jpeg, found.facts) == (PLANTED, {"skin": WORDS, "face": {"age": WORDS}})
    assert [vector.data for vector in database.read(photos.vectors, one, "face")] == [PLANTED[:400]]


def key_numbers(database: Database) -> set[int]:
    """By which keys the photos are closed; 0 for none."""

    def numbers(connection: Connection) -> set[int]:
        stored = connection.scalars(select(photo_table.c.jpeg))
        return {seals.number(data) if seals.is_sealed(data) else 0 for data in stored}

    return database.read(numbers)


def test_rows_from_before_are_sealed_and_can_be_opened_again(database_url: str, privacy: PrivacySettings) -> None:
    old = Database(DatabaseSettings(url=database_url))
    old.open()
    one, _, mine, _ = life(old)
    old.close()
    with opened(database_url, privacy) as database:
        all_well(database, one.id, mine)  # while it still lies open
        stops = iter([False, True])
        resealing.run(database, remember=True, stop=lambda: next(stops, True))
        all_well(database, one.id, mine)
        assert upkeep.look_after(database, NOW)["sealed"] > 0
        assert upkeep.look_after(database, NOW)["sealed"] == 0
        all_well(database, one.id, mine)
        for word in (PLANTED[:40], WORDS.encode()):
            assert word not in everything(database)
        assert database.read(marks.get, "sealed:photos") == resealing.DONE
        assert upkeep.unseal(database) > 0
    plain = Database(DatabaseSettings(url=database_url))
    plain.open()
    all_well(plain, one.id, mine)
    assert plain._writer is not None
    schema.downgrade(plain._writer, "0004")
    schema.upgrade(plain._writer)
    plain.close()


def test_a_sealed_database_does_not_go_back_by_itself(database: Database) -> None:
    assert database._writer is not None
    with pytest.raises(RuntimeError, match="python -m db unseal"):
        schema.downgrade(database._writer, "0004")
    assert database.read(schema.current) == schema.head(), "refused before the first step"


def test_new_keys_for_one_and_for_all(database: Database) -> None:
    one, other, mine, theirs = life(database)
    before = key_numbers(database)
    assert upkeep.rotate_keys(database, one.id, wait=0) == 2  # the member's, and the one of the face
    assert len(key_numbers(database) & before) == 1
    all_well(database, one.id, mine)
    assert upkeep.rotate_keys(database, wait=0) == 6  # both members', the report's, that of the bans
    assert key_numbers(database).isdisjoint(before)
    all_well(database, one.id, mine)
    all_well(database, other.id, theirs)
    assert vault_of(database).retired() == {}


def test_a_rotation_that_was_cut_off_is_finished(database: Database) -> None:
    one, other, mine, theirs = life(database)
    vault = vault_of(database)
    vault.renew(sealing.member(one.id))
    stops = iter([False, False])
    resealing.run(database, stop=lambda: next(stops, True))
    all_well(database, one.id, mine)
    all_well(database, other.id, theirs)
    assert upkeep.finish_rotation(database, wait=0) == 1
    assert upkeep.rotate_keys(database, wait=0) == 6
    all_well(database, one.id, mine)


def test_a_rotation_of_the_master_key_that_was_cut_off_is_finished(
    database: Database, privacy: PrivacySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, mine, _ = life(database)
    vault, file = vault_of(database), Path(privacy.master_key_file)
    rewrap = keyring.rewrap
    calls = iter(range(9))

    def cut_off(connection: Connection, masters: object) -> int:
        if next(calls):
            raise ZeroDivisionError
        return rewrap(connection, masters, 2)  # type: ignore[arg-type]

    monkeypatch.setattr(keyring, "rewrap", cut_off)
    with pytest.raises(ZeroDivisionError):
        vault.rotate_master()
    monkeypatch.undo()
    assert len(file.read_text().splitlines()) == 2
    with pytest.raises(VaultError, match="still in use"):
        vault.forget_masters()
    with opened(database.settings.url, privacy) as second:  # as after a restart in between
        all_well(second, one.id, mine)
        wrapped, _ = vault_of(second).rotate_master()
        assert wrapped > 0
        assert len(file.read_text().splitlines()) == 2  # the one that waited was used
        assert vault_of(second).forget_masters() == 1
        all_well(second, one.id, mine)
    assert len(file.read_text().splitlines()) == 1
    # A process that has run all the while makes new keys with the master key that is in use by now.
    database.transact(person)
    all_well(database, one.id, mine)
    with opened(database.settings.url, privacy) as third:
        all_well(third, one.id, mine)


def test_keys_of_days_go_when_nothing_of_the_day_waits(database: Database) -> None:
    vault = vault_of(database)
    one = database.transact(person)
    days = [NOW.replace(day=day) for day in (15, 18, 20, 21)]
    for then in days:
        vault.seal(sealing.day("outbox", then), "x", b"")
        vault.seal(sealing.day("updates", then), "x", b"")
    database.transact(outbox.put, one.id, "sendMessage", {"text": "x"}, "key", days[1])
    assert upkeep.forget_days(database, NOW) == 3
    assert vault.scopes("outbox:") == [sealing.day("outbox", then) for then in days[1:]]
    assert vault.scopes("updates:") == [sealing.day("updates", then) for then in days[2:]]


PROGRAM = """
import sys
from pathlib import Path
from db import upkeep, resealing
from db.session import Database
from db.settings import DatabaseSettings, keys_under
database = Database(DatabaseSettings(url=sys.argv[1]), keys_under(sys.argv[2]))
database.open()
print("open", flush=True)
if sys.argv[3] == "seal":
    resealing.run(database, remember=True)
elif sys.argv[3] == "master":
    database.vault.rotate_master()
else:
    upkeep.rotate_keys(database, wait=0)
"""


@pytest.mark.parametrize("what", ["seal", "keys", "master"])
def test_killed_again_and_again_nothing_is_lost(what: str, tmp_path: Path) -> None:
    url, privacy = f"sqlite:///{tmp_path / 'inyeon.db'}", keys_under(tmp_path)
    old = Database(DatabaseSettings(url=url), None if what == "seal" else privacy)
    old.open()

    def fill(connection: Connection) -> list[int]:
        made = []
        for number in range(60):
            one = person(connection, photo=False)
            made.append(photos.add(connection, one.id, PLANTED * 40 + bytes([number]), NOW, facts={"n": number}).id)
        return made

    ids = old.transact(fill)
    old.close()
    for kill in (0.03, 0.1) if what == "seal" else (0.05,):
        command = [sys.executable, "-c", PROGRAM, url, str(tmp_path), what]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"open\n"
            time.sleep(kill)
            process.send_signal(signal.SIGKILL)
    with opened(url, privacy) as database:
        for round_ in range(2):
            for number, photo_id in enumerate(ids):
                found = database.read(photos.by_id, photo_id)
                assert found is not None
                assert (found.jpeg[-1], found.facts) == (number, {"n": number})
            if round_ == 0:
                upkeep.look_after(database, NOW)
                upkeep.rotate_keys(database, wait=0)
                vault_of(database).rotate_master()
                vault_of(database).forget_masters()
        assert 0 not in key_numbers(database)
        assert vault_of(database).retired() == {}


class Town:
    """Members who come and go in a database of their own, and copies of it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.privacy = keys_under(self.folder)
        self.database = Database(DatabaseSettings(url=f"sqlite:///{self.folder / 'inyeon.db'}"), self.privacy)
        self.database.open()
        self.here: dict[int, list[int]] = {}
        self.left: set[int] = set()
        self.copies: list[Path] = []

    def join(self) -> None:
        one = self.database.transact(person, photo=False)
        self.here[one.id] = [self.database.transact(photos.add, one.id, b"%d" % one.id, NOW).id]

    def photo(self) -> None:
        one = min(self.here)
        photo = self.database.transact(photos.add, one, b"%d" % one, NOW, facts={"face": {"n": one}})
        self.database.transact(photos.add_vector, photo.id, "face", "1", "test", b"%04d" % one, 1)
        self.here[one].append(photo.id)

    def erase(self) -> None:
        one = min(self.here)
        self.database.transact(members.erase, one, NOW)
        self.left.add(one)
        del self.here[one]

    def withdraw(self) -> None:
        one = min(self.here)
        self.database.transact(erasure.withdraw_face, one)
        assert self.database.read(photos.vectors, one, "face") == []

    def copy(self) -> None:
        self.database.checkpoint()
        self.copies.append(self.folder / f"copy{len(self.copies)}.db")
        shutil.copy(self.folder / "inyeon.db", self.copies[-1])

    def keys(self) -> None:
        upkeep.rotate_keys(self.database, wait=0)

    def master(self) -> None:
        vault_of(self.database).rotate_master()
        vault_of(self.database).forget_masters()

    def reopen(self) -> None:
        self.database.close()
        self.database.open()

    def all_here_are_read(self) -> None:
        for member_id, photo_ids in self.here.items():
            found = [self.database.read(photos.by_id, photo_id) for photo_id in photo_ids]
            assert [None if photo is None else photo.jpeg for photo in found] == [b"%d" % member_id] * len(photo_ids)

    def nobody_who_left_is_read(self, copy: Path) -> None:
        with opened(f"sqlite:///{copy}", self.privacy) as backup:
            present = set(backup.read(members.of, range(1, 100)))
            for member_id in self.left & present:
                for photo in backup.read(photos.of, member_id):
                    assert backup.read(photos.by_id, photo.id) is None
                assert backup.read(photos.vectors, member_id, "face") == []
            # Putting the copy back brings nobody back.
            assert upkeep.complete(backup, NOW) == len(self.left & present)
            assert self.left.isdisjoint(backup.read(members.of, range(1, 100)))


@given(steps=st.lists(st.sampled_from(["join", "photo", "erase", "withdraw", "copy", "keys", "master", "reopen"]), min_size=4, max_size=14))
@settings(max_examples=5)
def test_whoever_stays_is_read_and_whoever_left_is_not_even_in_copies(steps: list[str]) -> None:
    town = Town()
    for what in ["join", "photo", "copy", *steps]:
        getattr(town, what if town.here else "join")()
        town.all_here_are_read()
    for copy in town.copies:
        town.nobody_who_left_is_read(copy)
    town.database.close()
    shutil.rmtree(town.folder)


def test_no_newcomer_gets_a_number_whose_key_is_destroyed(database: Database) -> None:
    """As after an older copy of the database was put back: the vault knows numbers that the database would give out again."""
    (first,) = people(database, "woman")
    gone = first.id + 7

    def leave(connection: Connection) -> None:
        sealing.seal(connection, sealing.member(gone), "nowhere", b"something")
        sealing.destroy(connection, [sealing.member(gone)])

    database.transact(leave)
    assert upkeep.step_over(database) == 1
    assert upkeep.step_over(database) == 0
    (newcomer,) = people(database, "man")
    assert newcomer.id == gone + 1
    photo = database.transact(photos.add, newcomer.id, b"jpeg", NOW)
    assert upkeep.complete(database, NOW) == 0
    assert database.read(photos.by_id, photo.id) is not None
