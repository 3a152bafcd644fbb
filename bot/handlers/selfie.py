"""Photos: a selfie comes in as a photo or as a file; /photo manages those that are stored."""

from __future__ import annotations

from typing import Any

from aiogram import F, Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk, Services
from bot.handlers.attachments import picture, too_large
from bot.handlers.filters import Command, Pressed
from bot.handlers.reread import reread
from bot.replies import Press
from bot.usecases import photos, relay_ways
from db import pairs
from db.records import Member
from db.session import Connection

HANDLED = {"photo_main": photos.make_main, "photo_replace": photos.replace, "photo_remove": photos.remove}


class ForProfile(Filter):
    """A photo may be meant for the profile; the handler gets as `sure: bool` whether there is no doubt.

    A photo for one pair of eyes that is shown to everybody cannot be taken back.  So the profile gets only what it asked for: the
    first photo after /photo, those that came with it in one album, and any of somebody who never talked with anyone.
    """

    async def __call__(self, message: Message, member: Member, services: Services) -> bool | dict[str, Any]:
        """False where it is meant for a partner, or nobody of the kind may send one."""
        if member.step == "photo":
            return {"sure": True}
        asked = member.step == "edit.photo"
        if not asked and (member.status not in ("active", "paused") or member.active_pair_id is not None):
            return False
        answered = message.reply_to_message
        to_partner, talks = await services.runtime.read(_talks, member, None if answered is None else answered.message_id)
        if to_partner:
            return False
        taken = member.draft.get("taken")
        first = asked and (taken is None or (taken != "" and taken == message.media_group_id))
        if talks and not first and picture(message) is None:
            return False
        return {"sure": first or not talks}


def _talks(connection: Connection, member: Member, answered: int | None) -> tuple[bool, bool]:
    """Whether the message answers one of a chat, and whether the member ever had a chat."""
    to_partner = relay_ways.answer(connection, member, answered) is not None
    return to_partner, to_partner or bool(pairs.of_member(connection, member.id, open_only=False))


def make() -> Router:
    """Photos that are meant for the profile."""
    router = Router(name="selfie")
    router.message.register(photo, F.photo | F.document, ForProfile())
    router.callback_query.register(read_again, Pressed("reread"))
    router.callback_query.register(to_profile, Pressed("to_profile"))
    return router


def make_album() -> Router:
    """/photo and its buttons, for members who are ready."""
    router = Router(name="album")
    router.message.register(show, Command("photo"))
    router.callback_query.register(show_pressed, Pressed("photos"))
    router.callback_query.register(change, Pressed(*HANDLED))
    return router


async def photo(message: Message, desk: Desk, member: Member, sure: bool) -> None:
    """A compressed photo, or an image sent as a file."""
    if sure:
        await _take(message, message, desk, member)
    else:
        await desk.run(message, photos.whose, message.message_id)


async def to_profile(query: CallbackQuery, desk: Desk, member: Member) -> None:
    """The photo that the question answers is meant for the profile.  It must be the presser's own: what a press says proves nothing."""
    asked = query.message if isinstance(query.message, Message) else None
    sent = None if asked is None else asked.reply_to_message
    own = sent is not None and sent.from_user is not None and sent.from_user.id == query.from_user.id
    if sent is None or not own or not (sent.photo or sent.document) or member.status not in ("active", "paused"):
        await desk.run(query, photos.once_more)
    else:
        await _take(query, sent, desk, member)


async def _take(event: Message | CallbackQuery, sent: Message, desk: Desk, member: Member) -> None:
    """Read the photo of a message; a compressed one is kept by its id."""
    found = picture(sent)
    if found is None:
        await desk.run(event, photos.not_a_photo)
    elif too_large(found):
        await desk.run(event, photos.too_large)
    else:
        await _read(event, sent, desk, member, found.file_id, shown_by_id=bool(sent.photo))


async def _read(event: Message | CallbackQuery, sent: Message, desk: Desk, member: Member, file_id: str, *, shown_by_id: bool) -> None:
    """Fetch, analyse off the loop, store and answer, with a sign of life meanwhile."""
    async with desk.busy(event, "upload_photo"):
        data = await desk.download(file_id)
        if data is None:
            await desk.run(event, photos.not_fetched)
            return
        analysis = await desk.analyse(data, face=bool(member.face_consent))
        receive = photos.receive if isinstance(event, Message) else photos.receive_pressed
        await desk.run(event, receive, analysis, file_id if shown_by_id else None, sent.media_group_id or "")


async def read_again(query: CallbackQuery, desk: Desk, member: Member) -> None:
    """Read the stored photos, after an admin approved of one."""
    await reread(query, desk, member)


async def show(message: Message, desk: Desk) -> None:
    """/photo."""
    await desk.run(message, photos.show)


async def show_pressed(query: CallbackQuery, desk: Desk) -> None:
    """The photos button."""
    await desk.run(query, photos.show)


async def change(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """Make a photo the main one, replace it or remove it."""
    await desk.run(query, HANDLED[press.do], press.to)
