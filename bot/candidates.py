"""People for a member from the index of all members, which follows the database.

The database leads.  The index is loaded in the background; before each search it takes in what the log of changes (`db.changes`)
says since, in a read of its own, so that nothing of an unfinished transaction gets in.  It is built anew where the types, the
embedding or the model's layout are others, or the log was cut behind it.  Until it is there, in small towns, and whenever it
fails, SQL proposes people (`ids` answers None); SQL has the last word in any case (`db.search.verify`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Protocol

from bot.context import Context
from bot.usecases import matching, persons
from db import activity, changes, search
from db.errors import DatabaseError, Forgotten
from db.matching_records import IndexRow
from db.records import SPOKEN, Member
from db.session import Connection, Database
from engine.index.make import make
from engine.index.rules import days
from engine.index.sealed import remove
from engine.index.settings import IndexSettings
from engine.index.values import EVERYONE, MAN, OTHER, WOMAN, Entry, Index, IndexFault, Seeker
from engine.matching import model, vectors
from engine.values import Vector

LOOK: Final = 2.0
"""Seconds between two looks at the log: within them an erased member's vector is gone, whether anybody searches or not."""
COUNT: Final = 60.0
"""Seconds between two looks at how many members there are, and after a failure."""
FLUSH: Final = 60.0
"""Seconds after which what was taken in is made durable."""
FLUSH_GONE: Final = 10.0
"""The same where somebody left: their row is to go from the disk."""
RENEW: Final = 86_400
"""Seconds after which the files get another key where somebody left, so that copies of them are noise."""
SCOPE: Final = "system:index"
"""Of the key that seals the files."""
PAGE: Final = 500
"""Members that are read at a time, and changes that a request takes in; where more wait, SQL answers it."""
GENDERS: Final = {"woman": WOMAN, "man": MAN, "other": OTHER}
SOUGHT: Final = {"women": WOMAN, "men": MAN, "everyone": EVERYONE}
log = logging.getLogger(__name__)


class Keys(Protocol):
    """What the vault (`db.vault`) does for the index."""

    def key(self, scope: str) -> bytes:
        """The key of a scope, 32 bytes, made where there is none."""

    def destroy(self, scopes: Collection[str], *, final: bool = False) -> None:
        """Destroy keys; without `final` new ones may be made."""


