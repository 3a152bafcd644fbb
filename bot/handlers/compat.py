"""/compat and its buttons: photos of two people, held in memory until they were compared."""

from __future__ import annotations

import asyncio
from typing import Final

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.comparing import Comparing, Mode, Read, Session
from bot.desk import Desk, Event
from bot.handlers.attachments import picture, too_large
from bot.handlers.filters import AtStep, Command, Pressed
from bot.replies import Press
from bot.usecases import compat
from db.records import Member
from engine.values import Problem

MODES: Final[dict[str, Mode]] = {"compat_two": "two", "compat_one": "one"}


def make() -> Router:
    """Before all other routers that take a photo or a typed answer."""
    router = Router(name="compat")
    router.message.register(show, Command("compat"))
    router.callback_query.register(show_pressed, Pressed("compat"))
    router.callback_query.register(begin, Pressed(*MODES))
    router.callback_query.register(tick, Pressed("compat_box"))
    router.callback_query.register(compare, Pressed("compat_go"))
    router.callback_query.register(close, Pressed("compat_close"))
    router.callback_query.register(why, Pressed("compat_why"))
    router.message.register(photo, F.photo | F.document, AtStep(compat.STEP))
    router.message.register(remind, ~F.text.startswith("/"), AtStep(compat.STEP))
    return router


async def show(message: Message, desk: Desk, member: Member) -> None:
    """/compat."""
    comparing = _comparing(desk)
    comparing.end(member.id)
    await desk.run(message, compat.show, comparing.settings.minutes)


async def show_pressed(query: CallbackQuery, desk: Desk, member: Member) -> None:
    """The button that begins anew."""
    comparing = _comparing(desk)
    comparing.end(member.id)
    await desk.run(query, compat.show, comparing.settings.minutes)


async def begin(query: CallbackQuery, desk: Desk, member: Member, press: Press) -> None:
    """Two photos, or one of both."""
    session = _comparing(desk).begin(member.id, MODES[press.do], desk.services.clock())
    await desk.run(query, compat.ask, session)


async def photo(message: Message, desk: Desk, member: Member) -> None:
    """A photo, or an image sent as a file: fetched, stripped and held; nothing is read from it yet."""
    comparing = _comparing(desk)
    session = comparing.of(member.id, desk.services.clock())
    sent = picture(message)
    if session is None:
        await desk.run(message, compat.start_again)
    elif not session.missing:
        await desk.run(message, compat.enough, session)
    elif sent is None:
        await desk.run(message, compat.not_taken, "not_an_image")
    elif too_large(sent):
        await desk.run(message, compat.not_taken, "too_large")
    else:
        await _take(message, desk, session, sent.file_id)


async def _take(message: Message, desk: Desk, session: Session, file_id: str) -> None:
    comparing = _comparing(desk)
    async with desk.busy(message, "upload_photo"):
        data = await desk.download(file_id)
        held = None if data is None else await desk.services.runtime.compute(comparing.strip, data)
    if held is None or isinstance(held, Problem):
        await desk.run(message, compat.not_taken, held.code if held else "not_fetched")
        return
    session.put(held)
    # Also where nobody comes back to ask: then they are forgotten once their time is over.
    later = max(0.0, (session.until - desk.services.clock()).total_seconds()) + 1
    asyncio.get_running_loop().call_later(later, lambda: comparing.sweep(desk.services.clock()))
    await desk.run(message, compat.ask, session)


async def tick(query: CallbackQuery, desk: Desk, member: Member, press: Press) -> None:
    """A box."""
    session = _comparing(desk).of(member.id, desk.services.clock())
    if session is None or session.missing or press.to not in (1, 2):
        await _lost(query, desk, member, session)
        return
    session.boxes[press.to - 1] = not session.boxes[press.to - 1]
    await desk.run(query, compat.tick, session)


async def compare(query: CallbackQuery, desk: Desk, member: Member) -> None:
    """Compare, if both boxes are ticked: the engine reads off the loop, and the photos are forgotten at once."""
    comparing = _comparing(desk)
    session = comparing.of(member.id, desk.services.clock())
    if session is None or session.missing:
        await _lost(query, desk, member, session)
    elif not all(session.boxes):
        await desk.run(query, compat.unticked)
    elif not comparing.allows(member.id, desk.services.clock()):
        comparing.end(member.id)
        await desk.run(query, compat.too_often, comparing.settings.an_hour)
    else:
        photos = tuple(each for each in session.photos if each is not None)
        async with desk.busy(query, "upload_photo"):
            read = await desk.services.runtime.compute(comparing.read, photos)
        await _answer(query, desk, member, session, read)


async def _answer(query: CallbackQuery, desk: Desk, member: Member, session: Session, read: Read) -> None:
    """Say what came of it; of a photo that cannot be used another one may take the place."""
    comparing = _comparing(desk)
    made = await desk.services.runtime.read(compat.verdict, desk.services.context(), read)
    if made is not None and made.problem is None:
        comparing.end(member.id, answered=True)
        await desk.run(query, compat.result, read, made)
        return
    reason = made.problem.code if made is not None and made.problem is not None else read.reason
    number = made.problem.photo if made is not None and made.problem is not None else 0
    if reason in compat.SEVERAL:
        comparing.end(member.id, answered=True)
        await desk.run(query, compat.refused, reason, None, 0)
        return
    # The same person twice: the second photo is to be another one's.
    session.drop(number or (2 if session.mode == "two" else 0))
    await desk.run(query, compat.refused, reason, session, number)


async def close(query: CallbackQuery, desk: Desk, member: Member) -> None:
    """Rather not."""
    _comparing(desk).end(member.id)
    await desk.run(query, compat.close)


async def why(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """What a result rests on."""
    await desk.run(query, compat.why, press.choice)


async def remind(message: Message, desk: Desk, member: Member) -> None:
    """Anything else than a photo."""
    await desk.run(message, compat.remind, _comparing(desk).of(member.id, desk.services.clock()))


async def _lost(event: Event, desk: Desk, member: Member, session: Session | None) -> None:
    """A button of a comparison that is no longer there, or that waits for a photo."""
    if session is None and _comparing(desk).answered(member.id):
        await desk.run(event, compat.pressed_again)
    elif session is None:
        await desk.run(event, compat.start_again)
    else:
        await desk.run(event, compat.ask, session)


def _comparing(desk: Desk) -> Comparing:
    found = desk.services.comparing
    if found is None:
        raise RuntimeError("the composition root gave no Comparing")
    return found
