"""What the bot asks about a photo of a couple: any bytes are answered, and what is kept carries nothing hidden."""

from __future__ import annotations

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from PIL import Image

from bot.judging import CoupleJudge
from engine.settings import EngineSettings


@dataclass(frozen=True)
class Answer:
    accepted: bool
    reason: str = ""


class Separator:
    """Answers as told, and remembers what it was shown."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[bytes] = []
        self.loads = 0
        self._loading = threading.Lock()

    def load(self) -> None:
        assert self._loading.acquire(blocking=False), "loaded twice at once"
        time.sleep(0.01)
        self.loads += 1
        self._loading.release()

    def predict(self, data: bytes, /) -> Answer:
        assert self.loads
        self.seen.append(data)
        return self.answer


def photo(size: tuple[int, int] = (200, 100)) -> bytes:
    """With a place and a camera in its metadata, lying on its side."""
    stream = io.BytesIO()
    picture = Image.new("RGB", size, "teal")
    exif = picture.getexif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(stream, "JPEG", exif=exif, comment=b"hidden")
    return stream.getvalue()


def test_what_is_kept_is_what_was_judged_without_metadata() -> None:
    separator = Separator(Answer(True))
    verdict = CoupleJudge(separator, EngineSettings())(photo())
    assert verdict.reason == ""
    assert separator.seen == [verdict.jpeg]
    assert b"camera" not in (verdict.jpeg or b"")
    assert b"hidden" not in (verdict.jpeg or b"")
    with Image.open(io.BytesIO(verdict.jpeg or b"")) as kept:
        assert kept.size == (100, 200), "upright"
        assert not kept.getexif()


def test_large_photos_are_kept_small() -> None:
    verdict = CoupleJudge(Separator(Answer(True)), EngineSettings(longest_side=320))(photo((2000, 1000)))
    with Image.open(io.BytesIO(verdict.jpeg or b"")) as kept:
        assert 240 <= max(kept.size) <= 320


def test_a_refusal_keeps_nothing() -> None:
    verdict = CoupleJudge(Separator(Answer(False, "crowd")), EngineSettings())(photo())
    assert (verdict.jpeg, verdict.reason) == (None, "crowd")


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "not_an_image"), (b"GIF89a", "not_an_image"), (photo()[:300], "not_an_image"), (b"x" * 2000, "too_large")]
)
def test_what_cannot_be_read_reaches_no_model(data: bytes, reason: str) -> None:
    separator = Separator(Answer(True))
    assert CoupleJudge(separator, EngineSettings(max_bytes=1500))(data).reason == reason
    assert separator.seen == []
    assert separator.loads == 0


def test_several_photos_at_once_load_the_models_one_after_the_other() -> None:
    separator = Separator(Answer(True))
    judge = CoupleJudge(separator, EngineSettings())
    with ThreadPoolExecutor(4) as pool:
        assert all(verdict.jpeg for verdict in pool.map(judge, [photo()] * 8))
