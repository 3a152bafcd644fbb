"""What people do to the bot: write, attach, press, react, edit, block.  Each becomes an update, as with Telegram."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import telegram
from telegram.constants import ReactionEmoji

from bot.local.compose import caption_content, text_content
from bot.local.entities import settle
from bot.local.errors import PageError
from bot.local.values import CALLBACK_DATA_MAX, CAPTION_MAX, CONTENT_KEYS, MEDIA_KINDS, TEXT_MAX, Json, Person, Stored, Upload

if TYPE_CHECKING:
    from bot.local.world import World

ANSWER_SECONDS = 10.0
EMOJI = frozenset(str(emoji.value) for emoji in ReactionEmoji)


class Inbox:
    """The people's side of the world; refusals are PageErrors."""

    def __init__(self, world: World) -> None:
        self._world = world

    def write(self, person: Person, text: str, reply_to: int | None = None) -> Stored:
        """A text message.

        Raises:
            PageError: an empty or too long text, an unknown message to reply to, or a blocked bot.

        """
        formatted = settle(text, [])
        if not formatted.text:
            raise PageError(400, "the message is empty")
        if len(formatted.text) > TEXT_MAX:
            raise PageError(400, f"the message is longer than {TEXT_MAX} characters")
        return self.say(person, text_content(self._world, formatted), reply_to)

    async def attach(
        self, person: Person, kind: str, upload: Upload, about: Json, caption: str = "", reply_to: int | None = None
    ) -> Stored:
        """A message with a file; `about` may hold width, height, duration and media_group_id.

        Raises:
            PageError: an unknown kind, a caption that is too long, or a blocked bot.
            ApiError: a file that Telegram would refuse.

        """
        if kind not in MEDIA_KINDS:
            raise PageError(400, f"kind is {kind!r}: use one of {', '.join(MEDIA_KINDS)}")
        formatted = settle(caption, [])
        if len(formatted.text) > CAPTION_MAX:
            raise PageError(400, f"the caption is longer than {CAPTION_MAX} characters")
        self._writable(person)
        content: Json = {kind: await self._world.files.take(kind, upload, about)}
        if kind not in ("video_note", "sticker"):
            content |= caption_content(self._world, formatted)
        group = about.get("media_group_id")
        return self.say(person, content, reply_to, {"media_group_id": str(group)} if group else None)

    def say(self, person: Person, content: Json, reply_to: int | None = None, head: Json | None = None) -> Stored:
        """A message with ready content.

        Raises:
            PageError: an unknown message to reply to, or a blocked bot.

        """
        self._writable(person)
        head = dict(head or {})
        if reply_to is not None:
            target = self._message(person, reply_to)
            head["reply_to_message"] = {key: value for key, value in target.data.items() if key != "reply_to_message"}
        if not person.started:
            person.started = True
            self._world.keep_person(person)
        stored = self._world.post(person, content, out=True, head=head)
        self._world.updates.add("message", stored.data)
        return stored

    async def press(self, person: Person, message_id: int, data: str) -> Json:
        """Press a button and wait for the bot's answer: `text`, `show_alert`, `url`, and `timeout` where none came.

        Any data is sent on, as Telegram's own clients can be made to; the bot must not trust it.
        """
        self._writable(person)
        if not 1 <= len(data.encode()) <= CALLBACK_DATA_MAX:
            raise PageError(400, f"callback data has 1 to {CALLBACK_DATA_MAX} bytes")
        stored = self._message(person, message_id)
        if stored.out:
            raise PageError(400, "only the bot's messages have buttons")
        key, callback = self._world.new_callback(person, message_id)
        query = telegram.CallbackQuery(key, self._user(person), str(-person.id), data=data).to_dict()
        query["message"] = stored.data
        self._world.updates.add("callback_query", query)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await asyncio.shield(callback.answer)
        except TimeoutError:
            return {"text": None, "show_alert": False, "url": None, "timeout": True}
        return {**answer, "timeout": False}

    def react(self, person: Person, message_id: int, emoji: str | None) -> None:
        """Set or take back a reaction.

        Raises:
            PageError: an emoji that Telegram does not allow as a reaction.

        """
        self._writable(person)
        if emoji is not None and emoji not in EMOJI:
            raise PageError(400, f"{emoji!r} is no reaction")
        stored = self._message(person, message_id)
        before = stored.reactions.get("person")
        if before == emoji:
            return
        self._world.react(stored, "person", emoji)
        body = telegram.MessageReactionUpdated(
            self._world.chat_of(person), message_id, self._world.now(), _reactions(before), _reactions(emoji), user=self._user(person)
        ).to_dict()
        # An empty list says that the reaction was taken back; python-telegram-bot leaves empty lists out.
        body.setdefault("old_reaction", [])
        body.setdefault("new_reaction", [])
        self._world.updates.add("message_reaction", body)

    def edit(self, person: Person, message_id: int, text: str) -> Stored:
        """Change the text or the caption of an own message.

        Raises:
            PageError: a message of the bot, one without text and caption, or a text that is empty, too long or the same.

        """
        self._writable(person)
        stored = self._message(person, message_id)
        if not stored.out:
            raise PageError(400, "only own messages can be edited")
        content = {key: stored.data[key] for key in CONTENT_KEYS if key in stored.data}
        formatted = settle(text, [])
        if "text" in content:
            if not formatted.text or len(formatted.text) > TEXT_MAX:
                raise PageError(400, f"a message has 1 to {TEXT_MAX} characters")
            changed = text_content(self._world, formatted)
        elif any(kind in content for kind in MEDIA_KINDS):
            if len(formatted.text) > CAPTION_MAX:
                raise PageError(400, f"the caption is longer than {CAPTION_MAX} characters")
            rest = {key: value for key, value in content.items() if key not in ("caption", "caption_entities")}
            changed = {**rest, **caption_content(self._world, formatted)}
        else:
            raise PageError(400, "this message cannot be edited")
        if changed == content:
            raise PageError(400, "nothing was changed")
        stored.read = False
        self._world.change(stored, changed, None)
        self._world.updates.add("edited_message", stored.data)
        return stored

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

    def _writable(self, person: Person) -> None:
        if person.blocked:
            raise PageError(409, "the bot is blocked: unblock it first")

    def _message(self, person: Person, message_id: int) -> Stored:
        found = self._world.chats[person.id].messages.get(message_id)
        if found is None:
            raise PageError(404, f"there is no message {message_id}")
        return found

    def _user(self, person: Person) -> Any:
        return self._world.user(person.id)


def _reactions(emoji: str | None) -> list[telegram.ReactionType]:
    return [telegram.ReactionTypeEmoji(emoji)] if emoji else []
