"""Spoils bytes, texts and JSON: blindly, and by the grammar of the format, so that what is spoilt gets past the first check."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random
from typing import Any, Final

NUMBERS: Final = (0, 1, 2, 3, 7, 8, 127, 128, 255, 256, 32767, 32768, 65534, 65535, 65536, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)
"""Where counts and lengths break."""
WORDS: Final = (
    *("", " ", "0", "-1", "1e999", "NaN", "null", "9" * 400, "\0", "\u202e", "\u200b", "\ufeff", "\ud800", "\udfff\ud800"),
    *("💞" * 50, "각" * 300, "일이삼" * 60, "a." * 90, "http://" * 20),
    *("'; DROP TABLE members; --", '" OR 1=1 --', "%s%n%x", "{0}{member}", "<b>x</b>", "<a href='tg://user?id=1'>x</a>", "&lt;", "]]>"),
    *("*_`[x](tg://user?id=1)", "../../etc/passwd", "C:\\x", "file:///etc/passwd", "http://[::1", "@" * 99, "tg://user?id=7"),
    *("t.me/+1234567", "1994-03-07", "0000-00-00", "31.02.1999", "99999-1-1", "18-99", "서울", "ソウル", "Ⅷ", "①②③", "٣٤", "𝟙𝟡"),
    *("a\u0301" * 200, "\n" * 500, "나 17살이야", "send me bitcoin"),
)
"""Texts that have broken programs."""


def mutated(data: bytes, random: Random, others: list[bytes]) -> bytes:
    """`data`, spoilt once to six times."""
    result = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        if not result:
            return random.randbytes(random.randrange(64))
        random.choice(_BYTE_WAYS)(result, random, others)
    return bytes(result[:400_000])


def _flip(data: bytearray, random: Random, others: list[bytes]) -> None:
    for _ in range(random.choice((1, 2, 8))):
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _head(data: bytearray, random: Random, others: list[bytes]) -> None:
    """Headers are where the decisions are."""
    data[random.randrange(min(len(data), 200))] = random.choice((0, 1, 127, 128, 254, 255, random.randrange(256)))


def _number(data: bytearray, random: Random, others: list[bytes]) -> None:
    width = random.choice((1, 2, 4, 8))
    at = random.randrange(len(data))
    value = random.choice(NUMBERS) if random.random() < 0.8 else len(data) + random.randint(-9, 9)
    order: Any = random.choice(("big", "little"))
    data[at : at + width] = (value % (1 << 8 * width)).to_bytes(width, order)


def _cut(data: bytearray, random: Random, others: list[bytes]) -> None:
    at = random.randrange(len(data))
    del data[at : at + random.choice((1, 2, 4, 16, 100, len(data)))]


def _double(data: bytearray, random: Random, others: list[bytes]) -> None:
    at = random.randrange(len(data))
    piece = data[at : at + random.choice((1, 4, 16, 64, 1000))]
    data[at:at] = bytes(piece) * random.choice((1, 1, 2, 20))


def _splice(data: bytearray, random: Random, others: list[bytes]) -> None:
    other = random.choice(others)
    at, start = random.randrange(len(data)), random.randrange(max(1, len(other)))
    data[at : at + random.choice((0, 4, 50))] = other[start : start + random.choice((4, 16, 100, 2000))]


def _noise(data: bytearray, random: Random, others: list[bytes]) -> None:
    at = random.randrange(len(data))
    length = random.choice((1, 4, 16, 64))
    data[at : at + length] = random.randbytes(length)


_BYTE_WAYS: Final[tuple[Callable[[bytearray, Random, list[bytes]], None], ...]] = (
    _flip,
    _head,
    _head,
    _number,
    _number,
    _cut,
    _double,
    _splice,
    _noise,
)


def by_grammar(data: bytes, random: Random, others: list[bytes]) -> bytes:
    """A file with one of its parts spoilt, its lengths and checksums right again; others as `mutated` does."""
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return _png(data, random, others)
    if data[:2] == b"\xff\xd8":
        return _jpeg(data, random, others)
    return mutated(data, random, others)


def _png(data: bytes, random: Random, others: list[bytes]) -> bytes:
    chunks: list[tuple[bytes, bytes]] = []
    at = 8
    while at + 12 <= len(data) and len(chunks) < 200:
        length = int.from_bytes(data[at : at + 4], "big")
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    _shuffle(chunks, random, others)
    parts = [len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big") for name, body in chunks]
    return data[:8] + b"".join(parts)


def _jpeg(data: bytes, random: Random, others: list[bytes]) -> bytes:
    segments: list[tuple[bytes, bytes]] = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segments.append((data[at : at + 2], data[at + 4 : at + 2 + length]))
        at += 2 + length
    _shuffle(segments, random, others)
    return data[:2] + b"".join(name + (len(body) + 2 & 0xFFFF).to_bytes(2, "big") + body for name, body in segments) + data[at:]


def _shuffle(parts: list[tuple[bytes, bytes]], random: Random, others: list[bytes]) -> None:
    """Spoil, double, move or leave out one part."""
    if not parts:
        return
    at = random.randrange(len(parts))
    name, body = parts[at]
    way = random.randrange(5)
    if way <= 1:
        parts[at] = name, mutated(body, random, others)[:60_000]
    elif way == 2:
        parts.insert(random.randrange(len(parts)), (name, body))
    elif way == 3:
        parts.insert(random.randrange(len(parts)), parts.pop(at))
    else:
        parts[at] = parts[random.randrange(len(parts))][0], body


def text(random: Random, longest: int = 4096) -> str:
    """A hostile text."""
    pieces = [random.choice(WORDS) if random.random() < 0.7 else _signs(random) for _ in range(random.choice((1, 1, 2, 3, 8)))]
    made = random.choice(("", " ", "\n")).join(pieces)
    if random.random() < 0.03:
        made = (made or "a") * random.choice((10, 100, 1000))
    return made[:longest]


def _signs(random: Random) -> str:
    kind = random.randrange(5)
    low, high = ((32, 127), (0xAC00, 0xD7A4), (0, 0x300), (0x1F300, 0x1FA00), (0, 0x110000))[kind]
    return "".join(chr(random.randrange(low, high)) for _ in range(random.choice((1, 3, 10, 60))))


def value(random: Random, depth: int = 0) -> Any:
    """Any JSON."""
    kind = random.randrange(9 if depth < 3 else 7)
    if kind == 0:
        return None
    if kind == 1:
        return random.random() < 0.5
    if kind in {2, 3}:
        return random.choice((-1, 1, -1)) * random.choice((*NUMBERS, 1 << 53, 1 << 63, 10**30))
    if kind == 4:
        return random.choice((0.5, -1e308, 1e-9, 91.0, 181.0))
    if kind in {5, 6}:
        return text(random, 300)
    if kind == 7:
        return [value(random, depth + 1) for _ in range(random.randrange(4))]
    return {random.choice(("id", "text", "from", "chat", "type", "x")): value(random, depth + 1) for _ in range(random.randrange(4))}


def spoilt(document: Any, random: Random) -> Any:
    """JSON with some of its values exchanged, taken out, moved or put in."""
    made = _copy(document)
    for _ in range(random.choice((1, 1, 2, 4))):
        places: list[tuple[Any, Any]] = []
        _places(made, places)
        if not places:
            return value(random)
        holder, key = random.choice(places)
        way = random.randrange(10)
        if way < 5:
            holder[key] = value(random)
        elif way < 7 and isinstance(holder[key], int) and not isinstance(holder[key], bool):
            holder[key] = random.choice((-1, 1)) * random.choice(NUMBERS)
        elif way < 7:
            holder[key] = text(random)
        elif way == 7:
            del holder[key]
        else:
            other, name = random.choice(places)
            if isinstance(other, list | dict) and (name in other if isinstance(other, dict) else name < len(other)):
                holder[key] = _copy(other[name])
    return made


def _copy(document: Any) -> Any:
    if isinstance(document, dict):
        return {key: _copy(item) for key, item in document.items()}
    return [_copy(item) for item in document] if isinstance(document, list) else document


def _places(document: Any, found: list[tuple[Any, Any]]) -> None:
    items = document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    for key, item in items:
        found.append((document, key))
        _places(item, found)
