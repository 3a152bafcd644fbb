"""What a person can do, by name: the chat page posts one act at a time, a test driver many at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import telegram

from bot.local.changes import Changes
from bot.local.errors import PageError
from bot.local.inbox import Inbox
from bot.local.methods.messages import throw
from bot.local.methods.places import contact, location, venue
from bot.local.methods.polls import poll
from bot.local.parameters import Parameters
from bot.local.values import UNCOPIED_KINDS, Json, Person, Stored

if TYPE_CHECKING:
    from bot.local.world import World

ABOUT = ("width", "height", "duration", "length", "media_group_id", "title", "performer", "emoji")
ORIGINS = ("user", "hidden_user", "chat", "channel")
Act = Callable[[Person, Parameters], Awaitable[Stored | Json]]


class Acts:
    """The acts; each takes the person and parameters, and answers the message that came of it or an object."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._inbox = Inbox(world)
        self._changes = Changes(world, self._inbox)
        self._acts: dict[str, Act] = {
            "messages": self._write,
            "location": self._location,
            "venue": self._venue,
            "contact": self._contact,
            "poll": self._poll,
            "dice": self._dice,
            "other": self._other,
            "callback": self._press,
            "reaction": self._react,
            "edit": self._edit,
            "live": self._live,
            "vote": self._vote,
            "stop_poll": self._stop_poll,
            "forward": self._forward,
            "delete": self._delete,
            "block": partial(self._block, blocked=True),
            "unblock": partial(self._block, blocked=False),
        }

    async def perform(self, name: str, person: Person, parameters: Parameters) -> Stored | Json:
        """Do what is called `name`.

        Raises:
            PageError: no such act, or one that the person cannot do.
            ApiError: something that Telegram would refuse.

        """
        act = self._acts.get(name)
        if act is None:
            raise PageError(404, f"there is no act {name!r}: use one of {', '.join(self._acts)}")
        return await act(person, parameters)

    # Saying

    async def _write(self, person: Person, parameters: Parameters) -> Stored:
        """A text, or with `file` or `file_id` something of `kind`."""
        reply_to, quote = parameters.integer("reply_to") or None, parameters.text("quote")
        file = parameters.uploads.get("file") or parameters.text("file_id")
        if not file:
            entities = parameters.items("entities")
            if parameters.has("origin") or parameters.has("via_bot"):
                formatted = self._inbox.formatted(parameters.text("text"), entities)
                return self._say(person, {"text": formatted.text, "entities": formatted.json(self._world.user)}, parameters)
            return self._inbox.write(person, parameters.text("text"), reply_to, quote, entities)
        about = about_file(parameters) | ({"photo": parameters.uploads["photo"]} if "photo" in parameters.uploads else {})
        kind, caption = parameters.text("kind", "document"), parameters.text("caption")
        return await self._inbox.attach(person, kind, file, about, caption, reply_to, quote, parameters.items("caption_entities"))

    async def _location(self, person: Person, parameters: Parameters) -> Stored:
        return self._say(person, {"location": location(parameters).to_dict()}, parameters)

    async def _venue(self, person: Person, parameters: Parameters) -> Stored:
        return self._say(person, venue(parameters), parameters)

    async def _contact(self, person: Person, parameters: Parameters) -> Stored:
        """The given contact; without a name the person's own."""
        own = {} if parameters.has("first_name") else {"first_name": person.name, "user_id": person.id}
        card = Parameters({"phone_number": "+82 10-0000-0000", **own, **parameters.values})
        return self._say(person, {"contact": contact(card).to_dict()}, parameters)

    async def _poll(self, person: Person, parameters: Parameters) -> Stored:
        return self._say(person, {"poll": poll(self._world, parameters)}, parameters)

    async def _dice(self, person: Person, parameters: Parameters) -> Stored:
        return self._say(person, {"dice": throw(parameters.text("emoji", "🎲"))}, parameters)

    async def _other(self, person: Person, parameters: Parameters) -> Stored:
        """A message of a kind that the page does not offer and bots cannot copy: `content` as the Bot API words it."""
        content = parameters.mapping("content") or {}
        if not content or not set(content) <= set(UNCOPIED_KINDS):
            raise PageError(400, f"content holds one of {', '.join(UNCOPIED_KINDS)}")
        return self._say(person, content, parameters)

    def _say(self, person: Person, content: Json, parameters: Parameters) -> Stored:
        head: Json = {}
        if parameters.has("origin"):
            head["forward_origin"] = self._origin(parameters)
        if name := parameters.text("via_bot"):
            head["via_bot"] = telegram.User(1, name, is_bot=True, username=name).to_dict()
        content = {key: value for key, value in content.items() if value != []}
        return self._inbox.say(person, content, parameters.integer("reply_to") or None, head, parameters.text("quote"))

    # Changing

    async def _press(self, person: Person, parameters: Parameters) -> Json:
        """Press a button; `wait` false does not wait for the bot's answer."""
        wait = not parameters.has("wait") or parameters.flag("wait")
        return await self._inbox.press(person, number_of(parameters, "message_id"), parameters.text("data"), wait=wait)

    async def _react(self, person: Person, parameters: Parameters) -> Json:
        emoji = parameters.text("emoji") or None
        self._changes.react(person, number_of(parameters, "message_id"), emoji)
        return {}

    async def _edit(self, person: Person, parameters: Parameters) -> Stored:
        """Other words, or with `file` another file."""
        message_id, upload = number_of(parameters, "message_id"), parameters.uploads.get("file")
        if upload is None:
            return self._changes.edit(person, message_id, parameters.text("text"), parameters.items("entities"))
        caption = parameters.text("caption") if parameters.has("caption") else None
        kind = parameters.text("kind", "photo")
        return await self._changes.edit_media(person, message_id, kind, upload, about_file(parameters), caption)

    async def _live(self, person: Person, parameters: Parameters) -> Stored:
        """Move a live location, or with `stop` end it."""
        stop = parameters.flag("stop")
        return self._changes.move(person, number_of(parameters, "message_id"), None if stop else parameters)

    async def _vote(self, person: Person, parameters: Parameters) -> Stored:
        return self._changes.vote(person, number_of(parameters, "message_id"), numbers_of(parameters, "options"))

    async def _stop_poll(self, person: Person, parameters: Parameters) -> Stored:
        return self._changes.stop_poll(person, number_of(parameters, "message_id"))

    async def _forward(self, person: Person, parameters: Parameters) -> Json:
        origin = self._origin(parameters) if parameters.has("origin") else None
        sent = self._changes.forward(person, numbers_of(parameters, "message_ids"), origin)
        return {"message_ids": [stored.id for stored in sent]}

    async def _delete(self, person: Person, parameters: Parameters) -> Json:
        self._changes.delete(person, numbers_of(parameters, "message_ids"))
        return {}

    async def _block(self, person: Person, _parameters: Parameters, *, blocked: bool) -> Json:
        self._inbox.block(person, blocked=blocked)
        return self._world.person_json(person)

    def _origin(self, parameters: Parameters) -> Json:
        """Whom a forwarded message is from: `origin` is the kind, `origin_name` the name."""
        kind, name, at = parameters.text("origin"), parameters.text("origin_name", "Somebody"), self._world.now()
        chat = telegram.Chat(-1001000000001, "channel" if kind == "channel" else "supergroup", title=name)
        match kind:
            case "user":
                return telegram.MessageOriginUser(at, telegram.User(777, name, is_bot=False)).to_dict()
            case "hidden_user":
                return telegram.MessageOriginHiddenUser(at, name).to_dict()
            case "channel":
                return telegram.MessageOriginChannel(at, chat, 1).to_dict()
            case "chat":
                return telegram.MessageOriginChat(at, chat).to_dict()
        raise PageError(400, f"origin is {kind!r}: use one of {', '.join(ORIGINS)}")


