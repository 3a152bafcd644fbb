"""What answers a person without a message: callback answers, chat actions, reactions."""

from __future__ import annotations

import telegram
from telegram.constants import ChatAction, ReactionEmoji

from bot.local.entities import checked_url
from bot.local.errors import bad_request
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import ANSWER_MAX, CALLBACK_SECONDS
from bot.local.world import World

EMOJI = frozenset(str(emoji.value) for emoji in ReactionEmoji)
ACTIONS = frozenset(str(action.value) for action in ChatAction)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


async def answer_callback_query(world: World, parameters: Parameters) -> bool:
    """answerCallbackQuery: a note or an alert for the person who pressed the button."""
    callback = world.callbacks.get(parameters.text("callback_query_id"))
    if callback is None or world.clock() - callback.at > CALLBACK_SECONDS:
        raise bad_request(TOO_OLD)
    text, url = parameters.text("text"), parameters.text("url")
    if len(text) > ANSWER_MAX:
        raise bad_request("MESSAGE_TOO_LONG")
    if url and not (url.startswith("tg://") or checked_url(url)):
        raise bad_request("URL_INVALID")
    answer = {"text": text or None, "show_alert": parameters.flag("show_alert"), "url": url or None}
    if not callback.answer.done():
        callback.answer.set_result(answer)
    world.events.tell("callback_answer", callback.chat, message_id=callback.message_id, **answer)
    return True


async def send_chat_action(world: World, parameters: Parameters) -> bool:
    """sendChatAction."""
    action = parameters.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    world.typing(world.recipient(parameters.text("chat_id")), action)
    return True


async def set_message_reaction(world: World, parameters: Parameters) -> bool:
    """setMessageReaction: the bot's one reaction to a message, or none."""
    chosen = parameters.items("reaction") or []
    if len(chosen) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    emoji = None
    for reaction in chosen:
        made = (
            telegram.ReactionType.de_json(reaction, None) if isinstance(reaction, dict) and {"type", "emoji"} <= reaction.keys() else None
        )
        if not isinstance(made, telegram.ReactionTypeEmoji) or made.emoji not in EMOJI:
            raise bad_request("REACTION_INVALID")
        emoji = made.emoji
    person = world.recipient(parameters.text("chat_id"))
    stored = world.message(person, parameters.integer("message_id"), "message to react not found")
    world.react(stored, "bot", emoji)
    return True


METHODS: dict[str, Method] = {
    "answerCallbackQuery": answer_callback_query,
    "sendChatAction": send_chat_action,
    "setMessageReaction": set_message_reaction,
}
