"""The bounding box never cuts off what is near enough."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from db.geography import EARTH_KM, HALFWAY_KM, box, distance_km, haversine_limit

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@given(latitudes, longitudes, st.floats(1, 20000), st.floats(0, 2 * math.pi), st.floats(0, 1))
def test_the_box_holds_every_place_of_the_circle(latitude: float, longitude: float, km: float, bearing: float, share: float) -> None:
    # The place at `share` of the distance in the direction of `bearing`.
    angle, start = km * share / EARTH_KM, math.radians(latitude)
    sine = math.sin(start) * math.cos(angle) + math.cos(start) * math.sin(angle) * math.cos(bearing)
    north = math.asin(max(-1.0, min(1.0, sine)))
    east = math.atan2(math.sin(bearing) * math.sin(angle) * math.cos(start), math.cos(angle) - math.sin(start) * math.sin(north))
    there = (math.degrees(north), (longitude + math.degrees(east) + 540) % 360 - 180)
    frame = box(latitude, longitude, km)
    slack = 1e-5  # degrees, 1 m: the test's own rounding near the poles
    assert frame.south - slack <= there[0] <= frame.north + slack
    assert not frame.longitudes or any(west - slack <= there[1] <= east + slack for west, east in frame.longitudes)


@given(latitudes, longitudes, latitudes, longitudes, st.floats(0, 25000))
def test_comparing_haversines_is_comparing_distances(a: float, b: float, c: float, d: float, km: float) -> None:
    distance = distance_km(a, b, c, d)
    if abs(distance - km) > 0.001:
        assert (math.sin(distance / (2 * EARTH_KM)) ** 2 <= haversine_limit(km)) == (distance <= km)
    assert 0 <= distance <= HALFWAY_KM + 1e-6
