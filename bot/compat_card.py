"""The picture of a comparison: both people, their types, a scale of 0–100 with the interval, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bot.canvas import BLUSH, BOLD, HEAVY, INK, LINE, REGULAR, ROSE, SOFT, WHITE, Canvas, decode, encode, font, wrap
from bot.cards import EDGE, GAP, INNER, WIDTH, crop
from bot.replies import Named, Word, word
from bot.words import Words

Says = Callable[[Word], str]
"""A sentence in the language of the picture."""
SIDE: Final = (INNER - GAP) // 2
INSET: Final = 40
LEFT, RIGHT = EDGE + INSET, WIDTH - EDGE - INSET
"""Where the scale's 0 and 100 are."""
BAND: Final = "#EFA9B6"
TRACK: Final = 22
NAME_ROWS: Final = 4
"""Of a type's name: enough for the longest that an admin may give, since the end of a name may be all that tells two apart."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two.

    Attributes:
        jpeg: a photo of them.
        face: the face box (left, top, width, height) as shares of the photo's size; None shows the middle.
        types: names of face type and fashion type, as far as there are any.

    """

    jpeg: bytes = field(repr=False)
    face: tuple[float, float, float, float] | None
    types: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class CompatCard:
    """What came of two people who were compared; all figures 0–100."""

    sides: tuple[Side, Side]
    score: float
    interval: tuple[float, float]
    face: float | None
    fashion: float | None
    age: float | None
    basis: Word
    """What it rests on."""

    def draw(self, words: Words, language: str) -> bytes:
        """The picture as JPEG, 1080 pixels wide."""

        def say(text: Word) -> str:
            return words.plain(text, language)

        canvas = Canvas(WIDTH, 2000)
        canvas.text((EDGE, 50), say(word("compat.card.title")), 52, HEAVY)
        canvas.right((WIDTH - EDGE, 66), say(word("card.brand")), 30, BOLD, ROSE)
        canvas.panel((EDGE, 126, WIDTH - EDGE, 128), LINE, 1)
        top = self._people(canvas, 156, language)
        # Drawn twice, since how high the panel must be shows only then.
        height = self._scored(Canvas(WIDTH, 2000), 0, say)
        canvas.panel((EDGE, top, WIDTH - EDGE, top + height), WHITE)
        top = self._scored(canvas, top, say) + GAP
        canvas.cut(top + 100)
        canvas.centred(WIDTH // 2, top, say(word("compat.card.footer")), 34, BOLD, INK, width=INNER, lines=2)
        return encode(canvas.page)

    def _people(self, canvas: Canvas, top: int, language: str) -> int:
        """Both of them beside each other with their types below; where that ends."""
        ends = []
        for number, side in enumerate(self.sides):
            left = EDGE + number * (SIDE + GAP)
            canvas.picture(crop(decode(side.jpeg), side.face), (left, top, left + SIDE, top + SIDE))
            below = top + SIDE + 16
            for at, named in enumerate(side.types):
                name = named.ko if language == "ko" else named.en
                size, weight, colour = (38, BOLD, INK) if at == 0 else (33, REGULAR, SOFT)
                below = canvas.centred(left + SIDE // 2, below, name, size, weight, colour, width=SIDE - 12, lines=NAME_ROWS) + 2
            ends.append(below)
        return max(ends) + 22

    def _scored(self, canvas: Canvas, top: int, say: Says) -> int:
        """The score, the scale, the parts and what they rest on; where that ends."""
        low, high = self.interval
        shown = f"{self.score:.0f}"
        canvas.text((LEFT, top + 26), shown, 128, HEAVY, ROSE)
        beside = LEFT + round(font(128, HEAVY).getlength(shown)) + 22
        canvas.text((beside, top + 104), "/ 100", 44, BOLD, SOFT)
        across = RIGHT - beside - 150
        rows = wrap(say(word("compat.card.interval", low=f"{low:.0f}", high=f"{high:.0f}")), font(34), across, 2)
        for at, row in enumerate(rows):
            canvas.right((RIGHT, top + (112 if len(rows) == 1 else 68) + at * 47), row, 34, REGULAR, SOFT)
        top = self._scale(canvas, top + 210, say)
        top = self._parts(canvas, top + 24, say)
        return canvas.text((LEFT, top + 18), say(self.basis), 34, REGULAR, INK, width=RIGHT - LEFT, lines=3) + 26

    def _scale(self, canvas: Canvas, top: int, say: Says) -> int:
        def at(value: float) -> int:
            return round(LEFT + (RIGHT - LEFT) * value / 100)

        canvas.panel((LEFT, top, RIGHT, top + TRACK), BLUSH, TRACK // 2)
        low, high = at(self.interval[0]), at(self.interval[1])
        canvas.panel((low, top, max(high, low + TRACK), top + TRACK), BAND, TRACK // 2)
        middle = at(50)
        canvas.panel((middle - 2, top - 14, middle + 2, top + TRACK + 14), SOFT, 1)
        here = at(self.score)
        canvas.panel((here - 23, top + TRACK // 2 - 23, here + 23, top + TRACK // 2 + 23), WHITE, 23)
        canvas.panel((here - 18, top + TRACK // 2 - 18, here + 18, top + TRACK // 2 + 18), ROSE, 18)
        below = top + TRACK + 22
        canvas.text((LEFT, below), "0", 30, BOLD, SOFT)
        canvas.right((RIGHT, below), "100", 30, BOLD, SOFT)
        return canvas.centred(middle, below, say(word("compat.card.even")), 30, REGULAR, SOFT, width=RIGHT - LEFT - 160, lines=2)

    def _parts(self, canvas: Canvas, top: int, say: Says) -> int:
        """Three columns: faces and clothes about their middle, the gap of ages from the left."""
        wide = (RIGHT - LEFT - 2 * 30) // 3
        found = (("face", self.face, True), ("fashion", self.fashion, True), ("age", self.age, False))
        ends = []
        for number, (name, _, _) in enumerate(found):
            left = LEFT + number * (wide + 30)
            below = canvas.text((left, top), say(word(f"compat.part.{name}")), 31, REGULAR, SOFT, width=wide, lines=2)
            ends.append(below)
        top = max(ends)
        for number, (_, value, centred) in enumerate(found):
            left = LEFT + number * (wide + 30)
            canvas.text((left, top), "–" if value is None else f"{value:.0f}", 40, BOLD, INK)
            _bar(canvas, (left + 92, top + 20, left + wide, top + 34), value, centred=centred)
        return top + 62


def _bar(canvas: Canvas, box: tuple[int, int, int, int], value: float | None, *, centred: bool) -> None:
    """A track filled from its left end, or from its middle, to a value of 0–100."""
    left, top, right, bottom = box
    canvas.panel(box, BLUSH, (bottom - top) // 2)
    if value is None:
        return
    end, start = round(left + (right - left) * value / 100), (left + right) // 2 if centred else left
    low, high = min(start, end), max(start, end)
    if high - low > 1:
        canvas.panel((low, top, high, bottom), ROSE, min((bottom - top) // 2, (high - low) // 2))
    if centred:
        canvas.panel((start - 1, top - 6, start + 2, bottom + 6), SOFT, 1)
