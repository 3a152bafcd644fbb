"""Folds answers into the like model in a process of its own, for tests that kill it: `python -m tests.bot.folder DATABASE_URL VAR [MOST]`.

After `MOST` batches it stays within the transaction of the next one, so that a test that comes late finds it at work, too.
"""

from __future__ import annotations

import itertools
import sys
import time

from bot import learning
from db.session import Connection, Database
from db.settings import DatabaseSettings, keys_under
from engine.matching.settings import RankingSettings
from tests.bot.meeting import small_pack
from tests.db.people import NOW


def slowly(connection: Connection, last: bool) -> int:
    """Fold one batch, and be long about committing it, so that a kill finds the transaction open."""
    count = learning.fold(connection, small_pack(), RankingSettings(), NOW)
    time.sleep(600 if last else 0.02)
    return count


if __name__ == "__main__":
    learning.BATCH = 7  # type: ignore[misc]
    database = Database(DatabaseSettings(url=sys.argv[1]), keys_under(sys.argv[2]))
    database.open()
    print("begun", flush=True)
    most = int(sys.argv[3]) if len(sys.argv) > 3 else sys.maxsize
    for number in itertools.count():
        if not (count := database.transact(slowly, number == most)):
            break
        print(count, flush=True)
