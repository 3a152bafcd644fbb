"""Pictures with places, devices, names and days in them."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, PngImagePlugin

SECRET = b"MARU-KIM-37.5665-126.9780"
"""What is planted: must be nowhere in what goes to a partner."""
ORIENTATION, MAKE, ARTIST = 0x0112, 0x010F, 0x013B


def picture(side: int = 48) -> Image.Image:
    """A picture of colour gradients, wider than high."""
    down, across = np.mgrid[0:side, 0 : side * 3 // 2]
    return Image.fromarray(np.stack((down * 5 % 256, across * 3 % 256, (down * across) % 256), axis=2).astype(np.uint8))


def exif(turned: int = 1) -> Image.Exif:
    """EXIF with a maker, an author, a place, and how the picture is turned."""
    facts = Image.Exif()
    facts[MAKE], facts[ARTIST] = SECRET.decode(), SECRET.decode()
    if turned != 1:
        facts[ORIENTATION] = turned
    facts.get_ifd(0x8825)[29] = SECRET.decode()  # GPSDateStamp, a text
    return facts


def profile() -> bytes:
    """A colour profile of a device with a name."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made.replace(b"\0s\0R\0G\0B", b"\0M\0A\0R\0U")


def jpeg(turned: int = 1, *, progressive: bool = False) -> bytes:
    """A JPEG with EXIF, a comment, a colour profile, and a motion photo behind its end."""
    stream = io.BytesIO()
    picture().save(stream, "JPEG", quality=90, exif=exif(turned), comment=SECRET, icc_profile=profile(), progressive=progressive)
    return stream.getvalue() + b"MotionPhoto" + SECRET


def png(turned: int = 1) -> bytes:
    """A PNG with words, EXIF, a day, rubbish within and behind the picture."""
    stream = io.BytesIO()
    words = PngImagePlugin.PngInfo()
    words.add_text("Author", SECRET.decode())
    words.add_itxt("XML:com.adobe.xmp", SECRET.decode(), zip=False)
    words.add(b"tIME", b"\x07\xea\x0b\x15\x01\x02\x03")
    picture().save(stream, "PNG", exif=exif(turned), pnginfo=words, icc_profile=profile())
    made = stream.getvalue()
    end = made.rindex(b"IEND") - 4
    hidden = len(SECRET).to_bytes(4, "big") + b"IDAT" + SECRET + zlib.crc32(b"IDAT" + SECRET).to_bytes(4, "big")
    return made[:end] + hidden + made[end:] + b"PK\x03\x04" + SECRET


def webp(turned: int = 1, *, lossless: bool = True) -> bytes:
    """A WebP with EXIF, XMP and rubbish behind it."""
    stream = io.BytesIO()
    picture().save(stream, "WEBP", exif=exif(turned), xmp=SECRET, icc_profile=profile(), lossless=lossless)
    return stream.getvalue() + SECRET


def webp_animation() -> bytes:
    """A WebP of three pictures."""
    stream = io.BytesIO()
    frames = [picture(), picture(48).rotate(90, expand=False), picture(48).rotate(180)]
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], duration=120, loop=0, xmp=SECRET)
    return stream.getvalue()


def gif() -> bytes:
    """A GIF that repeats, with a comment, a program's data and rubbish behind it."""
    stream = io.BytesIO()
    frames = [picture().quantize(64), picture().rotate(180).quantize(64)]
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], duration=80, loop=0, comment=SECRET)
    made = stream.getvalue()
    program = b"\x21\xff\x0bXMP DataXMP" + bytes((len(SECRET),)) + SECRET + b"\0"
    return made[:-1] + program + b";" + SECRET


def heic() -> bytes:
    """A HEIC with EXIF and XMP."""
    pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    picture(64).save(stream, "HEIF", exif=exif().tobytes(), xmp=SECRET, quality=90)
    return stream.getvalue()


def pictures() -> dict[str, bytes]:
    """All of them, by name."""
    return {
        "jpeg": jpeg(),
        "jpeg_turned": jpeg(6),
        "jpeg_progressive": jpeg(progressive=True),
        "png": png(),
        "png_turned": png(8),
        "webp": webp(),
        "webp_lossy_turned": webp(3, lossless=False),
        "webp_animation": webp_animation(),
        "gif": gif(),
        "heic": heic(),
    }