class Candidates:
    """The index of a running bot; `ids` may be called from any thread.

    Args:
        database: read only.
        settings: of the index.
        folder: for its files.
        context: the surroundings of now: types in use and what was learned.
        keys: seal the files; without them nothing is written.

    """

    def __init__(
        self, database: Database, settings: IndexSettings, folder: Path, context: Callable[[], Context], keys: Keys | None = None
    ) -> None:
        """Only store."""
        self._keys = keys
        self._left = False  # whether somebody left since the files' key was made
        self._renewed = 0  # when that was, seconds since 1970
        self._database, self._settings, self._folder, self._context = database, settings, folder, context
        self._lock = threading.Lock()  # whoever changes the index, or where it stands
        self._looking = threading.Lock()
        self._index: Index | None = None
        self._version = ""
        self._seq = 0
        self._flushed = (0, 0.0)
        self._gone = False  # whether somebody left since the last flush
        self._next_try = 0.0
        self._ended = threading.Event()
        self._complained = ""

    @property
    def ready(self) -> bool:
        """Whether the index answers."""
        return self._index is not None

    def ids(self, connection: Connection, member: Member, query: Callable[[], Vector], k: int, now: datetime) -> list[int] | None:
        """Ids of up to `k` people whom the member may meet, by what their vectors promise, best first; None: ask SQL.

        Args:
            connection: asked for whom the member has answered, blocked or met.
            member: who asks.
            query: makes the vector that is asked with; only called where the index answers.
            k: how many.
            now: timezone-aware.

        """
        if not self.ready or member.gender is None or member.seeks is None or member.birth_date is None:
            return None
        try:
            with self._lock:
                index = self._index
                if index is None or self._version != version(self._context()) or not self._follow(index):
                    return None
        except (IndexFault, DatabaseError, OSError) as error:
            self._fail(error)
            return None
        seeker = Seeker(**facts(member), today=days(now.date()), exclude=search.excluded(connection, member.id))
        vector = query()
        if len(vector) != index.dims:  # the types were exchanged a moment ago
            return None
        try:
            return [hit.id for hit in index.search(vector, seeker, k)]
        except IndexFault as error:
            if self._index is index:  # not another one, that was built meanwhile for other types
                self._fail(error)
            return None

    async def run(self) -> None:
        """Load, follow and flush for ever; whatever is wrong, SQL proposes people meanwhile."""
        while True:
            try:
                await asyncio.to_thread(self.look)
            except (IndexFault, DatabaseError, OSError) as error:
                self._fail(error)
            except Exception as error:  # noqa: BLE001 whatever breaks the index, members go on meeting
                self._fail(error)
            await asyncio.sleep(LOOK)

    def look(self) -> None:
        """Open, fill, bring up to date or make durable, whatever is due.

        Raises:
            IndexFault, DatabaseError: it cannot be done now.

        """
        with self._looking:
            if not self._ended.is_set():
                self._look(time.monotonic())

    def _look(self, now: float) -> None:
        if self._index is None:
            if now < self._next_try:
                return
            self._next_try = now + COUNT
            if self._database.read(activity.members_by_status).get("active", 0) < self._settings.members:
                remove(self._folder)  # no vectors lie about where no index is used
                return
            self._load()
        self._catch_up()
        pause = FLUSH_GONE if self._gone else FLUSH
        if self._index is not None and self._seq != self._flushed[0] and now - self._flushed[1] >= pause:
            self._flush()

    def close(self) -> None:
        """Make durable what is there and release it; a start that is under way ends first."""
        self._ended.set()
        with self._looking, self._lock:
            index, self._index = self._index, None
        if index is not None:
            try:
                index.flush(self._stamp())
            except (IndexFault, OSError):
                log.warning("the index could not be made durable: what changed last is read again after the next start")
            index.close()

    def _load(self) -> None:
        """Open the index and bring it up to date, or build it; only then it answers."""
        started = time.monotonic()
        context = self._context()
        index = self._open(context)
        self._version = version(context)
        try:
            stamp = _read(index.stamp)
            kept = stamp.get("version") == self._version and self._follows(stamp)
            self._left, self._renewed = bool(stamp.get("left", True)), int(stamp.get("renewed", 0)) if kept else int(time.time())
            self._seq = int(stamp["seq"]) if kept else self._build(index, context)
            current = self._reach_the_end(index)
            index.flush(self._stamp() if current else "")
        except BaseException:
            index.close()
            raise
        if not current:
            index.close()
            self._next_try = 0.0
            return
        with self._lock:
            self._index, self._flushed = index, (self._seq, time.monotonic())
        how = "kept" if kept else "built"
        log.info("%d members are in the index after %.1f s (%s)", len(index), time.monotonic() - started, how)
        self._complained = ""

    def _reach_the_end(self, index: Index) -> bool:
        """Follow the log to its end; False where the bot stops, or the types were exchanged meanwhile."""
        while not self._ended.is_set() and self._version == version(self._context()):
            if self._follow(index):
                return True
        return False

    def _open(self, context: Context) -> Index:
        table = context.learned.matcher.lifts.table(self._database.read(matching.couples, context))
        dims = vectors.Layout.of(context.learned.model.centre, table).dims
        return make(self._settings, self._folder, dims, None if self._keys is None else self._keys.key(SCOPE))

    def _follows(self, stamp: dict[str, Any]) -> bool:
        """Whether the log still tells all that happened since, and is the one of which the stamp speaks."""

        def look(connection: Connection) -> bool:
            return changes.forgotten(connection) <= int(stamp["seq"]) <= changes.last(connection)

        return stamp.get("database") == self._origin() and self._database.read(look)

    def _origin(self) -> str:
        return blake2b(self._database.url.render_as_string(hide_password=True).encode(), digest_size=8).hexdigest()

    def _build(self, index: Index, context: Context) -> int:
        """Fill the index with everybody; from which change on to follow."""
        index.clear()
        seq = self._database.read(changes.last)
        after = 0
        while not self._ended.is_set():
            rows = self._database.read(search.entries, after, PAGE)
            if not rows:
                break
            after = rows[-1].id
            index.upsert(self._database.read(made, context, rows))
        return seq

    def _catch_up(self) -> None:
        """Take in all that is waiting, a page at a time, between which requests get their turn."""
        done = False
        while not done and not self._ended.is_set():
            with self._lock:
                index = self._index
                if index is None:
                    return
                if self._version != version(self._context()):
                    log.info("the types are others, so the index is built anew")
                    self._index, self._next_try = None, 0.0
                    index.close()
                    return
                done = self._follow(index)

    def _follow(self, index: Index) -> bool:
        """Take in the next page of changes; whether nothing is left."""
        try:
            found = self._database.read(changes.after, self._seq, PAGE)
        except Forgotten:
            index.flush("")  # so that the next start builds it anew
            raise
        if found:
            context = self._context()
            if version(context) != self._version:
                return False
            ids = {member_id for _, member_id in found}
            entries = self._database.read(renewed, context, ids)
            index.upsert(entries)
            gone = ids - {entry.id for entry in entries}
            index.delete(gone)
            self._gone, self._left = self._gone or bool(gone), self._left or bool(gone)
            self._seq = found[-1][0]
        return len(found) < PAGE

    def _flush(self) -> None:
        """Make durable, while requests go on; under another key where it is time."""
        with self._lock:
            index, seq, gone = self._index, self._seq, self._gone
            if index is None:
                return
            renewing = self._keys is not None and self._left and time.time() - self._renewed >= RENEW
            if renewing:
                self._left, self._renewed = False, int(time.time())
            self._gone = False
            stamp = self._stamp()
        try:
            if renewing and self._keys is not None:
                # The old key first: a kill in between costs the files, which are built anew, and never leaves a key to old copies.
                self._keys.destroy([SCOPE])
                index.renew(self._keys.key(SCOPE), stamp)
            else:
                index.flush(stamp)
        except BaseException:
            self._gone, self._left = gone, True
            raise
        self._flushed = (seq, time.monotonic())

    def _stamp(self) -> str:
        more = {"left": self._left, "renewed": self._renewed}
        return json.dumps({"version": self._version, "database": self._origin(), "seq": self._seq, **more})

    def _fail(self, error: Exception) -> None:
        """Do without the index for a while; said once."""
        with self._lock:
            index, self._index = self._index, None
            self._next_try = time.monotonic() + (0.0 if isinstance(error, Forgotten) else COUNT)
        if index is not None:
            index.close()
        words = str(error) if isinstance(error, IndexFault | DatabaseError) else type(error).__name__
        if words != self._complained:
            self._complained = words
            log.warning("SQL proposes people, since the index does not: %s", error)


