"""Everything the local Telegram knows: people, chats, messages, files, updates, and what open pages are told."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import telegram

from bot.local.errors import PageError, bad_request, forbidden
from bot.local.events import Events
from bot.local.files import Files
from bot.local.profile import Profile
from bot.local.state import Callback, Chat, Webhook
from bot.local.updates import Updates
from bot.local.values import CONTENT_KEYS, HISTORY_MAX, Json, Person, Stored

if TYPE_CHECKING:
    from bot.local.store import Store

Clock = Callable[[], float]
TYPING_SECONDS = 5.0  # how long "typing" shows unless a message comes first
CONTENT = frozenset(CONTENT_KEYS)


class World:
    """The state behind the Bot API and the chat page; all its methods run on the event loop's thread."""

    def __init__(self, store: Store, token: str, clock: Clock = time.time) -> None:
        self.store = store
        self.token = token
        self.clock = clock
        self.events = Events()
        self.files = Files(store)
        self.updates = Updates(store, clock, self._on_read)
        self.profile = Profile(store, int(token.split(":", 1)[0]), self.events)
        self.people: dict[int, Person] = {row["id"]: Person(**row) for row in store.people()}
        self.chats: dict[int, Chat] = {person: Chat() for person in self.people}
        self.callbacks: dict[str, Callback] = {}
        self._polls: dict[str, list[tuple[int, int]]] = {}
        self._frames: dict[tuple[object, ...], Json] = {}
        self.webhook = Webhook(**store.meta("webhook", {}))
        self._last_message = int(store.meta("last_message", 0))
        for row in store.messages():
            stored = Stored(**row)
            self.chats[stored.chat].messages[stored.id] = stored
            self._note_poll(stored)
        for number, chat in self.chats.items():
            state = store.meta(f"chat:{number}", {"keyboard": None, "pinned": []})
            chat.keyboard, chat.pinned = state["keyboard"], state["pinned"]

    # People

    def add_person(self, person: Person) -> Person:
        """Add somebody, or change their name, language, role and picture; what they did with the bot stays."""
        known = self.people.get(person.id)
        if known is not None:
            known.name, known.language, known.role = person.name, person.language, person.role
            known.avatar = person.avatar or known.avatar
            person = known
        self.people[person.id] = person
        self.chats.setdefault(person.id, Chat())
        self.keep_person(person)
        return person

    def keep_person(self, person: Person) -> None:
        """Save a person and tell the pages."""
        self.store.put_person(person.id, person.row())
        self.events.tell("people", None, people=[self.person_json(person)])

    def person(self, person_id: int) -> Person:
        """The person with this id.

        Raises:
            PageError: nobody has it.

        """
        found = self.people.get(person_id)
        if found is None:
            raise PageError(404, f"nobody has the id {person_id}")
        return found

    def person_json(self, person: Person) -> Json:
        """A person for the chat page."""
        return {
            "id": person.id,
            "name": person.name,
            "language": person.language,
            "avatar": f"/page/files/{person.avatar}" if person.avatar else None,
            "role": person.role,
            "blocked": person.blocked,
            "started": person.started,
            "commands": self.profile.commands_of(person.id, person.language),
        }

    def recipient(self, chat_id: str) -> Person:
        """The person whom the bot wants to write to.

        Raises:
            ApiError: no chat, one that the person never started, or one that they blocked.

        """
        person = self.member(chat_id)
        if person.blocked:
            raise forbidden("bot was blocked by the user")
        if not person.started:
            raise forbidden("bot can't initiate conversation with a user")
        return person

    def member(self, chat_id: str) -> Person:
        """The person behind a chat id, reachable or not.

        Raises:
            ApiError: an empty or unknown id.

        """
        if not chat_id:
            raise bad_request("chat_id is empty")
        person = self.people.get(int(chat_id)) if chat_id.lstrip("-").isdecimal() and len(chat_id) < 20 else None
        if person is None:
            raise bad_request("chat not found")
        return person

    def user(self, person_id: int) -> telegram.User | None:
        """A person (or the bot) as the Bot API's User."""
        if person_id == self.profile.id:
            return self.profile.user()
        person = self.people.get(person_id)
        return None if person is None else telegram.User(person.id, person.name, is_bot=False, language_code=person.language)

    def chat_of(self, person: Person) -> telegram.Chat:
        """The private chat with a person as the Bot API's Chat."""
        return telegram.Chat(person.id, "private", first_name=person.name)

    # Messages

    def post(self, person: Person, content: Json, *, out: bool, head: Json | None = None, keyboard: bool = False) -> Stored:
        """Put a message into a chat; `head` holds what is not content (reply, markup, album, protection)."""
        self._last_message += 1
        message = {**self._frame(person, out=out), "message_id": self._last_message, "date": int(self.clock())}
        stored = Stored(person.id, self._last_message, {**message, **(head or {}), **content}, out=out, keyboard=keyboard)
        chat = self.chats[person.id]
        chat.messages[stored.id] = stored
        self._note_poll(stored)
        self.store.set_meta("last_message", self._last_message)
        self.keep(stored)
        while len(chat.messages) > HISTORY_MAX:
            self.store.drop_message(chat.messages.pop(next(iter(chat.messages))).id)
        if not out:
            chat.typing_until = 0.0
        self.events.tell("message", person.id, message=stored.page())
        return stored

    def _frame(self, person: Person, *, out: bool) -> Json:
        """Chat and sender of a message, built once for each name: python-telegram-bot's objects are dear."""
        author = person if out else None
        key = (person.id, person.name, author and person.language, self.profile.name)
        known = self._frames.get(key)
        if known is None:
            user = self.user(person.id) if out else self.profile.user()
            whole = telegram.Message(1, self.now(), self.chat_of(person), from_user=user).to_dict()
            # python-telegram-bot spells out flags that Telegram sends only where they are true.
            known = self._frames[key] = {"chat": whole["chat"], "from": whole["from"]}
        return known

    def keep(self, stored: Stored) -> None:
        """Save a message that is new or has changed."""
        self.store.put_message(stored.id, stored.chat, stored.row())

    def change(self, stored: Stored, content: Json, markup: Json | None, *, edited: bool = True) -> None:
        """Replace a message's content and inline keyboard, and tell the page; `edited` sets its edit date."""
        from_content = {key: value for key, value in stored.data.items() if key not in CONTENT}
        stored.data = {**from_content, **content}
        stored.data.pop("reply_markup", None)
        if markup is not None:
            stored.data["reply_markup"] = markup
        if edited:
            stored.data["edit_date"] = int(self.clock())
        self.keep(stored)
        self.events.tell("edit", stored.chat, message=stored.page())

    def replace(self, stored: Stored, parts: Json) -> None:
        """Replace parts of a message that no one edited: a poll's votes, the end of a live location."""
        stored.data = {**stored.data, **parts}
        self.keep(stored)
        self.events.tell("edit", stored.chat, message=stored.page())

    def showing(self, poll_id: str) -> list[Stored]:
        """The messages that show a poll: more than one where it was forwarded."""
        found = (self.chats[chat].messages.get(number) for chat, number in self._polls.get(poll_id, ()))
        return [stored for stored in found if stored is not None]

    def _note_poll(self, stored: Stored) -> None:
        if "poll" in stored.data:
            self._polls.setdefault(stored.data["poll"]["id"], []).append((stored.chat, stored.id))

    def message(self, person: Person, message_id: int, missing: str) -> Stored:
        """A message of a chat.

        Raises:
            ApiError: 400 with the words `missing`.

        """
        found = self.chats[person.id].messages.get(message_id)
        if found is None:
            raise bad_request(missing)
        return found

    def delete(self, person: Person, message_ids: list[int]) -> None:
        """Remove messages from a chat."""
        chat = self.chats[person.id]
        for message_id in message_ids:
            if chat.messages.pop(message_id, None) is not None:
                self.store.drop_message(message_id)
        if set(chat.pinned) & set(message_ids):
            chat.pinned = [pinned for pinned in chat.pinned if pinned not in message_ids]
            self.keep_chat(person)
        self.events.tell("delete", person.id, message_ids=message_ids)

    def set_keyboard(self, person: Person, keyboard: Json | None) -> None:
        """Show or remove the reply keyboard of a chat."""
        chat = self.chats[person.id]
        if chat.keyboard != keyboard:
            chat.keyboard = keyboard
            self.keep_chat(person)
            self.events.tell("keyboard", person.id, keyboard=keyboard)

    def keep_chat(self, person: Person) -> None:
        """Save the reply keyboard and the pinned messages of a chat."""
        self.store.set_meta(f"chat:{person.id}", self.chats[person.id].row())

    def keep_webhook(self) -> None:
        """Save the webhook's address."""
        hook = self.webhook
        self.store.set_meta("webhook", {"url": hook.url, "secret": hook.secret, "max_connections": hook.max_connections})

    def typing(self, person: Person, action: str) -> None:
        """Show that the bot does something."""
        chat = self.chats[person.id]
        chat.typing_until, chat.action = self.clock() + TYPING_SECONDS, action
        self.events.tell("typing", person.id, action=action, seconds=TYPING_SECONDS)

    def react(self, stored: Stored, who: str, emoji: str | None) -> None:
        """Set or remove the reaction of "person" or "bot" to a message."""
        if emoji is None:
            stored.reactions.pop(who, None)
        else:
            stored.reactions[who] = emoji
        self.keep(stored)
        self.events.tell("reaction", stored.chat, message_id=stored.id, reactions=stored.page()["reactions"])

    def random_id(self) -> int:
        """A number for albums, polls and queries."""
        return secrets.randbits(53)

    def time_of(self, stamp: int) -> datetime:
        """A message's date as a time in UTC."""
        return datetime.fromtimestamp(stamp, UTC)

    def now(self) -> datetime:
        """The clock as a time in UTC, in whole seconds."""
        return datetime.fromtimestamp(int(self.clock()), UTC)

    def new_callback(self, person: Person, message_id: int) -> tuple[str, Callback]:
        """Register a pressed button."""
        now = self.clock()
        while self.callbacks and (oldest := next(iter(self.callbacks.items())))[1].at < now - 600:
            del self.callbacks[oldest[0]]
        callback = Callback(person.id, message_id, now, asyncio.get_running_loop().create_future())
        key = str(secrets.randbits(62))
        self.callbacks[key] = callback
        return key, callback

    def _on_read(self, updates: list[Json]) -> None:
        """Mark the messages in `updates` as read by the bot."""
        read: dict[int, list[int]] = {}
        for update in updates:
            body: Any = update.get("message") or update.get("edited_message")
            if body is None:
                continue
            chat = self.chats.get(body["chat"]["id"])
            stored = chat.messages.get(body["message_id"]) if chat else None
            if stored is not None and not stored.read:
                stored.read = True
                self.keep(stored)
                read.setdefault(stored.chat, []).append(stored.id)
        for chat_id, message_ids in read.items():
            self.events.tell("read", chat_id, message_ids=message_ids)
