"""What broke: logged without anything about the person, answered with a clear sentence and never with a traceback."""

from __future__ import annotations

import logging

from aiogram import Router
from aiogram.types import CallbackQuery, ErrorEvent, Message

from bot.desk import Desk, Ticket
from bot.logs import where
from bot.replies import Notice, Say, word
from db.records import Member

log = logging.getLogger(__name__)


def make() -> Router:
    """The one place for unexpected exceptions."""
    router = Router(name="errors")
    router.errors.register(broke)
    return router


async def broke(event: ErrorEvent, ticket: Ticket | None = None, desk: Desk | None = None, member: Member | None = None) -> bool:
    """Log where it broke (exceptions' own texts may quote people, so only their kind), and tell the person.

    Where nothing was done yet and the update is to be tried again, the ticket takes the exception and nobody is told.
    """
    log.error("update %s failed: %s at %s", event.update.event_type, type(event.exception).__name__, where(event.exception))
    inner = event.update.event
    if ticket is not None and not ticket.done and not ticket.last:
        ticket.failed = event.exception
        return True
    if desk is None or member is None:
        return True
    if isinstance(inner, CallbackQuery):
        await desk.say(inner, [Notice(word("error.unexpected"), alert=True)], member.language)
    elif isinstance(inner, Message):
        await desk.say(inner, [Say(word("error.unexpected"))], member.language)
    return True
