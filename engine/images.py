"""Decode what strangers send: bounded in bytes, pixels and memory, refused as a value, never by an exception.

A JPEG is scaled down while it is decoded (in the frequency domain, by simplejpeg); PNG and WebP go through Pillow and HEIC
through libheif, each told which format to expect, so that no other decoder of theirs can be reached.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import cv2
import numpy as np
import pillow_heif
import simplejpeg
from numpy.typing import NDArray
from PIL import Image as Pillow

from engine.settings import EngineSettings
from engine.values import Image, Problem

SIDE_MAX = 100_000
"""Pixels: no camera makes a photo that is longer; some decoders allocate by the side."""
ORIENTATION = 0x0112
_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"}
_ANY_BRANDS = {b"mif1", b"msf1"}
"""Of the container whatever is in it; AVIF names them too."""
_AVIF_BRANDS = {b"avif", b"avis", b"avio"}
SCANNED_MAX = 1_000_000_000
"""Pixels times scans of a progressive JPEG: a small file may ask for a large picture hundreds of times over; cameras ask 10 times."""
ENOUGH = 0.75
"""Share of the wanted length that a JPEG scaled down by halves may have: 12 megapixels then cost a third less than at one half."""
_FRAMES = {0xC0, 0xC1}
"""Markers of a sequential frame."""
_SCAN = 0xDA
_ORDINARY = {*_FRAMES, 0xC4, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0), _SCAN}
"""Markers before the picture that have a length and mean what they say: frame, tables, restart interval, comment, application data."""
_STRIP = 4_000_000
"""Pixels that are converted at once, so that a large photo is never in memory twice."""

NOT_AN_IMAGE = Problem("not_an_image", "This is not a photo that can be read: send a JPEG, PNG, WebP or HEIC picture.")
BROKEN = Problem("not_an_image", "This photo is broken or incomplete: send it again, or take another one.")


@dataclass(frozen=True, slots=True)
class Decoded:
    """An upright photo, possibly smaller than it was sent."""

    image: Image
    size: tuple[int, int]
    """Width and height of the upright photo as it was sent."""

    @property
    def scale(self) -> float:
        """Pixels of the sent photo per pixel of `image`."""
        return max(self.size) / int(max(self.image.shape[:2]))


def decode(data: bytes, settings: EngineSettings) -> Decoded | Problem:
    """The photo in `data`, at most `settings.longest_side` pixels long, or why it cannot be had.  Never raises.

    Of an animated file this is the first frame. Transparency is laid on white.
    """
    if len(data) > settings.max_bytes:
        limit = settings.max_bytes // 1_000_000
        # Who read the file stopped here, so that how many there are is not known.
        return Problem("too_large", f"This file has more than {limit} MB: send a smaller one.")
    kind = _kind(data)
    if kind is None:
        return NOT_AN_IMAGE
    try:
        width, height = _SIZES[kind](data)
        if width < 1 or height < 1:
            return BROKEN
        if width * height > settings.max_pixels or max(width, height) > SIDE_MAX:
            limit = settings.max_pixels // 1_000_000
            return Problem("too_large", f"This photo has {width} × {height} pixels: send one of at most {limit} megapixels.")
        pixels, orientation = _DECODERS[kind](data, settings.longest_side)
    except Exception:  # noqa: BLE001 decoders fed with hostile bytes raise anything, and all of it means the same
        return BROKEN
    longest = max(pixels.shape[:2])
    if longest > settings.longest_side:
        factor = settings.longest_side / longest
        target = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
        # The averaging of INTER_AREA costs more than decoding, and above one half nothing aliases without it.
        pixels = cast("Image", cv2.resize(pixels, target, interpolation=cv2.INTER_LINEAR if factor >= 0.5 else cv2.INTER_AREA))
    size = (height, width) if orientation >= 5 else (width, height)
    return Decoded(np.ascontiguousarray(_upright(pixels, orientation)), size)


def shrunk(image: Image, size: tuple[int, int]) -> Image:
    """`image` at another size (width, height), averaged so that nothing aliases.

    OpenCV averages over whole pixels five times as fast as over parts of them: so by a whole factor first, the rest by interpolation.
    """
    factor = min(image.shape[1] // max(size[0], 1), image.shape[0] // max(size[1], 1))
    if factor > 1:
        whole = image[: image.shape[0] // factor * factor, : image.shape[1] // factor * factor]
        image = cast("Image", cv2.resize(whole, (whole.shape[1] // factor, whole.shape[0] // factor), interpolation=cv2.INTER_AREA))
    return cast("Image", cv2.resize(image, size, interpolation=cv2.INTER_LINEAR))


def encode_jpeg(image: Image, quality: int = 88) -> bytes:
    """`image` as a JPEG without any metadata."""
    return cast("bytes", simplejpeg.encode_jpeg(np.ascontiguousarray(image), quality=quality, colorspace="RGB", colorsubsampling="420"))


def _kind(data: bytes) -> str | None:
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        length = min(int.from_bytes(data[:4], "big"), 64)
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
        return "HEIC" if brands & _HEVC_BRANDS or (brands & _ANY_BRANDS and not brands & _AVIF_BRANDS) else None
    return None


def _jpeg_size(data: bytes) -> tuple[int, int]:
    height, width, _, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    return width, height


def _png_size(data: bytes) -> tuple[int, int]:
    return cast("tuple[int, int]", struct.unpack(">II", data[16:24]))


def _webp_size(data: bytes) -> tuple[int, int]:
    """Of the canvas: https://developers.google.com/speed/webp/docs/riff_container."""
    chunk, body = data[12:16], data[20:30]
    if chunk == b"VP8X":
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", body[6:10])
    return width & 0x3FFF, height & 0x3FFF


