"""Where somebody is, is known to a tenth of a degree only, wherever one looks: rows, copies, what others are shown."""

from __future__ import annotations

import json

from sqlalchemy import select

from bot.usecases import discover, export, onboarding, profile
from db.session import Connection, Database
from db.tables import metadata
from tests.bot.meeting import surroundings, texts
from tests.bot.newcomer import Newcomer

LATITUDE, LONGITUDE = 37.566535, 126.977969
EXACT = ("566535", "977969", "37.56", "126.97")


def everything(connection: Connection) -> str:
    rows = {name: [list(row) for row in connection.execute(select(table))] for name, table in metadata.tables.items()}
    return json.dumps(rows, default=lambda value: value.decode("latin-1") if isinstance(value, bytes) else str(value))


def test_a_shared_location_is_rounded_before_it_is_stored(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("city")
    newcomer.town.act(newcomer.id, onboarding.location, LATITUDE, LONGITUDE)
    assert (newcomer.me.latitude, newcomer.me.longitude) == (37.6, 127.0)
    for step in ("distance", "ages", "photo", "about"):
        newcomer.answer(step)
    viewer = newcomer.town.newcomer("man", "women", latitude=37.6, longitude=127.0)
    said = texts(newcomer.town.act(viewer, discover.show)) + texts(newcomer.town.act(newcomer.id, profile.show))
    [copy] = newcomer.read(lambda c: export.parts(c, surroundings(newcomer.town.now), newcomer.me))
    kept = newcomer.read(everything) + "".join(said) + copy.decode("latin-1")
    assert not [exact for exact in EXACT if exact in kept]


def test_a_named_city_is_its_centre_rounded(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("distance")
    assert (newcomer.me.latitude, newcomer.me.longitude) == (round(newcomer.me.latitude or 0, 1), round(newcomer.me.longitude or 0, 1))
