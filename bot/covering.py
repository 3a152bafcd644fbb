"""Pictures that come as files or stickers: Telegram shows them as it shows photos, but can cover only photos.

So each is looked at, and one that must be covered goes as a photo.  What a file is, its bytes say.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import cv2
from PIL import Image as Pillow

from bot.scrub import Kind, sniff
from engine.analysis import Analyser
from engine.errors import EngineError
from engine.images import decode, encode_jpeg
from engine.settings import EngineSettings
from engine.values import Image, Problem

PICTURES: Final = frozenset({Kind.JPEG, Kind.PNG, Kind.WEBP, Kind.HEIC, Kind.GIF})
FRAMES: Final = 50
LOOKS: Final = 5
"""Of a GIF: among how many first frames how many are looked at."""
UNFOLDED: Final = 100_000_000
"""Pixels of all those frames at most; of larger pictures there are fewer."""
RATIO_MAX: Final = 20
"""How many times as long as wide a photo may be at Telegram: https://core.telegram.org/bots/api#sendphoto."""
KEPT: Final = frozenset({"caption", "caption_entities", "show_caption_above_media", "reply_markup", "protect_content", "reply_parameters"})
"""What is said of any message; the rest is about the file as it came."""
WHITE: Final = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture is: `jpeg` where it must be covered, else None."""

    jpeg: bytes | None = None


def is_picture(data: bytes) -> bool:
    """Whether it is of a kind that Telegram shows by itself, and we can read."""
    return sniff(data) in PICTURES


def score(data: bytes, analyser: Analyser) -> float:
    """How surely a picture is not for everybody's eyes, 0–1; 1 where it cannot be read."""
    picture = decode(data, analyser.settings)
    return 1.0 if isinstance(picture, Problem) else _score(picture.image, analyser)


def look(data: bytes, analyser: Analyser) -> Look | None:
    """Look at a picture; None where it cannot be read, and so neither judged nor covered."""
    pictures = [decode(one, analyser.settings) for one in _stills(data, analyser.settings)]
    seen = [picture.image for picture in pictures if not isinstance(picture, Problem)]
    if not seen or len(seen) < len(pictures):
        return None
    scores = [_score(image, analyser) for image in seen]
    worst = max(scores)
    return Look(_jpeg(seen[scores.index(worst)]) if worst >= analyser.settings.nsfw_threshold else None)


def photo(data: bytes, analyser: Analyser) -> bytes | None:
    """A picture as Telegram takes it as a photo; None where it is none that can be read."""
    picture = next((decode(one, analyser.settings) for one in _stills(data, analyser.settings, looks=1)), None)
    return None if picture is None or isinstance(picture, Problem) else _jpeg(picture.image)


def as_photo(media: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be sent, as a photo.

    >>> as_photo({"type": "audio", "media": "attach://file0", "caption": "x", "title": "y"})
    {'type': 'photo', 'media': 'attach://file0', 'caption': 'x'}
    """
    return {"type": "photo", "media": media["media"], **{name: value for name, value in media.items() if name in KEPT}}


def _stills(data: bytes, settings: EngineSettings, looks: int = LOOKS) -> list[bytes]:
    """A picture as files that the engine reads: itself, or up to `looks` frames of a GIF; none where it cannot be read."""
    if sniff(data) is not Kind.GIF:
        return [data]
    try:
        with Pillow.open(io.BytesIO(data), formats=("GIF",)) as moving:
            size = moving.width * moving.height
            if not 0 < size <= settings.max_pixels:
                return []
            count = min(getattr(moving, "n_frames", 1), FRAMES, max(1, UNFOLDED // size))
            made = []
            for place in sorted({round(number * (count - 1) / max(looks - 1, 1)) for number in range(looks)}):
                moving.seek(place)
                stream = io.BytesIO()
                moving.convert("RGB").save(stream, "JPEG", quality=90)
                made.append(stream.getvalue())
            return made
    except Exception:  # noqa: BLE001 decoders fed with hostile bytes raise anything, and all of it means the same
        return []


def _score(image: Image, analyser: Analyser) -> float:
    try:
        return analyser.readers().safety.predict(image)
    except EngineError:
        return 1.0


def _jpeg(image: Image) -> bytes:
    """Made anew, and with white beside it where it is too narrow to be a photo."""
    height, width = image.shape[:2]
    lack = max(-(-height // RATIO_MAX) - width, 0), max(-(-width // RATIO_MAX) - height, 0)
    if any(lack):
        left, top = lack[0] // 2, lack[1] // 2
        image = cast("Image", cv2.copyMakeBorder(image, top, lack[1] - top, left, lack[0] - left, cv2.BORDER_CONSTANT, value=WHITE))
    return encode_jpeg(image)
