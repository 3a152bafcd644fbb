"""What ranking goes by, learned while members use the bot: new answers are folded in in the background, and the model is exchanged.

The database leads: a model lies there with the number of the last answer that is in it, and both change in one transaction whose
row is locked (`db.matching_states`).  So two processes never fold the same answer twice, a kill -9 at any moment loses none, and
every process takes over what another one has folded in.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from bot.runtime import Runtime
from bot.usecases import persons
from db import consents, impressions, judgements, likes, matching_states
from db.errors import DatabaseError
from db.matching_records import MatchingState
from db.session import Connection
from engine.affinity import Affinity
from engine.embedding import unpacked
from engine.matching.exposure import Fair
from engine.matching.features import FEATURES, idle_days
from engine.matching.model import VERSION, LikeModel
from engine.matching.people import MemberGender
from engine.matching.ranking import Matcher
from engine.matching.replies import WINDOW_DAYS
from engine.matching.settings import RankingSettings
from engine.matching.taste import Centre
from engine.types import TypePack

NAME: Final = "likes"
"""Under which the state lies in the database."""
REPLIES: Final = "replies"
"""Under which it is noted up to which like it was seen whether an answer came."""
LOOK: Final = 5.0
"""Seconds between two looks for new answers."""
WINDOW: Final = dt.timedelta(days=WINDOW_DAYS)
BATCH: Final = 500
"""Answers that one transaction folds in, about a tenth of a second of it."""
COUNT: Final = 300.0
"""Seconds between two counts of how often members are shown."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Learned:
    """What one call goes by: matcher and model of one pack, and how attention is shared at the moment."""

    matcher: Matcher
    model: LikeModel
    fair: Fair

    @property
    def settings(self) -> RankingSettings:
        """How candidates are ordered."""
        return self.matcher.settings

    @property
    def version(self) -> str:
        """Names what was learned, for the log of showings: layout and number of answers."""
        return f"{VERSION}/{self.model.seen}"


@dataclass(slots=True)
class LearnedInUse:
    """What is learned, for whichever pack asks; exchanged as a whole, so that no call sees two models."""

    settings: RankingSettings = field(default_factory=RankingSettings)
    fair: Fair = field(default_factory=Fair)
    state: MatchingState | None = None
    _made: tuple[Affinity, MatchingState | None, Matcher, LikeModel] | None = None

    def now(self, affinity: Affinity) -> Learned:
        """What is learned, with this pack's affinities."""
        made, state = self._made, self.state
        if made is None or made[0] is not affinity or made[1] is not state:
            # Two threads may do the same at once: either is as good, and one is kept.
            matcher = made[2] if made is not None and made[0] is affinity else Matcher(affinity, self.settings)
            made = self._made = (affinity, state, matcher, read(state, affinity.pack, self.settings))
        return Learned(made[2], made[3], self.fair)


class Learner:
    """Folds in what members answered, and takes over what other processes folded in."""

    def __init__(self, runtime: Runtime, in_use: LearnedInUse, pack: Callable[[], TypePack], clock: Callable[[], dt.datetime]) -> None:
        """Only store."""
        self._runtime, self._in_use, self._pack, self._clock = runtime, in_use, pack, clock
        self._counted: float | None = None

    async def run(self) -> None:
        """Look for ever; whatever is wrong, members are ranked by what was learned before."""
        complained = ""
        while True:
            try:
                await self.look()
                complained = ""
            except DatabaseError as error:
                log.warning("learning from answers waits for the database: %s", error)
            except Exception as error:  # noqa: BLE001 a bad row must not end learning, nor the bot
                if complained != type(error).__name__:
                    complained = type(error).__name__
                    log.error("learning from answers broke and is tried again: %s", complained)  # noqa: TRY400 its text may quote people
            await asyncio.sleep(LOOK)

    async def look(self) -> int:
        """Fold in what is new, take over what is there, count who was shown; how many answers were folded in."""
        folded = 0
        if await self._runtime.read(waiting):
            while count := await self._runtime.transact(fold, self._pack(), self._in_use.settings, self._clock()):
                folded += count
        if await self._runtime.read(due, self._clock()):
            while await self._runtime.transact(fold_replies, self._pack(), self._in_use.settings, self._clock()):
                pass
        await self._take_over()
        now = asyncio.get_running_loop().time()
        if self._counted is None or now - self._counted > COUNT:
            since = self._clock() - dt.timedelta(days=self._in_use.settings.window_days)
            self._in_use.fair = await self._runtime.read(shares, since)
            self._counted = now
        return folded

    async def _take_over(self) -> None:
        state = await self._runtime.read(matching_states.read, NAME)
        known = self._in_use.state
        if state is not None and (known is None or (state.cursor, state.updated_at) != (known.cursor, known.updated_at)):
            self._in_use.state = state


