"""The picture of a fashion type: its garments in its colours, and its palette."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter

from engine.training.silhouettes import draw

SIZE = (640, 480)


def rgb(colour: str) -> tuple[int, int, int]:
    """`#RRGGBB` as three bytes.

    >>> rgb("#FF8000")
    (255, 128, 0)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ground(colour: str) -> Image.Image:
    """A pale, slightly uneven ground with a tint of `colour`."""
    tint = tuple(round(244 + (value - 128) * 0.05) for value in rgb(colour))
    base = Image.new("RGB", SIZE, (tint[0], tint[1], tint[2]))
    glow = Image.new("L", SIZE, 0)
    ImageDraw.Draw(glow).ellipse((SIZE[0] * 0.1, -SIZE[1] * 0.2, SIZE[0] * 0.9, SIZE[1] * 0.8), fill=150)
    base.paste(Image.new("RGB", SIZE, (255, 255, 255)), (0, 0), glow.filter(ImageFilter.GaussianBlur(90)))
    return base


def collage(garments: Sequence[tuple[str, str]], palette: Sequence[str]) -> Image.Image:
    """Up to three garments side by side over the chips of the palette.

    Args:
        garments: (label, `#RRGGBB`), the main one first.
        palette: `#RRGGBB`.

    """
    picture = ground(palette[0]).convert("RGBA")
    shown = list(garments)[:3]
    sides = {1: (360,), 2: (340, 290), 3: (320, 250, 250)}[len(shown)]
    places = {1: (140,), 2: (40, 330), 3: (10, 245, 410)}[len(shown)]
    tops = {1: (10,), 2: (10, 50), 3: (25, 10, 95)}[len(shown)]
    for (label, colour), side, left, top in reversed(list(zip(shown, sides, places, tops, strict=True))):
        picture.alpha_composite(draw(label, rgb(colour), side), (left, top))
    _chips(picture, palette[:5])
    return picture.convert("RGB")


def _chips(picture: Image.Image, palette: Sequence[str]) -> None:
    scale, radius, gap = 3, 26, 70
    layer = Image.new("RGBA", (SIZE[0] * scale, 100 * scale), (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    left = (SIZE[0] - gap * (len(palette) - 1)) / 2
    for number, colour in enumerate(palette):
        x, y = (left + gap * number) * scale, 50 * scale
        reach = radius * scale
        pen.ellipse((x - reach - 6, y - reach - 2, x + reach + 6, y + reach + 10), fill=(30, 34, 48, 40))
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=(*rgb(colour), 255), outline=(255, 255, 255, 255), width=4 * scale)
    picture.alpha_composite(layer.resize((SIZE[0], 100), Image.Resampling.LANCZOS), (0, SIZE[1] - 104))
