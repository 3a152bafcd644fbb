"""What is personal lies sealed: whoever has the database, its files or an old copy of it has noise without the vault."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from db import (
    bans,
    couples,
    erasure,
    evidence,
    logs,
    marks,
    members,
    messages,
    outbox,
    pairs,
    photos,
    pictures,
    sealing,
    seals,
    tastes,
    updates,
    upkeep,
    uploads,
)
from db import vault as vaults
from db.columns import metadata
from db.corpus_records import NewPerson, PictureRow
from db.errors import KeyGone, Tampered, VaultError
from db.records import Member
from db.session import Database
from db.settings import DatabaseSettings, PrivacySettings, keys_under
from db.tables import photos as photo_table
from db.tables import vectors as vector_table
from db.vault import Vault
from tests.db.people import NOW, people

PLANTED = b"planted-" + bytes(range(65, 91)) * 20
WORDS = "what-nobody-else-may-ever-read"


def vault_of(database: Database) -> Vault:
    assert database.vault is not None
    return database.vault


def life(database: Database) -> tuple[Member, Member, int, int]:
    """Two members in a chat, each with a photo, vectors, a taste and words; their photos' ids."""
    one, other = people(database, "man", "woman")

    def live(connection: Connection) -> tuple[int, int]:
        made = []
        for person in (one, other):
            photo = photos.add(connection, person.id, PLANTED, NOW, facts={"skin": WORDS, "face": {"age": WORDS}})
            for kind in ("face", "fashion"):
                photos.add_vector(connection, photo.id, "face" if kind == "face" else "fashion", "1", "test", PLANTED[:400], 100)
            tastes.save(connection, person.id, "face", "1", 3, PLANTED[:400])
            made.append(photo.id)
        pair = pairs.make(connection, min(one.id, other.id), max(one.id, other.id), NOW)
        messages.add(connection, pair.id, one.id, 5, "text", NOW, content={"text": WORDS})
        messages.add(connection, pair.id, other.id, 6, "text", NOW, content={"text": WORDS})
        evidence.add(connection, 1, {"text": WORDS}, NOW, NOW)
        # What passes through: a letter on the way, an update that waits to be served.
        outbox.put(connection, other.id, "sendMessage", {"text": WORDS}, "letter", NOW)
        updates.add(connection, [updates.Arrived(1, one.telegram_id, {"message": {"text": WORDS}})], "test", NOW, NOW)
        bans.add(connection, one.id, "phash", PLANTED[:8], "upheld", NOW, NOW.replace(year=2030))
        return made[0], made[1]

    return one, other, *database.transact(live)


def everything(database: Database) -> bytes:
    """All that lies in the database, as whoever steals it finds it."""

    def rows(connection: Connection) -> bytes:
        found = []
        for table in metadata.tables.values():
            for row in connection.execute(select(table)):
                found += [cell if isinstance(cell, bytes) else json.dumps(cell, default=str).encode() for cell in row]
        return b"\n".join(found)

    found = database.read(rows)
    if database.embedded:
        file = Path(str(database.url.database))
        found += b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
    return found


@contextmanager
def opened(url: str, privacy: PrivacySettings) -> Iterator[Database]:
    database = Database(DatabaseSettings(url=url), privacy)
    database.open()
    try:
        yield database
    finally:
        database.close()


def test_nothing_personal_lies_open(database: Database) -> None:
    one, _, photo_id, _ = life(database)
    upload = database.transact(uploads.create, one.id, PLANTED, "1", NOW)
    lying = everything(database)
    for word in (PLANTED[:40], PLANTED[100:140], WORDS.encode()):
        assert word not in lying
    stored = database.read(photos.by_id, photo_id)
    assert stored is not None
    assert (stored.jpeg, stored.facts) == (PLANTED, {"skin": WORDS, "face": {"age": WORDS}})
    assert [photo.facts for photo in database.read(photos.of, one.id) if photo.id == photo_id] == [stored.facts]
    assert [vector.data for vector in database.read(photos.vectors, one.id, "face")] == [PLANTED[:400]]
    assert len(database.read(photos.vectors_of, [one.id])[one.id]) == 2
    assert database.read(tastes.of, [one.id], "face")[one.id].data == PLANTED[:400]
    first = database.read(lambda connection: connection.scalar(select(func.min(metadata.tables["messages"].c.id))))
    assert first is not None
    assert database.read(messages.content, first) == {"text": WORDS}
    (pair,) = database.read(pairs.of_member, one.id)
    assert [said for _, said in database.read(messages.recent, pair.id, NOW, 9)] == [{"text": WORDS}] * 2
    assert [each.data for each in database.read(evidence.of, 1)] == [{"text": WORDS}]
    assert [row.payload for row in database.transact(outbox.lease, "a", NOW, 30, 9)] == [{"text": WORDS}]
    assert [mark.data for mark in database.read(bans.current, "phash", NOW)] == [PLANTED[:8]]
    again = database.read(uploads.by_id, upload.id)
    assert again is not None
    assert again.jpeg == PLANTED


