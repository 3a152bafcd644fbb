"""Pictures: looked at once, found again by their looks, erased on request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db import couples, pictures
from db.corpus_records import PictureRow
from db.session import Database
from tests.db.corpus import picture, someone
from tests.db.people import NOW

HASH = "00ff13579bdf8421"


def flip(phash: str, *bits: int) -> str:
    return f"{int(phash, 16) ^ sum(1 << bit for bit in bits):016x}"


def test_a_picture_comes_back_as_it_was_put_in(database: Database) -> None:
    row = PictureRow(
        "commons",
        "File:가.jpg",
        "rejected",
        "crowd",
        "https://x/y",
        "https://x",
        "CC BY-SA 4.0",
        "누구",
        ("커플", "b"),
        "2 people",
        "f" * 64,
    )
    made = database.transact(pictures.add, row, NOW)
    assert made is not None
    stored = database.read(pictures.by_id, made)
    assert stored == database.read(pictures.by_source, "commons", "File:가.jpg")
    assert stored is not None
    assert (stored.tags, stored.caption, stored.author, stored.reason) == (row.tags, row.caption, row.author, "crowd")
    assert (stored.collected_at, stored.phash, stored.duplicate_of) == (NOW, None, None)
    database.transact(pictures.set_status, made, "accepted", "", NOW)
    assert database.read(pictures.figures) == {"accepted": {"": 1}}


def test_a_picture_is_taken_once(database: Database) -> None:
    assert database.transact(pictures.add, picture("a"), NOW) is not None
    assert database.transact(pictures.add, picture("a", status="rejected"), NOW) is None
    assert database.transact(pictures.add, picture("A", status="rejected", reason="crowd"), NOW) is not None
    assert database.transact(pictures.add, picture("a", source="commons"), NOW) is not None
    wanted = ["a", "A", "á", "b", *(f"x{number}" for number in range(1200))]
    assert database.read(pictures.known, "folder", wanted) == {"a", "A"}
    assert database.read(pictures.figures, "folder") == {"accepted": {"": 1}, "rejected": {"crowd": 1}}


def test_ids_are_kept_whole_or_refused_and_long_words_are_cut(database: Database) -> None:
    for wrong in ("", "x" * 191):
        with pytest.raises(ValueError, match="characters in source folder"):
            database.transact(pictures.add, PictureRow("folder", wrong, "accepted"), NOW)
    made = database.transact(pictures.add, picture("가" * 190, caption="\N{TWO HEARTS}" * 20_000, licence="x" * 500), NOW)
    assert made is not None
    stored = database.read(pictures.by_id, made)
    assert stored is not None
    assert (len(stored.source_id), len(stored.caption), len(stored.licence)) == (190, 15_000, 190)
    assert database.read(pictures.known, "folder", ["가" * 190]) == {"가" * 190}


def test_the_same_bytes_are_found(database: Database) -> None:
    first = database.transact(pictures.add, picture(sha256="a" * 64), NOW)
    database.transact(pictures.add, picture(sha256="b" * 64, status="rejected"), NOW)
    assert database.read(pictures.same, "a" * 64) == first
    assert database.read(pictures.same, "b" * 64) is None
    assert database.read(pictures.same, "c" * 64) is None


def test_pictures_within_the_distance_are_found_the_nearest_first(database: Database) -> None:
    far = database.transact(pictures.add, picture(phash=flip(HASH, 0, 1, 20, 21, 40, 41, 60)), NOW)
    near = database.transact(pictures.add, picture(phash=flip(HASH, 3, 63)), NOW)
    database.transact(pictures.add, picture(phash=flip(HASH, 3), status="rejected"), NOW)
    again = database.transact(pictures.add, picture(phash=flip(HASH, 5, 62)), NOW)
    assert again is not None
    assert database.read(pictures.near, HASH, 7) == [near, again, far], "and the oldest of equally near ones"
    assert database.read(pictures.near, HASH, 2) == [near, again]
    assert database.read(pictures.near, HASH, 1) == []
    assert database.read(pictures.near, flip(HASH, 0, 1, 20, 21, 40, 41, 60), 0) == [far]
    assert len(database.read(pictures.near, HASH, 1, ["rejected"])) == 1
    for distance in (-1, 12):
        with pytest.raises(ValueError, match="at most 11 bits"):
            database.read(pictures.near, HASH, distance)
    with pytest.raises(ValueError, match="16 hexadecimal"):
        database.read(pictures.near, "12", 3)


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=11), st.integers(0, 11))
def test_no_hash_within_the_distance_is_missed(one: int, bits: set[int], distance: int) -> None:
    """The pigeonhole argument itself, without a database."""
    if len(bits) > distance:
        return
    a, b = f"{one:016x}", flip(f"{one:016x}", *bits)
    near = [set(pictures._within(piece, distance // 4)) for piece in pictures._pieces(a)]
    assert any(piece in found for piece, found in zip(pictures._pieces(b), near, strict=True))


def test_removal_erases_all_but_what_recognises_it(database: Database) -> None:
    row = picture("a", phash=HASH, url="https://x", author="x", caption="x", tags=("x",), page="https://x")
    made = database.transact(pictures.add, row, NOW)
    assert made is not None
    database.transact(couples.add, made, someone("man"), someone("woman"), NOW)
    assert database.transact(pictures.remove, "folder", "a", NOW)
    assert not database.transact(pictures.remove, "folder", "a", NOW)
    assert database.read(couples.people) == []
    stored = database.read(pictures.by_id, made)
    assert stored is not None
    assert (stored.status, stored.url, stored.page, stored.author, stored.caption, stored.tags) == ("removed", "", "", "", "", ())
    assert database.transact(pictures.add, row, NOW) is None
    assert database.read(pictures.near, HASH, 0) == [made]  # a copy from elsewhere is recognised too


def test_who_asks_before_it_was_collected_is_heard_too(database: Database) -> None:
    assert not database.transact(pictures.remove, "folder", "later", NOW)
    assert database.read(pictures.known, "folder", ["later"]) == {"later"}


@pytest.mark.parametrize("asked", ["original", "copy"])
def test_removal_of_a_copy_removes_the_original(database: Database, asked: str) -> None:
    original = database.transact(pictures.add, picture("original"), NOW)
    assert original is not None
    database.transact(couples.add, original, someone(), someone(), NOW)
    database.transact(pictures.add, picture("copy", status="duplicate", duplicate_of=original), NOW)
    assert database.transact(pictures.remove, "folder", asked, NOW)
    assert database.read(couples.people) == []
    assert database.read(pictures.figures) == {"removed": {"": 2}}


def test_an_erased_picture_leaves_nothing_and_takes_the_collected_one_with_it(database: Database) -> None:
    original = database.transact(pictures.add, picture("original"), NOW)
    assert original is not None
    database.transact(couples.add, original, someone(), someone(), NOW)
    copy = database.transact(pictures.add, picture("own", source="member", status="duplicate", duplicate_of=original), NOW)
    assert copy is not None
    database.transact(pictures.erase, copy, NOW)
    assert database.read(pictures.by_id, copy) is None
    assert database.read(couples.people) == []
    assert database.read(pictures.figures) == {"removed": {"": 1}}