def about_file(parameters: Parameters) -> Json:
    """What is said of a file besides its bytes; lengths are whole numbers."""
    about: dict[str, Any] = {name: parameters.values[name] for name in ABOUT if name in parameters.values}
    for name in ("width", "height", "duration", "length"):
        if name in about:
            about[name] = round(Parameters(about).number(name))
    if parameters.flag("has_spoiler"):
        about["has_spoiler"] = True
    return about


def whole(value: str, name: str) -> int:
    """A number that is not negative.

    Raises:
        PageError: something else.

    """
    if not value.isdecimal() or len(value) > 18:
        raise PageError(400, f"{name} is {value[:20]!r}: it must be a whole number")
    return int(value)


def number_of(parameters: Parameters, name: str) -> int:
    """A number among the parameters."""
    return whole(parameters.text(name), name)


def numbers_of(parameters: Parameters, name: str) -> list[int]:
    """A list of numbers among the parameters."""
    return [whole(str(value), name) for value in parameters.items(name) or []]


def answer(made: Stored | Json) -> Json:
    """The result of an act for the page."""
    return {"message": made.page()} if isinstance(made, Stored) else made


def brief(made: Stored | Json) -> Json:
    """The result of an act for a driver that does many."""
    return {"message_id": made.id} if isinstance(made, Stored) else made
