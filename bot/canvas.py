"""Drawing for the cards: fonts that know Korean, rounded pictures, wrapped text, bars and swatches, on Pillow."""

from __future__ import annotations

import importlib.util
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from PIL import Image, ImageDraw, ImageFont, ImageOps

Weight = Literal["NanumGothic", "NanumGothicBold", "NanumGothicExtraBold"]
REGULAR: Final[Weight] = "NanumGothic"
BOLD: Final[Weight] = "NanumGothicBold"
HEAVY: Final[Weight] = "NanumGothicExtraBold"

PAPER: Final = "#FBF6F0"
WHITE: Final = "#FFFFFF"
INK: Final = "#2B2430"
SOFT: Final = "#857A83"
ROSE: Final = "#D8506B"
BLUSH: Final = "#F6DDE0"
LINE: Final = "#EADFD8"
SMOOTH: Final = 3
"""Rounded shapes are drawn this many times as large and scaled down."""

Rgb = Image.Image


@cache
def _fonts() -> Path:
    """The folder of the Nanum Gothic files, found without importing the package (it would import matplotlib)."""
    found = importlib.util.find_spec("koreanize_matplotlib")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("koreanize-matplotlib, which carries the Korean font, is not installed: run `make setup`")
    return Path(found.origin).parent / "fonts"


@cache
def font(size: int, weight: Weight = REGULAR) -> ImageFont.FreeTypeFont:
    """Nanum Gothic at `size` pixels."""
    return ImageFont.truetype(str(_fonts() / f"{weight}.ttf"), size)


def decode(data: bytes, longest: int = 1280) -> Rgb:
    """A stored JPEG, decoded no larger than needed."""
    picture = Image.open(BytesIO(data))
    picture.draft("RGB", (longest, longest))
    return picture.convert("RGB")


def load(file: Path) -> Rgb:
    """A picture of the type pack."""
    with Image.open(file) as picture:
        return picture.convert("RGB")


def encode(picture: Rgb) -> bytes:
    """The finished card as JPEG."""
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=90, optimize=False, subsampling=0)
    return stream.getvalue()


class Canvas:
    """A page on which everything is placed by its left upper corner, in pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.page: Rgb = Image.new("RGB", (width, height), PAPER)
        self._draw = ImageDraw.Draw(self.page)

    def cut(self, height: int) -> None:
        """End the page here."""
        self.page = self.page.crop((0, 0, self.page.width, height))
        self._draw = ImageDraw.Draw(self.page)

    def panel(self, box: tuple[int, int, int, int], colour: str = WHITE, radius: int = 36) -> None:
        """A rounded rectangle (left, top, right, bottom)."""
        width, height = box[2] - box[0], box[3] - box[1]
        self.page.paste(Image.new("RGB", (width, height), colour), box[:2], rounded(width, height, radius))

    def picture(self, picture: Rgb, box: tuple[int, int, int, int], radius: int = 28) -> None:
        """A picture that fills the box, cut where it is too long, with rounded corners."""
        width, height = box[2] - box[0], box[3] - box[1]
        fitted = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS, centering=(0.5, 0.4))
        self.page.paste(fitted, box[:2], rounded(width, height, radius))

    def text(
        self, place: tuple[int, int], text: str, size: int, weight: Weight = REGULAR, colour: str = INK, width: int = 0, lines: int = 1
    ) -> int:
        """Text wrapped to `width` (0: not wrapped) and cut with an ellipsis after `lines`; returns where it ends below."""
        face = font(size, weight)
        left, top = place
        for row in wrap(text, face, width, lines) if width else [text]:
            self._draw.text((left, top), row, font=face, fill=colour)
            top += round(size * 1.38)
        return top

    def right(self, place: tuple[int, int], text: str, size: int, weight: Weight = REGULAR, colour: str = INK) -> None:
        """One line that ends at `place`."""
        face = font(size, weight)
        self._draw.text((place[0] - face.getlength(text), place[1]), text, font=face, fill=colour)

    def centred(
        self, middle: int, top: int, text: str, size: int, weight: Weight = REGULAR, colour: str = INK, width: int = 0, lines: int = 1
    ) -> int:
        """As `text`, every line centred on `middle`."""
        face = font(size, weight)
        for row in wrap(text, face, width, lines) if width else [text]:
            self._draw.text((middle - face.getlength(row) / 2, top), row, font=face, fill=colour)
            top += round(size * 1.38)
        return top

    def bar(self, box: tuple[int, int, int, int], share: float) -> None:
        """A rounded bar that is filled to `share` (0–1)."""
        left, top, right, bottom = box
        radius = (bottom - top) // 2
        self.panel(box, BLUSH, radius)
        filled = left + max(bottom - top, round((right - left) * min(1.0, share)))
        self.panel((left, top, filled, bottom), ROSE, radius)

    def swatch(self, place: tuple[int, int], size: int, colour: str) -> None:
        """A disc of a colour with a hairline, so that white shows too."""
        left, top = place
        self.panel((left - 2, top - 2, left + size + 2, top + size + 2), LINE, size // 2 + 2)
        self.panel((left, top, left + size, top + size), colour, size // 2)

    def chip(self, place: tuple[int, int], text: str, size: int, colour: str | None = None) -> int:
        """A small label, with a dot of `colour`; returns its right end."""
        left, top = place
        dot = size if colour else 0
        inset = round(size * 0.7)
        width = round(font(size).getlength(text)) + 2 * inset + (dot + 10 if dot else 0)
        height = round(size * 1.9)
        self.panel((left, top, left + width, top + height), "#F4ECE6", height // 2)
        if colour:
            self.swatch((left + inset, top + (height - dot) // 2), dot, colour)
        self._draw.text((left + inset + (dot + 10 if dot else 0), top + (height - size) / 2 - size * 0.06), text, font=font(size), fill=INK)
        return left + width


@cache
def rounded(width: int, height: int, radius: int) -> Image.Image:
    """A mask with smooth round corners."""
    large = Image.new("L", (width * SMOOTH, height * SMOOTH), 0)
    ImageDraw.Draw(large).rounded_rectangle((0, 0, width * SMOOTH - 1, height * SMOOTH - 1), radius * SMOOTH, fill=255)
    return large.resize((width, height), Image.Resampling.BOX)


def wrap(text: str, face: ImageFont.FreeTypeFont, width: int, lines: int) -> list[str]:
    """Rows no wider than `width`; the last of `lines` rows ends with an ellipsis where text is left.

    A word that is wider than a row is broken: Korean names may be long without a space, and their ends are what tells them apart.
    """
    rows: list[str] = []
    rest = text.split()
    while rest and len(rows) < lines:
        row = rest.pop(0)
        if lines - len(rows) > 1 and face.getlength(row) > width:
            fits = next((end for end in range(len(row) - 1, 1, -1) if face.getlength(row[:end]) <= width), 1)
            row, rest = row[:fits], [row[fits:], *rest]
        else:
            while rest and face.getlength(f"{row} {rest[0]}") <= width:
                row += " " + rest.pop(0)
        rows.append(row)
    if rest or any(face.getlength(row) > width for row in rows):
        rows = [_cut(row, face, width, more=bool(rest) and number == len(rows) - 1) for number, row in enumerate(rows)]
    return rows


def _cut(row: str, face: ImageFont.FreeTypeFont, width: int, *, more: bool) -> str:
    if not more and face.getlength(row) <= width:
        return row
    while row and face.getlength(row + "…") > width:
        row = row[:-1].rstrip()
    return row + "…"
