"""Whatever is no command and answers no question goes to the member's partner; edits, /del, reactions and votes follow."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, Message, MessageReactionUpdated, PollAnswer, Update

from bot.desk import Desk
from bot.handlers.filters import Command, Pressed, Said
from bot.incoming import Incoming, dumped
from bot.replies import Press
from bot.usecases import relay, relay_deletions, relay_held, relay_signs

PRESSED = {"let_go": relay_held.let_go, "hold_back": relay_held.hold_back, "unsend": relay_deletions.undo}


def make() -> Router:
    """The last of the features, since it takes every message."""
    router = Router(name="relay")
    router.message.register(delete, Command("del"))
    router.message.register(receive, Said())
    router.edited_message.register(edited)
    router.callback_query.register(pressed, Pressed(*PRESSED))
    router.message_reaction.register(reacted)
    router.poll_answer.register(voted)
    return router


async def receive(message: Message, desk: Desk, event_update: Update) -> None:
    """A message."""
    await desk.run_surely(message, relay.receive, incoming(message, event_update.update_id))


async def edited(message: Message, desk: Desk, event_update: Update) -> None:
    """An edited message."""
    await desk.run_surely(message, relay.edited, incoming(message, event_update.update_id))


async def delete(message: Message, desk: Desk) -> None:
    """/del in reply to a message."""
    answered = message.reply_to_message
    await desk.run_surely(message, relay_deletions.delete, None if answered is None else answered.message_id)


async def pressed(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A message that waits for a word, or one that went to the wrong chat."""
    await desk.run(query, PRESSED[press.do], press.to)


async def reacted(reaction: MessageReactionUpdated, desk: Desk, event_update: Update) -> None:
    """A reaction was set, changed or taken back."""
    signs = [sign.model_dump(mode="json") for sign in reaction.new_reaction]
    await desk.run(reaction, relay_signs.reacted, reaction.message_id, signs, str(event_update.update_id))


async def voted(answer: PollAnswer, desk: Desk, event_update: Update) -> None:
    """An answer to a poll of the bot's was given or taken back."""
    await desk.run(answer, relay_signs.voted, answer.poll_id, answer.option_ids, str(event_update.update_id))


def incoming(message: Message, update_id: int) -> Incoming:
    """A Telegram message as the use case knows it."""
    return Incoming.of(dumped(message), update_id)
