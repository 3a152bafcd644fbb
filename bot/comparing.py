"""Two people to be compared: their photos in memory for a while, and what the engine reads from them.

Nothing of it reaches the database or a file.  Photos are forgotten as soon as they were compared, when the member stops or begins anew, and
at the latest when their time is over; a restart forgets them all.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from bot.settings import CompatSettings
from engine.analysis import Analyser
from engine.images import decode, encode_jpeg
from engine.values import Analysis
from engine.values import Problem as PhotoProblem

Mode = Literal["two", "one"]
HOUR: Final = timedelta(hours=1)
QUALITY: Final = 92


class Parted(Protocol):
    """What is used of `crawler.parting.Parted`."""

    @property
    def people(self) -> tuple[Analysis, Analysis] | None:
        """The two, left to right."""
        ...

    @property
    def reason(self) -> str:
        """Why there are none."""
        ...


class Parts(Protocol):
    """What is used of `crawler.parting.Parting`."""

    def predict(self, data: bytes, /) -> Parted:
        """Take a photo of two people apart."""
        ...


@dataclass(slots=True)
class Session:
    """A comparison that a member has begun; only in memory."""

    mode: Mode
    until: datetime
    photos: list[bytes | None] = field(repr=False)
    boxes: list[bool] = field(default_factory=lambda: [False, False])
    """For each of the two: it is the member, or they agreed."""

    @property
    def missing(self) -> int:
        """The number of the photo that is waited for, 0 where none is."""
        return next((number for number, photo in enumerate(self.photos, 1) if photo is None), 0)

    def put(self, photo: bytes) -> bool:
        """Take a photo in; whether one was waited for."""
        if not self.missing:
            return False
        self.photos[self.missing - 1] = photo
        return True

    def drop(self, number: int) -> None:
        """Forget a photo and the box beside it, so that another one may take its place; 0: all."""
        for at in range(len(self.photos)):
            if number in (0, at + 1):
                self.photos[at] = None
        for at in range(2):
            if self.mode == "one" or number in (0, at + 1):
                self.boxes[at] = False


@dataclass(frozen=True, slots=True)
class Read:
    """What was read from the photos of a session: two people, or why there are none."""

    people: tuple[Analysis, Analysis] | None = field(repr=False)
    reason: str = ""
    identical: bool = False
    """Whether both photos are one and the same."""


class Comparing:
    """The sessions of all members, and the engine's answers about their photos; safe to use from several threads."""

    def __init__(self, analyser: Analyser, parts: Parts, settings: CompatSettings) -> None:
        """Only store."""
        self.settings = settings
        self._analyser, self._parts = analyser, parts
        self._sessions: OrderedDict[int, Session] = OrderedDict()
        self._done: dict[int, deque[datetime]] = {}
        self._answered: set[int] = set()
        self._lock = threading.Lock()

    def begin(self, member_id: int, mode: Mode, now: datetime) -> Session:
        """A new session in place of one that there may be; the oldest ends where there are too many."""
        made = Session(mode, now + timedelta(minutes=self.settings.minutes), [None] * (2 if mode == "two" else 1))
        with self._lock:
            self._sessions.pop(member_id, None)
            self._answered.discard(member_id)
            self._sessions[member_id] = made
            while len(self._sessions) > self.settings.sessions:
                self._sessions.popitem(last=False)
        return made

    def of(self, member_id: int, now: datetime) -> Session | None:
        """The member's session, None where there is none or its time is over."""
        self.sweep(now)
        with self._lock:
            return self._sessions.get(member_id)

    def end(self, member_id: int, *, answered: bool = False) -> None:
        """Forget a session with its photos; `answered`: the member was told what came of it."""
        with self._lock:
            self._sessions.pop(member_id, None)
            if answered:
                self._answered.add(member_id)

    def answered(self, member_id: int) -> bool:
        """Whether the member's last session ended with an answer within the hour: nothing was lost with it."""
        with self._lock:
            return member_id in self._answered

    def sweep(self, now: datetime) -> None:
        """Forget the photos whose time is over, and who compared when."""
        with self._lock:
            for member_id in [each for each, session in self._sessions.items() if session.until <= now]:
                del self._sessions[member_id]
            for member_id, times in list(self._done.items()):
                while times and times[0] <= now - HOUR:
                    times.popleft()
                if not times:
                    del self._done[member_id]
            self._answered &= self._done.keys()

    def allows(self, member_id: int, now: datetime) -> bool:
        """Whether the member may compare once more within the hour; noted if so."""
        self.sweep(now)
        with self._lock:
            times = self._done.setdefault(member_id, deque())
            if len(times) >= self.settings.an_hour:
                return False
            times.append(now)
            return True

    def strip(self, data: bytes) -> bytes | PhotoProblem:
        """A photo as it is held: upright, without metadata, no larger than needed; no face is looked for."""
        photo = decode(data, self._analyser.settings)
        return photo if isinstance(photo, PhotoProblem) else encode_jpeg(photo.image, QUALITY)

    def read(self, photos: tuple[bytes, ...]) -> Read:
        """The two people of two photos, or of one.

        Raises:
            EngineError: something that the engine needs cannot be had.

        """
        if len(photos) == 1:
            apart = self._parts.predict(photos[0])
            return Read(apart.people, apart.reason)
        one, other = (self._analyser.analyse(photo) for photo in photos)
        return Read((one, other), identical=photos[0] == photos[1])
