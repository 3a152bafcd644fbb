import io
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable

import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageOps

from engine.images import Decoded, _one_scan, decode, encode_jpeg
from engine.settings import EngineSettings
from engine.values import Problem

SETTINGS = EngineSettings()
SMALL = EngineSettings(longest_side=64, max_bytes=100_000, max_pixels=40_000)


def picture(width: int = 96, height: int = 64) -> Pillow.Image:
    """Six coloured fields, so that any turn or mirroring shows."""
    fields = np.array([[[200, 30, 30], [30, 200, 30], [30, 30, 200]], [[220, 220, 40], [40, 220, 220], [128, 128, 128]]], np.uint8)
    return Pillow.fromarray(fields).resize((width, height), Pillow.Resampling.NEAREST)


def saved(photo: Pillow.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    if kind == "HEIC":
        pillow_heif.from_pillow(photo).save(out, quality=95)
    else:
        photo.save(out, kind, **options)
    return out.getvalue()


def good(data: bytes, using: EngineSettings = SETTINGS) -> Decoded:
    answer = decode(data, using)
    assert isinstance(answer, Decoded), answer
    return answer


def refused(data: bytes, using: EngineSettings = SETTINGS) -> Problem:
    answer = decode(data, using)
    assert isinstance(answer, Problem)
    assert len(answer.message) > 20
    return answer


def apart(photo: Decoded, wanted: Pillow.Image) -> float:
    return float(np.abs(photo.image.astype(int) - np.asarray(wanted.convert("RGB"))).mean())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_formats(kind: str) -> None:
    options = {"quality": 95} if kind in {"JPEG", "WEBP"} else {}
    photo = good(saved(picture(), kind, **options))
    assert photo.size == (96, 64)
    assert photo.image.dtype == np.uint8
    assert apart(photo, picture()) < 6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_orientation_is_undone(orientation: int, kind: str) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    data = saved(picture(), kind, exif=exif, **({"quality": 95} if kind != "PNG" else {}))
    wanted = ImageOps.exif_transpose(Pillow.open(io.BytesIO(data)))
    photo = good(data)
    assert photo.size == wanted.size
    assert apart(photo, wanted) < 6


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_modes_of_png(mode: str) -> None:
    source = picture()
    if mode == "I;16":
        grey = np.asarray(source.convert("L")).astype(np.uint16) * 257
        data, wanted = saved(Pillow.fromarray(grey), "PNG"), source.convert("L")
    else:
        wanted = source.convert(mode)
        data = saved(wanted, "PNG")
    assert apart(good(data), wanted) < 1


def test_transparency_lies_on_white() -> None:
    clear = Pillow.new("RGBA", (20, 20), (0, 0, 0, 0))
    assert good(saved(clear, "PNG")).image.min() == 255


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_modes_of_jpeg(mode: str) -> None:
    assert apart(good(saved(picture().convert(mode), quality=95)), picture().convert(mode)) < 6


def test_large_photos_are_scaled_and_say_so() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        photo = good(saved(picture(3000, 2000), kind))
        assert photo.image.shape == (853, 1280, 3)
        assert photo.size == (3000, 2000)
        assert photo.scale == pytest.approx(3000 / 1280)


def test_first_frame_of_animations() -> None:
    frames = [Pillow.new("RGB", (40, 30), colour) for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250))]
    for kind in ("PNG", "WEBP"):
        photo = good(saved(frames[0], kind, save_all=True, append_images=frames[1:]))
        assert np.abs(photo.image.mean(axis=(0, 1)) - (250, 0, 0)).max() < 12


def test_other_formats_are_refused() -> None:
    for kind in ("GIF", "BMP", "TIFF", "PDF", "ICO", "PPM"):
        assert refused(saved(picture(), kind)).code == "not_an_image"
    assert refused(b"").code == "not_an_image"
    assert refused(b"<svg xmlns='http://www.w3.org/2000/svg'/>").code == "not_an_image"


