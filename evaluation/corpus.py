"""Files that nobody sends by accident: a generated, seeded corpus of broken, huge, odd and merely unusual pictures."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageDraw, PngImagePlugin

UNREADABLE = frozenset({"not_an_image"})
TOO_LARGE = frozenset({"too_large"})
REFUSED = UNREADABLE | TOO_LARGE
READABLE = frozenset({"usable", "no_face", "several_faces", "face_too_small", "too_dark_or_blurred", "minor", "nsfw"})
ANY = REFUSED | READABLE
EXIF_ORIENTATION = 0x0112
SIDE = 640


@dataclass(frozen=True, slots=True)
class Case:
    """One file and the answers that are right for it."""

    name: str
    data: bytes
    allowed: frozenset[str]


def scene(face: Image.Image | None) -> Image.Image:
    """A picture of SIDE × SIDE with `face` in it, left of the middle and above it, so that turning it shows; drawn where there is none."""
    across = np.linspace(60, 200, SIDE)
    background = np.stack(
        [np.broadcast_to(across, (SIDE, SIDE)), np.broadcast_to(across[:, None], (SIDE, SIDE)), np.full((SIDE, SIDE), 120)], 2
    )
    picture = Image.fromarray(background.astype(np.uint8))
    if face is None:
        ImageDraw.Draw(picture).ellipse((120, 60, 360, 380), fill=(222, 184, 160))
    else:
        picture.paste(face.convert("RGB").resize((320, 320)), (60, 40))
    return picture


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The picture as a file of Pillow's format `kind`."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    """A PNG chunk with its length and check sum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of_zeros(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    """A valid black PNG of any size, made without ever holding its pixels; a small file that unpacks to a lot."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    row = 1 + (width * channels * depth + 7) // 8
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(row)) for _ in range(height)]
    body = b"".join(parts) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def claim(jpeg: bytes, width: int, height: int) -> bytes:
    """The JPEG with other dimensions written into its frame header."""
    at = next(index for index in range(len(jpeg) - 9) if jpeg[index] == 0xFF and jpeg[index + 1] in {0xC0, 0xC1, 0xC2})
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def oriented(picture: Image.Image, orientation: int) -> bytes:
    """A JPEG whose pixels are turned so that with its EXIF orientation it is `picture` again."""
    inverse = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    turned = picture.transpose(inverse[orientation]) if orientation in inverse else picture
    return encoded(turned, "JPEG", exif=exif, quality=92)


def cases(face: Image.Image | None) -> Iterator[Case]:
    """The corpus; `face` (a portrait of nobody, such as a type's blended mean face) makes some of it usable photos."""
    picture = scene(face)
    jpeg = encoded(picture, "JPEG", quality=90)
    png = encoded(picture, "PNG")
    yield from _broken(picture, jpeg, png)
    yield from _huge(picture, jpeg)
    yield from _odd(picture, jpeg, png)
    for orientation in range(1, 9):
        yield Case(f"orientation-{orientation}.jpg", oriented(picture, orientation), READABLE)


def _broken(picture: Image.Image, jpeg: bytes, png: bytes) -> Iterator[Case]:
    generator = np.random.default_rng(0)
    webp, heic = encoded(picture, "WEBP"), _heic(picture)
    yield Case("empty.jpg", b"", UNREADABLE)
    yield Case("one-byte.jpg", b"\xff", UNREADABLE)
    yield Case("text.jpg", "사진이 아니에요\n".encode() * 50, UNREADABLE)
    yield Case("page.jpg", b"<!doctype html><title>x</title>", UNREADABLE)
    yield Case("entities.svg", b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">]><svg>&a;</svg>', UNREADABLE)
    yield Case("archive.jpg", b"PK\x03\x04" + bytes(400), UNREADABLE)
    yield Case("film.mp4", b"\x00\x00\x00\x20ftypisom" + bytes(4000), UNREADABLE)
    for size in (10, 1000, 1_000_000):
        yield Case(f"random-{size}.jpg", generator.bytes(size), UNREADABLE)
    yield Case("random-after-jpeg-head.jpg", jpeg[:20] + generator.bytes(50_000), ANY)
    for name, data in (("jpg", jpeg), ("png", png), ("webp", webp), ("heic", heic)):
        for percent in (1, 10, 50, 90, 99):
            yield Case(f"truncated-{percent}.{name}", data[: len(data) * percent // 100], ANY)
        for seed in range(6):
            damaged = bytearray(data)
            for place in np.random.default_rng(seed).integers(8, len(data), 20):
                damaged[place] ^= 0xFF
            yield Case(f"damaged-{seed}.{name}", bytes(damaged), ANY)
    yield Case("head-only.png", png[:33], UNREADABLE)
    yield Case("broken-exif.jpg", encoded(picture, "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff" + bytes(30)), READABLE)
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 99
    yield Case("orientation-99.jpg", encoded(picture, "JPEG", exif=exif), READABLE)
    yield Case("broken-profile.jpg", encoded(picture, "JPEG", icc_profile=b"no profile at all" * 20), READABLE)


def _huge(picture: Image.Image, jpeg: bytes) -> Iterator[Case]:
    yield Case("bomb-30000x30000.png", png_of_zeros(30_000, 30_000, 1, 0), TOO_LARGE)
    yield Case("bomb-9000x9000.png", png_of_zeros(9_000, 9_000), TOO_LARGE)
    yield Case("limit-7000x7000.png", png_of_zeros(7_000, 7_000), READABLE)
    yield Case("limit-7000x7000-16-bit.png", png_of_zeros(7_000, 7_000, 16, 6), ANY)
    yield Case("strip-40000x1.png", png_of_zeros(40_000, 1), ANY)
    yield Case("strip-1x40000.png", png_of_zeros(1, 40_000), ANY)
    yield Case("claims-65500x65500.jpg", claim(jpeg, 65_500, 65_500), TOO_LARGE)
    yield Case("claims-0x0.jpg", claim(jpeg, 0, 0), UNREADABLE)
    yield Case("claims-7000x7000.jpg", claim(jpeg, 7_000, 7_000), ANY)
    yield Case("limit-7000x7000.jpg", encoded(picture.resize((7_000, 7_000)), "JPEG", quality=60), READABLE)
    yield Case("over-7200x7200.jpg", encoded(picture.resize((7_200, 7_200)), "JPEG", quality=60), TOO_LARGE)
    yield Case("21-megabytes.jpg", jpeg + bytes(21_000_000 - len(jpeg)), TOO_LARGE)
    yield Case("5-megabytes-behind.jpg", jpeg + bytes(5_000_000), READABLE)
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", "a" * 20_000_000, zip=True)
    yield Case("text-bomb.png", encoded(picture, "PNG", pnginfo=text), ANY)
    yield Case("one-pixel.png", png_of_zeros(1, 1), ANY)
    yield Case("webp-16000x16000.webp", _webp_claiming(16_000), ANY)


def _odd(picture: Image.Image, jpeg: bytes, png: bytes) -> Iterator[Case]:
    frames = [picture.resize((200, 200)).rotate(angle) for angle in range(0, 360, 30)]
    animation = {"save_all": True, "append_images": frames[1:]}
    yield Case("animated.gif", encoded(frames[0], "GIF", **animation), ANY)
    yield Case("animated.webp", encoded(frames[0], "WEBP", **animation), ANY)
    yield Case("animated.png", encoded(frames[0], "PNG", **animation), ANY)
    many = [Image.new("1", (1000, 1000), index % 2) for index in range(100)]
    yield Case("animated-100.gif", encoded(many[0], "GIF", save_all=True, append_images=many[1:]), ANY)
    yield Case("two-pictures.mpo", encoded(frames[0], "MPO", **animation), ANY)
    for kind in ("TIFF", "BMP", "ICO", "PPM", "PCX", "TGA"):
        yield Case(f"format.{kind.lower()}", encoded(picture.resize((256, 256)), kind), ANY)
    yield Case("cmyk.jpg", encoded(picture.convert("CMYK"), "JPEG"), READABLE)
    yield Case("grey.jpg", encoded(picture.convert("L"), "JPEG"), READABLE)
    yield Case("progressive.jpg", encoded(picture, "JPEG", progressive=True), READABLE)
    yield Case("not-subsampled.jpg", encoded(picture, "JPEG", subsampling=0), READABLE)
    yield Case("lossless.webp", encoded(picture, "WEBP", lossless=True), READABLE)
    yield Case("photo.heic", _heic(picture), READABLE)
    yield Case("wrong-extension.jpg", png, READABLE)
    yield Case("wrong-extension.png", jpeg, READABLE)
    yield Case("palette.png", encoded(picture.convert("P"), "PNG", transparency=3), READABLE)
    yield Case("transparent.png", encoded(picture.convert("RGBA"), "PNG"), READABLE)
    yield Case("grey-alpha.png", encoded(picture.convert("LA"), "PNG"), READABLE)
    yield Case("bits.png", encoded(picture.convert("1"), "PNG"), READABLE)
    wide = np.asarray(picture).astype(np.uint16) * 257
    yield Case("16-bit.png", cv2.imencode(".png", wide)[1].tobytes(), READABLE)
    yield Case("16-bit-grey.png", cv2.imencode(".png", wide[:, :, 1])[1].tobytes(), READABLE)


def _heic(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(picture).save(out, quality=80)
    return out.getvalue()


def _webp_claiming(side: int) -> bytes:
    """A lossy WebP of a few hundred bytes whose frame header claims `side` × `side` pixels."""
    small = bytearray(encoded(Image.new("RGB", (16, 16)), "WEBP"))
    at = small.index(b"\x9d\x01\x2a") + 3
    small[at : at + 4] = struct.pack("<HH", side, side)
    return bytes(small)
