"""What types are called and look like: names are typed, pictures sent; for everybody but admins none of it exists."""

from __future__ import annotations

import asyncio

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk, Event
from bot.handlers.admin import IsAdmin
from bot.handlers.attachments import picture, too_large
from bot.handlers.filters import AtStep, Pressed
from bot.replies import Press
from bot.usecases import naming
from db.records import Member
from engine.errors import EngineError
from engine.pictures import Unusable, fitted
from engine.registry import Change, mark
from engine.types import Kind


def make() -> Router:
    """Beside what steers learning, behind the same filter; before all routers that take a photo of somebody."""
    router = Router(name="naming")
    router.message.filter(IsAdmin())
    router.callback_query.filter(IsAdmin())
    router.callback_query.register(chosen, Pressed("models_rename"))
    router.callback_query.register(opened, Pressed("type_name"))
    router.callback_query.register(confirmed, Pressed("type_picture_yes"))
    router.callback_query.register(left, Pressed("type_picture_no"))
    router.callback_query.register(automatic, Pressed("type_automatic"))
    router.message.register(named, AtStep(naming.STEP), F.text & ~F.text.startswith("/"))
    router.message.register(pictured, AtStep(naming.STEP), F.photo | F.document)
    router.message.register(otherwise, AtStep(naming.STEP), ~F.text)
    return router


async def chosen(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The groups, or the types of one."""
    await desk.run(query, naming.rename, press.choice)


async def opened(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A type."""
    await desk.run(query, naming.rename_type, press.choice)


async def named(message: Message, desk: Desk, member: Member) -> None:
    """A type's new names."""
    names = naming.split(message.text or "")
    if names is None:
        await desk.run(message, naming.not_renamed)
    else:
        await _change(message, desk, member, Change(str(member.draft.get("type", "")), name_ko=names[0], name=names[1]))


async def pictured(message: Message, desk: Desk, member: Member) -> None:
    """A picture, compressed or as a file: shown as it would look."""
    sent, info = picture(message), naming.asked_about(desk.services.context(), member)
    if info is None:
        await desk.run(message, naming.gone)
    elif sent is None:
        await desk.run(message, naming.not_taken, info, "not_an_image")
    elif too_large(sent):
        await desk.run(message, naming.not_taken, info, "too_large")
    else:
        async with desk.busy(message, "upload_photo"):
            made = await _fetched(desk, sent.file_id, info.kind)
        if isinstance(made, str):
            await desk.run(message, naming.not_taken, info, made)
        else:
            await desk.run(message, naming.propose, info.id, sent.file_id, made)


async def confirmed(query: CallbackQuery, desk: Desk, member: Member, press: Press) -> None:
    """It shows no real person: fetched and read once more, since nobody kept it, and used if it is the one that was looked at."""
    waits = naming.waiting(member, press.choice)
    info = None if waits is None else naming.asked_about(desk.services.context(), member)
    if waits is None or info is None:
        await desk.run(query, naming.picture_gone)
        return
    async with desk.busy(query, "upload_photo"):
        made = await _fetched(desk, waits[1], info.kind)
    if isinstance(made, str):
        await desk.run(query, naming.not_read, info, made, waits[1], press.choice)
    elif mark(made) != press.choice:
        await desk.run(query, naming.picture_gone)
    else:
        await _change(query, desk, member, Change(info.id, picture=made))


async def left(query: CallbackQuery, desk: Desk) -> None:
    """The picture is not used."""
    await desk.run(query, naming.leave_picture)


async def automatic(query: CallbackQuery, desk: Desk, member: Member, press: Press) -> None:
    """The picture that learning made is shown again."""
    await _change(query, desk, member, Change(press.choice, automatic=True))


async def otherwise(message: Message, desk: Desk) -> None:
    """Neither words nor a picture."""
    await desk.run(message, naming.not_renamed)


async def _change(event: Event, desk: Desk, member: Member, change: Change) -> None:
    """The audit row first, then the registry, from where every bot takes it; a kill between the two is made up for, since the update
    is done only with the answer.
    """
    services = desk.services
    known = await services.runtime.transact(naming.audited, services.context(), member.id, change)
    if not known:
        await desk.run(event, naming.kept, change, gone=True)
        return
    try:
        await asyncio.to_thread(services.registry.change, change)
    except (EngineError, OSError) as error:
        await desk.run(event, naming.kept, change, gone=isinstance(error, EngineError))
        return
    await desk.run(event, naming.changed, change)


async def _fetched(desk: Desk, file_id: str, kind: Kind) -> bytes | str:
    """A picture as a type's, or why it cannot be one."""
    data = await desk.download(file_id)
    if data is None:
        return "not_fetched"
    analyser = desk.services.analyser

    def read() -> bytes | Unusable:
        return fitted(data, kind, analyser.settings, analyser.readers().safety.predict)

    made = await desk.services.runtime.compute(read)
    return made.code if isinstance(made, Unusable) else made