def test_what_was_cut_from_an_upload_lies_sealed_and_goes_with_its_key(database: Database) -> None:
    (one,) = people(database, "man")
    person = NewPerson("man", 0.9, 30.0, PLANTED, PLANTED, {"note": WORDS}, PLANTED[:400], "1", PLANTED[:400], "1")

    def take(connection: Connection) -> int:
        upload = uploads.create(connection, one.id, PLANTED, "1", NOW)
        picture_id = pictures.add(connection, PictureRow("upload", "1", "accepted"), NOW)
        assert picture_id is not None
        couples.add(connection, picture_id, person, person, NOW, upload.id)
        return upload.id

    upload_id = database.transact(take)
    assert PLANTED[:40] not in everything(database)
    assert WORDS.encode() not in everything(database)
    (left, right) = database.read(couples.of_upload, upload_id)
    assert (left.face_jpeg, right.body_jpeg, left.face_vector, right.facts) == (PLANTED, PLANTED, PLANTED[:400], {"note": WORDS})
    database.transact(couples.set_vectors, [(left.id, PLANTED[4:404], "2", None, None)])
    (left, _) = database.read(couples.people)
    assert (left.face_vector, left.fashion_vector) == (PLANTED[4:404], None)
    assert PLANTED[:40] not in everything(database)
    vault_of(database).destroy([sealing.upload(upload_id)], final=True)
    assert database.read(couples.people) == []


def test_after_erasure_an_old_copy_of_the_database_is_noise(database_url: str, privacy: PrivacySettings, tmp_path: Path) -> None:
    if not database_url.startswith("sqlite"):
        pytest.skip("the copy is one of files")
    with opened(database_url, privacy) as database:
        one, other, mine, theirs = life(database)
        database.checkpoint()
    copy = tmp_path / "copy" / "inyeon.db"
    copy.parent.mkdir()
    shutil.copy(tmp_path / "inyeon.db", copy)
    with opened(database_url, privacy) as database:
        database.transact(members.erase, one.id, NOW)
    with opened(f"sqlite:///{copy}", privacy) as backup:
        assert backup.read(photos.by_id, mine) is None
        assert backup.read(photos.vectors, one.id, "face") == backup.read(photos.vectors, one.id, "fashion") == []
        assert [photo.facts for photo in backup.read(photos.of, one.id)] == [{}, {}]
        assert backup.read(tastes.of, [one.id, other.id], "face").keys() == {other.id}
        assert [backup.read(messages.content, number) for number in (1, 2)] == [None, {"text": WORDS}]
        found = backup.read(photos.by_id, theirs)
        assert found is not None
        assert found.jpeg == PLANTED
        # Not one seal of the member opens, whatever function is asked.
        seal = backup.read(lambda connection: connection.scalar(select(photo_table.c.jpeg).where(photo_table.c.id == mine)))
        assert seal is not None
        with pytest.raises(KeyGone):
            vault_of(backup).open_one(*photos.place(mine, one.id), seal)


def test_an_erasure_that_is_cut_off_leaves_noise_and_is_completed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other, mine, theirs = life(database)

    write = logs.write

    def cut_off(connection: Connection) -> None:
        if sealing.vault(connection) is not None:  # not the vault's own transactions
            raise ZeroDivisionError
        write(connection)

    monkeypatch.setattr(logs, "write", cut_off)  # the last thing before COMMIT: the keys are gone by now
    with pytest.raises(ZeroDivisionError):
        database.transact(members.erase, one.id, NOW)
    monkeypatch.undo()
    assert database.read(members.by_id, one.id) is not None
    assert database.read(photos.by_id, mine) is None
    assert upkeep.complete(database, NOW) == 1
    assert database.read(members.by_id, one.id) is None
    assert upkeep.complete(database, NOW) == 0
    assert database.read(photos.by_id, theirs) is not None
    assert database.read(members.by_id, other.id) is not None


def test_what_fails_before_it_commits_destroys_no_key(database: Database) -> None:
    one, _, mine, _ = life(database)

    def fail(connection: Connection) -> None:
        erasure.erase(connection, one.id, NOW)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.transact(fail)
    assert database.read(photos.by_id, mine) is not None


