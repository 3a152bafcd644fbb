"""Where the samples of a track lie in the file (ISO/IEC 14496-12, 8.7): chunks, samples a chunk, sizes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from bot.scrub.boxes import Box, boxes, number
from bot.scrub.errors import UnsureError, demand

SAMPLES_MAX: Final = 2_000_000


def chunks(data: bytearray, track: Box, *, generously: bool = False) -> Iterator[tuple[int, int]]:
    """(start, end) of each chunk of the track.

    Args:
        data: the file.
        track: one of its tracks.
        generously: sound whose samples are said to be of one byte is taken to be as long as it can be: QuickTime counts moments there.

    Raises:
        UnsureError: its tables are broken.

    """
    tables = _tables(data, track)
    offsets = _offsets(data, tables)
    if not offsets:  # all of it in fragments, or nothing
        return
    sizes, by_chunk = tables.get(b"stsz"), tables.get(b"stsc")
    if sizes is None or by_chunk is None:
        raise UnsureError("a track without sizes")
    same, count = number(data, sizes.body + 4), number(data, sizes.body + 8)
    demand(count <= SAMPLES_MAX and (same or sizes.size >= 12 + 4 * count), "a broken table of sizes")
    runs = _runs(data, by_chunk, len(offsets))
    unit = _moment(data, tables) if generously and same == 1 else same
    sample = 0
    for index, start in enumerate(offsets):
        take = min(runs[index], count - sample)
        if same:
            length = unit * take
        else:
            first = sizes.body + 12 + 4 * sample
            length = sum(number(data, first + 4 * place) for place in range(take))
        sample += take
        yield start, start + length


def _tables(data: bytearray, track: Box) -> dict[bytes, Box]:
    area = [track]
    for name in (b"mdia", b"minf", b"stbl"):
        area = [box for outer in area for box in boxes(data, outer.body, outer.end) if box.name == name]
    return {box.name: box for table in area for box in boxes(data, table.body, table.end)}


def _offsets(data: bytearray, tables: dict[bytes, Box]) -> list[int]:
    for name, width in ((b"stco", 4), (b"co64", 8)):
        box = tables.get(name)
        if box is not None:
            count = number(data, box.body + 4)
            demand(count <= SAMPLES_MAX and box.size >= 8 + width * count, "a broken table of chunks")
            return [number(data, box.body + 8 + width * place, width) for place in range(count)]
    return []


def _moment(data: bytearray, tables: dict[bytes, Box]) -> int:
    """Bytes of one moment of sound, at most: of all its channels, or of a packet (QuickTime File Format, sound sample description)."""
    formats = tables.get(b"stsd")
    longest = 1
    for box in () if formats is None else boxes(data, formats.body + 8, formats.end):
        # Behind 8 bytes: the version (2), 6 more, channels, bits; in version 1 samples and bytes of a packet behind the rate.
        if box.size >= 28:
            packet = number(data, box.body + 36) if number(data, box.body + 8, 2) == 1 and box.size >= 44 else 0
            longest = max(longest, number(data, box.body + 16, 2) * -(-number(data, box.body + 18, 2) // 8), packet)
    return longest


def _runs(data: bytearray, box: Box, chunk_count: int) -> list[int]:
    """Samples in each chunk."""
    count = number(data, box.body + 4)
    demand(0 < count <= SAMPLES_MAX and box.size >= 8 + 12 * count, "a broken table of runs")
    entries = [(number(data, at) - 1, number(data, at + 4)) for at in range(box.body + 8, box.body + 8 + 12 * count, 12)]
    entries.append((chunk_count, 0))
    demand(entries[0][0] == 0, "runs that do not begin at the start")
    found: list[int] = []
    for (first, samples), (following, _) in pairwise(entries):
        demand(first <= following <= chunk_count, "runs in no order")
        found += [samples] * (following - first)
    return found
