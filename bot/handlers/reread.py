"""Read the stored photos of a member again: after the consent to face processing was given."""

from __future__ import annotations

from functools import partial

from bot.desk import Desk, Event
from bot.usecases import photos
from db import photos as stored
from db.records import Member


async def reread(event: Event, desk: Desk, member: Member) -> None:
    """Analyse each stored photo with its face, and answer with what came of it."""
    runtime = desk.services.runtime
    async with desk.busy(event, "upload_photo"):
        found = []
        for photo in await runtime.read(stored.of, member.id):
            whole = await runtime.read(stored.by_id, photo.id)
            if whole is not None:
                analysis = await desk.analyse(whole.jpeg, face=True)
                found.append((photo.id, analysis))
        await desk.run(event, partial(photos.reread, found=found))
