"""Portraits drawn by this module: flat, friendly faces for demo members where there are no pictures; and a label for pictures.

Everything about a drawing follows from its seed.  Lengths are in parts of the picture's side.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw, ImageFilter

from bot.canvas import font

Colour = str
Point = tuple[float, float]

SIDE = 512
FINER = 2  # drawn at this many times the side, then scaled down: smooth edges
QUALITY = 90
SKINS = ("#f7d7c0", "#f1c6a6", "#e2ad87", "#c98f68", "#9c6543", "#6f452f")
HAIRS = ("#1f1b1e", "#2e2223", "#4a332b", "#6d4a35", "#94653f", "#3b3f52")
CLOTHES = ("#c2334d", "#2f5d73", "#3f7256", "#d99a3d", "#6a5490", "#e7e0d6", "#33384a", "#c96f52")
GROUNDS = (
    ("#ffe3da", "#ffc9bf"),
    ("#e2eef5", "#bfd9e8"),
    ("#e8f1df", "#c7dfba"),
    ("#f6ecd3", "#ecd6a2"),
    ("#ece4f5", "#d2c2e8"),
    ("#e4ece9", "#bdd3cc"),
)
WOMEN_HAIR = ("long", "bob", "bun", "curls", "waves")
MEN_HAIR = ("short", "parted", "curls", "crop", "quiff")


@dataclass(frozen=True, slots=True)
class Look:
    """What a drawing shows."""

    skin: Colour
    hair: Colour
    style: str
    clothes: Colour
    collar: Literal["round", "shirt", "turtle"]
    ground: tuple[Colour, Colour]
    glasses: bool
    beard: bool
    earrings: bool
    smile: float


def look(seed: int, gender: Literal["woman", "man"]) -> Look:
    """The look that belongs to `seed`.

    >>> look(3, "man") == look(3, "man"), look(3, "man").earrings
    (True, False)
    """
    chance = random.Random(seed)
    woman = gender == "woman"
    return Look(
        skin=chance.choice(SKINS),
        hair=chance.choice(HAIRS),
        style=chance.choice(WOMEN_HAIR if woman else MEN_HAIR),
        clothes=chance.choice(CLOTHES),
        collar=chance.choice(("round", "shirt", "turtle")),
        ground=chance.choice(GROUNDS),
        glasses=chance.random() < 0.25,
        beard=not woman and chance.random() < 0.3,
        earrings=woman and chance.random() < 0.5,
        smile=chance.uniform(0.6, 1.0),
    )


def draw(chosen: Look, side: int = SIDE) -> bytes:
    """A portrait of `side` × `side` pixels as JPEG bytes."""
    pen = _Pen(side * FINER, chosen.ground)
    _hair_behind(pen, chosen)
    _body(pen, chosen)
    _head(pen, chosen)
    _hair_before(pen, chosen)
    _features(pen, chosen)
    if chosen.glasses:
        for x in (0.425, 0.575):
            pen.ring(x, 0.462, 0.062, 0.056, "#3a3238", 0.009)
        pen.line([(0.487, 0.458), (0.513, 0.458)], "#3a3238", 0.009)
    return jpeg(pen.picture.resize((side, side), Image.Resampling.LANCZOS))


def jpeg(picture: Image.Image) -> bytes:
    """A picture as JPEG bytes."""
    stream = io.BytesIO()
    picture.convert("RGB").save(stream, "JPEG", quality=QUALITY, optimize=True)
    return stream.getvalue()


def labelled(data: bytes, text: str) -> bytes:
    """The picture `data` with `text` on a dark strip at its lower edge, in the same size."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    width, height = picture.size
    strip = max(16, round(height * 0.075))
    shade = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(shade)
    pen.rectangle((0, height - strip, width, height), fill=(20, 14, 18, 165))
    pen.text((width / 2, height - strip / 2), text, font=font(round(strip * 0.54)), fill=(255, 255, 255, 255), anchor="mm")
    return jpeg(Image.alpha_composite(picture.convert("RGBA"), shade))


