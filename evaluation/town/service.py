"""A small town served by the bot itself: its use cases over SQLite, with the same members, tastes and habits as the engine-only run.

What Telegram would carry is left out; everything else is the product: cards and answers are one transaction each, the pool comes
from SQL with every hard filter, the learner folds the answers in, the pairs of the day go through their job's steps.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bot import learning
from bot.context import Context
from bot.learning import LearnedInUse
from bot.replies import Notice, Replies, Shown
from bot.settings import MatchingSettings
from bot.usecases import daily as pairs_of_day
from bot.usecases import discover, likes
from bot.words import Words
from db import impressions, matching_states, members, photos
from db import types as type_queries
from db.records import TypeKind, TypeRow
from db.session import Connection, Database
from db.settings import DatabaseSettings, keys_under
from engine.affinity import Affinity
from engine.embedding import packed
from engine.matching.daily import stable
from engine.matching.people import GENDERS
from engine.matching.settings import RankingSettings
from engine.types import TypePack
from evaluation.town import habits, people, taste
from evaluation.town.habits import Session
from evaluation.town.life import PLACES, Life, Log
from evaluation.town.parameters import Town
from evaluation.town.people import CENTRE, KM_PER_DEGREE, SEEKS
from evaluation.town.world import World

SMALL = Town(members=60, arrivals=6.0, weeks=1, active=0.5, couples=0, blocks=0.0, narrow=0.0)
"""No couples, so that both go by the stated prior; no blocks."""
START = dt.datetime(2030, 1, 7, 8, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
JPEG = b"\xff\xd8\xff\xd9"
"""Never looked at."""
Row = tuple[int, int, int, bool, int, float, float, bool, bool, bool]


def comparable(pack: TypePack, seed: int, town: Town = SMALL) -> World:
    """A town whose places are as coarse as the database keeps them and whose members search anywhere."""
    sources = [np.random.default_rng([seed, part]) for part in range(3)]
    folk = people.make(town, pack, habits.number(town), sources[0])
    scale = KM_PER_DEGREE * np.cos(np.radians(CENTRE[0]))
    latitude, longitude = CENTRE[0] + folk.north / KM_PER_DEGREE, CENTRE[1] + folk.east / scale
    north, east = (np.round(latitude, 1) - CENTRE[0]) * KM_PER_DEGREE, (np.round(longitude, 1) - CENTRE[1]) * scale
    folk = replace(folk, north=north, east=east, distance_km=np.zeros(len(folk)))
    return World(town, pack, folk, taste.make(town, pack, folk, sources[1]), habits.make(town, folk.gender, sources[2]), seed)


@dataclass
class Service:
    """The bot without Telegram."""

    world: World
    database: Database
    affinity: Affinity
    in_use: LearnedInUse
    words: Words = field(default_factory=Words)
    now: dt.datetime = START
    ids: dict[int, int] = field(default_factory=dict)
    """The town's numbers to member ids."""
    rows: list[Row] = field(default_factory=list)

    def context(self) -> Context:
        """The surroundings of one call."""
        learned = self.in_use.now(self.affinity)
        return Context(self.now, self.words, MatchingSettings(), self.world.pack, self.affinity, frozenset(), learned)

    def act(self, one: int, usecase: object, *args: object, **named: object) -> Replies:
        """A member does something, in one transaction."""

        def work(connection: Connection) -> Replies:
            members.touch(connection, self.ids[one], self.now)
            found = members.by_id(connection, self.ids[one])
            return usecase(connection, self.context(), found, *args, **named)  # type: ignore[operator, no-any-return]

        return self.database.transact(work)

    def learn(self) -> None:
        """The learner's turn."""
        while self.database.transact(learning.fold, self.world.pack, self.in_use.settings, self.now):
            pass
        self.in_use.state = self.database.read(matching_states.read, learning.NAME)


def serve(world: World, folder: Path, settings: RankingSettings | None = None) -> Life:
    """Every day of the town; the log has the cards that were answered."""
    database = Database(DatabaseSettings(url=f"sqlite:///{folder / 'town.sqlite'}"), keys_under(folder))
    database.open()
    try:
        service = Service(world, database, Affinity(world.pack), LearnedInUse(settings or RankingSettings()))
        database.transact(_types, world.pack)
        for day, sessions in enumerate(world.habits.sessions):
            service.now = START + day * DAY
            _arrivals(service, day)
            since = service.now - service.in_use.settings.window_days * DAY
            service.in_use.fair = database.read(learning.shares, since)
            picks = _pairs(service)
            for session in sessions:
                service.now += dt.timedelta(minutes=1)
                _look(service, session, day, picks.get(session.member))
                service.learn()
    finally:
        database.close()
    kinds = (np.intp, np.intp, np.intp, bool, np.intp, float, float, bool, bool, bool)
    log = Log(*(np.array(column, dtype=kind) for column, kind in zip(zip(*service.rows, strict=True), kinds, strict=True)))
    return Life("the bot", world, log, np.zeros((0, 4), dtype=np.intp), np.zeros((0, 5)))


