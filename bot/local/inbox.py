"""What people say to the bot: write, attach, press, block.  Each becomes an update, as with Telegram."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import telegram

from bot.local.compose import caption_content, quoted, text_content
from bot.local.entities import Formatted, given_entities, settle
from bot.local.errors import PageError
from bot.local.files import as_document, live
from bot.local.values import CALLBACK_DATA_MAX, CAPTION_MAX, CAPTIONED_KINDS, MEDIA_KINDS, TEXT_MAX, Json, Person, Stored, Upload

if TYPE_CHECKING:
    from bot.local.world import World

ANSWER_SECONDS = 10.0


class Inbox:
    """The people's side of the world; refusals are PageErrors."""

    def __init__(self, world: World) -> None:
        self._world = world

    def write(self, person: Person, text: str, reply_to: int | None = None, quote: str = "", entities: list[Any] | None = None) -> Stored:
        """A text message; `quote` is the part of the answered message that it is about.

        Raises:
            PageError: an empty or too long text, an unknown message to reply to, or a blocked bot.

        """
        formatted = self.formatted(text, entities)
        if not formatted.text:
            raise PageError(400, "the message is empty")
        if len(formatted.text) > TEXT_MAX:
            raise PageError(400, f"the message is longer than {TEXT_MAX} characters")
        return self.say(person, text_content(self._world, formatted), reply_to, quote=quote)

    async def attach(
        self,
        person: Person,
        kind: str,
        upload: Upload | str,
        about: Json,
        caption: str = "",
        reply_to: int | None = None,
        quote: str = "",
        entities: list[Any] | None = None,
    ) -> Stored:
        """A message with a file or the id of one; `about` may hold width, height, duration, has_spoiler and media_group_id.

        That of a live photo is its movement; `about` holds the still under `photo`.

        Raises:
            PageError: an unknown kind, a caption that is too long, or a blocked bot.
            ApiError: a file that Telegram would refuse.

        """
        if kind not in MEDIA_KINDS:
            raise PageError(400, f"kind is {kind!r}: use one of {', '.join(MEDIA_KINDS)}")
        formatted = self.formatted(caption, entities)
        if len(formatted.text) > CAPTION_MAX:
            raise PageError(400, f"the caption is longer than {CAPTION_MAX} characters")
        self.writable(person)
        files = self._world.files
        content: Json = {kind: files.again(kind, upload) if isinstance(upload, str) else await files.take(kind, upload, about)}
        if kind == "live_photo":
            still = about.get("photo")
            if not isinstance(still, Upload):
                raise PageError(400, "a live photo has a still under photo")
            content = live(content["live_photo"], await files.take("photo", still, {}))
        if kind == "animation":
            content["document"] = as_document(content["animation"])
        if kind in CAPTIONED_KINDS:
            content |= caption_content(self._world, formatted)
        if about.get("has_spoiler") and kind in ("live_photo", "photo", "video", "animation"):
            content["has_media_spoiler"] = True
        group = about.get("media_group_id")
        return self.say(person, content, reply_to, {"media_group_id": str(group)} if group else None, quote)

    def say(self, person: Person, content: Json, reply_to: int | None = None, head: Json | None = None, quote: str = "") -> Stored:
        """A message with ready content.

        Raises:
            PageError: an unknown message to reply to, or a blocked bot.
            ApiError: a quote that the answered message does not hold.

        """
        self.writable(person)
        head = dict(head or {})
        if reply_to is not None:
            target = self.message(person, reply_to)
            head["reply_to_message"] = {key: value for key, value in target.data.items() if key != "reply_to_message"}
            if quote:
                head["quote"] = quoted(target, quote)
        if not person.started:
            person.started = True
            self._world.keep_person(person)
        stored = self._world.post(person, content, out=True, head=head)
        self._world.updates.add("message", stored.data)
        return stored

    async def press(self, person: Person, message_id: int, data: str, *, wait: bool = True) -> Json:
        """Press a button and wait for the bot's answer: `text`, `show_alert`, `url`, and `timeout` where none came.

        Any data is sent on, as Telegram's own clients can be made to; the bot must not trust it.
        """
        self.writable(person)
        if not 1 <= len(data.encode()) <= CALLBACK_DATA_MAX:
            raise PageError(400, f"callback data has 1 to {CALLBACK_DATA_MAX} bytes")
        stored = self.message(person, message_id)
        if stored.out:
            raise PageError(400, "only the bot's messages have buttons")
        key, callback = self._world.new_callback(person, message_id)
        query = telegram.CallbackQuery(key, self._user(person), str(-person.id), data=data).to_dict()
        query["message"] = stored.data
        self._world.updates.add("callback_query", query)
        if not wait:
            return {}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await asyncio.shield(callback.answer)
        except TimeoutError:
            return {"text": None, "show_alert": False, "url": None, "timeout": True}
        return {**answer, "timeout": False}

    def block(self, person: Person, *, blocked: bool) -> None:
        """Block or unblock the bot; nothing happens where that is so already."""
        if person.blocked == blocked:
            return
        person.blocked = blocked
        self._world.keep_person(person)
        bot = self._world.profile.user()
        member = telegram.ChatMemberMember(bot)
        kicked = telegram.ChatMemberBanned(bot, self._world.time_of(0))
        old, new = (member, kicked) if blocked else (kicked, member)
        change = telegram.ChatMemberUpdated(self._world.chat_of(person), self._user(person), self._world.now(), old, new)
        self._world.updates.add("my_chat_member", change.to_dict())

    def formatted(self, text: str, entities: list[Any] | None) -> Formatted:
        """Words as Telegram stores them: trimmed, with links and the like found; `entities` are what the person formatted."""
        return settle(text, given_entities(entities or [], text))

    def writable(self, person: Person) -> None:
        """Refuse whoever has blocked the bot.

        Raises:
            PageError: 409.

        """
        if person.blocked:
            raise PageError(409, "the bot is blocked: unblock it first")

    def message(self, person: Person, message_id: int) -> Stored:
        """A message of a chat.

        Raises:
            PageError: 404.

        """
        found = self._world.chats[person.id].messages.get(message_id)
        if found is None:
            raise PageError(404, f"there is no message {message_id}")
        return found

    def _user(self, person: Person) -> Any:
        return self._world.user(person.id)
