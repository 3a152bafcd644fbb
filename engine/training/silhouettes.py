"""Garments as drawings: outlines in a unit square, the right half mirrored from the left, with seams and buttons.

Drawn by us; nothing is traced from a photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

Point = tuple[float, float]
OVERSAMPLE = 3


@dataclass(frozen=True, slots=True)
class Drawing:
    """Outline and details of a garment; x of half outlines is 0–0.5, y grows downwards."""

    half: tuple[Point, ...]
    """From the middle of the neck or waist, down the left side, to the middle of the hem."""
    seams: tuple[tuple[Point, ...], ...] = ()
    """Lines, mirrored too."""
    middle: tuple[Point, ...] = ()
    """A line that is not mirrored, such as a button placket."""
    collar: tuple[Point, ...] = ()
    """A lighter patch, mirrored too."""
    buttons: tuple[Point, ...] = ()


def _top(sleeve: Sequence[Point], hem: float, neck: float = 0.17, waist: float = 0.27) -> tuple[Point, ...]:
    return ((0.5, neck), (0.42, 0.13), (0.38, 0.09), (0.25, 0.15), *sleeve, (0.27, 0.42), (waist, hem), (0.5, hem + 0.01))


SHORT = ((0.08, 0.37), (0.19, 0.44), (0.26, 0.32))
LONG = ((0.17, 0.3), (0.1, 0.84), (0.2, 0.86), (0.265, 0.42))
NONE = ((0.28, 0.2), (0.27, 0.32))
SHIRT_COLLAR = ((0.5, 0.2), (0.43, 0.28), (0.37, 0.1), (0.43, 0.06), (0.5, 0.13))
LAPEL = ((0.5, 0.5), (0.36, 0.3), (0.395, 0.25), (0.36, 0.21), (0.4, 0.09), (0.44, 0.1))
LEGS = ((0.5, 0.08), (0.3, 0.08), (0.27, 0.35), (0.24, 0.93), (0.41, 0.94), (0.49, 0.36), (0.5, 0.34))

DRAWINGS = {
    "t-shirt": Drawing(_top(SHORT, 0.86), seams=(((0.25, 0.15), (0.26, 0.32)), ((0.38, 0.09), (0.43, 0.165), (0.5, 0.2)))),
    "longsleeve": Drawing(_top(LONG, 0.86), seams=(((0.25, 0.15), (0.265, 0.42)), ((0.38, 0.09), (0.43, 0.165), (0.5, 0.2)))),
    "shirt": Drawing(
        _top(LONG, 0.88, 0.14),
        seams=(((0.25, 0.15), (0.265, 0.42)), ((0.105, 0.79), (0.205, 0.81))),
        middle=((0.5, 0.2), (0.5, 0.88)),
        collar=SHIRT_COLLAR,
        buttons=((0.5, 0.3), (0.5, 0.43), (0.5, 0.56), (0.5, 0.69), (0.5, 0.81)),
    ),
    "polo": Drawing(
        _top(SHORT, 0.86, 0.14),
        seams=(((0.25, 0.15), (0.26, 0.32)),),
        middle=((0.5, 0.2), (0.5, 0.4)),
        collar=SHIRT_COLLAR,
        buttons=((0.5, 0.27), (0.5, 0.35)),
    ),
    "blouse": Drawing(
        (
            (0.5, 0.3),
            (0.42, 0.12),
            (0.38, 0.09),
            (0.26, 0.16),
            (0.12, 0.5),
            (0.08, 0.68),
            (0.2, 0.72),
            (0.27, 0.46),
            (0.29, 0.6),
            (0.24, 0.84),
            (0.5, 0.87),
        ),
        seams=(((0.26, 0.16), (0.27, 0.46)), ((0.095, 0.63), (0.215, 0.67)), ((0.36, 0.5), (0.35, 0.83)), ((0.43, 0.5), (0.43, 0.85))),
    ),
    "top": Drawing(
        ((0.5, 0.28), (0.41, 0.24), (0.37, 0.08), (0.32, 0.08), (0.31, 0.26), (0.26, 0.36), (0.28, 0.6), (0.26, 0.84), (0.5, 0.86))
    ),
    "sweater": Drawing(
        _top(((0.15, 0.32), (0.08, 0.84), (0.2, 0.87), (0.265, 0.44)), 0.85),
        seams=(
            ((0.25, 0.15), (0.265, 0.44)),
            ((0.38, 0.09), (0.43, 0.18), (0.5, 0.215)),
            ((0.27, 0.79), (0.5, 0.8)),
            ((0.09, 0.79), (0.205, 0.82)),
            ((0.36, 0.3), (0.36, 0.78)),
            ((0.43, 0.3), (0.43, 0.78)),
        ),
    ),
    "hoodie": Drawing(
        _top(((0.15, 0.32), (0.08, 0.84), (0.2, 0.87), (0.265, 0.44)), 0.86, 0.2),
        seams=(
            ((0.25, 0.15), (0.265, 0.44)),
            ((0.3, 0.78), (0.36, 0.6), (0.5, 0.6)),
            ((0.45, 0.24), (0.45, 0.42)),
            ((0.27, 0.8), (0.5, 0.81)),
        ),
        collar=((0.5, 0.3), (0.4, 0.24), (0.33, 0.12), (0.38, 0.02), (0.5, 0.0), (0.5, 0.1), (0.44, 0.13)),
    ),
    "vest": Drawing(
        _top(NONE, 0.84, 0.4),
        middle=((0.5, 0.42), (0.5, 0.84)),
        seams=(((0.5, 0.42), (0.41, 0.12)),),
        buttons=((0.52, 0.52), (0.52, 0.63), (0.52, 0.74)),
    ),
    "jacket": Drawing(
        _top(((0.14, 0.32), (0.07, 0.82), (0.19, 0.86), (0.265, 0.44)), 0.82, 0.15),
        seams=(((0.25, 0.15), (0.265, 0.44)), ((0.27, 0.77), (0.5, 0.78)), ((0.32, 0.52), (0.37, 0.66)), ((0.08, 0.77), (0.2, 0.8))),
        middle=((0.5, 0.18), (0.5, 0.82)),
        collar=((0.5, 0.2), (0.41, 0.24), (0.36, 0.1), (0.42, 0.05), (0.5, 0.12)),
    ),
    "coat": Drawing(
        _top(((0.14, 0.3), (0.07, 0.72), (0.18, 0.75), (0.265, 0.42)), 0.96, 0.3, 0.21),
        seams=(((0.25, 0.15), (0.265, 0.42)), ((0.29, 0.6), (0.37, 0.62))),
        middle=((0.5, 0.5), (0.5, 0.96)),
        collar=LAPEL,
        buttons=((0.46, 0.56), (0.54, 0.56), (0.46, 0.68), (0.54, 0.68)),
    ),
    "blazer": Drawing(
        _top(((0.15, 0.3), (0.09, 0.82), (0.2, 0.85), (0.265, 0.42)), 0.87, 0.3),
        seams=(((0.25, 0.15), (0.265, 0.42)), ((0.3, 0.65), (0.38, 0.66))),
        middle=((0.5, 0.5), (0.5, 0.87)),
        collar=LAPEL,
        buttons=((0.5, 0.56), (0.5, 0.67)),
    ),
    "pants": Drawing(LEGS, seams=(((0.3, 0.13), (0.5, 0.13)), ((0.33, 0.17), (0.33, 0.9)))),
    "jeans": Drawing(
        LEGS,
        seams=(
            ((0.3, 0.13), (0.5, 0.13)),
            ((0.31, 0.13), (0.35, 0.2), (0.43, 0.21)),
            ((0.245, 0.9), (0.41, 0.91)),
            ((0.27, 0.35), (0.26, 0.9)),
        ),
    ),
    "shorts": Drawing(
        ((0.5, 0.2), (0.3, 0.2), (0.24, 0.66), (0.45, 0.69), (0.49, 0.46), (0.5, 0.45)),
        seams=(((0.3, 0.26), (0.5, 0.26)), ((0.25, 0.61), (0.455, 0.64))),
    ),
    "skirt": Drawing(
        ((0.5, 0.14), (0.36, 0.14), (0.2, 0.78), (0.34, 0.83), (0.5, 0.84)),
        seams=(((0.36, 0.19), (0.5, 0.19)), ((0.42, 0.2), (0.35, 0.82)), ((0.48, 0.2), (0.46, 0.83))),
    ),
    "leggings": Drawing(
        ((0.5, 0.08), (0.33, 0.08), (0.31, 0.35), (0.34, 0.93), (0.42, 0.94), (0.485, 0.36), (0.5, 0.34)),
        seams=(((0.33, 0.12), (0.5, 0.12)),),
    ),
    "dress": Drawing(
        ((0.5, 0.22), (0.42, 0.18), (0.38, 0.06), (0.33, 0.06), (0.33, 0.2), (0.31, 0.28), (0.36, 0.44), (0.22, 0.93), (0.5, 0.97)),
        seams=(((0.36, 0.44), (0.5, 0.45)), ((0.43, 0.46), (0.38, 0.95)), ((0.47, 0.46), (0.46, 0.96))),
    ),
}


def draw(label: str, colour: tuple[int, int, int], side: int) -> Image.Image:
    """A garment on a transparent square of `side` pixels, with a soft shadow."""
    big = side * OVERSAMPLE
    drawing = DRAWINGS[label]
    dark = sum(colour) < 190
    line = _mixed(colour, (255, 255, 255), 0.45) if dark else _mixed(colour, (20, 20, 30), 0.42)
    left = [(x * big, y * big) for x, y in drawing.half]
    right = [(big - x, y) for x, y in reversed(left)]
    mask = Image.new("L", (big, big), 0)
    ImageDraw.Draw(mask).polygon(left + right, fill=255)
    # Blurring and cutting again rounds the corners, as cloth does.
    mask = mask.filter(ImageFilter.GaussianBlur(big * 0.012)).point(lambda value: 255 if value > 127 else 0)
    picture = Image.new("RGBA", (big, big), (0, 0, 0, 0))
    shadow = Image.new("RGBA", (big, big), (30, 34, 48, 0))
    shadow.putalpha(mask.filter(ImageFilter.GaussianBlur(big * 0.02)).point(lambda value: value * 70 // 255))
    picture.alpha_composite(shadow, (0, int(big * 0.012)))
    picture.paste(_cloth(colour, big), (0, 0), mask)
    pen = ImageDraw.Draw(picture)
    width = max(2, int(big * 0.006))
    for patch in [drawing.collar] if drawing.collar else []:
        for points in ([(x * big, y * big) for x, y in patch], [(big - x * big, y * big) for x, y in patch]):
            pen.polygon(points, fill=(*_mixed(colour, (255, 255, 255), 0.14), 255))
            pen.line([*points, points[0]], fill=(*line, 255), width=width, joint="curve")
    for seam in drawing.seams:
        pen.line([(x * big, y * big) for x, y in seam], fill=(*line, 190), width=width, joint="curve")
        pen.line([(big - x * big, y * big) for x, y in seam], fill=(*line, 190), width=width, joint="curve")
    if drawing.middle:
        pen.line([(x * big, y * big) for x, y in drawing.middle], fill=(*line, 230), width=width)
    radius = big * 0.011
    for x, y in drawing.buttons:
        pen.ellipse((x * big - radius, y * big - radius, x * big + radius, y * big + radius), fill=(*line, 255))
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def _mixed(one: tuple[int, int, int], other: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _cloth(colour: tuple[int, int, int], side: int) -> Image.Image:
    """The colour, a little lighter at the top than at the bottom."""
    strip = Image.new("RGBA", (1, side))
    for y in range(side):
        strip.putpixel((0, y), (*_mixed(colour, (255, 255, 255) if y < side / 2 else (0, 0, 0), abs(0.5 - y / side) * 0.24), 255))
    return strip.resize((side, side))
