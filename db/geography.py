"""Distances on the sphere: coarse coordinates, and a bounding box that an index can answer."""

from __future__ import annotations

import math
from dataclasses import dataclass

EARTH_KM = 6371.0088  # mean radius, IUGG
MARGIN = 1e-6  # degrees by which a box is wider than its circle, against rounding
HALFWAY_KM = math.pi * EARTH_KM  # the farthest that two places can be apart


def coarse(degrees: float | None) -> float | None:
    """`degrees` rounded to a tenth: about 11 km, so that a stored place is a district and never an address.

    >>> coarse(37.5665), coarse(None)
    (37.6, None)
    """
    return None if degrees is None else round(degrees, 1)


def haversine_limit(km: float) -> float:
    """Largest haversine of the central angle within `km`: sin²(d / 2R); 1 where every place is near enough.

    Comparing haversines instead of distances spares the inverse sine and its rounding near 1 (Sinnott 1984).
    """
    return 1.0 if km >= HALFWAY_KM else math.sin(km / (2 * EARTH_KM)) ** 2


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance between two places in degrees.

    >>> round(distance_km(37.5665, 126.978, 35.1796, 129.0756))  # Seoul to Busan
    325
    """
    first, second = math.radians(latitude), math.radians(other_latitude)
    across = math.radians(other_longitude - longitude)
    haversine = math.sin((second - first) / 2) ** 2 + math.cos(first) * math.cos(second) * math.sin(across / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(haversine)))


@dataclass(frozen=True, slots=True)
class Box:
    """Latitudes and longitudes, in degrees, outside of which nothing is within the distance."""

    south: float
    north: float
    longitudes: tuple[tuple[float, float], ...]  # none: every longitude; two where the box crosses the date line


def box(latitude: float, longitude: float, km: float) -> Box:
    """Bounding box of the circle of `km` round a place, a little too wide rather than too narrow.

    >>> [(round(west, 1), round(east, 1)) for west, east in box(0.0, 179.5, 111.2).longitudes]
    [(178.5, 180.0), (-180.0, -179.5)]
    """
    angle = km / EARTH_KM
    reach = math.degrees(angle)
    south, north = latitude - reach - MARGIN, latitude + reach + MARGIN
    if south <= -90 or north >= 90 or angle >= math.pi / 2:
        return Box(max(south, -90.0), min(north, 90.0), ())
    # The circle's easternmost point: sin Δλ = sin δ / cos φ.
    sideways = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(latitude))))) + MARGIN
    west, east = longitude - sideways, longitude + sideways
    if west < -180:
        return Box(south, north, ((-180.0, east), (west + 360, 180.0)))
    if east > 180:
        return Box(south, north, ((west, 180.0), (-180.0, east - 360)))
    return Box(south, north, ((west, east),))
