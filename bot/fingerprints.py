"""What of a photo is kept to recognise it, and whose face is on it, after its owner was banned: a hash, and a small picture of the face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crawler import dedupe
from engine.images import decode, encode_jpeg, shrunk
from engine.settings import EngineSettings
from engine.values import Problem

SIDE: Final = 112
"""Pixels of the picture of a face: enough for a person to compare by, little to be worth stealing."""
MARGIN: Final = 0.25
FLAT: Final = frozenset({"0000000000000000", "8000000000000000"})
"""Hashes of pictures on which there is nothing to see: they are everybody's."""
_SMALL: Final = EngineSettings(longest_side=480)


def phash(jpeg: bytes) -> str | None:
    """The perceptual hash of a photo, 16 hex characters; None where it cannot be read or shows nothing."""
    read = decode(jpeg, _SMALL)
    if isinstance(read, Problem):
        return None
    found = dedupe.phash(read.image)
    return None if found in FLAT else found


def distance(one: str, other: str) -> int:
    """Bits in which two hashes differ, 0 to 64."""
    return dedupe.distance(one, other)


def face(jpeg: bytes, box: Sequence[float] | None) -> bytes | None:
    """A small JPEG of the face in `box` (left, top, width, height, each 0-1 of the photo), else of the whole photo."""
    read = decode(jpeg, _SMALL)
    if isinstance(read, Problem):
        return None
    height, width = read.image.shape[:2]
    left, top, wide, high = box if box is not None and len(box) == 4 else (0.0, 0.0, 1.0, 1.0)
    x0, y0 = max(0, round((left - MARGIN * wide) * width)), max(0, round((top - MARGIN * high) * height))
    x1, y1 = min(width, round((left + (1 + MARGIN) * wide) * width)), min(height, round((top + (1 + MARGIN) * high) * height))
    cut = read.image[y0:y1, x0:x1]
    if min(cut.shape[:2]) < 2:
        return None
    scale = SIDE / max(cut.shape[:2])
    return encode_jpeg(shrunk(cut, (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))), 80)