def _read(stamp: str) -> dict[str, Any]:
    try:
        found = json.loads(stamp or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("seq"), int) else {}


def version(context: Context) -> str:
    """Names everything that rows of vectors depend on besides the members."""
    pack = context.pack
    return " ".join((*vectors.PARTS, model.VERSION, pack.version, pack.face_model, pack.fashion_model))


def renewed(connection: Connection, context: Context, ids: Iterable[int]) -> list[Entry]:
    """The members among `ids` who can be shown, as they are now."""
    return made(connection, context, search.entries_of(connection, ids))


def made(connection: Connection, context: Context, rows: Sequence[IndexRow]) -> list[Entry]:
    """Entries of the index."""
    learned = context.learned
    people = persons.of(connection, context.pack, context.now, learned.settings.window_days, [row.id for row in rows])
    known = [row for row in rows if row.id in people]
    if not known:
        return []
    table = learned.matcher.lifts.table(matching.couples(connection, context))
    matrix = vectors.rows([people[row.id] for row in known], learned.model, table)
    return [Entry(**facts(row), vector=vector) for row, vector in zip(known, matrix, strict=True)]


def facts(row: Member | IndexRow) -> dict[str, Any]:
    """What filters ask of a complete member, in the index's terms."""
    assert row.birth_date is not None  # noqa: S101 the caller saw to it
    return {
        "id": row.id,
        "gender": GENDERS[str(row.gender)],
        "seeks": SOUGHT[str(row.seeks)],
        "born": days(row.birth_date),
        "age_min": row.age_min,
        "age_max": row.age_max,
        "latitude": float("nan") if row.latitude is None else row.latitude,
        "longitude": float("nan") if row.longitude is None else row.longitude,
        "distance_km": row.distance_km,
        "city": city(row.city_key),
        "languages": spoken(row.speaks),
        "same_language": row.same_language,
        "verified": row.verified,
        "verified_only": row.verified_only,
    }


def city(key: str | None) -> int:
    """A city's name as a signed number of 64 bits, 0 for none.

    >>> city(None), city("seoul") == city("seoul"), city("seoul") == city("busan")
    (0, True, False)
    """
    return 0 if key is None else int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True) or 1


def spoken(codes: Sequence[str]) -> int:
    """Languages as bits, in the order of `SPOKEN`.

    >>> spoken(["ko"]), spoken(["en", "ko"])
    (1, 3)
    """
    return sum(1 << place for place, code in enumerate(SPOKEN) if code in codes)
