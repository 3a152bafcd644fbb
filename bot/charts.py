"""The pictures that admins see: which types go together, what the types look like, how learning went.

Values that draw themselves, as the cards do (`bot.cards`): Pillow only, since serving installs no plotting library.
Telegram scales a photo down to 1280 pixels, so none is much higher than wide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import ImageDraw

from bot.canvas import BLUSH, BOLD, HEAVY, INK, LINE, REGULAR, ROSE, SOFT, WHITE, Canvas, encode, font, load, wrap
from bot.replies import Named, Word, word
from bot.words import Words

WIDTH: Final = 1280
EDGE: Final = 48
GAP: Final = 40
GREEN: Final = "#3E9B78"
COLD: Final = (76, 120, 168)
WARM: Final = (216, 80, 107)
MIDDLE: Final = (252, 250, 248)
MOST: Final = 8
"""Pictures in a row of the gallery at most."""
LINES: Final = ("#D8506B", "#4C78A8", "#3E9B78", "#C08A2B", "#7B5EA7", "#5B6770")
WORTH: Final = 2.0
"""A lift of this, or of its inverse, has the full colour."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A table of lifts: `lifts[row][column]`, 1 is chance; `couples` alike, 0 where it is only assumed."""

    title: Word
    rows: tuple[Named, ...]
    columns: tuple[Named, ...]
    lifts: tuple[tuple[float, ...], ...]
    couples: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Which types are seen together, one panel a kind."""

    title: Word
    panels: tuple[Panel, ...]
    note: Word

    def draw(self, words: Words, language: str) -> bytes:
        """The picture as JPEG, 1280 pixels wide."""
        canvas = Canvas(WIDTH, 360 + sum(_height(panel, language) for panel in self.panels))
        top = _head(canvas, words.plain(self.title, language))
        for panel in self.panels:
            top = _panel(canvas, top, panel, words, language)
        top = _scale(canvas, top, words, language)
        canvas.cut(_foot(canvas, top, words.plain(self.note, language)))
        return encode(canvas.page)


@dataclass(frozen=True, slots=True)
class Portrait:
    """A type in the gallery; `share` of its group's people, 0–1; `wide` where its picture is 4:3."""

    name: Named
    picture: Path
    share: float
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Gallery:
    """The types in use, group by group."""

    groups: tuple[tuple[Word, tuple[Portrait, ...]], ...]
    note: Word

    def draw(self, words: Words, language: str) -> bytes:
        """The picture as JPEG, 1280 pixels wide."""
        columns = min(MOST, max(5, *(len(types) for _, types in self.groups)))
        side = (WIDTH - 2 * EDGE - (columns - 1) * 20) // columns
        size = 25 if columns <= 5 else 20
        words_high = 10 + round(size * 1.38) * 3
        rows = sum(math.ceil(len(types) / columns) for _, types in self.groups)
        canvas = Canvas(WIDTH, 300 + len(self.groups) * 80 + rows * (side + words_high + 16))
        top = _head(canvas, words.plain(word("chart.gallery"), language))
        for title, types in self.groups:
            top = canvas.text((EDGE, top), words.plain(title, language), 32, BOLD, ROSE) + 10
            tall = side * 3 // 4 if any(shown.wide for shown in types) else side
            high = tall + words_high
            for place, shown in enumerate(types):
                left = EDGE + place % columns * (side + 20)
                if place and place % columns == 0:
                    top += high + 16
                canvas.picture(load(shown.picture), (left, top, left + side, top + tall), 18)
                name = shown.name.ko if language == "ko" else shown.name.en
                below = canvas.text((left, top + tall + 6), name, size, BOLD, width=side, lines=2)
                canvas.text((left, below), f"{shown.share:.0%}", size - 2, REGULAR, SOFT)
            top += high + 18
        canvas.cut(_foot(canvas, top, words.plain(self.note, language)))
        return encode(canvas.page)


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts of a few things, as bars of one scale; a label is a `Word` or plain text."""

    title: Word
    bars: tuple[tuple[object, int], ...]
    note: Word

    def draw(self, words: Words, language: str) -> bytes:
        """The picture as JPEG, 1280 pixels wide."""
        canvas = Canvas(WIDTH, 260 + 56 * len(self.bars))
        top = _head(canvas, words.plain(self.title, language))
        most = max((count for _, count in self.bars), default=0) or 1
        left, right = EDGE + 400, WIDTH - EDGE - 130
        for place, (label, count) in enumerate(self.bars):
            canvas.text((EDGE, top + 8), _said(label, words, language), 28, width=380)
            end = left + round((right - left) * count / most)
            if end - left >= 32:
                canvas.panel((left, top + 8, end, top + 40), GREEN if place == 0 else ROSE, 16)
            canvas.text((max(end, left) + 16, top + 8), f"{count:,}", 28, BOLD)
            top += 56
        canvas.cut(_foot(canvas, top, words.plain(self.note, language)))
        return encode(canvas.page)


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition that a new version must meet; its name is a `Word` where there is one."""

    name: object
    value: float
    bound: float
    passed: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one line, x ascending; its name is a `Word` or plain text."""

    name: object
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Learning:
    """How learning went: the gates, and where there are any, the curves."""

    title: Word
    gates: tuple[Gate, ...]
    curves: tuple[Curve, ...]
    axis: Word
    note: Word

    def draw(self, words: Words, language: str) -> bytes:
        """The picture as JPEG, 1280 pixels wide."""
        canvas = Canvas(WIDTH, 320 + 112 * len(self.gates) + (560 if self.curves else 0) + 44 * len(self.curves))
        top = _head(canvas, words.plain(self.title, language))
        for gate in self.gates:
            top = _gate(canvas, top, gate, words, language)
        if self.curves:
            top = _curves(canvas, top + 34, self.curves, words, language, words.plain(self.axis, language))
        canvas.cut(_foot(canvas, top, words.plain(self.note, language)))
        return encode(canvas.page)


def colour(lift: float) -> str:
    """Blue below chance, white at it, red above; full colour from twice or half of it on.

    >>> colour(1.0), colour(100.0), colour(0.001)
    ('#fcfaf8', '#d8506b', '#4c78a8')
    """
    share = max(-1.0, min(1.0, math.log(max(lift, 1e-9)) / math.log(WORTH)))
    end = WARM if share > 0 else COLD
    mixed = (round(middle + (wanted - middle) * abs(share)) for middle, wanted in zip(MIDDLE, end, strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _head(canvas: Canvas, title: str) -> int:
    canvas.text((EDGE, 40), title, 46, HEAVY, width=WIDTH - 2 * EDGE - 150)
    canvas.right((WIDTH - EDGE, 54), "Inyeon", 28, BOLD, ROSE)
    canvas.panel((EDGE, 108, WIDTH - EDGE, 110), LINE, 1)
    return 136


def _foot(canvas: Canvas, top: int, note: str) -> int:
    return canvas.text((EDGE, top + 6), note, 26, REGULAR, SOFT, width=WIDTH - 2 * EDGE, lines=3) + 26


def _said(label: object, words: Words, language: str) -> str:
    return words.plain(label, language) if isinstance(label, Word) else str(label)


def _label(panel: Panel) -> int:
    return 300 if len(panel.columns) <= 8 else 240


def _cell(panel: Panel) -> tuple[int, int]:
    wide = (WIDTH - 2 * EDGE - _label(panel)) // max(len(panel.columns), 1)
    return wide, max(54, min(76, wide))


def _small(panel: Panel) -> int:
    return 22 if _cell(panel)[0] > 90 else 17


def _heads(panel: Panel, language: str) -> int:
    """Pixels that the names above the columns take."""
    names = (name.ko if language == "ko" else name.en for name in panel.columns)
    most = max((len(wrap(name, font(_small(panel)), _cell(panel)[0] - 8, 4)) for name in names), default=1)
    return round(_small(panel) * 1.38) * most + 10


def _height(panel: Panel, language: str) -> int:
    return 56 + _heads(panel, language) + _cell(panel)[1] * len(panel.rows) + GAP


def _panel(canvas: Canvas, top: int, panel: Panel, words: Words, language: str) -> int:
    """The table: names of the columns above, of the rows to the left, a lift in each cell."""
    (wide, high), small, heads = _cell(panel), _small(panel), _heads(panel, language)
    top = canvas.text((EDGE, top), words.plain(panel.title, language), 34, BOLD, ROSE) + 6
    names = [name.ko if language == "ko" else name.en for name in panel.columns]
    start = EDGE + _label(panel)
    for place, name in enumerate(names):
        face = font(small)
        rows = wrap(name, face, wide - 8, 4)
        above = top + heads - 8 - round(small * 1.38) * len(rows)
        canvas.centred(start + place * wide + wide // 2, above, name, small, width=wide - 8, lines=4)
    top += heads
    size = 24 if high > 66 else 19  # two lines of a name stay within their row
    for row, own in enumerate(panel.rows):
        said = own.ko if language == "ko" else own.en
        lines = len(wrap(said, font(size), _label(panel) - 20, 2))
        canvas.text((EDGE, top + (high - round(size * 1.38) * lines) // 2), said, size, width=_label(panel) - 20, lines=2)
        for place in range(len(names)):
            lift, couples = panel.lifts[row][place], panel.couples[row][place]
            left = start + place * wide
            canvas.panel((left + 2, top + 2, left + wide - 2, top + high - 2), colour(lift), 8)
            strong = WHITE if abs(math.log(max(lift, 1e-9))) > 0.8 * math.log(WORTH) else INK
            canvas.centred(left + wide // 2, top + high // 2 - (26 if couples else 15), f"{lift:.2f}", 24, BOLD, strong)
            if couples:
                canvas.centred(left + wide // 2, top + high // 2 + 4, f"{couples:,}", 18, REGULAR, strong)
        top += high
    return top + GAP


def _scale(canvas: Canvas, top: int, words: Words, language: str) -> int:
    """What the colours mean."""
    steps, left = 41, EDGE + 300
    wide = 600 // steps
    for step in range(steps):
        lift = WORTH ** ((step - steps // 2) / (steps // 2))
        canvas.panel((left + step * wide, top, left + step * wide + wide, top + 26), colour(lift), 0)
    canvas.right((left - 16, top - 4), words.plain(word("chart.rarer"), language), 24, REGULAR, SOFT)
    canvas.text((left + steps * wide + 16, top - 4), words.plain(word("chart.oftener"), language), 24, REGULAR, SOFT)
    return top + 46


def _gate(canvas: Canvas, top: int, gate: Gate, words: Words, language: str) -> int:
    """A bar to the value with a mark at the bound; green and ticked where it was met.

    The name may take two lines, since it ends with whom the gate is about.
    """
    left, right = EDGE + 480, WIDTH - EDGE - 190
    longest = max(abs(gate.value), abs(gate.bound), 1e-9) * 1.15
    drawn = GREEN if gate.passed else ROSE
    _mark(canvas, (EDGE, top + 12), drawn, good=gate.passed)
    below = canvas.text((EDGE + 44, top), _said(gate.name, words, language), 27, BOLD, width=420, lines=2)
    canvas.text((EDGE + 44, below - 2), words.plain(word("chart.bound", bound=figure(gate.bound)), language), 22, REGULAR, SOFT)
    canvas.panel((left, top + 16, right, top + 42), BLUSH if not gate.passed else "#E2F0EA", 13)
    end = left + round((right - left) * min(1.0, abs(gate.value) / longest))
    if end - left >= 26:
        canvas.panel((left, top + 16, end, top + 42), drawn, 13)
    at = left + round((right - left) * min(1.0, abs(gate.bound) / longest))
    canvas.panel((at - 2, top + 8, at + 2, top + 50), INK, 1)
    canvas.text((right + 20, top + 8), figure(gate.value), 28, BOLD, drawn)
    return below + 37


def _mark(canvas: Canvas, place: tuple[int, int], drawn: str, *, good: bool) -> None:
    """A tick or a cross, drawn: the font has neither."""
    x, y = place
    pen = ImageDraw.Draw(canvas.page)
    if good:
        pen.line([(x + 2, y + 15), (x + 11, y + 25), (x + 28, y + 3)], fill=drawn, width=6, joint="curve")
    else:
        for one, other in (((x + 4, y + 4), (x + 25, y + 25)), ((x + 25, y + 4), (x + 4, y + 25))):
            pen.line((one, other), fill=drawn, width=6)


def figure(value: float) -> str:
    """A number as short as it can be told.

    >>> figure(30000.0), figure(0.9512), figure(12.0)
    ('30,000', '0.951', '12')
    """
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1000 else f"{value:.3g}"


def _curves(canvas: Canvas, top: int, curves: tuple[Curve, ...], words: Words, language: str, axis: str) -> int:
    """Lines in one frame with their names below it."""
    top += 40
    left, right, low = EDGE + 90, WIDTH - EDGE, top + 360
    canvas.text((left, top - 40), axis, 24, REGULAR, SOFT)
    xs = [x for curve in curves for x, _ in curve.points]
    ys = [y for curve in curves for _, y in curve.points]
    x0, x1 = min(xs), max(xs)
    y0, y1 = min(0.0, *ys), max(ys) if max(ys) > min(0.0, *ys) else 1.0
    pen = ImageDraw.Draw(canvas.page)

    def place(x: float, y: float) -> tuple[float, float]:
        return left + (right - left) * (x - x0) / max(x1 - x0, 1e-9), low - (low - top) * (y - y0) / max(y1 - y0, 1e-9)

    for step in range(5):
        value = y0 + (y1 - y0) * step / 4
        height = place(x0, value)[1]
        pen.line(((left, height), (right, height)), fill=LINE, width=2)
        canvas.right((left - 12, round(height) - 15), figure(round(value, 3)), 22, REGULAR, SOFT)
    for x in sorted(set(xs))[:: max(1, len(set(xs)) // 10)]:
        canvas.centred(round(place(x, y0)[0]), low + 8, figure(x), 22, REGULAR, SOFT)
    for number, curve in enumerate(curves):
        drawn = LINES[number % len(LINES)]
        points = [place(x, y) for x, y in curve.points]
        if len(points) > 1:
            pen.line(points, fill=drawn, width=5, joint="curve")
        for x, y in points:
            pen.ellipse((x - 6, y - 6, x + 6, y + 6), fill=drawn)
    top = low + 56
    for number, curve in enumerate(curves):
        canvas.swatch((EDGE + 90, top), 26, LINES[number % len(LINES)])
        top = canvas.text((EDGE + 130, top - 2), _said(curve.name, words, language), 26) + 8
    return top + 8
