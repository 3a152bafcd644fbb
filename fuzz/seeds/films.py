"""Films and sounds with places, devices, names and days in them, made box by box."""

from __future__ import annotations

import struct

from fuzz.seeds.pictures import SECRET


def box(name: bytes, *parts: bytes) -> bytes:
    """A box of ISO/IEC 14496-12."""
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4, "big") + name + body


def full(name: bytes, *parts: bytes) -> bytes:
    """A box with version 0 and flags 0."""
    return box(name, bytes(4), *parts)


def _numbers(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def _track(handler: bytes, entry: bytes, chunk: int, size: int) -> bytes:
    """A track of one sample at `chunk`."""
    table = box(
        b"stbl",
        full(b"stsd", _numbers(1), entry),
        full(b"stts", _numbers(1, 1, 100)),
        full(b"stsc", _numbers(1, 1, 1, 1)),
        full(b"stsz", _numbers(0, 1, size)),
        full(b"stco", _numbers(1, chunk)),
        full(b"xtra", SECRET),
    )
    source = box(b"url ", b"\0\0\0\x01")
    media = box(
        b"mdia",
        full(b"mdhd", _numbers(3_800_000_000, 3_800_000_001, 1000, 100), bytes(4)),
        full(b"hdlr", bytes(4), handler, bytes(12), SECRET + b"\0"),
        box(b"minf", full(b"vmhd", bytes(8)), box(b"dinf", full(b"dref", _numbers(1), source)), table),
    )
    return box(b"trak", full(b"tkhd", _numbers(3_800_000_000, 3_800_000_001, 1, 0, 100), bytes(60)), media, box(b"udta", SECRET))


def mp4(brand: bytes = b"isom") -> bytes:
    """A film of one picture, tracks of places (one as subtitles, as drones write them), and facts of every kind, also between samples."""
    picture, place = b"PICTURE-DATA" * 4, SECRET * 2
    told, gap = SECRET + b"GPS", b"freeGPS " + SECRET
    head = box(b"ftyp", brand, bytes(4), brand)
    start = len(head) + 8
    compressor = bytes((len(SECRET),)) + SECRET.ljust(31, b"\0")
    size = b"\0\x30\0\x20" + _numbers(0x480000, 0x480000)
    entry = box(b"avc1", bytes(6), b"\0\x01", bytes(4), b"appl", bytes(8), size, bytes(4), b"\0\x01", compressor, b"\0\x18\xff\xff")
    movie = box(
        b"moov",
        full(b"mvhd", _numbers(3_800_000_000, 3_800_000_001, 1000, 100), bytes(80)),
        _track(b"vide", entry, start, len(picture)),
        _track(b"meta", box(b"mebx", bytes(8)), start + len(picture), len(place)),
        _track(b"sbtl", box(b"tx3g", bytes(30)), start + len(picture) + len(place), len(told)),
        box(b"udta", box(b"\xa9xyz", SECRET), box(b"meta", SECRET)),
        full(b"meta", SECRET),
    )
    return head + box(b"mdat", picture, place, told, gap) + movie + box(b"uuid", bytes(16), SECRET) + box(b"free", SECRET)


def sounding(entry: bytes, sound: bytes, moments: int) -> bytes:
    """A QuickTime film of one chunk of plain sound, `moments` samples of which it says one byte each, and something behind it."""
    head = box(b"ftyp", b"qt  ", bytes(4), b"qt  ")
    track = _track(b"soun", entry, len(head) + 8, 1)
    for one, other in ((b"stsz", (1, moments, 0)), (b"stsc", (1, 1, moments, 1))):
        at = track.index(one) + 8
        track = track[:at] + _numbers(*other) + track[at + 4 * len(other) :]
    return head + box(b"mdat", sound, SECRET) + box(b"moov", full(b"mvhd", bytes(96)), track)


def mp3() -> bytes:
    """Twenty silent frames between tags before and behind."""
    frame = b"\xff\xfb\x90\xc4" + bytes(413)
    title = b"TPE1" + len(SECRET).to_bytes(4, "big") + bytes(2) + SECRET
    before = b"ID3\x03\0\0" + bytes((0, 0, len(title) >> 7, len(title) & 0x7F)) + title
    return before + frame * 20 + b"APETAGEX" + bytes(24) + SECRET + b"TAG" + SECRET.ljust(125, b"\0")


def aac() -> bytes:
    """Ten ADTS frames and a tag behind."""
    length = 40
    frame = b"\xff\xf1\x50" + bytes((0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC)) + bytes(length - 7)
    return frame * 10 + b"TAG" + SECRET.ljust(125, b"\0")


def flac() -> bytes:
    """A FLAC with comments and a cover."""
    blocks = (
        b"\0\0\0\x22" + bytes(34) + b"\x04" + len(SECRET).to_bytes(3, "big") + SECRET + b"\x86" + len(SECRET).to_bytes(3, "big") + SECRET
    )
    return b"fLaC" + blocks + b"\xff\xf8\x69\x18" + bytes(60)


def wav() -> bytes:
    """A WAV with a list of facts and rubbish behind."""
    sound = b"fmt " + _little(16, 1 | 1 << 16, 8000, 16000) + b"\x02\0\x10\0" + b"data" + _little(8) + b"\x01\0\x02\0\x03\0\x04\0"
    facts = b"LIST" + _little(4 + 8 + 26) + b"INFOIART" + _little(26) + SECRET.ljust(26, b"\0")
    body = b"WAVE" + sound + facts
    return b"RIFF" + _little(len(body)) + body + SECRET


def _little(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers)


def _page(kind: int, number: int, body: bytes) -> bytes:
    """An Ogg page of one packet, with its checksum (RFC 3533)."""
    laces = bytes((255,) * (len(body) // 255) + (len(body) % 255,))
    head = b"OggS\0" + bytes((kind,)) + bytes(8) + _little(77, number)
    page = head + bytes(4) + bytes((len(laces),)) + laces + body
    return head + _little(ogg_checksum(page)) + page[26:]


def ogg_checksum(page: bytes) -> int:
    """CRC-32 of RFC 3533, bit by bit, written apart from the one under test."""
    value = 0
    for byte in page:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value >> 31 else value << 1) & 0xFFFFFFFF
    return value


def ogg(vorbis: bool = False) -> bytes:
    """A voice message with comments."""
    vendor = _little(len(SECRET)) + SECRET
    comments = vendor + _little(1) + _little(7 + len(SECRET)) + b"ARTIST=" + SECRET
    if vorbis:
        head, tags = b"\x01vorbis" + bytes(23), b"\x03vorbis" + comments + b"\x01"
    else:
        head, tags = b"OpusHead\x01\x01" + bytes(9), b"OpusTags" + comments
    return _page(2, 0, head) + _page(0, 1, tags) + _page(4, 2, b"SOUND" * 80)


def _element(identity: int, body: bytes) -> bytes:
    return identity.to_bytes((identity.bit_length() + 7) // 8, "big") + (1 << 56 | len(body)).to_bytes(8, "big") + body


def webm(*, live: bool = False) -> bytes:
    """A WebM with a title, programs, tags and a cover; `live` as browsers record, of unknown sizes."""
    info = _element(0x2AD7B1, b"\x0f\x42\x40") + _element(0x7BA9, SECRET) + _element(0x4D80, SECRET) + _element(0x5741, SECRET)
    track = _element(0xAE, _element(0xD7, b"\x01") + _element(0x83, b"\x01") + _element(0x86, b"V_VP8") + _element(0x536E, SECRET))
    blocks = _element(0xE7, b"\0") + _element(0xA3, b"\x81\0\0\x80PICTURE-DATA")
    cluster = b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" + blocks if live else _element(0x1F43B675, blocks)
    body = _element(0x1549A966, info) + _element(0x1654AE6B, track) + cluster + _element(0x1254C367, SECRET) + _element(0x1941A469, SECRET)
    segment = b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff" + body if live else _element(0x18538067, body) + SECRET
    return _element(0x1A45DFA3, _element(0x4282, b"webm")) + segment


def films() -> dict[str, bytes]:
    """All of them, by name."""
    return {
        "mp4": mp4(),
        "mov": mp4(b"qt  "),
        "m4a": mp4(b"M4A "),
        "mp3": mp3(),
        "aac": aac(),
        "flac": flac(),
        "wav": wav(),
        "opus": ogg(),
        "vorbis": ogg(vorbis=True),
        "webm": webm(),
        "webm_live": webm(live=True),
    }
