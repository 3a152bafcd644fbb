"""One `render.Call` → one Bot API call through aiogram: uploads, stored photos, and edits of messages that may be gone.

Errors of the Bot API (`TelegramRetryAfter`, `TelegramForbiddenError`, …) reach the caller, who knows whether to wait, to queue or
to give up; only refusals that mean "it is already so" or "show it as a new message" are settled here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from aiogram import Bot, methods
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import TelegramMethod
from aiogram.types import BufferedInputFile, Message, MessageId

from bot.render import Call
from bot.runtime import Runtime
from db import photos
from db.session import Connection

Sent = Message | MessageId | bool
"""What the Bot API answered: the message that was sent or edited, its id (copyMessage), or True."""

EDITS = frozenset({"editMessageText", "editMessageCaption", "editMessageMedia", "editMessageReplyMarkup"})
NOT_MODIFIED = "message is not modified"
WRONG_FILE = ("wrong file identifier", "wrong remote file", "file_id", "wrong type of the web page content")
QUERY_TOO_OLD = ("query is too old", "query id is invalid")


@dataclass(frozen=True, slots=True)
class StoredPhoto:
    """A member's photo: its JPEG bytes and, once it was sent, the id under which Telegram keeps it."""

    jpeg: bytes
    file_id: str | None


class PhotoSource(Protocol):
    """Where stored photos come from."""

    async def load(self, photo_id: int) -> StoredPhoto | None:
        """The photo, or None where it was removed."""

    async def remember(self, photo_id: int, file_id: str | None) -> None:
        """Keep the id under which Telegram knows the photo now; None forgets one that no longer works."""


class DatabasePhotos:
    """Photos from the database, read in the runtime's threads."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def load(self, photo_id: int) -> StoredPhoto | None:
        """The photo, or None where it was removed."""

        def read(connection: Connection) -> StoredPhoto | None:
            photo = photos.by_id(connection, photo_id)
            return None if photo is None else StoredPhoto(photo.jpeg, photo.telegram_file_id)

        return await self._runtime.read(read)

    async def remember(self, photo_id: int, file_id: str | None) -> None:
        """Keep the id under which Telegram knows the photo now."""
        await self._runtime.transact(photos.set_file_id, photo_id, file_id)


async def deliver(
    bot: Bot,
    call: Call,
    chat_id: int,
    *,
    photo_source: PhotoSource,
    query_id: str | None = None,
    message_id: int | None = None,
) -> Sent:
    """Carry out `call` in the chat `chat_id`.

    Args:
        bot: through which it goes.
        call: what to do.
        chat_id: the person's chat.
        photo_source: gives the bytes or the file id of `call.photo_id`.
        query_id: the pressed button's query, which answerCallbackQuery needs.
        message_id: the message that edit calls change; without one an edit becomes a new message.

    Raises:
        aiogram.exceptions.TelegramAPIError: the server refused or could not be reached.

    """
    if call.method == "answerCallbackQuery":
        return await _answer(bot, call, query_id)
    if call.method in EDITS:
        return await _edit(bot, call, chat_id, message_id)
    if call.photo_id is not None:
        return await _photo(bot, call, chat_id, call.photo_id, photo_source)
    return await _send(bot, call, chat_id)


async def _answer(bot: Bot, call: Call, query_id: str | None) -> Sent:
    if query_id is None:
        return True
    try:
        return await bot.answer_callback_query(query_id, **call.payload)
    except TelegramBadRequest as error:
        if any(sign in error.message.lower() for sign in QUERY_TOO_OLD):
            return True
        raise


async def _edit(bot: Bot, call: Call, chat_id: int, message_id: int | None) -> Sent:
    """Edit, or, where the message is gone or has no text to edit (a photo), say it anew."""
    if message_id is not None:
        try:
            return await _send(bot, replace(call, payload={**call.payload, "message_id": message_id}), chat_id)
        except TelegramBadRequest as error:
            if NOT_MODIFIED in error.message.lower():
                return True
            if call.method == "editMessageText" and "no text in the message" in error.message.lower():
                await _edit(bot, Call("editMessageReplyMarkup"), chat_id, message_id)
    if call.method != "editMessageText":
        return True
    return await _send(bot, replace(call, method="sendMessage"), chat_id)


async def _photo(bot: Bot, call: Call, chat_id: int, photo_id: int, source: PhotoSource) -> Sent:
    """Send a stored photo by its file id if it has one, else by its bytes, and keep the new file id."""
    photo = await source.load(photo_id)
    if photo is None:
        return await _send(bot, _as_text(call), chat_id)
    if photo.file_id is not None:
        try:
            return await _send(bot, replace(call, payload={**call.payload, "photo": photo.file_id}, photo_id=None), chat_id)
        except TelegramBadRequest as error:
            if not any(sign in error.message.lower() for sign in WRONG_FILE):
                raise
    sent = await _send(bot, replace(call, upload=("photo", "photo.jpg", photo.jpeg), photo_id=None), chat_id)
    if isinstance(sent, Message) and sent.photo:
        await source.remember(photo_id, sent.photo[-1].file_id)
    return sent


def _as_text(call: Call) -> Call:
    """A photo message without its photo: the caption as text."""
    payload = {key: value for key, value in call.payload.items() if key != "caption"}
    return Call("sendMessage", {**payload, "text": call.payload.get("caption") or "…"})


async def _send(bot: Bot, call: Call, chat_id: int) -> Sent:
    payload: dict[str, Any] = dict(call.payload)
    if call.upload is not None:
        name, file_name, data = call.upload
        payload[name] = BufferedInputFile(data, file_name)
    kind: Callable[..., TelegramMethod[Sent]] = getattr(methods, call.method[0].upper() + call.method[1:])
    return await bot(kind(chat_id=chat_id, **payload))
