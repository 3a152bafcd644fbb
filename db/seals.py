"""How sealed bytes look: 4 bytes that say so (the last is the version), the key's number, the nonce, and AES-256-GCM's output."""

from __future__ import annotations

import os
import struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db.errors import Tampered

MAGIC: Final = b"\xf5iy\x01"
"""No picture and no JSON begins so; of vectors one in four thousand millions would, and is then still told by its length."""
HEADER: Final = struct.Struct(">4sQ")
NONCE: Final = 12
BODY: Final = HEADER.size + NONCE
OVERHEAD: Final = BODY + 16
"""How many bytes a seal takes more than what it holds."""


def is_sealed(data: bytes) -> bool:
    """Whether these bytes are a seal.

    >>> is_sealed(close(AESGCM(bytes(32)), 7, b"photo:1", b"bytes")), is_sealed(b"bytes")
    (True, False)
    """
    return data[:4] == MAGIC and len(data) >= OVERHEAD


def number(data: bytes) -> int:
    """The number of the key that a seal was made with.

    >>> number(close(AESGCM(bytes(32)), 7, b"photo:1", b"bytes"))
    7
    """
    found: int = HEADER.unpack_from(data)[1]
    return found


def close(key: AESGCM, key_number: int, place: bytes, data: bytes) -> bytes:
    """A seal around `data`, which opens for the same `place` only."""
    header = HEADER.pack(MAGIC, key_number)
    nonce = os.urandom(NONCE)
    return b"".join((header, nonce, key.encrypt(nonce, data, place)))


def open_(key: AESGCM, place: bytes, data: bytes) -> bytes:
    """What a seal holds.

    Raises:
        Tampered: the bytes were changed, or were sealed for another place.

    """
    try:
        return key.decrypt(data[HEADER.size : BODY], data[BODY:], place)
    except InvalidTag:
        # The place names rows by numbers, never people.
        raise Tampered(f"a seal of {len(data)} bytes does not open at {place.decode()}") from None
