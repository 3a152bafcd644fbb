"""How fair and how honest ranking is, for `/stats`: who is shown, who goes without a match, and whether chances mean what they say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from bot.context import Context
from bot.replies import Lines, Word, word
from db import activity, impressions, judgements
from db.session import Connection
from engine.matching.exposure import gini
from engine.matching.people import GENDERS

WEEKS: Final = 4
"""Over which the chances are held against the answers."""


def told(connection: Connection, context: Context) -> Word:
    """Gini of exposure and share without a match by gender, and what was predicted beside what was answered."""
    settings = context.learned.settings
    since = context.now - dt.timedelta(days=settings.window_days)
    shown = impressions.counts_by_member(connection, since)
    matched = activity.matched_by_gender(connection)
    lines: list[Word] = []
    for gender in GENDERS:
        counts = [one.shown for one in shown if one.gender == gender]
        people, without = matched.get(gender, (0, 0))
        if counts or people:
            values = {"gini": f"{gini(counts):.2f}", "share": _percent(without, people), "without": f"{without:,}", "n": f"{people:,}"}
            lines.append(Word("admin.fair.gender", {"gender": word(f"gender.{gender}"), **values}))
    bins = judgements.calibration(connection, context.now - dt.timedelta(weeks=WEEKS))
    return word("admin.fair", days=settings.window_days, lines=Lines(tuple(lines) or (word("admin.fair.nobody"),)), chances=_chances(bins))


def error(bins: Sequence[tuple[int, int, float, int]]) -> float:
    """The expected calibration error of (bin, answers, sum of chances, likes), 0 to 1.

    >>> round(error([(1, 100, 15.0, 15), (8, 100, 85.0, 75)]), 3)
    0.05
    """
    number = sum(n for _, n, _, _ in bins)
    return sum(abs(chances - liked) for _, _, chances, liked in bins) / number if number else 0.0


def _chances(bins: Sequence[tuple[int, int, float, int]]) -> Word:
    number = sum(n for _, n, _, _ in bins)
    if not number:
        return word("admin.fair.no_answers", weeks=WEEKS)
    said, came = _percent(sum(chances for _, _, chances, _ in bins), number), _percent(sum(liked for _, _, _, liked in bins), number)
    return word("admin.fair.chances", weeks=WEEKS, answers=f"{number:,}", said=said, came=came, error=f"{error(bins):.3f}")


def _percent(part: float, whole: int) -> str:
    return f"{100 * part / whole:.0f}" if whole else "–"