class _Pen:
    """Draws with lengths in parts of the side."""

    def __init__(self, side: int, ground: tuple[Colour, Colour]) -> None:
        self.side = side
        self.picture = Image.new("RGB", (side, side), ground[0])
        self._draw = ImageDraw.Draw(self.picture)
        self.oval(0.5, 0.52, 0.43, 0.43, ground[1])

    def oval(self, x: float, y: float, wide: float, high: float, colour: Colour) -> None:
        self._draw.ellipse(self._box(x, y, wide, high), fill=colour)

    def ring(self, x: float, y: float, wide: float, high: float, colour: Colour, thick: float) -> None:
        self._draw.ellipse(self._box(x, y, wide, high), outline=colour, width=round(thick * self.side))

    def arc(self, x: float, y: float, wide: float, high: float, span: tuple[float, float], colour: Colour, thick: float) -> None:
        self._draw.arc(self._box(x, y, wide, high), span[0], span[1], fill=colour, width=round(thick * self.side))

    def slice(self, x: float, y: float, wide: float, high: float, span: tuple[float, float], colour: Colour) -> None:
        self._draw.chord(self._box(x, y, wide, high), span[0], span[1], fill=colour)

    def shape(self, points: list[Point], colour: Colour) -> None:
        self._draw.polygon([(x * self.side, y * self.side) for x, y in points], fill=colour)

    def line(self, points: list[Point], colour: Colour, thick: float) -> None:
        self._draw.line([(x * self.side, y * self.side) for x, y in points], fill=colour, width=round(thick * self.side), joint="curve")

    def block(self, left: float, top: float, right: float, bottom: float, round_: float, colour: Colour) -> None:
        box = (left * self.side, top * self.side, right * self.side, bottom * self.side)
        self._draw.rounded_rectangle(box, radius=round_ * self.side, fill=colour)

    def blush(self, x: float, y: float, radius: float, colour: Colour, strength: int) -> None:
        mask = Image.new("L", self.picture.size, 0)
        ImageDraw.Draw(mask).ellipse(self._box(x, y, radius, radius * 0.7), fill=strength)
        self.picture.paste(Image.new("RGB", self.picture.size, colour), mask=mask.filter(ImageFilter.GaussianBlur(self.side * 0.012)))

    def _box(self, x: float, y: float, wide: float, high: float) -> tuple[float, float, float, float]:
        return ((x - wide) * self.side, (y - high) * self.side, (x + wide) * self.side, (y + high) * self.side)


