"""Editing and deleting: editMessageText, -Caption, -Media, -ReplyMarkup, deleteMessage(s)."""

from __future__ import annotations

from bot.local.compose import caption_content, read_caption, read_text, text_content
from bot.local.errors import bad_request, forbidden
from bot.local.keyboards import read_markup
from bot.local.methods.kind import Method
from bot.local.methods.media import album_item, media_content
from bot.local.parameters import Parameters
from bot.local.values import CAPTIONED_KINDS, DELETE_WITHIN, DICE_STAYS, Json, Person, Stored
from bot.local.world import World

SAME = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)


def editable(world: World, parameters: Parameters, missing: str = "message to edit not found") -> Stored:
    """The bot's message that a call wants to edit.

    Raises:
        ApiError: an unknown message, one of somebody else, or one in a chat that blocked the bot.

    """
    if parameters.text("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    person = world.member(parameters.text("chat_id"))
    if person.blocked:
        raise forbidden("bot was blocked by the user")
    if not parameters.has("message_id"):
        raise bad_request("message identifier is not specified")
    stored = world.message(person, parameters.integer("message_id"), missing)
    if stored.out or stored.keyboard or "forward_origin" in stored.data:
        raise bad_request("message can't be edited")
    return stored


def put(world: World, stored: Stored, content: Json, markup: Json | None) -> Json:
    """Give a message other content and another keyboard.

    Raises:
        ApiError: nothing would change.

    """
    if stored.content() == content and stored.data.get("reply_markup") == markup:
        raise bad_request(SAME)
    world.change(stored, content, markup)
    return stored.data


async def edit_text(world: World, parameters: Parameters) -> Json:
    """editMessageText; without reply_markup the inline keyboard goes."""
    formatted = read_text(parameters)
    markup = read_markup(parameters)
    stored = editable(world, parameters)
    if "text" not in stored.data:
        raise bad_request("there is no text in the message to edit")
    return put(world, stored, text_content(world, formatted, parameters), markup.inline)


async def edit_caption(world: World, parameters: Parameters) -> Json:
    """editMessageCaption."""
    formatted = read_caption(parameters)
    markup = read_markup(parameters)
    stored = editable(world, parameters)
    media = {key: stored.data[key] for key in (*CAPTIONED_KINDS, "has_media_spoiler") if key in stored.data}
    if not any(kind in media for kind in CAPTIONED_KINDS):
        raise bad_request("there is no caption in the message to edit")
    return put(world, stored, {**media, **caption_content(world, formatted, parameters)}, markup.inline)


async def edit_media(world: World, parameters: Parameters) -> Json:
    """editMessageMedia: another file, caption and keyboard."""
    item = parameters.mapping("media")
    if item is None:
        raise bad_request("media must be non-empty")
    kind, body, caption = album_item(world, item, ("live_photo", "photo", "video", "animation", "document", "audio"))
    markup = read_markup(parameters)
    stored = editable(world, parameters)
    if not any(key in stored.data for key in (*CAPTIONED_KINDS, "text")) or "voice" in stored.data:
        raise bad_request("message can't be edited")
    if stored.data.get("media_group_id") and kind not in (
        "live_photo",
        "photo",
        "video",
        *(key for key in ("document", "audio") if key in stored.data),
    ):
        raise bad_request("message can't be edited")
    content = await media_content(world, kind, body.get("media"), parameters.uploads, body)
    return put(world, stored, {**content, **caption}, markup.inline)


async def edit_markup(world: World, parameters: Parameters) -> Json:
    """editMessageReplyMarkup; Telegram gives no edit date for it to the page, but one to the bot."""
    markup = read_markup(parameters)
    stored = editable(world, parameters)
    return put(world, stored, stored.content(), markup.inline)


def _deletable(world: World, stored: Stored) -> bool:
    """Within 48 hours; a dice only after 24, so that nobody can take a bad throw back."""
    age = world.clock() - float(stored.data["date"])
    return age <= DELETE_WITHIN and ("dice" not in stored.data or age > DICE_STAYS)


async def delete_message(world: World, parameters: Parameters) -> bool:
    """deleteMessage, within 48 hours."""
    person = world.member(parameters.text("chat_id"))
    stored = world.message(person, parameters.integer("message_id"), "message to delete not found")
    if not _deletable(world, stored):
        raise bad_request("message can't be deleted for everyone")
    world.delete(person, [stored.id])
    return True


async def delete_messages(world: World, parameters: Parameters) -> bool:
    """deleteMessages: those that are unknown or too old are passed over."""
    wanted = parameters.items("message_ids")
    if not wanted:
        raise bad_request("message identifiers are not specified")
    if len(wanted) > 100:
        raise bad_request("too many message identifiers specified")
    person: Person = world.member(parameters.text("chat_id"))
    known = world.chats[person.id].messages
    numbers = [int(number) for number in wanted if str(number).isdecimal()]
    gone = [number for number in numbers if number in known and _deletable(world, known[number])]
    if gone:
        world.delete(person, gone)
    return True


METHODS: dict[str, Method] = {
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageMedia": edit_media,
    "editMessageReplyMarkup": edit_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}
