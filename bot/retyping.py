"""Giving all members the types of the pack in use: small batches, resumable, and never vectors of different versions side by side.

Where a stored vector is of an embedding that the pack was not learned in, the stored photo is read again, one at a time and with as
much rest as work, so that members who send photos meanwhile notice nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from bot.context import Context
from bot.desk import Services
from bot.usecases import photos as photo_usecases
from bot.usecases import types
from db import members, photos, retyping
from db.records import Photo, VectorKind
from db.session import Connection
from engine.types import TypePack
from engine.values import Analysis

BATCH: Final = 20
"""Members a transaction: about 20 ms, during which others who write must wait on SQLite."""
KINDS: Final[tuple[VectorKind, ...]] = ("face", "fashion")
Note = Callable[[str, int, int, dict[str, Any]], Awaitable[None]]
"""Tells how far it is: stage, done, total, and where to go on."""


async def retype(services: Services, resume: dict[str, Any], note: Note) -> dict[str, Any]:
    """Retype every member with vectors; returns figures.

    Args:
        services: of the bot.
        resume: what `note` was last told by a run that was interrupted; of another version it does not count.
        note: called after each batch.

    """
    version = services.pack.version
    after, done, read = (int(resume.get(key, 0)) if resume.get("version") == version else 0 for key in ("after", "count", "read"))
    total = await services.runtime.read(retyping.size)
    while ids := await services.runtime.read(retyping.page, after, BATCH):
        if services.pack.version != version:
            return {"version": version, "superseded": services.pack.version, "members": done, "read": read}
        for member_id in ids:
            read += await _read_again(services, member_id)
        await services.runtime.transact(_batch, services.context(), ids)
        after, done = ids[-1], done + len(ids)
        await note("retype", done, max(total, done), {"version": version, "after": after, "count": done, "read": read})
    left = await services.runtime.read(retyping.outdated)
    if services.pack.version == version and not left:
        services.types.changing = False
    return {"version": version, "members": done, "read": read, "left": left}


def _batch(connection: Connection, context: Context, ids: list[int]) -> None:
    for member_id in ids:
        member = members.by_id(connection, member_id)
        if member is not None:
            types.retype(connection, context, member)


async def _read_again(services: Services, member_id: int) -> int:
    """Read the photos of a member whose vectors the pack does not accept; how many."""
    pack = services.pack
    wanted = await services.runtime.read(_unusable, member_id, pack)
    for photo, face in wanted:
        whole = await services.runtime.read(photos.by_id, photo.id)
        if whole is None:
            continue
        started = time.monotonic()
        analysis = await services.runtime.compute(services.analyser.analyse, whole.jpeg, face=face)
        await services.runtime.transact(_store, member_id, photo.id, analysis)
        await asyncio.sleep(time.monotonic() - started)
    return len(wanted)


def _unusable(connection: Connection, member_id: int, pack: TypePack) -> list[tuple[Photo, bool]]:
    """Photos of a member that have a vector of some kind, but none that the pack accepts; and whether the face may be read."""
    member = members.by_id(connection, member_id)
    if member is None:
        return []
    stale: set[int] = set()
    for kind in KINDS:
        if kind == "face" and not member.face_consent:
            continue  # it may not be read again, so it would be found again each time
        found = photos.vectors(connection, member_id, kind)
        usable = {vector.photo_id for vector in found if pack.accepts(kind, vector.model_version)}
        stale |= {vector.photo_id for vector in found} - usable
    return [(photo, bool(member.face_consent)) for photo in photos.of(connection, member_id) if photo.id in stale]


def _store(connection: Connection, member_id: int, photo_id: int, analysis: Analysis) -> None:
    """The vectors of a photo that was read again; not those of a face that the member no longer agrees to."""
    member = members.locked(connection, member_id)
    photo = next((one for one in photos.of(connection, member_id) if one.id == photo_id), None)
    if photo is None or member is None or analysis.photo_jpeg is None:
        return
    if analysis.embedding is not None and not member.face_consent:
        return
    photo_usecases.store_vectors(connection, photo, analysis)
