"""The pictures that the bot sends: the type card and the recommended partner types.

Values that draw themselves (`bot.replies.Drawing`): a use case says what is on a card, the desk draws it off the event loop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.canvas import BOLD, HEAVY, LINE, REGULAR, ROSE, SOFT, WHITE, Canvas, Rgb, decode, encode, font, load
from bot.replies import Named, Word, word
from bot.words import Words
from engine.fashion import KOREAN

WIDTH: Final = 1080
EDGE: Final = 56
INNER: Final = WIDTH - 2 * EDGE
GAP: Final = 32
TALLEST: Final = 1900
BAR: Final = 300
LARGE, NARROW = 52, 42
"""Size of a type's name across the card, and in the panel beside a collage."""
ABOUT: Final = 3
"""Rows for the words about a type: in the panel all of what the packs say needs three."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A type on a card."""

    name: Named
    picture: Path
    confidence: float = 0.0
    about: Named = field(default_factory=lambda: Named("", ""))
    kind: str = "face"


@dataclass(frozen=True, slots=True)
class Garment:
    """A garment on a card: the engine's English label and `#RRGGBB`."""

    label: str
    colour: str


@dataclass(frozen=True, slots=True)
class TypeCard:
    """A member's own card.

    Attributes:
        jpeg: the member's photo.
        face: the face box (left, top, width, height) as shares of the photo's size; None shows the middle of the photo.
        types: face type and fashion type, as far as there are any.
        palette: colours of the clothes, `#RRGGBB`.
        garments: what is worn.

    """

    jpeg: bytes = field(repr=False)
    face: tuple[float, float, float, float] | None
    types: tuple[Shown, ...]
    palette: tuple[str, ...]
    garments: tuple[Garment, ...]

    def draw(self, words: Words, language: str) -> bytes:
        """The card as JPEG, 1080 pixels wide."""
        faces = [shown for shown in self.types if shown.kind == "face"]
        fashions = [shown for shown in self.types if shown.kind == "fashion"]
        worn = bool(self.palette or self.garments)
        canvas = Canvas(WIDTH, TALLEST)
        top = _header(canvas, words.plain(word("card.title"), language), words.plain(word("card.brand"), language))
        top = self._pictures(canvas, top, [*faces, *fashions][0], words, language, both=bool(faces))
        for shown in faces:
            top = _described(canvas, (EDGE, top), INNER, shown, words, language, LARGE) + GAP
        for shown in fashions:
            top = _fashion(canvas, top, shown, words, language) + GAP
        if worn:
            top = self._worn(canvas, top, language)
        canvas.cut(top + 96)
        canvas.centred(WIDTH // 2, top + 22, words.plain(word("card.footer"), language), 32, REGULAR, SOFT)
        return encode(canvas.page)

    def _pictures(self, canvas: Canvas, top: int, first: Shown, words: Words, language: str, *, both: bool) -> int:
        """The member beside the blended face of the type."""
        own = crop(decode(self.jpeg), self.face)
        if not both:
            canvas.picture(own, (EDGE, top, WIDTH - EDGE, top + 440))
            return top + 440 + GAP
        side = (INNER - GAP) // 2
        for number, (picture, label) in enumerate(((own, "card.you"), (load(first.picture), "card.blend"))):
            left = EDGE + number * (side + GAP)
            canvas.picture(picture, (left, top, left + side, top + 440))
            canvas.centred(left + side // 2, top + 454, words.plain(word(label), language), 34, REGULAR, SOFT)
        return top + 440 + 46 + GAP

    def _worn(self, canvas: Canvas, top: int, language: str) -> int:
        left = EDGE
        for colour in self.palette:
            canvas.swatch((left, top), 52, colour)
            left += 66
        left += 14 if self.palette else 0
        for garment in self.garments:
            label = KOREAN.get(garment.label, garment.label) if language == "ko" else garment.label
            if left < WIDTH - EDGE - 150:
                left = canvas.chip((left, top), label, 34, garment.colour) + 14
        return top + 52 + GAP


@dataclass(frozen=True, slots=True)
class PartnerCard:
    """The recommended partner types side by side, the first one first."""

    types: tuple[Shown, ...]

    def draw(self, words: Words, language: str) -> bytes:
        """The picture as JPEG, 1080 pixels wide."""
        height = 150 + 330 + 200 + 50
        canvas = Canvas(WIDTH, height)
        top = _header(canvas, words.plain(word("card.partners"), language), words.plain(word("card.brand"), language))
        side = (INNER - 2 * GAP) // 3
        left = (WIDTH - len(self.types) * side - (len(self.types) - 1) * GAP) // 2
        for number, shown in enumerate(self.types, 1):
            canvas.panel((left, top, left + side, height - 44))
            if shown.kind == "fashion":  # a collage is 4:3, and its edges matter
                inset = side // 8
                canvas.picture(load(shown.picture), (left + 4, top + inset, left + side - 4, top + side - inset), 20)
            else:
                canvas.picture(load(shown.picture), (left, top, left + side, top + side))
            name = shown.name.ko if language == "ko" else shown.name.en
            kind = words.plain(word(f"card.kind.{shown.kind}"), language)
            below = canvas.centred(left + side // 2, top + side + 26, f"{number}  {kind}", 32, REGULAR, ROSE)
            canvas.centred(left + side // 2, below + 6, name, 42, BOLD, width=side - 36, lines=2)
            left += side + GAP
        return encode(canvas.page)


def crop(photo: Rgb, face: tuple[float, float, float, float] | None) -> Rgb:
    """The head and shoulders round a face, or the middle of the photo, as a square within the photo."""
    width, height = photo.size
    if face is None:
        side = min(width, height)
        left, top = (width - side) // 2, round((height - side) * 0.3)
    else:
        wide, high = face[2] * width, face[3] * height
        side = min(width, height, round(2.1 * max(wide, high)))
        left = round((face[0] + face[2] / 2) * width - side / 2)
        top = round((face[1] + face[3] / 2) * height - side * 0.48)
        left, top = max(0, min(left, width - side)), max(0, min(top, height - side))
    return photo.crop((left, top, left + side, top + side))


def sureness(confidence: float) -> Word:
    """A probability in words."""
    return word("types.sure.clear" if confidence >= 0.6 else "types.sure.near" if confidence >= 0.35 else "types.sure.between")


def _header(canvas: Canvas, title: str, brand: str) -> int:
    canvas.text((EDGE, 50), title, 52, HEAVY)
    canvas.right((WIDTH - EDGE, 66), brand, 30, BOLD, ROSE)
    canvas.panel((EDGE, 126, WIDTH - EDGE, 128), LINE, 1)
    return 156


def _described(canvas: Canvas, place: tuple[int, int], width: int, shown: Shown, words: Words, language: str, size: int) -> int:
    """Kind, name (its letters `size` high), words about it and how sure it is; returns where it ends below."""
    left, top = place
    named, about = (shown.name.ko, shown.about.ko) if language == "ko" else (shown.name.en, shown.about.en)
    top = canvas.text((left, top), words.plain(word(f"card.kind.{shown.kind}"), language), 33, BOLD, ROSE)
    top = canvas.text((left, top + 2), named, size, HEAVY, width=width, lines=2)
    if about:
        top = canvas.text((left, top + 2), about, 35, REGULAR, SOFT, width=width, lines=ABOUT)
    sure = words.plain(word("card.sure", sure=sureness(shown.confidence), percent=round(shown.confidence * 100)), language)
    bar = min(BAR, width - 22 - math.ceil(font(33).getlength(sure)))  # how sure it is, is never cut
    canvas.bar((left, top + 18, left + bar, top + 38), shown.confidence)
    canvas.text((left + bar + 22, top + 8), sure, 33, REGULAR, SOFT, width=width - bar - 22)
    return top + 54


def _fashion(canvas: Canvas, top: int, shown: Shown, words: Words, language: str) -> int:
    """The fashion type with its collage in a panel, which is as high as its words need."""
    width = INNER - 380 - 24
    # Drawn once beside the page to see how high it becomes: the panel lies below the words.
    ends = _described(Canvas(WIDTH, TALLEST), (EDGE + 380, top + 26), width, shown, words, language, NARROW)
    high = max(330, ends + 26 - top)
    canvas.panel((EDGE, top, WIDTH - EDGE, top + high), WHITE)
    middle = top + high // 2
    canvas.picture(load(shown.picture), (EDGE + 20, middle - 125, EDGE + 20 + 333, middle + 125), 22)
    _described(canvas, (EDGE + 380, top + 26), width, shown, words, language, NARROW)
    return top + high
