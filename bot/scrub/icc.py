"""Colour profiles (ICC.1:2022) without the names of devices, makers and days: only the tags that colours are computed from."""

from __future__ import annotations

from typing import Final

PROFILE_MAX: Final = 4_000_000
TAGS_MAX: Final = 100
COLOURS: Final = {
    *(b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"wtpt", b"bkpt", b"chad", b"cicp"),
    *(b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2", b"D2B0", b"D2B1", b"D2B2", b"gamt"),
}
_NUMBERS: Final = {b"XYZ ", b"curv", b"para", b"sf32", b"cicp", b"mft1", b"mft2", b"mAB ", b"mBA ", b"mpet"}
"""Types of tags that hold numbers only."""
_WORDS: Final = {b"desc", b"cprt"}
"""Tags that a profile must have; they say "c" here."""


def neutral(profile: bytes) -> bytes:
    """The profile with numbers alone; b"" where there is none that can be used: colours are then taken as sRGB."""
    if not 132 <= len(profile) <= PROFILE_MAX or profile[36:40] != b"acsp":
        return b""
    count = int.from_bytes(profile[128:132], "big")
    if count > TAGS_MAX:
        return b""
    modern = profile[8] >= 4
    tags = {word: _words(word, modern=modern) for word in _WORDS}
    for at in range(132, 132 + 12 * count, 12):
        name = profile[at : at + 4]
        start, length = int.from_bytes(profile[at + 4 : at + 8], "big"), int.from_bytes(profile[at + 8 : at + 12], "big")
        body = profile[start : start + length]
        if name in COLOURS and len(body) == length and body[:4] in _NUMBERS:
            tags[name] = body
    if not (tags.keys() >= {b"rXYZ", b"gXYZ", b"bXYZ"} or b"kTRC" in tags or b"A2B0" in tags):
        return b""
    return _assembled(profile, tags)


def _assembled(profile: bytes, tags: dict[bytes, bytes]) -> bytes:
    table, body = len(tags).to_bytes(4, "big"), b""
    first = 132 + 12 * len(tags)
    for name, content in sorted(tags.items()):
        table += name + (first + len(body)).to_bytes(4, "big") + len(content).to_bytes(4, "big")
        body += content + bytes(-len(content) % 4)
    head = bytearray(profile[:128])
    head[0:4] = (first + len(body)).to_bytes(4, "big")
    head[4:8] = bytes(4)  # the program
    head[24:36] = bytes(12)  # the day
    head[40:44] = bytes(4)  # the platform
    head[48:56] = bytes(8)  # the device's maker and model
    head[80:128] = bytes(48)  # the creator and a hash
    return bytes(head) + table + body


def _words(name: bytes, *, modern: bool) -> bytes:
    if modern:
        return b"mluc" + bytes(4) + (1).to_bytes(4, "big") + (12).to_bytes(4, "big") + b"enUS" + b"\0\0\0\x02\0\0\0\x1c" + b"\0c"
    if name == b"cprt":
        return b"text" + bytes(4) + b"c\0"
    return b"desc" + bytes(4) + (2).to_bytes(4, "big") + b"c\0" + bytes(78)
