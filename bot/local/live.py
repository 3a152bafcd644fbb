"""Live locations: until when they move, and what stays of them afterwards."""

from __future__ import annotations

from bot.local.values import LIVE_FOREVER, Json, Stored

LIVE = ("live_period", "heading", "proximity_alert_radius")


def live_until(stored: Stored) -> float:
    """When a live location ends, in seconds since 1970; 0 for any other message."""
    period = stored.data.get("location", {}).get("live_period", 0)
    if period == LIVE_FOREVER:
        return float("inf")
    return float(stored.data["date"]) + period if period else 0.0


def still(place: Json) -> Json:
    """A location without what made it live.

    >>> still({"latitude": 1.0, "longitude": 2.0, "live_period": 60, "heading": 3})
    {'latitude': 1.0, 'longitude': 2.0}
    """
    return {key: value for key, value in place.items() if key not in LIVE}
