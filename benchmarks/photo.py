"""A selfie of nobody: a blended mean face of the starter pack in a drawn scene, as a 12-megapixel JPEG."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from engine.types import STARTER, TypePack

WIDTH, HEIGHT = 3000, 4000
FACE = 1500
"""Side of the mean face's picture in the scene, in pixels."""


def selfie(picture: Path, seed: int = 0) -> bytes:
    """The face of `picture` on drawn shoulders before a textured wall; JPEG, quality 90, about 2.4 MB, as of a phone in good light."""
    generator = np.random.default_rng(seed)
    wall = np.linspace(170, 120, HEIGHT)[:, None, None] * np.array([1.0, 0.97, 0.9])
    scene = Image.fromarray(np.broadcast_to(wall, (HEIGHT, WIDTH, 3)).astype(np.uint8))
    drawn = ImageDraw.Draw(scene)
    with Image.open(picture) as opened:
        face = opened.convert("RGB").resize((FACE, FACE), Image.Resampling.LANCZOS).filter(ImageFilter.UnsharpMask(6, 120, 0))
    left, top = (WIDTH - FACE) // 2, 600
    drawn.rounded_rectangle((left - 350, top + FACE - 150, left + FACE + 350, HEIGHT), 400, fill=(52, 74, 120))
    mask = Image.new("L", (FACE, FACE), 0)
    ImageDraw.Draw(mask).ellipse((40, 10, FACE - 40, FACE - 10), fill=255)
    scene.paste(face, (left, top), mask.filter(ImageFilter.GaussianBlur(30)))
    grain = generator.normal(0, 4, (HEIGHT, WIDTH, 1))
    out = io.BytesIO()
    Image.fromarray(np.clip(np.asarray(scene) + grain, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def pictures(folder: str) -> list[Path]:
    """The mean faces of the type pack in `folder` (empty: the starter pack), men's first: a maybe-minor is not read to the end."""
    pack = TypePack.load(Path(folder) if folder else STARTER)
    return [info.picture for group in ("man_face", "woman_face") for info in pack.groups[group].types]
