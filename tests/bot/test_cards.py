"""The cards: drawn in both languages, whatever is missing, and never wider than the page."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, ClassVar

import pytest
from PIL import Image

from bot import canvas, cards
from bot.replies import Named
from bot.words import LANGUAGES, Words
from engine.types import STARTER, TypePack

WORDS = Words()
LONG = Named("아주 길고 또 길어서 한 줄에 다 들어가지 않는 타입 이름", "A name so long that it does not fit into a single line of the card")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "type.png"
    Image.new("RGB", (640, 480), "#D8506B").save(file)
    return file


def photo(width: int = 900, height: int = 1200, colour: str = "#2060A0") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(stream, "JPEG")
    return stream.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    assert image.format == "JPEG"
    assert image.width == cards.WIDTH
    return image.convert("RGB")


def near(image: Image.Image, place: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    found = image.getpixel(place)
    assert isinstance(found, tuple)
    return all(abs(one - other) < 12 for one, other in zip(found, colour, strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_card(picture: Path, language: str) -> None:
    shown = tuple(cards.Shown(LONG, picture, 0.5, LONG, kind) for kind in ("face", "fashion"))
    garments = tuple(cards.Garment(label, "#FFFFFF") for label in ("sweater", "jeans", "coat", "skirt", "hoodie"))
    card = cards.TypeCard(photo(), (0.3, 0.2, 0.4, 0.4), shown, ("#16161A", "#F5F5F4"), garments)
    image = opened(card.draw(WORDS, language))
    assert near(image, (300, 400), (0x20, 0x60, 0xA0)), "the member's photo at the left"
    assert near(image, (800, 400), (0xD8, 0x50, 0x6B)), "the type's face at the right"
    for y in range(0, image.height, 7):
        assert near(image, (cards.WIDTH - 12, y), (0xFB, 0xF6, 0xF0)), "nothing runs over the right edge"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kinds", [("face",), ("fashion",)])
def test_a_card_with_one_type_is_shorter(picture: Path, language: str, kinds: tuple[str, ...]) -> None:
    shown = tuple(cards.Shown(Named("가", "A"), picture, 0.9, kind=kind) for kind in kinds)
    image = opened(cards.TypeCard(photo(), None, shown, (), ()).draw(WORDS, language))
    assert image.height < 1100


class Watched(canvas.Canvas):
    """Notes where panels and bars are, and which texts do not fit."""

    panels: ClassVar[list[tuple[int, int, int, int]]] = []
    bars: ClassVar[list[tuple[int, int, int, int]]] = []
    lost: ClassVar[list[str]] = []

    def panel(self, box: tuple[int, int, int, int], colour: str = canvas.WHITE, radius: int = 36) -> None:
        if colour == canvas.WHITE:
            self.panels.append(box)
        super().panel(box, colour, radius)

    def bar(self, box: tuple[int, int, int, int], share: float) -> None:
        self.bars.append(box)
        super().bar(box, share)

    def text(self, place: tuple[int, int], text: str, size: int, weight: canvas.Weight = canvas.REGULAR, *more: Any, **kept: Any) -> int:
        if kept.get("width") and canvas.wrap(text, canvas.font(size, weight), kept["width"], kept.get("lines", 1))[-1].endswith("…"):
            self.lost.append(text)
        return super().text(place, text, size, weight, *more, **kept)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_every_fashion_type_stay_whole_within_their_panel(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "Canvas", Watched)
    types = [info for info in TypePack.load(STARTER).by_id.values() if info.kind == "fashion"]
    assert types
    for info in types:
        for kept in (Watched.panels, Watched.bars, Watched.lost):
            kept.clear()
        named, about = Named(info.name_ko, info.name), Named(info.description_ko, info.description)
        cards.TypeCard(photo(), None, (cards.Shown(named, info.picture, 0.4, about, "fashion"),), (), ()).draw(WORDS, language)
        [panel], bar = Watched.panels, Watched.bars[-1]
        assert panel[1] < bar[1] < bar[3] + 15 < panel[3], f"how sure {info.name} is stands in its panel"
        assert not Watched.lost


@pytest.mark.parametrize("count", [1, 2, 3])
def test_partner_types_side_by_side(picture: Path, count: int) -> None:
    image = opened(cards.PartnerCard(tuple(cards.Shown(LONG, picture) for _ in range(count))).draw(WORDS, "ko"))
    assert near(image, (cards.WIDTH // 2 if count != 2 else 400, 300), (0xD8, 0x50, 0x6B))


@pytest.mark.parametrize("face", [None, (0.0, 0.0, 0.1, 0.1), (0.9, 0.9, 0.1, 0.1), (0.0, 0.0, 1.0, 1.0), (0.4, 0.3, 0.2, 0.2)])
@pytest.mark.parametrize("size", [(300, 1200), (1200, 300), (50, 50)])
def test_a_crop_is_a_square_within_the_photo(face: tuple[float, float, float, float] | None, size: tuple[int, int]) -> None:
    cut = cards.crop(Image.new("RGB", size), face)
    assert cut.width == cut.height <= min(size)


def test_the_font_knows_korean_and_is_found_without_matplotlib() -> None:
    import subprocess
    import sys

    code = "import sys; from bot.canvas import font; font(20).getlength('인연'); print('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"
    face = canvas.font(40)
    assert face.getmask("가").getbbox() != face.getmask("나").getbbox() or bytes(face.getmask("가")) != bytes(face.getmask("나"))


def test_long_names_without_a_space_are_broken_so_that_their_ends_show() -> None:
    face = canvas.font(17)
    shown = {"|".join(canvas.wrap(f"부드러운인상과밝은{end}", face, 60, 4)) for end in ("셔츠", "외투", "치마")}
    assert len(shown) == 3
    assert all("…" not in name and name.replace("|", "").startswith("부드러운인상과밝은") for name in shown)
    assert canvas.wrap("가" * 40, face, 60, 4)[-1].endswith("…")
    assert canvas.wrap("WW", face, 5, 3)[0], "at least a letter, however narrow"


@pytest.mark.parametrize("text", ["", "word", "two words", "한글 여러 단어가 있는 문장", "x" * 300])
def test_wrapped_text_stays_in_its_width(text: str) -> None:
    face = canvas.font(30)
    rows = canvas.wrap(text, face, 200, 2)
    assert len(rows) <= 2
    assert all(face.getlength(row) <= 200 for row in rows)