def _heic_size(data: bytes) -> tuple[int, int]:
    return cast("tuple[int, int]", pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True).size)


def _jpeg(data: bytes, longest: int) -> tuple[Image, int]:
    height, width, space, _ = simplejpeg.decode_jpeg_header(data, strict=False)
    if not _one_scan(data) and height * width * data.count(b"\xff\xda") > SCANNED_MAX:
        raise ValueError("a JPEG of too many scans")
    orientation = _jpeg_orientation(data)
    if space in {"CMYK", "YCCK"}:
        return _pillow(data, longest, ("JPEG", "MPO"))[0], orientation
    # Halves only: libjpeg-turbo has fast code for 1/2, 1/4 and 1/8, but not for 3/8.
    wanted = 1.0
    while wanted > 1 / 8 and max(height, width) * wanted / 2 >= ENOUGH * longest:
        wanted /= 2
    try:
        pixels = simplejpeg.decode_jpeg(
            data,
            colorspace="RGB",
            min_height=math.ceil(height * wanted),
            min_width=math.ceil(width * wanted),
            min_factor=1,
            fastdct=wanted < 1,  # its rounding would show in a picture that is not scaled down
        )
    except ValueError:
        # It refuses whatever libjpeg warns of, also harmless stray bytes; Pillow refuses only what is truly incomplete.
        return _pillow(data, longest, ("JPEG", "MPO"))[0], orientation
    return cast("Image", pixels), orientation


def _one_scan(data: bytes) -> bool:
    """Whether a JPEG is of the plain kind, all of it in its first scan (ITU T.81, annex B); False where that cannot be told.

    Only ordinary segments are stepped over: with fill bytes or other markers a decoder could see another file than this does.
    """
    at, components = 2, 0
    while at + 10 <= len(data) and data[at] == 0xFF and data[at + 1] in _ORDINARY:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SCAN:
            return 0 < components == data[at + 4]
        if marker in _FRAMES:
            if components:  # a second frame
                return False
            components = data[at + 9]
        at += 2 + length
    return False


