"""People who block the bot or come back, and those who may not be here."""

from __future__ import annotations

from aiogram import Router
from aiogram.enums import ChatMemberStatus
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message

from bot.context import Context
from bot.desk import Desk, Services
from bot.handlers.filters import HasStatus, Pressed
from bot.usecases import onboarding, reach
from db import members
from db.records import Member
from db.session import Connection


def make() -> Router:
    """Blocking and coming back."""
    router = Router(name="membership")
    router.my_chat_member.register(changed)
    return router


def make_banned() -> Router:
    """A neutral line to people who were shut out; nothing of theirs reaches a feature."""
    router = Router(name="banned")
    router.message.filter(HasStatus("banned", "deleted"))
    router.edited_message.filter(HasStatus("banned", "deleted"))
    router.callback_query.filter(HasStatus("banned", "deleted"))
    router.message.register(shut_out)
    router.edited_message.register(nothing)
    router.callback_query.register(appeal, Pressed("appeal"))
    router.callback_query.register(shut_out_pressed)
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


async def shut_out(message: Message, desk: Desk) -> None:
    """One neutral line."""
    await desk.run(message, onboarding.shut_out)


async def nothing(message: Message) -> None:
    """An edit gets no answer."""


async def appeal(query: CallbackQuery, desk: Desk) -> None:
    """The birth date was mistyped."""
    await desk.run(query, onboarding.appeal)


async def shut_out_pressed(query: CallbackQuery, desk: Desk) -> None:
    """One neutral line."""
    await desk.run(query, onboarding.shut_out_pressed)
