"""How often a member was liked and likes, beside how often that was expected: popularity and selectivity.

Every count is added to by the database itself, so that simultaneous answers lose nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from db import changes, writing
from db.matching_records import Standing
from db.matching_tables import standings

COUNTS = ("shown", "liked", "expected", "given", "given_liked", "given_expected")


def of(connection: Connection, member_ids: Iterable[int]) -> dict[int, Standing]:
    """The counts of these members; who has none is left out."""
    found = {}
    for chunk in writing.chunks(member_ids):
        for row in connection.execute(select(standings).where(standings.c.member_id.in_(chunk))).mappings():
            found[row["member_id"]] = Standing(**row)
    return found


def count_answer(
    connection: Connection, viewer_id: int, shown_id: int, liked: bool, expected: float, given_expected: float | None = None
) -> None:
    """Count an answer of `viewer_id` about `shown_id`.

    `expected` is the chance of a like that the model gave without regard to how popular the one shown is, `given_expected` without
    regard to how easily the viewer likes; where that is not given, `expected` stands for both.
    """
    yes = int(liked)
    about = {"shown": 1, "liked": yes, "expected": expected}
    own = {"given": 1, "given_liked": yes, "given_expected": expected if given_expected is None else given_expected}
    # In the order of ids: two who answer about each other at the same moment must not wait for one another.
    for member_id, amounts in sorted([(viewer_id, own), (shown_id, about)], key=lambda item: item[0]):
        writing.add_to(connection, standings, {"member_id": member_id, **dict.fromkeys(COUNTS, 0), **amounts}, tuple(amounts))
    changes.note(connection, viewer_id, shown_id)
