"""/block and /report, and their buttons in chats and on cards."""

from __future__ import annotations

from collections.abc import Callable

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from bot.context import Context
from bot.desk import Desk
from bot.handlers.filters import AtStep, Command, Pressed
from bot.replies import Press, Replies
from bot.usecases import safety
from db.records import Member
from db.session import Connection

ABOUT: dict[str, Callable[[Connection, Context, Member, int], Replies]] = {
    "block": safety.ask_block,
    "block_yes": safety.block,
    "report_pair": safety.ask_report,
    "report": safety.ask_report_card,
}


def make() -> Router:
    """For members who are ready; before other routers that take typed answers."""
    router = Router(name="safety")
    router.message.register(block, Command("block"))
    router.message.register(report, Command("report"))
    router.callback_query.register(about, Pressed(*ABOUT))
    router.callback_query.register(flag, Pressed("flag"))
    router.callback_query.register(done, Pressed("report_done"))
    router.message.register(explain, AtStep(safety.STEP), ~F.text.startswith("/"))
    return router


async def block(message: Message, desk: Desk) -> None:
    """/block."""
    await desk.run(message, safety.ask_block)


async def report(message: Message, desk: Desk) -> None:
    """/report; in answer to a message it is about that one."""
    answered = message.reply_to_message
    await desk.run(message, safety.ask_report, 0, None if answered is None else answered.message_id)


async def about(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A button about a person or a chat."""
    await desk.run(query, ABOUT[press.do], press.to)


async def flag(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The reason of a report."""
    await desk.run(query, safety.report, press.to, press.choice)


async def done(query: CallbackQuery, desk: Desk) -> None:
    """Nothing to add to a report."""
    await desk.run(query, safety.done)


async def explain(message: Message, desk: Desk) -> None:
    """Words that are added to a report; whatever else is sent meanwhile goes to nobody."""
    await desk.run(message, safety.explain, message.text or "")
