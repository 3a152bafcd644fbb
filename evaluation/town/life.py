"""Weeks in the town under one policy: who sees which card, who answers what, who matches."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evaluation.ranking import ndcg, precision, recall
from evaluation.town.habits import Session
from evaluation.town.people import Bools, Codes, Floats
from evaluation.town.policies import Answer, Asked, Order, Policy
from evaluation.town.world import World

PLACES = ("discover", "likes", "daily")
WEEK = 7
K = 10


@dataclass(frozen=True, slots=True)
class Log:
    """Cards in the order in which they were seen; an entry each."""

    day: Codes
    viewer: Codes
    shown: Codes
    liked: Bools
    place: Codes
    """Index into `PLACES`."""
    out: Floats
    """What the policy said before; NaN: nothing."""
    back: Floats
    explored: Bools
    liked_me: Bools
    """The shown person liked the viewer already."""
    matched: Bools
    """The answer made a match."""

    def __len__(self) -> int:
        return len(self.day)


@dataclass(frozen=True, slots=True)
class Life:
    """What happened."""

    policy: str
    world: World
    log: Log
    messages: NDArray[np.intp]
    """(messages, 4): day, writer, reader, whether a reply came."""
    rankings: Floats
    """(rankings, 5): viewer, then precision, recall and NDCG at 10 and how many mutual likes the order could have found."""


@dataclass
class _State:
    world: World
    answered: Bools = field(init=False)
    liked: Bools = field(init=False)
    apart: Bools = field(init=False)
    """Blocked or matched: never shown to one another again."""
    rows: list[tuple[int, int, int, bool, int, float, float, bool, bool, bool]] = field(default_factory=list)
    messages: list[tuple[int, int, int, int]] = field(default_factory=list)
    rankings: list[tuple[float, ...]] = field(default_factory=list)
    idle: Floats = field(default_factory=lambda: np.zeros(0))
    """(n,) today."""
    waiting: dict[int, list[tuple[int, int, float]]] = field(default_factory=dict)
    """By day: likes whose week is over then, as (liker, liked, idle days of the liked)."""
    turn: int = 0

    def __post_init__(self) -> None:
        n = len(self.world)
        self.answered, self.liked, self.apart = (np.zeros((n, n), dtype=bool) for _ in range(3))

    def free(self, viewer: int, day: int) -> Bools:
        """(n,) whom the viewer may be shown today."""
        here = self.world.truth.eligible[viewer] & self.world.habits.present[day]
        return np.asarray(here & ~self.answered[viewer] & ~self.apart[viewer])


def live(world: World, policy: Policy) -> Life:
    """Every day of the town; the same for the same world and policy."""
    state = _State(world)
    for day, sessions in enumerate(world.habits.sessions):
        present = world.habits.present[day]
        free = world.truth.eligible & ~state.answered & ~state.apart & present & present[:, None]
        for liker, liked, idle in state.waiting.pop(day, []):
            policy.looked(idle, bool(state.answered[liked, liker]))
        picks = policy.morning(day, free)
        state.idle = world.habits.idle(day)
        for session in sessions:
            _look(state, policy, session, day, picks.get(session.member))
    columns = list(zip(*state.rows, strict=True)) or [()] * 10
    kinds = (np.intp, np.intp, np.intp, bool, np.intp, float, float, bool, bool, bool)
    log = Log(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))
    messages = np.array(state.messages, dtype=np.intp).reshape(-1, 4)
    return Life(policy.name, world, log, messages, np.array(state.rankings, dtype=float).reshape(-1, 5))


def _look(state: _State, policy: Policy, session: Session, day: int, pick: int | None) -> None:
    """One member looks at cards: the day's, then who likes them, then the rest; both lists in the policy's order, as in the bot."""
    viewer, left = session.member, session.cards
    free = state.free(viewer, day)
    if not free.any():
        return
    ids = np.flatnonzero(free)
    passed = state.answered[ids, viewer] & ~state.liked[ids, viewer]
    state.turn += 1
    order = policy.order(Asked(viewer, ids, state.liked[ids, viewer], passed, day, state.turn))
    _judge(state, viewer, order)
    place = {int(one): row for row, one in enumerate(order.ids)}
    cards: list[tuple[int, str]] = []
    if pick is not None and pick in place:
        cards.append((pick, "daily"))
    if session.opens_likes:
        likers = [one for one in order.ids.tolist() if state.liked[one, viewer] and one != pick]
        cards += [(one, "likes") for one in likers[: (left + 1) // 2]]
    taken = {one for one, _ in cards}
    cards += [(int(one), "discover") for one in order.ids[: left + len(taken)] if int(one) not in taken]
    for shown, where in cards[:left]:
        _answer(state, policy, viewer, shown, where, day, order, place[shown])


def _answer(state: _State, policy: Policy, viewer: int, shown: int, where: str, day: int, order: Order, row: int) -> None:
    truth = state.world.truth
    liked, likes_me = bool(truth.likes[viewer, shown]), bool(state.liked[shown, viewer])
    state.answered[viewer, shown], state.liked[viewer, shown] = True, liked
    if liked and not state.answered[shown, viewer]:
        state.waiting.setdefault(day + WEEK, []).append((viewer, shown, float(state.idle[shown])))
    matched = liked and likes_me
    if matched:
        state.apart[viewer, shown] = state.apart[shown, viewer] = True
        _write(state, viewer, shown, day)
    elif not liked and truth.blocks[viewer, shown]:
        state.apart[viewer, shown] = state.apart[shown, viewer] = True
    out, back = float(order.out[row]), float(order.back[row])
    state.rows.append((day, viewer, shown, liked, PLACES.index(where), out, back, bool(order.explored[row]), likes_me, matched))
    policy.answered(Answer(viewer, shown, liked, day, where, out))


def _write(state: _State, writer: int, reader: int, day: int) -> None:
    """Who made the match may write; the other one may answer, if they come back within a week."""
    world = state.world
    if not world.truth.writes[writer, reader]:
        return
    back = bool(world.habits.active[day + 1 : day + 1 + WEEK, reader].any())
    replied = back and bool(world.truth.replies[writer, reader])
    state.messages.append((day, writer, reader, int(replied)))


def _judge(state: _State, viewer: int, order: Order) -> None:
    """How well the order finds mutual likes among those whom it had to order."""
    relevant = state.world.truth.mutual[viewer, order.ids]
    state.rankings.append((viewer, precision(relevant, K), recall(relevant, K), ndcg(relevant, K), float(relevant.sum())))
