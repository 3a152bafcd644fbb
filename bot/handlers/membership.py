"""People who block the bot or come back, and those who may not be here."""

from __future__ import annotations

from typing import Final

from aiogram import F, Router
from aiogram.enums import ChatMemberStatus
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, MessageReactionUpdated

from bot.context import Context
from bot.desk import Desk, Services
from bot.handlers.filters import AtStep, Command, HasStatus, Pressed
from bot.usecases import appeals, onboarding, reach
from db import members
from db.records import Member
from db.session import Connection

THEIRS: Final = ("help", "language", "privacy", "export", "delete")
"""Commands that are everybody's, also of people who are banned or frozen."""
BUTTONS: Final = ("help", "language", "privacy", "export", "delete", "face")


def make() -> Router:
    """Blocking and coming back."""
    router = Router(name="membership")
    router.my_chat_member.register(changed)
    return router


def make_stopped() -> Router:
    """For people who are banned or frozen: what is theirs in any case, an appeal, and a neutral line to all else."""
    router = Router(name="stopped")
    for observer in (router.message, router.edited_message, router.callback_query, router.message_reaction):
        observer.filter(HasStatus("banned", "frozen", "deleted"))
    router.message.register(appeal_words, AtStep(appeals.STEP), ~F.text.startswith("/"))
    router.message.register(stopped, ~Command(*THEIRS))
    router.edited_message.register(nothing)
    router.message_reaction.register(nothing)
    router.callback_query.register(mistyped, Pressed("appeal"))
    router.callback_query.register(appeal, Pressed("appeal_ask"))
    router.callback_query.register(appeal_no, Pressed("appeal_no"))
    router.callback_query.register(stopped_pressed, ~Pressed(*BUTTONS))
    return router


async def changed(update: ChatMemberUpdated, services: Services, member: Member) -> None:
    """The person blocked the bot, or unblocked it."""
    gone = update.new_chat_member.status in (ChatMemberStatus.KICKED, ChatMemberStatus.LEFT)
    await services.runtime.transact(_reachable, services.context(), member.id, gone)
    services.wake()


def _reachable(connection: Connection, context: Context, member_id: int, gone: bool) -> None:
    member = members.by_id(connection, member_id)
    if member is None:
        return
    if gone:
        reach.lost(connection, context, member)
    elif not member.reachable:
        members.update(connection, member.id, context.now, reachable=True)


async def stopped(message: Message, desk: Desk) -> None:
    """What the matter is, and what they can do."""
    await desk.run(message, appeals.stopped)


async def nothing(event: Message | MessageReactionUpdated) -> None:
    """An edit or a reaction gets no answer."""


async def mistyped(query: CallbackQuery, desk: Desk) -> None:
    """The birth date was mistyped."""
    await desk.run(query, onboarding.appeal)


async def appeal(query: CallbackQuery, desk: Desk) -> None:
    """An appeal is wanted."""
    await desk.run(query, appeals.ask)


async def appeal_no(query: CallbackQuery, desk: Desk) -> None:
    """No appeal now."""
    await desk.run(query, appeals.cancel)


async def appeal_words(message: Message, desk: Desk) -> None:
    """The words of an appeal."""
    await desk.run(message, appeals.receive, message.text or "")


async def stopped_pressed(query: CallbackQuery, desk: Desk) -> None:
    """One neutral line."""
    await desk.run(query, appeals.stopped_pressed)
