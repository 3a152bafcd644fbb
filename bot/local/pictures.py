"""What Telegram does to a photo: checks it, strips its metadata and re-encodes it in several sizes."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image, ImageOps

from bot.local.errors import bad_request
from bot.local.values import PHOTO_MAX

SIDES = (90, 320, 800, 1280)  # longest sides in pixels of Telegram's sizes s, m, x and y
SIDES_SUM_MAX = 10_000  # width + height in pixels
RATIO_MAX = 20
PIXELS_MAX = 50_000_000
QUALITY = 87


@dataclass(frozen=True, slots=True)
class Size:
    """One JPEG of a photo."""

    width: int
    height: int
    data: bytes


def photo_sizes(data: bytes) -> list[Size]:
    """The sizes of a photo, smallest first: upright JPEGs without metadata, none larger than the photo.

    Raises:
        ApiError: what Telegram answers to photos that are too big, of extreme proportions or broken.

    """
    if len(data) > PHOTO_MAX:
        raise bad_request(f"file of size {len(data)} bytes is too big for a photo; the maximum size is {PHOTO_MAX} bytes")
    if not data:
        raise bad_request("file must be non-empty")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")) as opened:
            width, height = opened.size
            if width + height > SIDES_SUM_MAX or max(width, height) > RATIO_MAX * min(width, height) or width * height > PIXELS_MAX:
                raise bad_request("PHOTO_INVALID_DIMENSIONS")
            opened.draft("RGB", (SIDES[-1], SIDES[-1]))
            picture = _flat(ImageOps.exif_transpose(opened))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    longest = max(picture.size)
    sides = [side for side in SIDES if side < longest] + [min(longest, SIDES[-1])]
    return [_scaled(picture, side) for side in dict.fromkeys(sides)]


def thumbnail(data: bytes, side: int = 320) -> Size | None:
    """A small JPEG of a picture, or None where it is none."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF")) as opened:
            if opened.width * opened.height > PIXELS_MAX:
                return None
            opened.draft("RGB", (side, side))
            picture = _flat(ImageOps.exif_transpose(opened))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return _scaled(picture, min(side, max(picture.size)))


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None where `data` is no picture."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF")) as opened:
            return opened.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _flat(picture: Image.Image) -> Image.Image:
    """RGB without alpha: what was transparent turns white."""
    if picture.mode in ("RGBA", "LA", "PA", "P"):
        layer = picture.convert("RGBA")
        ground = Image.new("RGB", layer.size, "white")
        ground.paste(layer, mask=layer.getchannel("A"))
        return ground
    return picture.convert("RGB")


def _scaled(picture: Image.Image, side: int) -> Size:
    factor = side / max(picture.size)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    scaled = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    # What a device wrote into the file stays behind, as at Telegram: Pillow would carry a JPEG's comment over.
    scaled.save(buffer, "JPEG", quality=QUALITY, comment=b"")
    return Size(*size, buffer.getvalue())
