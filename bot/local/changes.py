"""What people do to messages that are there: edit, replace the file, react, vote, move a live location, forward, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import telegram

from bot.local import polls
from bot.local.compose import caption_content, text_content
from bot.local.entities import settle
from bot.local.errors import PageError
from bot.local.files import as_document
from bot.local.live import live_until, still
from bot.local.methods.answers import EMOJI
from bot.local.methods.places import location, moving
from bot.local.values import CAPTION_MAX, CAPTIONED_KINDS, TEXT_MAX, UNCOPIED_KINDS, Json, Person, Stored, Upload

if TYPE_CHECKING:
    from bot.local.inbox import Inbox
    from bot.local.parameters import Parameters
    from bot.local.world import World

REPLACEABLE = ("photo", "video", "animation", "document", "audio")
FORWARDED_MAX = 100


class Changes:
    """The people's hands on messages; refusals are PageErrors."""

    def __init__(self, world: World, inbox: Inbox) -> None:
        self._world = world
        self._inbox = inbox

    def react(self, person: Person, message_id: int, emoji: str | None) -> None:
        """Set or take back a reaction: an emoji that Telegram offers, or "custom:ID" for one of somebody with Premium.

        Raises:
            PageError: an emoji that Telegram does not allow as a reaction.

        """
        self._inbox.writable(person)
        if emoji is not None and emoji not in EMOJI and not emoji.removeprefix("custom:").isdecimal():
            raise PageError(400, f"{emoji!r} is no reaction")
        stored = self._inbox.message(person, message_id)
        before = stored.reactions.get("person")
        if before == emoji:
            return
        self._world.react(stored, "person", emoji)
        chat, user, now = self._world.chat_of(person), self._world.user(person.id), self._world.now()
        body = telegram.MessageReactionUpdated(chat, message_id, now, _reactions(before), _reactions(emoji), user=user).to_dict()
        # An empty list says that the reaction was taken back; python-telegram-bot leaves empty lists out.
        self._world.updates.add("message_reaction", {"old_reaction": [], "new_reaction": [], **body})

    def edit(self, person: Person, message_id: int, text: str, entities: list[Any] | None = None) -> Stored:
        """Change the text or the caption of an own message.

        Raises:
            PageError: a message of the bot, one without text and caption, or a text that is empty, too long or the same.

        """
        stored = self._own(person, message_id)
        content = stored.content()
        formatted = self._inbox.formatted(text, entities)
        if "text" in content:
            if not formatted.text or len(formatted.text) > TEXT_MAX:
                raise PageError(400, f"a message has 1 to {TEXT_MAX} characters")
            changed = text_content(self._world, formatted)
        elif any(kind in content for kind in CAPTIONED_KINDS):
            if len(formatted.text) > CAPTION_MAX:
                raise PageError(400, f"the caption is longer than {CAPTION_MAX} characters")
            rest = {key: value for key, value in content.items() if key not in ("caption", "caption_entities")}
            changed = {**rest, **caption_content(self._world, formatted)}
        else:
            raise PageError(400, "this message cannot be edited")
        if changed == content:
            raise PageError(400, "nothing was changed")
        return self._edited(stored, changed)

    async def edit_media(self, person: Person, message_id: int, kind: str, upload: Upload, about: Json, caption: str | None) -> Stored:
        """Put another file into an own message; `caption` None keeps the words.

        Raises:
            PageError: a message that has no file which can be replaced, or a kind that does not fit (albums keep theirs).
            ApiError: a file that Telegram would refuse.

        """
        stored = self._own(person, message_id)
        if kind not in REPLACEABLE:
            raise PageError(400, f"kind is {kind!r}: use one of {', '.join(REPLACEABLE)}")
        now = next((one for one in REPLACEABLE if one in stored.data), None)
        if now is None:
            raise PageError(400, "this message has no file that can be replaced")
        pictures = ("photo", "video")
        if "media_group_id" in stored.data and kind != now and not (kind in pictures and now in pictures):
            raise PageError(400, "an album keeps its kind")
        content = {kind: await self._world.files.take(kind, upload, about)}
        if kind == "animation":
            content["document"] = as_document(content["animation"])
        if caption is None:
            content |= {key: stored.data[key] for key in ("caption", "caption_entities") if key in stored.data}
        else:
            content |= caption_content(self._world, settle(caption, []))
        if about.get("has_spoiler"):
            content["has_media_spoiler"] = True
        return self._edited(self._own(person, message_id), content)

    def move(self, person: Person, message_id: int, parameters: Parameters | None) -> Stored:
        """Move an own live location, or with None stop it.

        Raises:
            PageError: no live location of theirs, or one that has ended.
            ApiError: a place that is not on earth.

        """
        stored = self._own(person, message_id)
        if live_until(stored) <= self._world.clock():
            raise PageError(400, "this is no live location, or it has ended")
        before = stored.data["location"]
        if parameters is None:
            place = still(before)
        else:
            place = {**location(parameters, live=False).to_dict(), **moving(parameters), "live_period": before["live_period"]}
        return self._edited(stored, {"location": place})

    def vote(self, person: Person, message_id: int, chosen: list[int]) -> Stored:
        """Vote in a poll; no options take the vote back.

        Raises:
            PageError: no poll, a closed one, or a vote that it does not take.

        """
        self._inbox.writable(person)
        stored = self._inbox.message(person, message_id)
        if "poll" not in stored.data:
            raise PageError(400, "this message is no poll")
        ends = stored.data["poll"].get("close_date")
        if not stored.data["poll"]["is_closed"] and ends is not None and ends < self._world.clock():
            polls.close(self._world, stored)
        if refused := polls.refusal(stored.data["poll"], chosen, stored.chosen):
            raise PageError(400, refused)
        polls.vote(self._world, person, stored, sorted(chosen))
        return stored

    def stop_poll(self, person: Person, message_id: int) -> Stored:
        """Close an own poll.

        Raises:
            PageError: no poll of theirs, or one that is closed.

        """
        stored = self._own(person, message_id)
        if "poll" not in stored.data or stored.data["poll"]["is_closed"]:
            raise PageError(400, "there is no open poll to stop")
        polls.close(self._world, stored)
        return stored

    def forward(self, person: Person, message_ids: list[int], origin: Json | None = None) -> list[Stored]:
        """Forward messages of a chat into the same chat; albums stay albums.  `origin` names somebody else as their author.

        Raises:
            PageError: none or too many messages, or one whose author protects it.

        """
        if not 1 <= len(message_ids) <= FORWARDED_MAX:
            raise PageError(400, f"1 to {FORWARDED_MAX} messages can be forwarded at once")
        sources = [self._inbox.message(person, number) for number in message_ids]
        for source in sources:
            if source.data.get("has_protected_content") or not source.content():
                raise PageError(400, "this message cannot be forwarded")
        groups: dict[str, str] = {}
        sent = []
        for source in sources:
            head: Json = {"forward_origin": origin or source.data.get("forward_origin") or self._origin(source)}
            if group := source.data.get("media_group_id"):
                head["media_group_id"] = groups.setdefault(group, str(self._world.random_id()))
            content = source.content()
            if "location" in content:
                content["location"] = still(content["location"])
            sent.append(self._inbox.say(person, content, None, head))
        return sent

    def delete(self, person: Person, message_ids: list[int]) -> None:
        """Delete messages for both sides, as people's apps do; the bot is told nothing."""
        known = self._world.chats[person.id].messages
        self._world.delete(person, [number for number in message_ids if number in known])

    def _origin(self, source: Stored) -> Json:
        author = self._world.user(source.data["from"]["id"])
        written = self._world.time_of(source.data["date"])
        if author is None:
            return telegram.MessageOriginHiddenUser(written, "?").to_dict()
        return telegram.MessageOriginUser(written, author).to_dict()

    def _own(self, person: Person, message_id: int) -> Stored:
        self._inbox.writable(person)
        stored = self._inbox.message(person, message_id)
        if not stored.out:
            raise PageError(400, "only own messages can be edited")
        if "forward_origin" in stored.data or "via_bot" in stored.data or any(kind in stored.data for kind in UNCOPIED_KINDS):
            raise PageError(400, "this message cannot be edited")
        return stored

    def _edited(self, stored: Stored, content: Json) -> Stored:
        stored.read = False
        self._world.change(stored, content, None)
        self._world.updates.add("edited_message", stored.data)
        return stored


def _reactions(emoji: str | None) -> list[telegram.ReactionType]:
    if emoji is None:
        return []
    if emoji.startswith("custom:"):
        return [telegram.ReactionTypeCustomEmoji(emoji.removeprefix("custom:"))]
    return [telegram.ReactionTypeEmoji(emoji)]
