"""Folds answers into the like model in a process of its own, for tests that kill it: `python -m tests.bot.folder DATABASE_URL`."""

from __future__ import annotations

import sys
import time

from bot import learning
from db.session import Connection, Database
from db.settings import DatabaseSettings
from engine.matching.settings import RankingSettings
from tests.bot.meeting import small_pack
from tests.db.people import NOW


def slowly(connection: Connection) -> int:
    """Fold one batch, and be long about committing it, so that a kill finds the transaction open."""
    count = learning.fold(connection, small_pack(), RankingSettings(), NOW)
    time.sleep(0.02)
    return count


if __name__ == "__main__":
    learning.BATCH = 7  # type: ignore[misc]
    database = Database(DatabaseSettings(url=sys.argv[1]))
    database.open(upgrade=False)
    print("begun", flush=True)
    while count := database.transact(slowly):
        print(count, flush=True)
