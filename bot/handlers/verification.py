"""/verify and its buttons, and the round video."""

from __future__ import annotations

from typing import Final

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk
from bot.handlers.filters import AtStep, Command, Pressed
from bot.replies import Press
from bot.usecases import verification
from bot.usecases.verification import Pending
from bot.watching import Watched
from db.records import Member

PRESSED: Final = {
    "verify": verification.show,
    "verify_go": verification.begin,
    "verify_ask": verification.ask_person,
    "verify_close": verification.close,
}


def make() -> Router:
    """Before all other routers that take videos or typed answers."""
    router = Router(name="verification")
    router.message.register(show, Command("verify"))
    router.callback_query.register(pressed, Pressed(*PRESSED))
    router.message.register(video, F.video_note, AtStep("verify."))
    router.message.register(remind, ~F.text.startswith("/"), AtStep("verify."))
    return router


async def show(message: Message, desk: Desk) -> None:
    """/verify."""
    await desk.run(message, verification.show)


async def pressed(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A button of the verification."""
    await desk.run(query, PRESSED[press.do])


async def remind(message: Message, desk: Desk) -> None:
    """Anything else than a round video."""
    await desk.run(message, verification.remind)


async def video(message: Message, desk: Desk, member: Member) -> None:
    """A round video: for the admins, or to be read now."""
    services = desk.services
    asked = await services.runtime.read(verification.pending, member.id, services.clock())
    if asked is None:
        await desk.run(message, verification.too_late)
    elif message.forward_origin is not None or message.via_bot is not None:
        await desk.run(message, verification.forwarded)
    elif asked.person:
        await desk.run(message, verification.to_person, message.message_id)
    else:
        async with desk.busy(message, "record_video_note"):
            await desk.run(message, verification.decide, asked, await _watched(message, desk, asked))


async def _watched(message: Message, desk: Desk, asked: Pending) -> Watched:
    """Fetch the video and read it off the loop."""
    note, services = message.video_note, desk.services
    longest = services.care.verify_seconds
    if note is None or note.duration > longest:
        return Watched("too_long")
    data = await desk.download(note.file_id)
    if data is None or services.watching is None:
        return Watched("not_fetched")
    return await services.runtime.compute(services.watching.watch, data, asked.challenge, float(longest) + 1)
