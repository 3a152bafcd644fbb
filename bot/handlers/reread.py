"""Read the stored photos of a member again: after the consent to face processing was given."""

from __future__ import annotations

from functools import partial

from bot.desk import Desk, Event
from bot.usecases import photos
from db import members
from db import photos as stored
from db.records import Member


async def reread(event: Event, desk: Desk, member: Member) -> None:
    """Analyse the stored photos with their faces, but for rejected ones, and answer with what came of it; nothing without the consent."""
    runtime = desk.services.runtime
    fresh = await runtime.read(members.by_id, member.id)
    given = fresh is not None and fresh.face_consent  # not `member`: the consent may be a moment old, and so may its withdrawal
    async with desk.busy(event, "upload_photo"):
        found = []
        for photo in await runtime.read(stored.usable, member.id) if given else ():
            whole = await runtime.read(stored.by_id, photo.id)
            if whole is not None:
                analysis = await desk.analyse(whole.jpeg, face=True)
                found.append((photo.id, analysis))
        await desk.run(event, partial(photos.reread, found=found))
