"""Work that would make the first person wait: aiogram builds its schemas and the engine its graphs at their first use."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from typing import Any, Final

from aiogram import methods
from aiogram.types import BufferedInputFile, Message, Update

from engine.analysis import Analyser
from engine.types import TypePack

PERSON: Final = {"id": 1, "is_bot": False, "first_name": "x", "language_code": "en"}
CHAT: Final = {"id": 1, "type": "private", "first_name": "x"}
TEXT: Final[dict[str, Any]] = {"message_id": 1, "date": 1, "chat": CHAT, "from": PERSON, "text": "/start"}
PHOTO: Final = {**TEXT, "text": None, "photo": [{"file_id": "x", "file_unique_id": "x", "width": 1, "height": 1}]}
MARKUP: Final = {"inline_keyboard": [[{"text": "x", "callback_data": "x::"}]]}


def trim() -> None:
    """Give memory that start-up needed for a moment back to the system (glibc keeps it otherwise)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def warm(analyser: Analyser, pack: TypePack) -> None:
    """Do each kind of work once, without any effect."""
    query = {"id": "1", "from": PERSON, "chat_instance": "1", "message": {**TEXT, "reply_markup": MARKUP}, "data": "x::"}
    for update in ({"message": TEXT}, {"message": PHOTO}, {"edited_message": TEXT}, {"callback_query": query}):
        Update.model_validate({"update_id": 1, **update})
    Message.model_validate(PHOTO)
    methods.SendMessage(chat_id=1, text="x", parse_mode="HTML", reply_markup=MARKUP, link_preview_options={"is_disabled": True})  # type: ignore[arg-type]
    methods.SendPhoto(chat_id=1, photo=BufferedInputFile(b"x", "x"), caption="x")
    methods.EditMessageText(chat_id=1, message_id=1, text="x")
    methods.AnswerCallbackQuery(callback_query_id="1")
    analyser.analyse(pack.types[0].picture.read_bytes())
