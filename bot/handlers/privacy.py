"""/privacy, /export and /delete: open to members at every stage."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk
from bot.handlers.filters import Command, Pressed
from bot.handlers.reread import reread
from bot.replies import Press
from bot.usecases import privacy
from db.records import Member


def make() -> Router:
    """What every member may do at any time."""
    router = Router(name="privacy")
    router.message.register(show, Command("privacy"))
    router.message.register(export, Command("export"))
    router.message.register(delete, Command("delete"))
    router.callback_query.register(show_pressed, Pressed("privacy"))
    router.callback_query.register(export, Pressed("export"))
    router.callback_query.register(delete_pressed, Pressed("delete"))
    router.callback_query.register(face, Pressed("face"))
    return router


async def show(message: Message, desk: Desk) -> None:
    """/privacy."""
    await desk.run(message, privacy.show)


async def show_pressed(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The privacy button, and those of its parts."""
    await desk.run(query, privacy.show, press.choice)


async def export(event: Message | CallbackQuery, desk: Desk, member: Member) -> None:
    """/export and its button: the copy is made outside of the transaction that allows it, so that nobody waits for it."""
    may: list[bool] = []
    await desk.run(event, privacy.begin_export, may.append)
    if may == [True]:
        async with desk.busy(event, "upload_document"):
            replies = await desk.services.runtime.read(privacy.give_export, desk.services.context(), member)
            await desk.say(event, replies, member.language)


async def delete(message: Message, desk: Desk) -> None:
    """/delete."""
    await desk.run(message, privacy.delete, "ask")


async def delete_pressed(query: CallbackQuery, desk: Desk, press: Press, member: Member) -> None:
    """One of the two steps of deletion; photos of a comparison lie in memory alone and go first."""
    if press.choice == "now" and desk.services.comparing is not None:
        desk.services.comparing.end(member.id)
    await desk.run(query, privacy.delete, press.choice)


async def face(query: CallbackQuery, desk: Desk, press: Press, member: Member) -> None:
    """The consent to face processing changes; once given, the stored photos are read again."""
    await desk.run(query, privacy.face, press.choice)
    if press.choice == "on" and not member.face_consent:
        await reread(query, desk, member)
