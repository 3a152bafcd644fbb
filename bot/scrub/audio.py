"""Sound files: MP3, AAC, FLAC and WAV without tags, covers and whatever stands before or behind the sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.scrub import riff
from bot.scrub.errors import demand

_BITRATES: Final = {
    # kbit/s by (version 1, layer); ISO/IEC 11172-3 table 3-B.1 and 13818-3
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
}
_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_TAGS_BEHIND: Final = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"3DI", b"ID3")
PADDING_MAX: Final = 4096
"""Zeros that some programs leave between tags and sound."""
_WAV_KEPT: Final = {b"fmt ", b"fact", b"data"}
_STREAM_INFO, _SEEK_TABLE = 0, 3


def mp3(data: bytes) -> bytes:
    """The frames of an MP3 alone.

    Raises:
        UnsureError: between them stands what is none.

    """
    return _frames(data, _mp3_frame)


def aac(data: bytes) -> bytes:
    """The frames of an AAC stream (ADTS) alone.

    Raises:
        UnsureError: between them stands what is none.

    """
    return _frames(data, _adts_frame)


def flac(data: bytes) -> bytes:
    """A FLAC with what decoding and seeking need (RFC 9639).

    Raises:
        UnsureError: it is broken.

    """
    at, last = 4, False
    blocks: list[tuple[int, bytes]] = []
    while not last:
        demand(at + 4 <= len(data), "it ends too early")
        last, kind = bool(data[at] & 0x80), data[at] & 0x7F
        length = int.from_bytes(data[at + 1 : at + 4], "big")
        if kind in {_STREAM_INFO, _SEEK_TABLE}:
            blocks.append((kind, data[at + 4 : at + 4 + length]))
        at += 4 + length
    demand(blocks and blocks[0][0] == _STREAM_INFO and len(blocks[0][1]) == 34, "no head")
    demand(data[at : at + 1] == b"\xff" and at + 1 < len(data) and data[at + 1] & 0xFC == 0xF8, "no sound")
    sound = data[at:-128] if data[-128:-125] == b"TAG" else data[at:]
    head = b"fLaC"
    for number, (kind, body) in enumerate(blocks, 1):
        head += bytes((kind | (0x80 if number == len(blocks) else 0),)) + len(body).to_bytes(3, "big") + body
    return head + sound


def wav(data: bytes) -> bytes:
    """A WAV with its format and its samples.

    Raises:
        UnsureError: it is broken.

    """
    chunks = [chunk for chunk in riff.content(data) if chunk[0] in _WAV_KEPT]
    demand([name for name, _ in chunks if name != b"fact"] == [b"fmt ", b"data"], "not one format and its samples")
    return riff.file(b"WAVE", chunks)


def _frames(data: bytes, frame: Callable[[bytes, int], int]) -> bytes:
    start = at = _sound(data)
    count = 0
    while length := frame(data, at):
        at += length
        count += 1
    demand(count >= 2, "no sound")
    if at > len(data):  # the last frame was cut off, which players do not mind
        return data[start:]
    rest = data[at:]
    demand(not rest.strip(b"\0") or rest.lstrip(b"\0").startswith(_TAGS_BEHIND), "something between the sounds")
    return data[start:at]


def _sound(data: bytes) -> int:
    """Where the tags before the sound end: ID3v2 (28 bits of length, 7 a byte) or APEv2, then padding."""
    at = 0
    while True:
        if data[at : at + 3] == b"ID3" and at + 10 <= len(data):
            size = 0
            for part in data[at + 6 : at + 10]:
                size = size << 7 | part & 0x7F
            at += 10 + size + (10 if data[at + 5] & 0x10 else 0)
        elif data[at : at + 8] == b"APETAGEX" and at + 32 <= len(data):
            at += 32 + int.from_bytes(data[at + 12 : at + 16], "little")
        else:
            break
    padded = data[at : at + PADDING_MAX]
    return at + len(padded) - len(padded.lstrip(b"\0"))


def _mp3_frame(data: bytes, at: int) -> int:
    """The length of the frame that starts at `at` (ISO/IEC 11172-3, 2.4.1.3); 0 where none does."""
    if at + 4 > len(data) or data[at] != 0xFF or data[at + 1] & 0xE0 != 0xE0:
        return 0
    version, layer = data[at + 1] >> 3 & 3, 4 - (data[at + 1] >> 1 & 3)
    bits, rate = data[at + 2] >> 4, data[at + 2] >> 2 & 3
    if version not in _RATES or layer == 4 or bits in {0, 15} or rate == 3:
        return 0
    first = version == 3
    bitrate, samples, padding = _BITRATES[first, layer][bits] * 1000, _RATES[version][rate], data[at + 2] >> 1 & 1
    if layer == 1:
        return (12 * bitrate // samples + padding) * 4
    return (144 if first or layer == 2 else 72) * bitrate // samples + padding


def _adts_frame(data: bytes, at: int) -> int:
    """The length of the frame that starts at `at` (ISO/IEC 13818-7, 6.2); 0 where none does."""
    if at + 7 > len(data) or data[at] != 0xFF or data[at + 1] & 0xF6 != 0xF0:
        return 0
    length = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
    return length if length > 7 else 0
