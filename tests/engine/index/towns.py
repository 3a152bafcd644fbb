"""Small random towns, and what the index must answer about them, written down as plainly as can be."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterable
from dataclasses import fields

import numpy as np
from hypothesis import strategies as st

from engine.index.rules import EPOCH
from engine.index.values import EVERYONE, MAN, OTHER, WOMAN, Entry, Hit, Seeker, Traits, Vector

DIMS = 8
TODAY = (dt.date(2026, 11, 21) - EPOCH).days
SOUGHT = {WOMAN: 1, MAN: 2, EVERYONE: 7}
# Few of each, so that filters meet: places at, just within and just beyond usual distances, the date line and a pole.
PLACES = [(37.6, 127.0), (37.5, 127.1), (37.9, 127.7), (35.2, 129.1), (-17.8, 179.9), (-17.8, -179.9), (90.0, 0.0), (-37.6, -53.0)]
CITIES = [0, 11, -(2**63), 2**63 - 1]
BORN = [(dt.date(year, month, day) - EPOCH).days for year in (1940, 1968, 1990, 2000, 2008) for month, day in ((2, 28), (11, 21), (11, 22))]
LEAP = (dt.date(2008, 2, 29) - EPOCH).days


def whole(dims: int = DIMS) -> st.SearchStrategy[Vector]:
    """Vectors of small whole numbers: sums of their products are exact in float32, whatever the order, and ties are frequent."""
    return st.lists(st.integers(-3, 3), min_size=dims, max_size=dims).map(lambda numbers: np.array(numbers, np.float32))


@st.composite
def traits(draw: st.DrawFn) -> dict[str, object]:
    low = draw(st.sampled_from([18, 18, 26, 40]))
    place = draw(st.sampled_from([*PLACES, (math.nan, math.nan)]))
    return {
        "gender": draw(st.sampled_from([WOMAN, MAN, OTHER])),
        "seeks": draw(st.sampled_from([WOMAN, MAN, EVERYONE, EVERYONE])),
        "born": draw(st.sampled_from([*BORN, LEAP])),
        "age_min": low,
        "age_max": draw(st.sampled_from([low, 36, 99, 99])),
        "latitude": place[0],
        "longitude": place[1],
        "distance_km": draw(st.sampled_from([0, 0, 1, 25, 50, 100, 326, 327, 327, 20_014, 30_000])),
        "city": draw(st.sampled_from(CITIES)),
        "languages": draw(st.sampled_from([1, 2, 3, 4, 2**31])),
        "same_language": draw(st.booleans()),
        "verified": draw(st.booleans()),
        "verified_only": draw(st.sampled_from([False, False, True])),
    }


def entries(ids: st.SearchStrategy[int] | None = None) -> st.SearchStrategy[Entry]:
    return st.builds(lambda row_id, facts, vector: Entry(row_id, **facts, vector=vector), ids or st.integers(1, 30), traits(), whole())


def seekers() -> st.SearchStrategy[Seeker]:
    today = st.sampled_from([TODAY, TODAY, (dt.date(2026, 2, 28) - EPOCH).days, (dt.date(2028, 2, 29) - EPOCH).days])
    excluded = st.frozensets(st.integers(1, 40), max_size=6)
    return st.builds(
        lambda row_id, facts, day, out: Seeker(row_id, **facts, today=day, exclude=out), st.integers(1, 40), traits(), today, excluded
    )


def years(born: int, today: int) -> int:
    birth, day = EPOCH + dt.timedelta(born), EPOCH + dt.timedelta(today)
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def kilometres(one: Traits, two: Traits) -> float:
    first, second = math.radians(one.latitude), math.radians(two.latitude)
    across = math.radians(two.longitude - one.longitude)
    half = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2
    return 2 * 6371.0088 * math.asin(min(1.0, math.sqrt(half)))


def near(one: Traits, two: Traits) -> bool:
    """Whether `two` lies within the distance of `one`."""
    if one.distance_km <= 0:
        return True
    if one.placed and two.placed:
        return one.distance_km >= 20_015 or kilometres(one, two) <= one.distance_km
    return one.city != 0 and one.city == two.city


def meet(seeker: Seeker, entry: Entry) -> bool:
    """Whether the two may meet, both ways."""
    own, other = years(seeker.born, seeker.today), years(entry.born, seeker.today)
    return (
        entry.id != seeker.id
        and entry.id not in seeker.exclude
        and min(own, other) >= 18
        and bool(entry.gender & seeker.seeks and seeker.gender & entry.seeks)
        and seeker.age_min <= other <= seeker.age_max
        and entry.age_min <= own <= entry.age_max
        and near(seeker, entry)
        and near(entry, seeker)
        and bool(entry.languages & seeker.languages or not (seeker.same_language or entry.same_language))
        and (entry.verified or not seeker.verified_only)
        and (seeker.verified or not entry.verified_only)
    )


def expected(town: Iterable[Entry], query: Vector, seeker: Seeker, k: int) -> list[Hit]:
    found = [Hit(entry.id, float(np.dot(entry.vector.astype(np.float64), query))) for entry in town if meet(seeker, entry)]
    return sorted(found, key=lambda hit: (-hit.score, hit.id))[:k]


def seeker_of(entry: Entry, today: int = TODAY, exclude: Iterable[int] = ()) -> Seeker:
    """The member as one who asks."""
    return Seeker(**{item.name: getattr(entry, item.name) for item in fields(Traits)}, today=today, exclude=tuple(exclude))


def crowd(count: int, seed: int = 0, dims: int = DIMS) -> list[Entry]:
    """Members 1 to `count` who mostly fit each other, with vectors of whole numbers."""
    lot = random.Random(seed)
    numbers = np.random.default_rng(seed)
    made = []
    for row_id in range(1, count + 1):
        gender = lot.choice([WOMAN, MAN])
        place = lot.choice(PLACES[:4])
        made.append(
            Entry(
                row_id,
                gender,
                WOMAN | MAN ^ gender if lot.random() < 0.2 else WOMAN + MAN - gender,
                TODAY - lot.randrange(18 * 366, 60 * 365),
                18,
                99,
                *place,
                distance_km=lot.choice([0, 50, 400]),
                languages=1,
                vector=numbers.integers(-3, 4, dims).astype(np.float32),
            )
        )
    return made