def _mixed(one: Colour, other: Colour, part: float) -> Colour:
    """`part` of `other` in `one`, both #rrggbb."""
    pairs = zip(bytes.fromhex(one[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * part) for a, b in pairs).hex()


def _hair_behind(pen: _Pen, chosen: Look) -> None:
    dark = _mixed(chosen.hair, "#000000", 0.18)
    match chosen.style:
        case "long":
            pen.block(0.27, 0.3, 0.73, 0.86, 0.2, dark)
        case "waves":
            pen.block(0.27, 0.3, 0.73, 0.7, 0.2, dark)
            for x, y in ((0.305, 0.58), (0.695, 0.58), (0.325, 0.7), (0.675, 0.7), (0.3, 0.46), (0.7, 0.46)):
                pen.oval(x, y, 0.075, 0.085, dark)
        case "bob":
            pen.block(0.275, 0.26, 0.725, 0.64, 0.17, dark)
        case "bun":
            pen.oval(0.5, 0.165, 0.095, 0.09, dark)
        case "curls":
            for x, y in ((0.31, 0.36), (0.69, 0.36), (0.29, 0.46), (0.71, 0.46), (0.37, 0.28), (0.63, 0.28), (0.5, 0.24)):
                pen.oval(x, y, 0.095, 0.095, dark)


def _body(pen: _Pen, chosen: Look) -> None:
    fold = _mixed(chosen.clothes, "#000000", 0.16)
    shadow = _mixed(chosen.skin, "#7a2f20", 0.22)
    pen.block(0.17, 0.755, 0.83, 1.3, 0.2, chosen.clothes)
    pen.block(0.425, 0.6, 0.575, 0.83, 0.07, shadow)
    if chosen.collar == "round":
        pen.slice(0.5, 0.76, 0.125, 0.09, (0, 180), chosen.skin)
        pen.block(0.425, 0.66, 0.575, 0.79, 0.05, chosen.skin)
        pen.arc(0.5, 0.76, 0.135, 0.1, (0, 180), fold, 0.014)
    elif chosen.collar == "turtle":
        pen.block(0.405, 0.715, 0.595, 0.83, 0.04, fold)
        pen.block(0.415, 0.7, 0.585, 0.76, 0.03, chosen.clothes)
    else:
        pen.shape([(0.43, 0.74), (0.57, 0.74), (0.5, 0.88)], chosen.skin)
        light = _mixed(chosen.clothes, "#ffffff", 0.55)
        pen.shape([(0.42, 0.72), (0.5, 0.88), (0.395, 0.87), (0.36, 0.76)], light)
        pen.shape([(0.58, 0.72), (0.5, 0.88), (0.605, 0.87), (0.64, 0.76)], light)
    pen.slice(0.5, 0.635, 0.105, 0.075, (0, 180), shadow)


def _head(pen: _Pen, chosen: Look) -> None:
    shadow = _mixed(chosen.skin, "#7a2f20", 0.2)
    for x in (0.318, 0.682):
        pen.oval(x, 0.475, 0.034, 0.048, shadow)
        if chosen.earrings:
            pen.oval(x, 0.537, 0.014, 0.014, "#e8b84a")
    pen.oval(0.5, 0.45, 0.183, 0.225, chosen.skin)
    pen.block(0.325, 0.4, 0.675, 0.6, 0.16, chosen.skin)
    for x in (0.395, 0.605):
        pen.blush(x, 0.535, 0.045, "#e2604f", 60)
    if chosen.beard:
        pen.slice(0.5, 0.535, 0.172, 0.148, (8, 172), _mixed(chosen.hair, chosen.skin, 0.25))
        pen.oval(0.5, 0.578, 0.062, 0.034, chosen.skin)


def _hair_before(pen: _Pen, chosen: Look) -> None:
    hair = chosen.hair
    match chosen.style:
        case "long" | "bob" | "waves":
            pen.slice(0.5, 0.42, 0.212, 0.222, (180, 360), hair)
            pen.shape([(0.288, 0.41), (0.36, 0.33), (0.35, 0.44), (0.315, 0.56), (0.29, 0.56)], hair)
            pen.shape([(0.712, 0.41), (0.64, 0.33), (0.65, 0.44), (0.685, 0.56), (0.71, 0.56)], hair)
            pen.slice(0.5, 0.425, 0.15, 0.085, (180, 360), chosen.skin)
        case "bun":
            pen.slice(0.5, 0.41, 0.2, 0.2, (180, 360), hair)
            pen.slice(0.5, 0.42, 0.145, 0.1, (180, 360), chosen.skin)
        case "curls":
            for x, y in ((0.36, 0.31), (0.43, 0.265), (0.5, 0.25), (0.57, 0.265), (0.64, 0.31), (0.33, 0.38), (0.67, 0.38)):
                pen.oval(x, y, 0.068, 0.062, hair)
        case "parted":
            pen.slice(0.5, 0.4, 0.198, 0.19, (180, 360), hair)
            pen.slice(0.56, 0.41, 0.13, 0.1, (180, 360), chosen.skin)
            pen.block(0.303, 0.38, 0.337, 0.46, 0.015, hair)
            pen.block(0.663, 0.38, 0.697, 0.46, 0.015, hair)
        case "quiff":
            pen.slice(0.5, 0.39, 0.195, 0.16, (180, 360), hair)
            pen.oval(0.47, 0.255, 0.16, 0.07, hair)
            pen.oval(0.57, 0.245, 0.1, 0.06, hair)
            pen.block(0.303, 0.37, 0.335, 0.45, 0.015, hair)
            pen.block(0.665, 0.37, 0.697, 0.45, 0.015, hair)
        case "crop":
            pen.slice(0.5, 0.385, 0.188, 0.16, (180, 360), hair)
        case _:
            pen.slice(0.5, 0.395, 0.196, 0.185, (180, 360), hair)
            pen.shape([(0.31, 0.39), (0.69, 0.39), (0.66, 0.36), (0.56, 0.385), (0.46, 0.35), (0.35, 0.39)], hair)
            pen.block(0.304, 0.37, 0.336, 0.45, 0.015, hair)
            pen.block(0.664, 0.37, 0.696, 0.45, 0.015, hair)


def _features(pen: _Pen, chosen: Look) -> None:
    shadow = _mixed(chosen.skin, "#7a2f20", 0.2)
    brow = _mixed(chosen.hair, "#000000", 0.1)
    for x in (0.425, 0.575):
        pen.arc(x, 0.425, 0.045, 0.028, (205, 335), brow, 0.012)
        pen.oval(x, 0.463, 0.018, 0.024, "#2a2024")
        pen.oval(x + 0.006, 0.455, 0.006, 0.007, "#ffffff")
    pen.arc(0.5, 0.5, 0.02, 0.022, (20, 160), shadow, 0.009)
    pen.arc(0.5, 0.548, 0.05, 0.034 * chosen.smile, (15, 165), "#a8433c", 0.012)
