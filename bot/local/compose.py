"""From the parameters of a sending method to a message in a chat: the steps that all of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import telegram

from bot.local.entities import Formatted, given_entities, settle
from bot.local.errors import bad_request
from bot.local.html_markup import MarkupError, parse_html
from bot.local.keyboards import Markup, read_markup
from bot.local.markdown_markup import parse_markdown, parse_markdown_v2
from bot.local.values import CAPTION_MAX, TEXT_MAX, Json, Person, Stored

if TYPE_CHECKING:
    from bot.local.parameters import Parameters
    from bot.local.world import World

PARSERS = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}


def format_text(text: str, parse_mode: str, entities: list[Any] | None) -> Formatted:
    """Text as Telegram stores it.

    Raises:
        ApiError: an unknown parse mode, or markup with a mistake.

    """
    if parse_mode and parse_mode.lower() != "none":
        parser = PARSERS.get(parse_mode.lower())
        if parser is None:
            raise bad_request("unsupported parse_mode")
        try:
            plain, found = parser(text)
        except MarkupError as error:
            raise bad_request(f"can't parse entities: {error}") from None
        return settle(plain, found)
    return settle(text, given_entities(entities or [], text))


def read_text(parameters: Parameters) -> Formatted:
    """The text of sendMessage and editMessageText.

    Raises:
        ApiError: text that is empty, too long or malformed.

    """
    raw = parameters.text("text")
    if not raw:
        raise bad_request("message text is empty")
    formatted = format_text(raw, parameters.text("parse_mode"), parameters.items("entities"))
    if not formatted.text:
        raise bad_request("text must be non-empty")
    if len(formatted.text) > TEXT_MAX:
        raise bad_request("message is too long")
    return formatted


def read_caption(parameters: Parameters) -> Formatted:
    """The caption of a media message; empty where there is none.

    Raises:
        ApiError: a caption that is too long or malformed.

    """
    formatted = format_text(parameters.text("caption"), parameters.text("parse_mode"), parameters.items("caption_entities"))
    if len(formatted.text) > CAPTION_MAX:
        raise bad_request("message caption is too long")
    return formatted


def text_content(world: World, formatted: Formatted, parameters: Parameters | None = None) -> Json:
    """The part of a message that a text fills."""
    content: Json = {"text": formatted.text}
    if entities := formatted.json(world.user):
        content["entities"] = entities
    options = parameters.mapping("link_preview_options") if parameters else None
    if parameters and options is None and parameters.flag("disable_web_page_preview"):
        options = {"is_disabled": True}
    if options:
        preview = telegram.LinkPreviewOptions.de_json(options, None).to_dict()
        if preview:
            content["link_preview_options"] = preview
    return content


def caption_content(world: World, formatted: Formatted, parameters: Parameters | None = None) -> Json:
    """The part of a message that a caption fills."""
    content: Json = {}
    if formatted.text:
        content["caption"] = formatted.text
        if entities := formatted.json(world.user):
            content["caption_entities"] = entities
    if parameters and parameters.flag("show_caption_above_media"):
        content["show_caption_above_media"] = True
    if parameters and parameters.flag("has_spoiler"):
        content["has_media_spoiler"] = True
    return content


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a message goes and what goes with it, checked once for all messages of a call."""

    world: World
    person: Person
    markup: Markup
    head: Json

    def send(self, content: Json, **head: object) -> Stored:
        """Put the message into the chat."""
        whole = {**self.head, **head}
        if self.markup.inline is not None:
            whole["reply_markup"] = self.markup.inline
        reply_markup = self.markup.reply is not None or self.markup.remove
        stored = self.world.post(self.person, content, out=False, head=whole, keyboard=reply_markup)
        if reply_markup:
            self.world.set_keyboard(self.person, self.markup.reply)
        return stored


def delivery(world: World, parameters: Parameters) -> Delivery:
    """Check recipient, reply and markup of a sending call.

    Raises:
        ApiError: an unreachable chat, an unknown message to reply to, or bad markup.

    """
    markup = read_markup(parameters)
    person = world.recipient(parameters.text("chat_id"))
    head: Json = {}
    target = _reply(world, person, parameters)
    if target is not None:
        head["reply_to_message"] = {key: value for key, value in target.data.items() if key != "reply_to_message"}
        quote = (parameters.mapping("reply_parameters") or {}).get("quote")
        if quote:
            head["quote"] = quoted(target, str(quote))
    if parameters.flag("protect_content"):
        head["has_protected_content"] = True
    if effect := parameters.text("message_effect_id"):
        head["effect_id"] = effect
    return Delivery(world, person, markup, head)


def _reply(world: World, person: Person, parameters: Parameters) -> Stored | None:
    wanted = parameters.mapping("reply_parameters")
    if wanted is not None:
        number, lenient = wanted.get("message_id"), bool(wanted.get("allow_sending_without_reply"))
        elsewhere = str(wanted.get("chat_id") or person.id) != str(person.id)
    else:
        number, lenient = parameters.integer("reply_to_message_id"), parameters.flag("allow_sending_without_reply")
        elsewhere = False
    if not number:
        return None
    found = None if elsewhere or not str(number).isdecimal() else world.chats[person.id].messages.get(int(number))
    if found is None and not lenient:
        raise bad_request("message to be replied not found")
    return found


def quoted(target: Stored, quote: str) -> Json:
    """A part of a message as the quote of an answer.

    Raises:
        ApiError: words that the message does not hold.

    """
    words = target.data.get("text") or target.data.get("caption") or ""
    at = words.find(quote)
    if at < 0:
        raise bad_request("QUOTE_TEXT_INVALID")
    return telegram.TextQuote(quote, len(words[:at].encode("utf-16-le")) // 2, is_manual=True).to_dict()
