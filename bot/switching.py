"""The types in use: one value that everything asks, exchanged as a whole while members go on using the bot.

`TypesInUse` is what is asked; `Switcher` looks every few seconds whether the registry says otherwise, loads and checks the new pack
beside the old one, and exchanges them at once.  Members are retyped afterwards, in small batches (`bot.jobs`); whoever turns up
before it is their turn is retyped on the spot, so that nobody sees a card without types.  Vectors are compared only where the pack
accepts their version (`TypePack.accepts`); where it does not, the stored photo is read again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.runtime import Runtime
from db import audit, jobs, retyping, types
from db.errors import DatabaseError
from db.records import TypeRow
from db.session import Connection
from engine.affinity import Affinity
from engine.analysis import Analyser
from engine.errors import EngineError
from engine.pictures import is_given
from engine.registry import Registry
from engine.types import Given, TypeInfo, TypePack

LOOK: Final = 2.0
"""Seconds between two looks at the registry: one small file."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What belongs together: a pack, the affinities between its types, and what the types before it were called."""

    pack: TypePack
    affinity: Affinity
    before: Mapping[str, TypeInfo]
    starter: str = ""
    """The version that is always there."""


class TypesInUse:
    """The pack in use; `now` is read once by each call, so that no call sees two packs."""

    def __init__(self, pack: TypePack, starter: str = "") -> None:
        self.now = Snapshot(pack, Affinity(pack), {}, starter)
        self.changing = False
        """Whether members may still have types of another version: then each is looked at when they turn up."""

    def swap(self, pack: TypePack) -> None:
        """Exchange the pack; one assignment, so another thread sees the old one or the new one."""
        before = {info.id: info for info in self.now.pack.types if info.id not in pack.by_id}
        self.now = Snapshot(pack, Affinity(pack), before, self.now.starter)


class Switcher:
    """Brings what the registry says into the running bot."""

    def __init__(self, registry: Registry, analyser: Analyser, runtime: Runtime, in_use: TypesInUse, clock: Callable[[], datetime]) -> None:
        """Only store."""
        self._registry, self._analyser, self._runtime, self._in_use, self._clock = registry, analyser, runtime, in_use, clock
        self._refused = ""
        self._busy = asyncio.Lock()

    async def run(self) -> None:
        """Look for ever."""
        self._in_use.changing = True  # until it is known: members may have gone without an exchange that a kill interrupted
        while True:
            try:
                async with self._busy:  # a switch in between would be forgotten again
                    if self._in_use.changing:
                        self._in_use.changing = await self._runtime.read(retyping.outdated) > 0
                await self.look()
                await asyncio.to_thread(self._registry.sweep)
            except (EngineError, DatabaseError, OSError) as error:
                self._complain(str(error))
            except Exception as error:  # noqa: BLE001 whatever is wrong with a version, the bot goes on with the one that it has
                self._complain(type(error).__name__)
            await asyncio.sleep(LOOK)

    def _complain(self, problem: str) -> None:
        """Say what is wrong, once."""
        if problem != self._refused:
            log.error("the types stay as they are: %s", problem)
            self._refused = problem

    async def look(self) -> bool:
        """Switch if the registry names another version, or other names for its types; whether it did.

        Raises:
            EngineError: the version cannot be used; the one in use stays.

        """
        async with self._busy:
            version, names = await asyncio.to_thread(lambda: (self._registry.active_version(), self._registry.names()))
            if version == self._in_use.now.pack.version and called(self._in_use.now.pack, names):
                return False
            pack = await asyncio.to_thread(self._analyser.read_pack)
            await self._exchange(pack)
            self._refused = ""
            return True

    async def _exchange(self, pack: TypePack) -> None:
        before = self._in_use.now.pack.version
        other = pack.version != before
        # The database first: whoever is given a type of the new pack must find it there.
        await self._runtime.transact(_introduce, pack, before, self._clock())
        await asyncio.to_thread(self._analyser.switch, pack)
        self._in_use.swap(pack)
        if other:
            self._in_use.changing = True
            log.info("types are now those of version %s", pack.version)


def _introduce(connection: Connection, pack: TypePack, before: str, now: datetime) -> None:
    """List the pack's types as the current ones, and ask for members to be retyped, whichever bot comes to it first."""
    types.sync(connection, rows(pack), pack.version, now)
    if pack.version == before:
        return
    audit.add(connection, "system", "types.switched", f"version:{pack.version}", now, {"before": before})
    waits = any(row.job == "retype" for row in jobs.queued(connection))
    if not waits and retyping.outdated(connection):
        jobs.queue(connection, "retype", "schedule", {}, now)


def called(pack: TypePack, names: Mapping[str, Given]) -> bool:
    """Whether the pack's types are called, and look, as admins want them to."""
    for info in pack.types:
        given = names.get(info.id, Given())
        if given.name not in ("", info.name) or given.name_ko not in ("", info.name_ko):
            return False
        if is_given(info, pack) if given.picture is None else given.picture != info.picture:
            return False
    return True


def rows(pack: TypePack) -> list[TypeRow]:
    """A pack's types as the database lists them."""
    return [TypeRow(info.id, info.group, info.kind, info.gender, info.name, info.name_ko) for info in pack.types]
