"""Pictures that admins give types: what is read, what is refused, and how long a file of one stays."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from bot.switching import called
from engine import pictures, registry
from engine.pictures import Unusable, fitted
from engine.registry import Change, Registry, mark
from engine.settings import EngineSettings
from engine.types import TypePack
from engine.values import Image
from tests.engine.packs import write_pack

SETTINGS = EngineSettings()


def harmless(_image: Image) -> float:
    return 0.0


def striped(size: tuple[int, int], form: str = "JPEG", orientation: int = 1) -> bytes:
    """Red in the middle third across, blue to the sides; turned by a camera where it says so."""
    pixels = np.full((size[1], size[0], 3), (20, 20, 200), np.uint8)
    pixels[:, size[0] // 3 : 2 * size[0] // 3] = (200, 20, 20)
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010E] = orientation, "taken at home"
    stream = io.BytesIO()
    Pillow.fromarray(pixels).save(stream, form, exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("kind", ["face", "fashion"])
def test_the_middle_in_the_packs_size_without_metadata(kind: pictures.Kind, form: str) -> None:
    made = fitted(striped((1200, 400), form), kind, SETTINGS, harmless)
    assert isinstance(made, bytes)
    assert b"taken at home" not in made
    with Pillow.open(io.BytesIO(made)) as opened:
        assert (opened.format, opened.size, dict(opened.getexif())) == ("JPEG", pictures.SIZES[kind], {})
        pixels = np.asarray(opened, np.int16)
    # A third of the width is exactly the square in the middle; fashion shows a little more.
    assert np.abs(pixels[:, pixels.shape[1] // 2] - (200, 20, 20)).max() < 20
    blue = (np.abs(pixels - (20, 20, 200)).max(axis=2) < 40).mean()
    assert blue < 0.02 if kind == "face" else 0.2 < blue < 0.3


def test_a_photo_that_the_camera_turned_stands_upright() -> None:
    made = fitted(striped((900, 900), orientation=6), "face", SETTINGS, harmless)
    assert isinstance(made, bytes)
    with Pillow.open(io.BytesIO(made)) as opened:
        pixels = np.asarray(opened, np.int16)
    assert np.abs(pixels[256, 20] - (200, 20, 20)).max() < 20  # the stripe lies now
    assert np.abs(pixels[20, 256] - (20, 20, 200)).max() < 20


def test_the_same_file_gives_the_same_bytes() -> None:
    """What is confirmed is told from what was looked at by its digest alone."""
    data = striped((801, 633))
    assert fitted(data, "face", SETTINGS, harmless) == fitted(data, "face", SETTINGS, harmless)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_an_image"),
        (b"\xff\xd8\xff words", "not_an_image"),
        (striped((900, 900))[:3000], "not_an_image"),
        (b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (90_000).to_bytes(4, "big") * 2, "too_large"),
        (striped((255, 900)), "too_small"),
        (striped((9000, 300)), "too_small"),
    ],
    ids=["nothing", "words", "half", "bomb", "narrow", "a panorama of which nothing is left"],
)
def test_what_cannot_be_a_picture(data: bytes, code: str) -> None:
    made = fitted(data, "face", SETTINGS, harmless)
    assert isinstance(made, Unusable)
    assert made.code == code
    assert made.message


@pytest.mark.parametrize("where", ["whole", "middle"])
def test_what_is_unsafe_is_refused_also_where_only_the_middle_is(where: str) -> None:
    def unsafe(image: Image) -> float:
        return 0.95 if (image.shape[0] == image.shape[1]) == (where == "middle") else 0.1

    made = fitted(striped((900, 600)), "face", SETTINGS, unsafe)
    assert isinstance(made, Unusable)
    assert made.code == "nsfw"


ONE, TWO = b"\xff\xd8 one", b"\xff\xd8 two"


@pytest.fixture
def types(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models", write_pack(tmp_path / "starter"))


def kept(types: Registry) -> set[str]:
    return {file.name for file in (types.folder / "pictures").iterdir()}


def test_the_automatic_picture_comes_back_and_bots_notice(types: Registry) -> None:
    plain = types.load()
    types.change(Change("wf-1", picture=ONE))
    given = types.load()
    assert pictures.is_given(given.by_id["wf-1"], given)
    assert not called(plain, types.names())
    types.change(Change("wf-1", automatic=True))
    assert not called(given, types.names())
    assert called(plain, types.names())
    assert types.load().by_id["wf-1"].picture == plain.by_id["wf-1"].picture
    types.change(Change("wf-2", automatic=True))  # nothing to take back
    with pytest.raises(registry.PackError, match="no type"):
        types.change(Change("nobody", automatic=True))


def test_names_stay_when_the_picture_goes(types: Registry) -> None:
    types.change(Change("wf-1", name="Harbour", name_ko="항구"))
    types.change(Change("wf-1", picture=ONE))
    types.change(Change("wf-1", automatic=True))
    assert types.load().by_id["wf-1"].name == "Harbour"


def test_a_picture_is_deleted_once_nobody_shows_it(types: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    types.change(Change("wf-1", picture=ONE))
    types.change(Change("wf-2", picture=ONE))
    types.change(Change("wf-1", picture=TWO))
    monkeypatch.setattr(registry, "GRACE", -1.0)
    types.sweep()
    assert kept(types) == {f"{mark(ONE)}.jpg", f"{mark(TWO)}.jpg"}
    monkeypatch.setattr(registry, "GRACE", 60.0)
    types.change(Change("wf-2", automatic=True))
    types.sweep()
    assert kept(types) == {f"{mark(ONE)}.jpg", f"{mark(TWO)}.jpg"}  # a bot may still draw it
    monkeypatch.setattr(registry, "GRACE", -1.0)
    types.sweep()
    assert kept(types) == {f"{mark(TWO)}.jpg"}
    assert types.load().by_id["wf-1"].picture.read_bytes() == TWO


def test_what_is_taken_back_does_not_come_back_with_an_older_version(types: Registry) -> None:
    """The picture was carried to the type that an older one became; a type of the same version that shows it keeps it."""
    types.change(Change("wf-1", picture=ONE))
    types.change(Change("wf-2", picture=ONE))
    types.carry_names({"00-wf-7": "wf-1"})
    assert types.names()["00-wf-7"].picture == types.names()["wf-1"].picture
    types.change(Change("wf-1", automatic=True))
    names = types.names()
    assert (names["wf-1"].picture, names["00-wf-7"].picture) == (None, None)
    assert names["wf-2"].picture is not None


def test_what_is_noted_of_a_change() -> None:
    renamed = Change("a", name="x", name_ko="가")
    assert (renamed.action, renamed.detail) == ("type.renamed", {"ko": "가", "en": "x"})
    assert (Change("a", picture=ONE).action, Change("a", picture=ONE).detail) == ("type.pictured", {"picture": mark(ONE)})
    assert (Change("a", automatic=True).action, Change("a", automatic=True).detail) == ("type.automatic", {})
    assert "one" not in repr(Change("a", picture=ONE))


def test_a_pack_of_its_own_shows_no_given_pictures() -> None:
    pack = TypePack.load()
    assert not any(pictures.is_given(info, pack) for info in pack.types)