def _types(connection: Connection, pack: TypePack) -> None:
    rows = [TypeRow(info.id, info.group, info.kind, info.gender, info.name, info.name_ko) for info in pack.types]
    type_queries.sync(connection, rows, pack.version, START)


def _arrivals(service: Service, day: int) -> None:
    """Who joins registers; who pauses or leaves cannot be shown."""
    calendar = service.world.habits
    for one in np.flatnonzero(calendar.joined == day).tolist():
        service.ids[one] = service.database.transact(_register, service.world, one, service.now)
    before = calendar.present[day - 1] if day else np.ones(len(service.world), dtype=bool)
    for one in np.flatnonzero((calendar.present[day] != before) & (calendar.joined <= day)).tolist():
        status = "active" if calendar.present[day, one] else "paused"
        service.database.transact(_status, service.ids[one], service.now, status)


def _status(connection: Connection, member_id: int, now: dt.datetime, status: str) -> None:
    members.update(connection, member_id, now, status=status)


def _register(connection: Connection, world: World, one: int, now: dt.datetime) -> int:
    folk, pack = world.people, world.pack
    made = members.create(connection, 1000 + one, "en", now, distance_km=0)
    latitude, longitude = folk.place(one)
    members.update(
        connection,
        made.id,
        now,
        status="active",
        gender=GENDERS[folk.gender[one]],
        seeks=SEEKS[folk.seeks[one]],
        birth_date=START.date().replace(year=START.year - int(folk.age[one])),
        age_min=int(folk.age_min[one]),
        age_max=int(folk.age_max[one]),
        latitude=latitude,
        longitude=longitude,
        face_consent=True,
    )
    photo = photos.add(connection, made.id, JPEG, now)
    versions = {"face": pack.face_model, "fashion": pack.fashion_model}
    for kind, vectors in (("face", folk.face), ("fashion", folk.fashion)):
        photos.add_vector(connection, photo.id, kind, versions[kind], "made up", packed(vectors[one]), vectors.shape[1])  # type: ignore[arg-type]
    for type_id in folk.types[one]:
        kind_of: TypeKind = pack.by_id[type_id].kind
        type_queries.assign(connection, made.id, kind_of, type_id, 1.0, pack.version, now)
    return made.id


def _pairs(service: Service) -> dict[int, int]:
    """The steps of the job: everybody's choices, a stable matching, a card for both."""
    date, context = service.now.date(), service.context()

    def choose(connection: Connection) -> list[tuple[int, int, float]]:
        page = pairs_of_day.page(connection, context, 0, 10_000)
        return [pair for member in page for pair in pairs_of_day.choices(connection, context, member, date)]

    numbers = {member_id: one for one, member_id in service.ids.items()}
    found: dict[int, int] = {}
    for one, other in stable(service.database.read(choose)):
        if service.database.transact(pairs_of_day.give, context, one, other, date):
            found |= {numbers[one]: numbers[other], numbers[other]: numbers[one]}
    return found


def _look(service: Service, session: Session, day: int, pick: int | None) -> None:
    """The same order of things as in the engine-only run: the card of the day, who likes them, then discovery."""
    viewer, left, replies = session.member, session.cards, []
    if pick is not None and left:
        replies = _answer(service, viewer, pick, "daily", day)
        left -= 1
    if session.opens_likes:
        for _ in range((left + 1) // 2):
            shown = _card(service, service.act(viewer, likes.show))
            if shown is None or not left:
                break
            replies = _answer(service, viewer, shown, "likes", day)
            left -= 1
    while left:
        following = _card(service, replies)
        shown = _card(service, service.act(viewer, discover.show)) if following is None else following
        if shown is None:
            return
        replies = _answer(service, viewer, shown, "discover", day)
        left -= 1


def _answer(service: Service, viewer: int, shown: int, place: str, day: int) -> Replies:
    truth = service.world.truth
    liked = bool(truth.likes[viewer, shown])
    said = service.database.read(impressions.latest, service.ids[viewer], service.ids[shown])
    replies = service.act(viewer, discover.answer, service.ids[shown], liked=liked)
    keys = {reply.word.key for reply in replies if isinstance(reply, Notice)}
    if keys & {"discover.passed", "discover.gone"} or said is None:
        return replies  # not counted by the product either
    matched = "discover.matched" in keys
    out = float("nan") if said.p_out is None else said.p_out
    back = float("nan") if said.p_back is None else said.p_back
    service.rows.append((day, viewer, shown, liked, PLACES.index(place), out, back, said.explored, matched, matched))
    return replies


def _card(service: Service, replies: Replies) -> int | None:
    """Whom a card among the replies shows."""
    numbers = {member_id: one for one, member_id in service.ids.items()}
    for reply in replies:
        if isinstance(reply, Shown):
            return next((numbers[button.press.to] for row in reply.buttons for button in row if button.press.do == "like"), None)
    return None
