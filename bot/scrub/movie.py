"""MP4, M4A and QuickTime: places, devices, names and times are blanked in place, so that nothing that is played moves.

Of each container only boxes that playing needs stay; whatever else there is (`udta`, `meta`, `uuid`, …) becomes free space.  Tracks
that are neither picture nor sound go with their samples: phones and action cameras write into them where they were, many times a
second, drones into subtitles.  Between the samples that are played nothing is left either: dash cameras write places there.
"""

from __future__ import annotations

from typing import Final

from bot.scrub.boxes import Box, blank, boxes, number, zero
from bot.scrub.errors import UnsureError, demand
from bot.scrub.samples import chunks

_TOP: Final = {b"ftyp", b"styp", b"mdat", b"moov", b"moof", b"mfra", b"sidx", b"ssix", b"pdin"}
_INSIDE: Final = {
    b"moov": {b"mvhd", b"trak", b"mvex"},
    b"trak": {b"tkhd", b"edts", b"mdia", b"tapt"},
    b"mdia": {b"mdhd", b"hdlr", b"minf", b"elng"},
    b"minf": {b"vmhd", b"smhd", b"gmhd", b"nmhd", b"sthd", b"dinf", b"stbl", b"hdlr"},
    b"dinf": {b"dref"},
    b"stbl": {
        *(b"stsd", b"stts", b"ctts", b"stsc", b"stsz", b"stz2", b"stco", b"co64", b"stss", b"sdtp", b"sbgp"),
        *(b"sgpd", b"subs", b"cslg", b"stsh", b"padb", b"stdp"),
    },
    b"edts": {b"elst"},
    b"mvex": {b"mehd", b"trex", b"leva"},
    b"moof": {b"mfhd", b"traf"},
    b"traf": {b"tfhd", b"tfdt", b"trun", b"sdtp", b"sbgp", b"sgpd", b"subs"},
    b"mfra": {b"tfra", b"mfro"},
}
"""The boxes that stay, by the container in which they stand."""
_PLAYED: Final = {b"vide", b"soun"}
_STAMPS: Final = {b"mvhd", b"tkhd", b"mdhd"}
"""Boxes with the times at which they were made and changed, after version and flags: 32 bits each, 64 in version 1."""
HEADS_MAX: Final = 4_000_000
"""Bytes of boxes that are walked; an hour of film takes about one million."""
MEDIA_MAX: Final = 16
"""Areas with samples among which those of a track are looked for."""


def clean(data: bytes) -> bytes:
    """The film or sound alone; as long as it was.

    Raises:
        UnsureError: it is broken, or takes its pictures from elsewhere.

    """
    result = bytearray(data)
    top = list(_top(result))
    media = [(box.body, box.end) for box in top if box.name == b"mdat"]
    names = {box.name for box in top}
    demand(b"moov" in names and media, "no film in it")
    demand(sum(box.size for box in top if box.name in _INSIDE) <= HEADS_MAX, "heads larger than any film's")
    demand(sum(box.name == b"moov" for box in top) == 1, "more than one head")
    for box in top:
        if box.name not in _TOP:
            blank(result, box)
        elif box.name == b"moov":
            _movie(result, box, media, whole=b"moof" not in names)
        elif box.name in _INSIDE:
            _container(result, box)
    return bytes(result[: top[-1].end])


def _top(data: bytearray) -> list[Box]:
    """The boxes of the file; what stands behind the last one and is none is left away by the caller."""
    found: list[Box] = []
    try:
        for box in boxes(data, 0, len(data)):
            demand(all(0x20 <= letter < 0x7F or letter == 0xA9 for letter in box.name), "no box")
            found.append(box)
    except UnsureError:
        # Only rubbish behind a film that is complete may be cut off.
        demand({b"moov", b"mdat"} <= {box.name for box in found}, "no film in it")
    return found


def _movie(data: bytearray, movie: Box, media: list[tuple[int, int]], *, whole: bool) -> None:
    room = len(data)
    played: list[tuple[int, int]] = []
    for box in list(boxes(data, movie.body, movie.end)):
        demand(box.name != b"cmov", "a packed head")
        if box.name != b"trak":
            continue
        if _handler(data, box) in _PLAYED:
            played += chunks(data, box, generously=True)
        else:
            demand(whole and len(media) <= MEDIA_MAX, "samples in too many places")
            for start, end in chunks(data, box):
                demand(any(first <= start and end <= last for first, last in media), "samples outside the media")
                room -= end - start
                demand(room >= 0, "more samples than there is room for")
                zero(data, start, end)
            blank(data, box)
    if whole:
        _between(data, media, sorted(played))
    _container(data, movie)


def _between(data: bytearray, media: list[tuple[int, int]], played: list[tuple[int, int]]) -> None:
    """Zeros for all that lies in the media and is no sample of what is played; all three are in order."""
    gaps, at = [], 0
    for start, end in (*played, (len(data), len(data))):
        if start > at:
            gaps.append((at, start))
        at = max(at, end)
    place = 0
    for first, last in media:
        while place < len(gaps) and gaps[place][1] <= first:
            place += 1
        while place < len(gaps) and gaps[place][0] < last:
            zero(data, max(gaps[place][0], first), min(gaps[place][1], last))
            if gaps[place][1] > last:
                break
            place += 1


def _container(data: bytearray, container: Box) -> None:
    kept = _INSIDE[container.name]
    for box in list(boxes(data, container.body, container.end)):
        if box.name not in kept:
            blank(data, box)
        elif box.name in _INSIDE:
            _container(data, box)
        elif box.name in _STAMPS:
            zero(data, box.body + 4, min(box.end, box.body + (20 if data[box.body] == 1 else 12)))
        elif box.name == b"hdlr":
            demand(box.size >= 20, "a broken handler")
            zero(data, box.body + 12, box.end)
        elif box.name == b"dref":
            _sources(data, box)
        elif box.name == b"stsd":
            _formats(data, box)


def _handler(data: bytearray, track: Box) -> bytes:
    """What a track holds: `vide`, `soun`, `meta`, …"""
    for media in boxes(data, track.body, track.end):
        if media.name == b"mdia":
            for box in boxes(data, media.body, media.end):
                if box.name == b"hdlr":
                    return bytes(data[box.body + 8 : box.body + 12])
    raise UnsureError("a track without a handler")


def _sources(data: bytearray, references: Box) -> None:
    """References to this file itself (flag 1) may still carry its old path."""
    for box in boxes(data, references.body + 8, references.end):
        demand(box.size >= 4 and number(data, box.body) & 1, "pictures that are elsewhere")
        zero(data, box.body + 4, box.end)


def _formats(data: bytearray, table: Box) -> None:
    """Sample entries name the program and the device: the vendor and, of pictures, the compressor (32 bytes at 42)."""
    for box in boxes(data, table.body + 8, table.end):
        # An entry of pictures says 72 dpi where one of sound has other fields.
        if box.size >= 78 and number(data, box.body + 28) == 0x480000 and number(data, box.body + 32) == 0x480000:
            zero(data, box.body + 12, box.body + 16)
            zero(data, box.body + 42, box.body + 74)