def _jpeg_orientation(data: bytes) -> int:
    """Pillow reads some of the metadata as soon as it opens a JPEG, and raises where that is broken."""
    try:
        return _orientation(Pillow.open(io.BytesIO(data), formats=("JPEG", "MPO")))
    except Exception:  # noqa: BLE001 see `_orientation`
        return 1


def _png(data: bytes, longest: int) -> tuple[Image, int]:
    return _pillow(data, longest, ("PNG",))


def _webp(data: bytes, longest: int) -> tuple[Image, int]:
    return _pillow(data, longest, ("WEBP",))


def _heic(data: bytes, longest: int) -> tuple[Image, int]:
    """libheif applies the orientation by itself."""
    pillow_heif.options.DECODE_THREADS = 1
    photo = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    return _shrink(photo.to_pillow(), longest), 1


def _pillow(data: bytes, longest: int, formats: tuple[str, ...]) -> tuple[Image, int]:
    photo: Pillow.Image = Pillow.open(io.BytesIO(data), formats=formats)
    orientation = _orientation(photo)
    photo.draft(None, (longest, longest))  # only a JPEG is smaller afterwards
    photo.load()
    return _shrink(photo, longest), orientation


def _shrink(photo: Pillow.Image, longest: int) -> Image:
    """Eight-bit RGB on white, strip by strip, averaged over whole blocks of pixels while it is still twice too large."""
    factor = max(1, max(photo.size) // (2 * longest))
    rows = max(factor, _STRIP // photo.width // factor * factor)
    strips = []
    for top in range(0, photo.height, rows):
        strip = _rgb(photo.crop((0, top, photo.width, min(top + rows, photo.height))))
        size = max(1, strip.shape[1] // factor), max(1, strip.shape[0] // factor)
        strips.append(strip if factor == 1 else cv2.resize(strip, size, interpolation=cv2.INTER_AREA))
    return cast("Image", np.concatenate(strips))


def _rgb(photo: Pillow.Image) -> Image:
    if photo.mode.startswith("I") or photo.mode == "F":
        # 16 bits of grey: Pillow would clip them, not scale them.
        grey = np.clip(np.asarray(photo, np.float32) / 257, 0, 255).astype(np.uint8)
        return cast("Image", np.repeat(grey[:, :, None], 3, axis=2))
    if photo.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in photo.info:
        photo = photo.convert("RGBA")
        white = Pillow.new("RGBA", photo.size, (255, 255, 255, 255))
        photo = Pillow.alpha_composite(white, photo)
    return cast("Image", np.asarray(photo.convert("RGB")))


def _orientation(photo: Pillow.Image) -> int:
    """1 to 8 by EXIF; 1 where it says nothing usable."""
    try:
        value: Any = photo.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 broken metadata may raise anything, and the photo may be good all the same
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo the camera's turn: https://www.media.mit.edu/pia/Research/deepview/exif.html.

    By OpenCV, which turns a photo ten times as fast as numpy copies one that is indexed the other way round.
    """
    for change in _CHANGES.get(orientation, ()):
        pixels = cast("NDArray[np.uint8]", change(pixels))
    return pixels


_CHANGES: Final[dict[int, tuple[Callable[[NDArray[np.uint8]], object], ...]]] = {
    2: (lambda pixels: cv2.flip(pixels, 1),),
    3: (lambda pixels: cv2.rotate(pixels, cv2.ROTATE_180),),
    4: (lambda pixels: cv2.flip(pixels, 0),),
    5: (cv2.transpose,),
    6: (lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),),
    7: (lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE), lambda pixels: cv2.flip(pixels, 0)),
    8: (lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),),
}
"""By EXIF orientation; 1 is upright."""
_SIZES = {"JPEG": _jpeg_size, "PNG": _png_size, "WEBP": _webp_size, "HEIC": _heic_size}
_DECODERS = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp, "HEIC": _heic}
