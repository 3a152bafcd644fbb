"""Ages and distances as whole numbers that columns of small integers can be compared with.

Birth dates are days since 1970-01-01; distances are turned round: not "how far is it" but "how many whole kilometres must somebody
allow for it", worked out once a place instead of once a member.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.index.values import ADULT, Seeker, Traits

EARTH_KM: Final = 6371.0088  # mean radius, IUGG
HALFWAY: Final = math.floor(math.pi * EARTH_KM)
"""Kilometres from which on every place is near enough."""
ANYWHERE: Final = 65535
"""The distance, as it is stored, of those who set none."""
NEVER: Final = ANYWHERE
"""What must be allowed for a place that only those accept who accept any."""
CELLS: Final = 2
"""Cells of the grid a degree."""
UNPLACED: Final = 180 * CELLS * 360 * CELLS
"""The cell of those without coordinates."""
EPOCH: Final = dt.date(1970, 1, 1)
OLDEST: Final = 99
"""The highest bound of an age range: it means that age and every higher one, as `db.search` has it."""
# sin²(d / 2R) for each whole distance, the last one beyond every haversine; haversines are compared, not distances: no inverse sine.
_LIMITS: Final[NDArray[np.float64]] = np.append(np.sin(np.arange(HALFWAY) / (2 * EARTH_KM)) ** 2, 2.0)


def days(day: dt.date) -> int:
    """Days since 1970-01-01.

    >>> days(dt.date(1970, 2, 1)), days(dt.date(1969, 12, 31))
    (31, -1)
    """
    return (day - EPOCH).days


def years_before(today: int, years: int) -> int:
    """The last birth date of those who are at least `years` old on `today`, both in days since 1970-01-01.

    >>> EPOCH + dt.timedelta(years_before(days(dt.date(2026, 2, 28)), 18))
    datetime.date(2008, 2, 28)
    """
    day = EPOCH + dt.timedelta(today)
    year = max(day.year - years, 1)
    try:
        return days(day.replace(year=year))
    except ValueError:  # 29 February in a common year: whoever was born on 1 March has the birthday still ahead
        return days(dt.date(year, 2, 28))


def age(born: int, today: int) -> int:
    """Whole years of somebody.

    >>> age(days(dt.date(2008, 2, 29)), days(dt.date(2026, 2, 28))), age(days(dt.date(2008, 2, 29)), days(dt.date(2026, 3, 1)))
    (17, 18)
    """
    birth, day = EPOCH + dt.timedelta(born), EPOCH + dt.timedelta(today)
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


@dataclass(frozen=True, slots=True)
class Wanted:
    """The seeker's side in the columns' terms."""

    age: int
    """The seeker's own, `OLDEST` at most."""
    born_first: int
    """Days: the earliest birth date that is young enough."""
    born_last: int
    """Days: the latest birth date that is old enough, and adult."""
    distance: int
    """As stored: ANYWHERE, or whole kilometres."""

    @classmethod
    def of(cls, seeker: Seeker) -> Wanted | None:
        """None: nobody fits, since the seeker is a minor."""
        own = age(seeker.born, seeker.today)
        if own < ADULT:
            return None
        oldest = days(dt.date.min) if seeker.age_max >= OLDEST else years_before(seeker.today, seeker.age_max + 1) + 1
        return cls(min(own, OLDEST), oldest, years_before(seeker.today, max(seeker.age_min, ADULT)), stored_distance(seeker.distance_km))


def stored_distance(km: int) -> int:
    """A distance as columns hold it.

    >>> stored_distance(0), stored_distance(50), stored_distance(30_000)
    (65535, 50, 20015)
    """
    return ANYWHERE if km <= 0 else min(km, HALFWAY)


def haversines(latitude: float, longitude: float, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """sin² of half the central angles between one place and others, all in degrees."""
    north = np.sin(np.radians(latitudes - latitude) / 2)
    east = np.sin(np.radians(longitudes - longitude) / 2)
    return np.asarray(north * north + np.cos(np.radians(latitudes)) * math.cos(math.radians(latitude)) * east * east)


def kilometres_needed(
    seeker: Traits, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64], cities: NDArray[np.int64]
) -> NDArray[np.uint16]:
    """The stored distance that somebody must allow for the way between the seeker and each place (NaN: no coordinates).

    Where either has no coordinates, whoever is in the same city is near, and nobody else but for those who set no limit.

    >>> seoul = Traits(1, 1, 2, 0, 18, 99, 37.6, 127.0)
    >>> kilometres_needed(seoul, np.array([35.2, np.nan]), np.array([129.1, np.nan]), np.zeros(2, np.int64)).tolist()
    [327, 65535]
    """
    here = (cities == seeker.city) if seeker.city else np.zeros(len(cities), bool)
    by_city = np.where(here, np.uint16(1), np.uint16(NEVER))
    if not seeker.placed:
        return by_city
    placed = ~np.isnan(latitudes)
    far = np.searchsorted(_LIMITS, haversines(seeker.latitude, seeker.longitude, latitudes[placed], longitudes[placed]), "left")
    by_city[placed] = np.maximum(far, 1)
    return by_city


def cells(latitude: NDArray[np.float64], longitude: NDArray[np.float64]) -> NDArray[np.int64]:
    """The cell of each place; NaN: the one for all without coordinates.

    >>> cells(np.array([-90.0, 37.6, np.nan]), np.array([-180.0, 127.0, np.nan])).tolist()
    [0, 184214, 259200]
    """
    rows = np.clip(np.nan_to_num(np.floor((latitude + 90) * CELLS)), 0, 180 * CELLS - 1).astype(np.int64)
    across = np.clip(np.nan_to_num(np.floor((longitude + 180) * CELLS)), 0, 360 * CELLS - 1).astype(np.int64)
    return np.where(np.isnan(latitude), UNPLACED, rows * (360 * CELLS) + across)
