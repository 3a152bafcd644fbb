"""HEIC: a tree of boxes that only some programs can write, so the photo is made anew as a JPEG, which everybody can open."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.scrub.errors import UnsureError
from engine.images import Decoded, decode, encode_jpeg
from engine.settings import EngineSettings

LONGEST_SIDE: Final = 4096
"""Pixels; photos of 12 megapixels stay as large as they are."""
_BOUNDS: Final = replace(EngineSettings(), longest_side=LONGEST_SIDE)
QUALITY: Final = 92


def clean(data: bytes) -> bytes:
    """The photo, upright, as a JPEG without any metadata.

    Raises:
        UnsureError: it cannot be read, or is larger than the engine allows.

    """
    decoded = decode(data, _BOUNDS)
    if not isinstance(decoded, Decoded):
        raise UnsureError(decoded.code)
    return encode_jpeg(decoded.image, QUALITY)
