"""Is this a photo of a couple? What the bot asks the separator of couples, with the photo as it may be kept.

The crawler judges again what it takes in; it is given the same bytes that were judged here, so both come to the same answer.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from engine.images import decode, encode_jpeg
from engine.settings import EngineSettings
from engine.values import Problem

QUALITY = 92
"""Of the JPEG that waits for the other one's consent: crops are still to be cut from it."""


class Judged(Protocol):
    """What is used of `crawler.couples.Decision`."""

    @property
    def accepted(self) -> bool:
        """Whether it is a couple."""
        ...

    @property
    def reason(self) -> str:
        """Why not."""
        ...


class Separating(Protocol):
    """What is used of `crawler.couples.Separator`."""

    def load(self) -> None:
        """Load what it needs; further calls do nothing."""
        ...

    def predict(self, data: bytes, /) -> Judged:
        """Look at a photo."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a photo: a JPEG without hidden data where it shows a couple, else the reason why it does not."""

    jpeg: bytes | None = field(repr=False)
    reason: str = ""


class CoupleJudge:
    """Judges one photo after the other; its models are loaded with the first one, since few people ever send such a photo."""

    def __init__(self, separator: Separating, settings: EngineSettings) -> None:
        self._separator = separator
        self._settings = settings
        self._loading = threading.Lock()

    def __call__(self, data: bytes) -> Verdict:
        """Judge the photo in `data`; any bytes are answered.

        Raises:
            EngineError: something that the engine needs cannot be had.

        """
        photo = decode(data, self._settings)
        if isinstance(photo, Problem):
            return Verdict(None, photo.code)
        jpeg = encode_jpeg(photo.image, QUALITY)
        with self._loading:
            self._separator.load()
        decision = self._separator.predict(jpeg)
        return Verdict(jpeg) if decision.accepted else Verdict(None, decision.reason)