def test_a_format_that_is_not_taken_is_not_called_broken() -> None:
    """Sending it again would not help: what helps is another format.  AVIF comes in the container of HEIC."""
    wanted = refused(saved(picture(), "GIF")).message
    assert refused(saved(picture(), "AVIF")).message == wanted
    for brands in (b"avif" + b"mif1miaf", b"mif1" + b"avifmiaf", b"avis" + b"msf1mif1"):
        assert refused(b"\0\0\0\x18ftyp" + brands[:4] + b"\0\0\0\0" + brands[4:] + bytes(64)).message == wanted
    assert refused(b"\0\0\0\x18ftypmif1\0\0\0\0heicmif1" + bytes(64)).message != wanted


def test_a_file_one_byte_too_large_is_not_said_to_be_as_large_as_is_allowed() -> None:
    """Commands read no more of a file than shows that it is too large, so its size is not known either."""
    assert refused(bytes(SETTINGS.max_bytes + 1)).message == "This file has more than 20 MB: send a smaller one."


def test_limits() -> None:
    assert refused(b"\xff\xd8\xff" + bytes(100_000), SMALL).code == "too_large"
    for kind in ("JPEG", "PNG", "WEBP", "HEIC"):
        assert refused(saved(picture(400, 300), kind), SMALL).code == "too_large"


def png(width: int, height: int, body: bytes) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_bombs_cost_nothing() -> None:
    body = zlib.compress(bytes(1000))
    tracemalloc.start()
    assert refused(png(60_000, 60_000, body)).code == "too_large"
    assert refused(png(2**31 - 1, 1, body)).code == "too_large"
    assert refused(png(0, 10, body)).code == "not_an_image"
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("hidden", [b"\xff", b"\xff" * 7, b"\xff\x01\x00\x02", b"\xff\xd0\x00\x02"])
def test_a_frame_cannot_be_hidden_from_the_bound_on_scans(hidden: bytes) -> None:
    plain = saved(picture(2000, 2000), quality=30)
    progressive = saved(picture(2000, 2000), quality=30, progressive=True)
    frame = plain[plain.index(b"\xff\xc0") :][: 2 + 17]
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    assert _one_scan(plain)
    # The walk meets a sequential frame in a segment that a decoder passes over, and the true, progressive one only behind it.
    tail = progressive[progressive.index(b"\xff\xc2") :]
    hostile = b"\xff\xd8" + hidden + tail[:-2] + scan * 400 + b"\xff\xd9"
    assert not _one_scan(hostile)
    assert not _one_scan(b"\xff\xd8" + frame + hidden + tail)
    assert isinstance(decode(hostile, SETTINGS), Problem)


def test_a_decoy_behind_a_fill_byte_is_not_believed() -> None:
    """With a fill byte before it, the progressive frame reads as a long segment of another kind, behind which a plain file seems to lie."""
    plain, progressive = saved(picture()), saved(picture(), progressive=True)
    frame = progressive[progressive.index(b"\xff\xc2") :][:19]
    decoy = plain[plain.index(b"\xff\xc0") :][:19] + plain[plain.index(b"\xff\xda") :][:14]
    walked = 2 + 2 + int.from_bytes(frame[1:3], "big")  # where a walk that takes the fill byte for a marker goes on
    comment = b"\xff\xfe" + (60_000).to_bytes(2, "big")
    inside = bytes(walked - 2 - 1 - len(frame) - len(comment)) + decoy
    hostile = b"\xff\xd8\xff" + frame + comment + inside.ljust(59_998, b"\0") + progressive[2:]
    assert hostile[walked:].startswith(decoy)
    assert not _one_scan(hostile)


def test_progressive_jpegs_are_read_but_not_hundreds_of_scans() -> None:
    data = saved(picture(3000, 2000), progressive=True)
    assert good(data).size == (3000, 2000)
    scan = data[data.rindex(b"\xff\xda") : -2]
    start = time.process_time()
    assert refused(data[:-2] + scan * 300 + data[-2:]).code == "not_an_image"
    assert time.process_time() - start < 0.5