def test_withdrawn_consent_destroys_what_was_read_from_the_face_alone(database: Database) -> None:
    one, other, mine, _ = life(database)

    def stored(connection: Connection) -> dict[str, bytes]:
        wanted = select(vector_table.c.kind, vector_table.c.data).where(vector_table.c.photo_id == mine)
        return {row.kind: row.data for row in connection.execute(wanted)}

    before = database.read(stored)
    database.transact(erasure.withdraw_face, one.id)
    vault = vault_of(database)
    with pytest.raises(KeyGone):
        vault.open_one(*photos.vector_place(mine, one.id, "face", "1"), before["face"])
    assert vault.open_one(*photos.vector_place(mine, one.id, "fashion", "1"), before["fashion"]) == PLANTED[:400]
    photo = database.read(photos.by_id, mine)
    assert photo is not None
    assert (photo.jpeg, photo.facts) == (PLANTED, {"skin": WORDS})
    assert len(database.read(photos.vectors, other.id, "face")) == 1
    # Who agrees again gets a new key.
    database.transact(photos.add_vector, mine, "face", "1", "test", PLANTED[:400], 100)
    assert [vector.data for vector in database.read(photos.vectors, one.id, "face")] == [PLANTED[:400]]


def test_a_seal_opens_in_its_place_only(database: Database) -> None:
    one, other, mine, theirs = life(database)

    def exchange(connection: Connection) -> None:
        jpeg = {row.id: row.jpeg for row in connection.execute(select(photo_table.c.id, photo_table.c.jpeg))}
        for here, there in ((mine, theirs), (theirs, mine)):
            connection.execute(photo_table.update().where(photo_table.c.id == here).values(jpeg=jpeg[there]))

    database.transact(exchange)
    for photo_id in (mine, theirs):
        with pytest.raises(Tampered):
            database.read(photos.by_id, photo_id)
    assert one.id != other.id


@given(data=st.binary(max_size=300), place=st.text(max_size=20), flip=st.integers(0, 10_000))
@settings(max_examples=50)
def test_a_changed_seal_never_opens(data: bytes, place: str, flip: int) -> None:
    key = seals.AESGCM(bytes(32))
    seal = seals.close(key, 7, place.encode(), data)
    assert seals.open_(key, place.encode(), seal) == data
    assert len(seal) == len(data) + seals.OVERHEAD
    spot = seals.HEADER.size + flip % (len(seal) - seals.HEADER.size)
    with pytest.raises(Tampered):
        seals.open_(key, place.encode(), seal[:spot] + bytes([seal[spot] ^ 1]) + seal[spot + 1 :])
    with pytest.raises(Tampered):
        seals.open_(key, place.encode() + b"x", seal)


