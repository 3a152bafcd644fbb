"""What the engine reads from a round video of a member who wants to be verified; nothing of the video outlives the call."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from engine import clips, liveness
from engine.analysis import Analyser
from engine.attributes import MINOR
from engine.clips import ClipProblem
from engine.liveness import LiveProblem, Pose, Verdict, Watcher
from engine.values import Vector

Problem = ClipProblem | LiveProblem | Literal["another", "photos", "seen", "not_fetched"]
UNREAD: frozenset[str] = frozenset({"not_a_video", "too_large", "too_long", "too_short", "not_fetched"})
"""Problems of the file, not of what it shows: the challenge stays open."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of a round video: figures, and the face's vector for the comparison with the photos."""

    problem: ClipProblem | LiveProblem | Literal["not_fetched"] | None
    verdict: Verdict | None = None
    mark: str = ""
    """Tells one file from another; no picture can be had from it."""
    face_model: str = ""
    maybe_minor: bool = False
    embedding: Vector | None = field(default=None, repr=False)


class Watches(Protocol):
    """What handlers need of `Watching`."""

    def watch(self, data: bytes, challenge: Sequence[Pose], seconds: float) -> Watched:
        """Read one video."""
        ...


class Watching:
    """Reads round videos with the engine's models; to be called off the event loop."""

    def __init__(self, analyser: Analyser) -> None:
        """Only store."""
        self._analyser = analyser

    def watch(self, data: bytes, challenge: Sequence[Pose], seconds: float) -> Watched:
        """Decode, look, judge.

        Raises:
            EngineError: a model cannot be had.

        """
        mark = hashlib.sha256(data).hexdigest()[:24]
        clip = clips.read(data, seconds, least=2.0)
        if isinstance(clip, str):
            return Watched(clip, mark=mark)
        readers = self._analyser.readers()
        looks = Watcher(readers.detector, readers.embedder, readers.attributes).watch(clip)
        verdict = liveness.judge(looks, challenge)
        young = verdict.minor >= (self._analyser.settings.minor_threshold or MINOR)
        return Watched(verdict.problem, verdict, mark, readers.embedder.version, young, verdict.embedding)
