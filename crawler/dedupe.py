"""Tell a picture that is already there: the same bytes by sha256, the same picture by a perceptual hash.

The hash is imagehash's phash (64 bits: the signs of the lowest 8 × 8 frequencies of the picture at 32 × 32, against their median).
It survives scaling, compression and small changes of light, and it says nothing of who is in the picture: two couples before one
studio's backdrop are as near as copies.  So pictures within `DISTANCE` are one only where `same_people` agrees.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from engine.images import shrunk
from engine.values import Image, Vector

DISTANCE = 6
"""Bits in which the hashes of two copies may differ.  Copies of the 64 photos of `couples` at 0.37 of their size and JPEG quality 50
reach 4, and 5 in 19 of 20 when they are made brighter; of 91,000 pairs of different photos none is nearer than 10."""
LIKENESS = 0.7
"""Of a face in two copies of a picture; two people's faces stay below 0.5."""
SIDE = 256
"""Pixels: pictures are brought to this longest side first, so that the hash sees the same averaging whatever their size."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What two copies of a picture have in common."""

    sha256: str
    """64 hex characters, of the bytes."""
    phash: str | None
    """16 hex characters, of the upright picture; None where there is none."""


def sha256(data: bytes) -> str:
    """64 hex characters."""
    return hashlib.sha256(data).hexdigest()


def phash(image: Image) -> str:
    """16 hex characters; `distance` compares them.

    >>> phash(np.zeros((10, 20, 3), np.uint8))
    '0000000000000000'
    """
    height, width = image.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    small = shrunk(image, (max(1, round(width * scale)), max(1, round(height * scale))))
    return str(imagehash.phash(Pillow.fromarray(small)))


def distance(one: str, other: str) -> int:
    """Bits in which two hashes differ, 0 to 64.

    >>> distance("8000000000000000", "8000000000000003")
    2
    """
    return (int(one, 16) ^ int(other, 16)).bit_count()


def same_people(one: tuple[Vector, Vector], other: tuple[Vector, Vector]) -> bool:
    """Whether two pictures show the same two faces, each at its place or, in a mirrored copy, at the other's; vectors of length 1."""
    (a, b), (c, d) = one, other
    return min(float(a @ c), float(b @ d)) >= LIKENESS or min(float(a @ d), float(b @ c)) >= LIKENESS


def distances(hashes: list[str]) -> NDArray[np.int64]:
    """All against all, n × n: for looking at a collection."""
    bits = np.unpackbits(np.array([list(bytes.fromhex(one)) for one in hashes], np.uint8), axis=1).astype(np.int64)
    return np.asarray(bits @ (1 - bits).T + (1 - bits) @ bits.T, np.int64)