def test_another_process_hears_of_a_destroyed_key(database: Database, privacy: PrivacySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other, mine, theirs = life(database)
    monkeypatch.setattr(vaults, "HEAR_SECONDS", 0.0)
    with opened(database.settings.url, privacy) as second:
        assert second.read(photos.by_id, mine) is not None
        vault_of(database).destroy([sealing.member(one.id)], final=True)
        assert second.read(photos.by_id, mine) is None
        assert second.read(photos.by_id, theirs) is not None
        with pytest.raises(KeyGone):
            second.transact(photos.add, one.id, b"late", NOW)
    assert other.id


def test_keys_are_held_in_bounded_number_and_for_a_short_time(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    vault = vault_of(database)
    monkeypatch.setattr(vaults, "HELD", 5)
    for number in range(20):
        vault.seal(f"member:{number}", "x", b"")
        assert len(vault._keys) <= 5
    held = next(iter(vault._keys.values()))
    vault._keys[held.number] = dataclasses.replace(held, until=0.0)
    seal = seals.close(held.cipher, held.number, vault._bound(held.scope, "x"), b"word")
    assert vault.open_one(held.scope, "x", seal) == b"word"
    assert vault._keys[held.number].until > 0


def test_the_keys_are_ours_alone(database: Database, privacy: PrivacySettings) -> None:
    life(database)
    for file in (Path(privacy.master_key_file), Path(privacy.vault_url.removeprefix("sqlite:///"))):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert Path(privacy.master_key_file).read_text() not in repr(vault_of(database).settings)


@pytest.mark.parametrize("lost", ["vault.db*", "master.key", "*"])
def test_a_lost_vault_is_said_at_the_start_and_nothing_is_made(
    database_url: str, privacy: PrivacySettings, tmp_path: Path, lost: str
) -> None:
    with opened(database_url, privacy) as database:
        life(database)
    for file in list((tmp_path / "keys").glob(lost)):
        file.unlink()
    left = sorted((tmp_path / "keys").iterdir())
    for _ in range(2):
        with pytest.raises(VaultError, match="put back its backup") as caught:
            Database(DatabaseSettings(url=database_url), privacy).open()
        assert "\n" not in str(caught.value)
    assert sorted((tmp_path / "keys").iterdir()) == left


def test_a_foreign_vault_or_master_key_is_refused(database_url: str, privacy: PrivacySettings, tmp_path: Path) -> None:
    with opened(database_url, privacy):
        pass
    foreign = keys_under(tmp_path / "foreign")
    with opened(f"sqlite:///{tmp_path / 'foreign.db'}", foreign):
        pass
    for other, words in (
        (foreign, "another database's"),
        (dataclasses.replace(privacy, master_key_file=foreign.master_key_file), "does not open the vault"),
        (dataclasses.replace(privacy, master_key="c2hvcnQ="), "no key"),
        (None, "without its vault"),
    ):
        with pytest.raises(VaultError, match=words):
            Database(DatabaseSettings(url=database_url), other).open()
    with opened(database_url, privacy):
        pass


def test_a_new_database_beside_an_old_vault_shares_nothing_with_the_old_one(privacy: PrivacySettings, tmp_path: Path) -> None:
    """Numbers of members begin anew: what was destroyed for member 1 of the old database must not shut out the new one."""
    url = f"sqlite:///{tmp_path / 'inyeon.db'}"
    with opened(url, privacy) as database:
        one, *_ = life(database)
        database.transact(members.erase, one.id, NOW)
    for file in tmp_path.glob("inyeon.db*"):
        file.unlink()
    with opened(url, privacy) as database:
        again, _, mine, _ = life(database)
        assert again.id == one.id
        assert upkeep.complete(database, NOW) == 0
        assert database.read(photos.by_id, mine) is not None


def test_the_master_key_may_stand_in_the_environment(tmp_path: Path, privacy: PrivacySettings) -> None:
    first, second = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
    url = f"sqlite:///{tmp_path / 'inyeon.db'}"
    with opened(url, dataclasses.replace(privacy, master_key=first)) as database:
        _, _, mine, _ = life(database)
        with pytest.raises(VaultError, match="put a new one"):
            vault_of(database).rotate_master()
    with opened(url, dataclasses.replace(privacy, master_key=f"{first},{second}")) as database:
        assert vault_of(database).rotate_master()[0] > 0
    with opened(url, dataclasses.replace(privacy, master_key=second)) as database:
        assert database.read(photos.by_id, mine) is not None
    assert not Path(privacy.master_key_file).exists()


def test_the_vault_may_be_a_server(mariadb_url: str, tmp_path: Path) -> None:
    privacy = dataclasses.replace(keys_under(tmp_path), vault_url=mariadb_url)
    url = f"sqlite:///{tmp_path / 'inyeon.db'}"
    with opened(url, privacy) as database:
        one, _, mine, theirs = life(database)
        database.transact(members.erase, one.id, NOW)
    with opened(url, privacy) as database:
        assert database.read(photos.by_id, mine) is None
        assert database.read(photos.by_id, theirs) is not None
        assert vault_of(database).rotate_master()[0] > 0
    with pytest.raises(VaultError, match="beside what they close"):
        Database(DatabaseSettings(url=mariadb_url), privacy).open()


def test_destroyed_keys_are_overwritten_in_the_vaults_files(database: Database, privacy: PrivacySettings) -> None:
    one, *_ = life(database)
    file = Path(privacy.vault_url.removeprefix("sqlite:///"))
    with sqlite3.connect(file) as raw:
        (wrapped,) = raw.execute("SELECT wrapped FROM data_keys WHERE scope = ?", (sealing.member(one.id),)).fetchone()
    raw.close()
    vault_of(database).destroy([sealing.member(one.id)], final=True)
    for path in file.parent.glob("vault.db*"):
        assert wrapped not in path.read_bytes(), path.name


def test_without_a_vault_nothing_is_sealed_and_nothing_sealed_is_read(tmp_path: Path) -> None:
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'inyeon.db'}"))
    database.open()
    one, _, mine, _ = life(database)
    assert PLANTED[:40] in everything(database)
    assert database.read(marks.get, marks.DATABASE) is None
    seal = seals.close(seals.AESGCM(bytes(32)), 1, b"", b"")
    database.transact(lambda connection: connection.execute(photo_table.update().where(photo_table.c.id == mine).values(jpeg=seal)))
    assert database.read(photos.by_id, mine) is None
    database.transact(members.erase, one.id, NOW)
    database.close()
