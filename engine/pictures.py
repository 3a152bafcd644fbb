"""Pictures that admins give types in place of those that learning made: read as strangers' photos are, cut, without metadata."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from engine.images import decode, encode_jpeg, shrunk
from engine.settings import EngineSettings
from engine.types import Kind, TypeInfo, TypePack
from engine.values import Image, Problem

SIZES: Final[dict[Kind, tuple[int, int]]] = {"face": (512, 512), "fashion": (640, 480)}
"""Width and height of the pictures of a pack."""
GROWN: Final = 2
"""How many times over a picture may be enlarged: beyond it the types' cards would show a blur."""
QUALITY: Final = 90


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why something cannot be a type's picture; `message` is an English sentence that says what to do."""

    code: Literal["not_an_image", "too_large", "too_small", "nsfw"]
    message: str


def least(kind: Kind) -> tuple[int, int]:
    """Width and height that a picture must have where it is read.

    >>> least("fashion")
    (320, 240)
    """
    width, height = SIZES[kind]
    return width // GROWN, height // GROWN


def fitted(data: bytes, kind: Kind, settings: EngineSettings, unsafe: Callable[[Image], float]) -> bytes | Unusable:
    """The middle of the photo in `data` in the size of a pack's pictures, as a JPEG of its pixels alone; the same bytes each time.

    Args:
        data: any bytes.
        kind: of the type; fashion is shown wider.
        settings: bounds of what is decoded, and `nsfw_threshold`.
        unsafe: 0-1, higher is less safe (`NsfwScorer.predict`); asked about the whole and about what is cut from it.

    """
    photo = decode(data, settings)
    if isinstance(photo, Problem):
        return Unusable("too_large" if photo.code == "too_large" else "not_an_image", photo.message)
    image, size = photo.image, SIZES[kind]
    wide, high = least(kind)
    if image.shape[1] < wide or image.shape[0] < high:
        return Unusable("too_small", f"This picture is too small: send one of at least {wide} × {high} pixels.")
    cut = shrunk(middle(image, size), size)
    if max(unsafe(image), unsafe(cut)) >= settings.nsfw_threshold:
        return Unusable("nsfw", "This picture is not safe for work: choose another one.")
    return encode_jpeg(cut, QUALITY)


def middle(image: Image, shape: tuple[int, int]) -> Image:
    """The largest part in the middle with the proportions of `shape` (width, height).

    >>> middle(np.zeros((100, 300, 3), np.uint8), (640, 480)).shape
    (100, 133, 3)
    """
    height, width = image.shape[:2]
    wide, high = min(width, round(height * shape[0] / shape[1])), min(height, round(width * shape[1] / shape[0]))
    left, top = (width - wide) // 2, (height - high) // 2
    return np.ascontiguousarray(image[top : top + high, left : left + wide])


def is_given(info: TypeInfo, pack: TypePack) -> bool:
    """Whether an admin gave a type its picture; else it is the one that learning made, which lies in the pack."""
    return not info.picture.is_relative_to(pack.folder)
