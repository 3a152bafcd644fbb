"""Folders and archives: the order, what they say of pictures, and what hostile ones try."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from crawler.errors import Broken, Gone, Refused, SourceError
from crawler.sources.base import SOURCE_ID_MAX, Item
from crawler.sources.folder import BATCH, Folder, cursor_of, identity, name_in, printable, root

LIMIT = 1000


def items(path: Path, cursor: str = "") -> list[Item]:
    folder = Folder(path, LIMIT)
    try:
        return [item for batch in folder.batches(cursor) for item in batch.items]
    finally:
        folder.close()


def read(path: Path, file: str) -> bytes:
    folder = Folder(path, LIMIT)
    try:
        for batch in folder.batches(""):
            for item in batch.items:
                if item.file == file:
                    return folder.read(item)
    finally:
        folder.close()
    raise AssertionError(f"{file} is not offered")


def archive(path: Path, *files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, data in files:
            made.writestr(name, data)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pairs"
    for name in ("b.JPG", "a.png", "sub/c.webp", "sub/deeper/d.heic", "notes.txt", ".hidden.jpg", ".git/e.jpg"):
        file = made / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    return made


def test_pictures_come_in_the_order_of_their_names(folder: Path) -> None:
    assert [item.file for item in items(folder)] == ["a.png", "b.JPG", "sub/c.webp", "sub/deeper/d.heic"]


def test_an_archive_offers_what_its_folder_would(folder: Path, tmp_path: Path) -> None:
    files = [(str(file.relative_to(folder)), file.read_bytes()) for file in sorted(folder.rglob("*"), reverse=True) if file.is_file()]
    packed = archive(tmp_path / "pairs.zip", *files)
    assert [item.file for item in items(packed)] == [item.file for item in items(folder)]
    assert read(packed, "sub/c.webp") == b"sub/c.webp" == read(folder, "sub/c.webp")


def test_it_goes_on_after_a_cursor(tmp_path: Path) -> None:
    for number in range(2 * BATCH + 3):
        (tmp_path / f"{number:03}.jpg").write_bytes(b"x")
    batches = list(Folder(tmp_path, LIMIT).batches(""))
    assert [len(batch.items) for batch in batches] == [BATCH, BATCH, 3]
    assert {batch.total for batch in batches} == {2 * BATCH + 3}
    rest = items(tmp_path, batches[0].cursor)
    assert [item.file for item in rest] == [f"{number:03}.jpg" for number in range(BATCH, 2 * BATCH + 3)]
    assert items(tmp_path, batches[-1].cursor) == []


def test_ids_differ_between_folders_and_stay_between_runs(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "pairs"
    other.mkdir(parents=True)
    (other / "a.png").write_bytes(b"x")
    mine, theirs = items(folder)[0], items(other)[0]
    assert mine.file == theirs.file
    assert mine.source_id != theirs.source_id
    assert mine.source_id == items(folder)[0].source_id
    assert mine.source_id.startswith(root(folder))


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    (folder / "link.jpg").symlink_to(secret)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.jpg")
    assert [item.file for item in items(folder)] == ["a.png", "b.JPG", "sub/c.webp", "sub/deeper/d.heic"]


def test_a_file_that_became_a_link_or_a_pipe_is_not_read(folder: Path, tmp_path: Path) -> None:
    source = Folder(folder, LIMIT)
    (batch,) = source.batches("")
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    (folder / "a.png").unlink()
    (folder / "a.png").symlink_to(secret)
    (folder / "b.JPG").unlink()
    os.mkfifo(folder / "b.JPG")
    (folder / "sub/c.webp").unlink()
    with pytest.raises(Broken):
        source.read(batch.items[0])
    for item in batch.items[1:3]:
        with pytest.raises(Gone):
            source.read(item)


def test_no_more_is_read_than_shows_that_it_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(b"x" * 5000)
    assert len(read(tmp_path, "large.jpg")) == LIMIT + 1
    packed = archive(tmp_path / "large.zip", ("large.jpg", bytes(range(250)) * 20), method=zipfile.ZIP_STORED)
    assert len(read(packed, "large.jpg")) == LIMIT + 1


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    with pytest.raises(Broken, match="pretends"):
        read(archive(tmp_path / "bomb.zip", ("bomb.jpg", b"\0" * 50_000_000)), "bomb.jpg")


@pytest.mark.parametrize("name", ["../../etc/a.jpg", "/etc/a.jpg", "C:/a.jpg", "..\\a.jpg", "__MACOSX/._a.jpg", ".hidden/a.jpg"])
def test_ways_out_of_an_archive_are_not_offered(tmp_path: Path, name: str) -> None:
    assert [item.file for item in items(archive(tmp_path / "x.zip", (name, b"x"), ("good.jpg", b"x")))] == ["good.jpg"]


def test_links_and_archives_in_an_archive_are_not_offered(tmp_path: Path) -> None:
    inner = archive(tmp_path / "inner.zip", ("a.jpg", b"x"))
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as made:
        link = zipfile.ZipInfo("link.jpg")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(link, "/etc/passwd")
        made.write(inner, "inner.zip")
    assert items(tmp_path / "outer.zip") == []


def test_an_encrypted_picture_is_refused(tmp_path: Path) -> None:
    packed = archive(tmp_path / "locked.zip", ("a.jpg", b"x" * 50), method=zipfile.ZIP_STORED)
    data = bytearray(packed.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    packed.write_bytes(data)
    with pytest.raises(Refused, match="encrypted"):
        read(packed, "a.jpg")


def test_a_damaged_picture_breaks_alone(tmp_path: Path) -> None:
    packed = archive(tmp_path / "x.zip", ("a.jpg", os.urandom(400)), ("b.jpg", b"good"))
    data = bytearray(packed.read_bytes())
    data[60:90] = bytes(30)
    packed.write_bytes(data)
    with pytest.raises(Broken):
        read(packed, "a.jpg")
    assert read(packed, "b.jpg") == b"good"


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no archive", b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_archive_is_one_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(SourceError) as caught:
        items(tmp_path / "x.zip")
    assert "\n" not in str(caught.value)


def test_a_missing_folder_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Gone):
        items(tmp_path / "none")


def test_what_stands_beside_a_picture_is_its_provenance(folder: Path) -> None:
    (folder / "provenance.csv").write_text(
        "file,licence,author,page,tags\na.png,CC0 1.0,Kim,https://x.test/a,#couple 커플\nsub/c.webp,CC BY 4.0,,,\n", encoding="utf-8"
    )
    (folder / "sub/c.json").write_text(
        json.dumps({"author": "Lee", "caption": "two\npeople", "tags": ["a", "b"], "licence": 7, "description": "사람 2명"})
    )
    (folder / "b.JPG.json").write_text("[not an object")
    found = {item.file: item for item in items(folder)}
    one, two, three = found["a.png"], found["sub/c.webp"], found["b.JPG"]
    assert (one.licence, one.author, one.page, one.tags) == ("CC0 1.0", "Kim", "https://x.test/a", ("couple", "커플"))
    assert (two.licence, two.author, two.caption, two.description, two.tags) == ("CC BY 4.0", "Lee", "two people", "사람 2명", ("a", "b"))
    assert (three.licence, three.author) == ("unknown", "")


def test_names_of_any_bytes_become_ids_that_can_be_stored(tmp_path: Path) -> None:
    long = "x" * 200 + ".jpg"
    for name in (b"caf\xff.jpg", "둘이.jpg".encode(), b"line\nbreak.jpg", long.encode()):
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_bytes(name)
    found = items(tmp_path)
    assert len({item.source_id for item in found}) == 4
    source = Folder(tmp_path, LIMIT)
    for batch in source.batches(""):
        for item in batch.items:
            assert len(item.source_id) <= SOURCE_ID_MAX
            item.source_id.encode()
            assert item.file.isprintable()
            assert source.read(item)


@pytest.mark.parametrize(
    "name", [b"\xff", b"line\nbreak", "둘이".encode(), b"%41", b"\xf0\x9f\x91", b"sub/\xed\xa0\x80", b"x" * 240, "é".encode() * 120]
)
def test_it_goes_on_after_a_name_of_any_bytes(tmp_path: Path, name: bytes) -> None:
    """The name is the last one of a batch, and what is stored of it can be stored as text."""
    files = [b"%03d" % number for number in range(BATCH - 1)] + [b"0A" + name, b"0B" + name]
    for file in files:
        whole = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + file + b".jpg"))
        whole.parent.mkdir(exist_ok=True)
        whole.write_bytes(b"x")
    first, second = Folder(tmp_path, LIMIT).batches("")
    assert [len(first.items), len(second.items)] == [BATCH, 1]
    assert first.cursor.encode().decode().isprintable()
    assert items(tmp_path, first.cursor) == list(second.items)
    assert items(tmp_path, second.cursor) == []


def test_cursors_of_before_are_understood(tmp_path: Path) -> None:
    for name in ("%41.jpg", "A.jpg", "둘이.jpg"):
        (tmp_path / name).write_bytes(b"x")
    assert [item.file for item in items(tmp_path, "%41.jpg")] == ["A.jpg", "둘이.jpg"]
    assert items(tmp_path, "둘이.jpg") == []


def test_a_name_longer_than_a_cursor_loses_nothing(tmp_path: Path) -> None:
    """Names in archives have up to 65,535 bytes, and more once they are read as UTF-8: no column of MariaDB holds these."""
    names = [f"{'x' * 60_000}{number:02}.jpg" for number in range(BATCH + 2)]
    packed = archive(tmp_path / "x.zip", *((name, b"x") for name in names))
    source = Folder(packed, LIMIT)
    first, second = source.batches("")
    source.close()
    assert {item.source_id for item in items(packed, first.cursor)} >= {item.source_id for item in second.items}
    for name in (names[-1], "░" * 65_000, "\n" + "👫" * 65_000):
        assert len(cursor_of(name).encode()) < 65_535
        assert name >= name_in(cursor_of(name))


def test_names_that_look_alike_once_printed_stay_apart() -> None:
    assert printable("a\n") == printable("a\\x0a")
    assert identity("r-1", "a\n") != identity("r-1", "a\\x0a")
