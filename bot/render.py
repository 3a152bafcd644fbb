"""Replies → Bot API calls as plain values (method name and JSON payload), without aiogram.

One rendering serves what is answered at once and what goes through the outbox, so the two can never look different.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.replies import Clear, Document, Notice, Picture, Press, Reply, Rows, Say, Shown
from bot.words import Words

CALLBACK_LIMIT = 64
CAPTION_LIMIT = 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One Bot API call: `method` as in Telegram's documentation (`sendMessage`), its JSON `payload` without chat_id.

    `upload` holds (field, file name, bytes) of a file to send along; `photo_id` a stored photo whose bytes or Telegram file id
    the sender fills into the field `photo`.
    """

    method: str
    payload: dict[str, Any] = field(default_factory=dict)
    upload: tuple[str, str, bytes] | None = None
    photo_id: int | None = None


def pack(press: Press) -> str:
    """Callback data of a button: `do:to:choice`.

    Raises:
        ValueError: longer than Telegram's 64 bytes.

    """
    data = f"{press.do}:{press.to or ''}:{press.choice}"
    if len(data.encode()) > CALLBACK_LIMIT:
        raise ValueError(f"callback data {data!r} is longer than {CALLBACK_LIMIT} bytes")
    return data


def unpack(data: str | None) -> Press | None:
    """The press behind callback data, or None where it is not ours (forged or from an older version).

    >>> unpack("like:17:")
    Press(do='like', to=17, choice='')
    >>> unpack("like:x:") is None
    True
    """
    parts = (data or "").split(":", 2)
    if len(parts) != 3 or not parts[0].isidentifier() or not (parts[1] == "" or (parts[1].isascii() and parts[1].isdigit())):
        return None
    if len(parts[1]) > 18:
        return None
    return Press(parts[0], int(parts[1] or 0), parts[2])


def keyboard(rows: Rows, words: Words, language: str) -> dict[str, Any]:
    """Inline keyboard markup."""
    return {
        "inline_keyboard": [
            [{"text": words.plain(button.word, language), "callback_data": pack(button.press)} for button in row] for row in rows
        ]
    }


def render(reply: Reply, words: Words, language: str) -> Call:
    """The call that shows `reply`.

    `Notice` becomes answerCallbackQuery, `Clear` editMessageReplyMarkup and `Say(edit=True)` editMessageText: for these the sender
    adds the ids of the query or message.  A `Picture` that is still a drawing is drawn here, which takes a while.
    """
    if isinstance(reply, Notice):
        return Call("answerCallbackQuery", {"text": words.plain(reply.word, language)[:200], "show_alert": reply.alert})
    if isinstance(reply, Clear):
        return Call("editMessageReplyMarkup")
    if isinstance(reply, Document):
        caption = words.text(reply.word, language)
        return Call("sendDocument", {"caption": caption, "parse_mode": "HTML"}, upload=("document", reply.name, reply.data))
    text = words.text(reply.word, language)
    if isinstance(reply, Say):
        return _say(reply, text, words, language)
    payload: dict[str, Any] = {"caption": text, "parse_mode": "HTML"}
    if reply.buttons:
        payload["reply_markup"] = keyboard(reply.buttons, words, language)
    if isinstance(reply, Picture):
        image = reply.image if isinstance(reply.image, bytes) else reply.image.draw(words, language)
        if reply.protect:
            payload["protect_content"] = True
        name = "card.png" if image.startswith(b"\x89PNG") else "card.jpg"
        return Call("sendPhoto", payload, upload=("photo", name, image))
    return _shown(reply, payload)


def _say(reply: Say, text: str, words: Words, language: str) -> Call:
    payload: dict[str, Any] = {"text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    if reply.buttons:
        payload["reply_markup"] = keyboard(reply.buttons, words, language)
    elif reply.ask_location:
        button = {"text": words.forms("location.button", language)[0], "request_location": True}
        payload["reply_markup"] = {"keyboard": [[button]], "resize_keyboard": True, "one_time_keyboard": True}
    elif reply.plain_keyboard and not reply.edit:
        payload["reply_markup"] = {"remove_keyboard": True}
    if reply.protect and not reply.edit:
        payload["protect_content"] = True
    if reply.answers is not None and not reply.edit:
        payload["reply_parameters"] = {"message_id": reply.answers, "allow_sending_without_reply": True}
    return Call("editMessageText" if reply.edit else "sendMessage", payload)


def _shown(reply: Shown, payload: dict[str, Any]) -> Call:
    if reply.protect:
        payload["protect_content"] = True
    return Call("sendPhoto", payload, photo_id=reply.photo_id)
