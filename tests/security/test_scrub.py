"""What members send each other tells nothing of them, looks and sounds the same, and nothing breaks the scrubber."""

from __future__ import annotations

import doctest
import io
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from bot import scrub
from bot.scrub import Kind, icc, jpeg, neutral, sniff
from engine.images import Decoded, decode
from engine.settings import EngineSettings
from fuzz.seeds import documents, films, pictures

SECRET = pictures.SECRET
PICTURES = pictures.pictures()
FILES = PICTURES | films.films() | documents.documents()
STILL = {"heic"}
"""Made anew, so its pixels are near, not the same."""


def frames(data: bytes) -> list[np.ndarray]:
    with Image.open(io.BytesIO(data)) as image:
        found = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            found.append(np.asarray(image.convert("RGBA")))
        return found


def upright(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def inside(data: bytes) -> bytes:
    """All bytes of a file, unpacked where it is an archive."""
    if data[:2] != b"PK":
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return data + b"".join(archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize("name", FILES)
def test_facts_are_gone(name: str) -> None:
    assert SECRET in inside(FILES[name])
    made = neutral(FILES[name], "application/x-lie", f"{SECRET.decode()}.exe")
    assert made.sure
    assert SECRET not in inside(made.data)
    assert b"MARU" not in made.data.replace(b"\0", b"")
    assert SECRET.decode() not in made.name
    assert made.mime != "application/x-lie"


@pytest.mark.parametrize("name", FILES)
def test_neutral_files_stay_as_they_are(name: str) -> None:
    once = neutral(FILES[name])
    twice = neutral(once.data)
    assert twice.sure
    if once.mime != "image/jpeg" or name != "heic":
        assert twice.data == once.data


@pytest.mark.parametrize("name", sorted(PICTURES.keys() - STILL))
def test_pixels_stay(name: str) -> None:
    made = neutral(PICTURES[name])
    before, after = frames(PICTURES[name])[: len(frames(made.data))], frames(made.data)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("turned", range(1, 9))
@pytest.mark.parametrize("kind", [pictures.jpeg, pictures.png, pictures.webp])
def test_turned_pictures_stay_turned(kind, turned: int) -> None:
    data = kind(turned)
    made = neutral(data)
    assert np.array_equal(upright(data), upright(made.data))
    seen, expected = decode(made.data, EngineSettings()), decode(data, EngineSettings())
    assert isinstance(seen, Decoded)
    assert isinstance(expected, Decoded)
    assert np.array_equal(seen.image, expected.image)


def test_heic_becomes_an_upright_jpeg() -> None:
    made = neutral(PICTURES["heic"])
    assert (made.name, made.mime) == ("photo.jpg", "image/jpeg")
    with Image.open(io.BytesIO(made.data)) as image:
        assert image.size == pictures.picture(64).size
        assert not image.getexif()


def test_animations_keep_their_delays_and_loops() -> None:
    for name in ("gif", "webp_animation"):
        with Image.open(io.BytesIO(PICTURES[name])) as before, Image.open(io.BytesIO(neutral(PICTURES[name]).data)) as after:
            assert before.n_frames == after.n_frames
            assert before.info.get("loop") == after.info.get("loop")
            before.seek(1), after.seek(1)
            assert before.info.get("duration") == after.info.get("duration")


def test_colours_stay_while_the_device_goes() -> None:
    with Image.open(io.BytesIO(neutral(pictures.jpeg()).data)) as image:
        profile = image.info["icc_profile"]
    assert icc.neutral(profile) == profile
    assert profile[40:44] == profile[48:56][:4] == bytes(4)
    assert icc.neutral(b"rubbish" * 40) == b""


def test_a_real_film_plays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (64, 48))
    for number in range(12):
        writer.write(np.full((48, 64, 3), number * 20, np.uint8))
    writer.release()
    data = path.read_bytes()
    at = data.index(b"moov") - 4
    size = int.from_bytes(data[at : at + 4], "big")
    planted = films.box(b"udta", films.box(b"\xa9xyz", SECRET))
    data = data[:at] + (size + len(planted)).to_bytes(4, "big") + data[at + 4 : at + size] + planted + data[at + size :]
    path.write_bytes(data)
    made = neutral(data)
    other = tmp_path / "other.mp4"
    other.write_bytes(made.data)
    assert made.sure
    assert SECRET not in made.data
    assert len(made.data) == len(data)
    assert all(np.array_equal(one, two) for one, two in zip(_played(path), _played(other), strict=True))
    assert len(_played(other)) == 12


def _played(path: Path) -> list[np.ndarray]:
    film = cv2.VideoCapture(str(path))
    found = []
    while True:
        there, frame = film.read()
        if not there:
            film.release()
            return found
        found.append(frame)


def test_films_lose_days_devices_and_places_but_no_picture() -> None:
    made = neutral(films.mp4()).data
    assert b"PICTURE-DATA" * 4 in made
    assert (3_800_000_000).to_bytes(4, "big") not in made
    assert b"appl" not in made
    assert b"udta" not in made
    assert b"mebx" not in made


def test_films_keep_no_places_in_subtitles_nor_between_their_samples() -> None:
    data = films.mp4()
    assert b"GPS" in data
    made = neutral(data)
    assert made.sure
    assert b"GPS" not in made.data
    assert b"tx3g" not in made.data


@pytest.mark.parametrize(("entry", "unit"), [(0, 4), (1, 6)])
def test_sound_that_is_counted_in_moments_stays_whole(entry: int, unit: int) -> None:
    """QuickTime says of plain sound that its samples have one byte, whatever their channels and bits."""
    version = entry.to_bytes(2, "big") + bytes(6) + b"\0\x02\0\x10" + bytes(8)
    packet = (1).to_bytes(4, "big") + bytes(4) + unit.to_bytes(4, "big") + bytes(4) if entry else b""
    sound = bytes(range(1, 1 + 5 * unit))
    made = neutral(films.sounding(films.box(b"sowt", bytes(6), b"\0\x01", version, packet), sound, 5))
    assert made.sure
    assert sound in made.data
    assert SECRET not in made.data


@pytest.mark.parametrize("vorbis", [False, True])
def test_voice_messages_have_right_checksums(vorbis: bool) -> None:
    data = neutral(films.ogg(vorbis)).data
    at, pages = 0, 0
    while at < len(data):
        end = at + 27 + data[at + 26] + sum(data[at + 27 : at + 27 + data[at + 26]])
        page = data[at : at + 22] + bytes(4) + data[at + 26 : end]
        assert films.ogg_checksum(page) == int.from_bytes(data[at + 22 : at + 26], "little")
        at, pages = end, pages + 1
    assert pages == 3


@pytest.mark.parametrize("name", FILES)
def test_cut_and_spoilt_files_break_nothing(name: str) -> None:
    data = FILES[name]
    generator = np.random.default_rng(5)
    for cut in {0, 1, 5, 12, *(int(part) for part in np.linspace(13, len(data) - 1, 25))}:
        made = neutral(data[:cut])
        assert made.sure or made.data == data[:cut]
    for _ in range(40):
        spoilt = bytearray(data)
        for place in generator.integers(0, len(data), 3):
            spoilt[place] = generator.integers(0, 256)
        assert isinstance(neutral(bytes(spoilt)), scrub.Neutral)


def test_what_is_cut_off_is_not_answered_for() -> None:
    for name in ("jpeg", "png", "webp", "gif", "mp4", "opus", "pdf", "docx"):
        made = neutral(FILES[name][: len(FILES[name]) // 2])
        assert not made.sure
        assert made.data == FILES[name][: len(FILES[name]) // 2]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 100,
        b"PK\x03\x04rubbish",
        b"<svg><!-- author: somebody --></svg>",
        b"BEGIN:VCARD\nFN:Somebody\nEND:VCARD",
        b"{\\rtf1{\\info{\\author Somebody}}}",
        b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom",
    ],
)
def test_the_unknown_is_not_answered_for(data: bytes) -> None:
    made = neutral(data)
    assert not made.sure
    assert made.data == data


def test_documents_that_name_people_elsewhere_are_refused() -> None:
    refused = [
        documents.docx(b'<w:ins w:author="Somebody">x</w:ins>'),
        documents.docx(comments=b'<w:comment w:author="Somebody"/>'),
        documents.odt()[:69] + b"PK\x05\x06" + bytes(18),  # found by fuzzing: an archive of nothing
        documents.docx(b'<!DOCTYPE x [<!ENTITY a "b">]>'),
        documents.archive({"[Content_Types].xml": b"", "word/document.xml": b"", "word/vbaProject.bin": b"\x01"}),
        documents.pdf(b"/Annots [<< /Subtype /Text /T (Somebody) >>] "),
        documents.pdf(b"/PieceInfo << >> "),
        documents.pdf() + b"%%EOF",
        documents.pdf().replace(b"/Info 4 0 R", b"/Info 9 0 R"),
    ]
    assert not any(neutral(data).sure for data in refused)
    assert neutral(documents.docx(b"table of authorities")).sure


def test_packed_facts_of_a_pdf_are_seen() -> None:
    packed = zlib.compress(b"<< /Author (Somebody) >>")
    group = b"6 0 obj\n<< /Type /ObjStm /N 1 /First 0 /Filter /FlateDecode >>\nstream\n" + packed + b"\nendstream\nendobj\n"
    assert not neutral(documents.pdf().replace(b"xref\n0", group + b"xref\n0")).sure
    innocent = group.replace(packed, zlib.compress(b"<< /Type /Font >>"))
    assert neutral(documents.pdf().replace(b"xref\n0", innocent + b"xref\n0")).sure


def test_bombs_take_little_memory_and_time() -> None:
    bomb = documents.archive({"[Content_Types].xml": b"", "word/document.xml": b" " * 90_000_000})
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", (60000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0")
    png = head + _chunk(b"IDAT", zlib.compress(bytes(40_000_000))) + _chunk(b"IEND", b"")
    small = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", (60).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0")
    overfull = small + _chunk(b"IDAT", zlib.compress(bytes(40_000_000))) + _chunk(b"IEND", b"")
    tracemalloc.start()
    made = [neutral(data) for data in (bomb, png, overfull)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not any(found.sure for found in made)
    assert peak < 250_000_000


def _chunk(name: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")


def test_samples_that_lie_are_refused() -> None:
    """A track of places that says that its samples are the head of the file, or everywhere at once."""
    data = films.mp4()
    place = data.index(b"mebx")
    at = data.index(b"stco", place)
    assert not neutral(data[: at + 12] + (8).to_bytes(4, "big") + data[at + 16 :]).sure
    at = data.index(b"stsz", place)
    assert not neutral(data[: at + 8] + (1 << 30).to_bytes(4, "big") + data[at + 12 :]).sure


def test_names_are_of_the_kind_alone() -> None:
    for name, data in FILES.items():
        made = neutral(data, "text/html", "../../etc/passwd\0.jpg")
        assert "/" not in made.name, name
        assert made.name in {kind.file_name for kind in Kind}
    assert sniff(b"MZ\x90\0").file_name == "file.bin"


def test_examples() -> None:
    import sys

    from bot.scrub import sniff as _  # noqa: F401

    for module in (scrub, sys.modules["bot.scrub.sniff"], jpeg):
        results = doctest.testmod(module)
        assert results.attempted > 0
        assert results.failed == 0