def waiting(connection: Connection) -> bool:
    """Whether there are answers that nobody has folded in."""
    state = matching_states.read(connection, NAME)
    return judgements.last(connection) > (0 if state is None else state.cursor)


def fold(connection: Connection, pack: TypePack, settings: RankingSettings, now: dt.datetime) -> int:
    """Fold the next answers into the model, in one transaction; how many there were, 0 for none."""
    state = matching_states.fold(connection, NAME)
    found = judgements.after(connection, state.cursor, BATCH)
    if not found:
        return 0
    model = read(state, pack, settings)
    concerned = {one.viewer_id for one in found} | {one.shown_id for one in found}
    people = persons.of(connection, pack, now, settings.window_days, concerned)
    resting = consents.resting(connection, concerned)
    for one in found:
        viewer, shown = people.get(one.viewer_id), people.get(one.shown_id)
        if one.features is None or viewer is None or resting & {one.viewer_id, one.shown_id}:
            continue  # nothing was believed of this card, who answered is gone, or the features are of a face whose consent lapsed
        model.update(np.frombuffer(one.features, dtype="<f4"), viewer.gender, one.liked)
        if shown is not None:
            model.observe(shown)
    matching_states.save(connection, NAME, model.to_bytes(), found[-1].id, VERSION, now)
    return len(found)


def due(connection: Connection, now: dt.datetime) -> bool:
    """Whether there are answers old enough to see what came of them that nobody has looked at."""
    state = matching_states.read(connection, REPLIES)
    return bool(judgements.after(connection, 0 if state is None else state.cursor, 1, now - WINDOW))


def fold_replies(connection: Connection, pack: TypePack, settings: RankingSettings, now: dt.datetime) -> int:
    """Count which likes of a week ago were answered in time, in one transaction; how many answers were looked through, 0 for none.

    Who had answered first is left out: whether they come back tells nothing there.
    """
    state, seen = matching_states.fold(connection, NAME), matching_states.fold(connection, REPLIES)
    found = judgements.after(connection, seen.cursor, BATCH, now - WINDOW)
    if not found:
        return 0
    model = read(state, pack, settings)
    for one in found:
        features = None if one.features is None else unpacked(one.features)
        if not one.liked or features is None or features.shape != (len(FEATURES),):
            continue
        back = likes.answered_at(connection, one.shown_id, one.viewer_id)
        if back is None or back >= one.at:
            model.observe_reply(idle_days(features), back is not None and back <= one.at + WINDOW)
    matching_states.save(connection, NAME, model.to_bytes(), state.cursor, VERSION, now)
    matching_states.save(connection, REPLIES, b"", found[-1].id, VERSION, now)
    return len(found)


def read(state: MatchingState | None, pack: TypePack, settings: RankingSettings) -> LikeModel:
    """The model as it lies in the database; a new one where there is none, or one of another version."""
    return LikeModel.from_bytes(None if state is None else state.data, Centre.start(pack), settings.memory)


def shares(connection: Connection, since: dt.datetime) -> Fair:
    """How many cards showed each gender since then, over how many members of it can be shown."""
    shown: dict[MemberGender, float] = {}
    members: dict[MemberGender, int] = {}
    for one in impressions.counts_by_member(connection, since, demo=True):
        shown[one.gender] = shown.get(one.gender, 0) + one.shown
        members[one.gender] = members.get(one.gender, 0) + 1
    return Fair.of(shown, members)