def test_a_large_png_is_never_in_memory_twice() -> None:
    """24 megapixels with transparency are 96 MB once decoded; Python's side of the work stays far below that."""
    data = saved(Pillow.new("RGBA", (6000, 4000), (10, 200, 30, 255)), "PNG", compress_level=1)
    tracemalloc.start()
    photo = good(data)
    assert tracemalloc.get_traced_memory()[1] < 70_000_000
    tracemalloc.stop()
    assert photo.size == (6000, 4000)
    assert np.abs(photo.image.mean(axis=(0, 1)) - (10, 200, 30)).max() < 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_truncated_files_are_refused(kind: str) -> None:
    noise = Pillow.fromarray(np.random.default_rng(1).integers(0, 255, (120, 160, 3), dtype=np.uint8))
    data = saved(noise, kind)
    for share in (0.02, 0.3, 0.6, 0.9):
        assert refused(data[: int(len(data) * share)]).code == "not_an_image"


def test_stray_bytes_do_not_spoil_a_jpeg() -> None:
    data = saved(picture(), quality=95)
    assert apart(good(data + b"trailing bytes of a phone"), picture()) < 6
    at = data.index(b"\xff\xda")
    assert apart(good(data[:at] + b"\x00\x00\x00" + data[at:]), picture()) < 6


def test_broken_metadata_does_not_spoil_a_photo() -> None:
    data = saved(picture(), quality=95, exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    assert good(data).size == (96, 64)


def test_thin_photos() -> None:
    for size in ((1, 1), (1, 5000), (5000, 1), (2, 3000)):
        for kind in ("JPEG", "PNG", "WEBP"):
            photo = good(saved(picture(*size), kind))
            assert photo.size == size
            assert min(photo.image.shape[:2]) >= 1


def test_encoded_photos_carry_no_metadata() -> None:
    photo = good(saved(picture(), quality=95, exif=b"Exif\x00\x00secret place"))
    data = encode_jpeg(photo.image)
    assert b"secret" not in data
    assert b"Exif" not in data
    assert apart(good(data), picture()) < 8


SEEDS: dict[str, bytes] = {kind: saved(picture(48, 32), kind) for kind in ("JPEG", "PNG", "WEBP", "HEIC")}
calm = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def answers(data: bytes) -> None:
    photo = decode(data, SMALL)
    if isinstance(photo, Decoded):
        assert photo.image.ndim == 3
        assert photo.image.shape[2] == 3
        assert 1 <= max(photo.image.shape[:2]) <= SMALL.longest_side
        assert photo.size[0] * photo.size[1] <= SMALL.max_pixels
    else:
        assert photo.code in {"not_an_image", "too_large"}


@calm
@given(st.binary(max_size=2000))
def test_any_bytes_are_answered(data: bytes) -> None:
    answers(data)


@calm
@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x01\x00\x00WEBPVP8X", b"\x00\x00\x00\x18ftypheic"]),
    st.binary(max_size=500),
)
def test_any_bytes_behind_a_true_beginning(beginning: bytes, data: bytes) -> None:
    answers(beginning + data)


@st.composite
def mutated(draw: Callable[..., object]) -> bytes:
    data = bytearray(draw(st.sampled_from(sorted(SEEDS.values()))))  # type: ignore[call-overload]
    for _ in range(draw(st.integers(1, 12))):  # type: ignore[call-overload]
        at = draw(st.integers(0, len(data) - 1))
        data[at] = draw(st.integers(0, 255))  # type: ignore[call-overload]
    return bytes(data[: draw(st.integers(1, len(data)))]) if draw(st.booleans()) else bytes(data)  # type: ignore[misc]


@calm
@given(mutated())
def test_mutated_files_are_answered(data: bytes) -> None:
    answers(data)
