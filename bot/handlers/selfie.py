"""Photos: a selfie comes in as a photo or as a file; /photo manages those that are stored."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import Command, Filter
from aiogram.types import CallbackQuery, Message

from bot.desk import Desk
from bot.handlers.filters import Pressed
from bot.handlers.reread import reread
from bot.replies import Press
from bot.usecases import photos
from db.records import Member

LARGEST = 20_000_000
"""Bytes: a bot can fetch no larger file."""
IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".bmp", ".gif", ".tif", ".tiff")
HANDLED = {"photo_main": photos.make_main, "photo_replace": photos.replace, "photo_remove": photos.remove}


class ForProfile(Filter):
    """A photo is meant for the profile: it was asked for, or there is no chat that it could be meant for."""

    async def __call__(self, message: Message, member: Member) -> bool:
        """Whether it is so."""
        if member.step in ("photo", "edit.photo"):
            return True
        return member.status in ("active", "paused") and member.active_pair_id is None


def make() -> Router:
    """Photos that are meant for the profile."""
    router = Router(name="selfie")
    router.message.register(photo, F.photo, ForProfile())
    router.message.register(document, F.document, ForProfile())
    router.callback_query.register(read_again, Pressed("reread"))
    return router


def make_album() -> Router:
    """/photo and its buttons, for members who are ready."""
    router = Router(name="album")
    router.message.register(show, Command("photo"))
    router.callback_query.register(show_pressed, Pressed("photos"))
    router.callback_query.register(change, Pressed(*HANDLED))
    return router


async def photo(message: Message, desk: Desk, member: Member) -> None:
    """A compressed photo; its largest size is read, and kept by its id."""
    size = (message.photo or [])[-1]
    await _read(message, desk, member, size.file_id, shown_by_id=True)


async def document(message: Message, desk: Desk, member: Member) -> None:
    """An image sent as a file."""
    sent = message.document
    image = sent is not None and ((sent.mime_type or "").startswith("image/") or (sent.file_name or "").lower().endswith(IMAGES))
    if sent is None or not image:
        await desk.run(message, photos.not_a_photo)
    elif (sent.file_size or 0) > LARGEST:
        await desk.run(message, photos.too_large)
    else:
        await _read(message, desk, member, sent.file_id, shown_by_id=False)


async def _read(message: Message, desk: Desk, member: Member, file_id: str, *, shown_by_id: bool) -> None:
    """Fetch, analyse off the loop, store and answer, with a sign of life meanwhile."""
    async with desk.busy(message, "upload_photo"):
        data = await desk.download(file_id)
        if data is None:
            await desk.run(message, photos.not_fetched)
            return
        analysis = await desk.analyse(data, face=bool(member.face_consent))
        await desk.run(message, photos.receive, analysis, file_id if shown_by_id else None)


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
