"""Pictures that come as files: whatever their shape, they can become photos that Telegram takes, or nobody says they were seen."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from bot import covering
from bot.local.pictures import photo_sizes
from engine.analysis import Analyser
from engine.safety import NsfwScorer


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGBA", (width, height), (200, 20, 20, 128)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(512, 512), (3, 4000), (4000, 3), (1, 1)])
def test_a_picture_of_any_shape_becomes_a_photo_that_telegram_takes(
    analyser: Analyser, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(NsfwScorer, "predict", lambda *_: 0.97)
    seen = covering.look(png(*size), analyser)
    assert seen is not None
    assert seen.jpeg is not None
    assert photo_sizes(seen.jpeg)


def test_what_may_be_seen_stays_what_it_is(analyser: Analyser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NsfwScorer, "predict", lambda *_: 0.1)
    assert covering.look(png(64, 64), analyser) == covering.Look(None)


def test_a_picture_that_cannot_be_read_was_not_seen(analyser: Analyser) -> None:
    cut = png(64, 64)[:60]
    assert covering.is_picture(cut)
    assert covering.look(cut, analyser) is covering.photo(cut, analyser) is None
    assert covering.score(cut, analyser) == 1.0


def gif(*reds: int) -> bytes:
    """Moving squares of these reds."""
    frames = [Image.new("RGB", (32, 32), (red, 0, 0)) for red in reds]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=50)
    return buffer.getvalue()


@pytest.mark.parametrize(("reds", "covered"), [((10, 20, 30), False), ((10, 20, 250), True), ((250,), True)])
def test_a_gif_is_looked_at_in_several_frames(
    analyser: Analyser, monkeypatch: pytest.MonkeyPatch, reds: tuple[int, ...], covered: bool
) -> None:
    monkeypatch.setattr(NsfwScorer, "predict", lambda _, image: float(image[..., 0].mean()) / 255)
    assert covering.is_picture(gif(*reds))
    seen = covering.look(gif(*reds), analyser)
    assert seen is not None
    assert (seen.jpeg is not None) is covered
    if seen.jpeg is not None:
        assert np.asarray(Image.open(io.BytesIO(seen.jpeg)))[..., 0].mean() > 200, "the frame that is the reason"


@pytest.mark.parametrize("data", [gif(1, 2)[:40], b"GIF89a" + bytes(40)])
def test_a_gif_that_cannot_be_read_was_not_seen(analyser: Analyser, data: bytes) -> None:
    assert covering.look(data, analyser) is covering.photo(data, analyser) is None
