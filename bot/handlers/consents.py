"""Words of a consent are new: whoever agreed to the old ones is asked before anything else that is no right of theirs."""

from __future__ import annotations

from typing import Final

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.desk import Desk, Services
from bot.handlers.filters import Pressed
from bot.handlers.reread import reread
from bot.replies import Press
from bot.usecases import consent, privacy, relay
from db.records import Member

HELD: Final = ("active", "paused")
"""Who is signing up is asked there, and who is shut out has nothing to agree to."""


class Due(Filter):
    """Words that the member has not answered yet; whoever has is remembered, since words change only with a new start."""

    def __init__(self) -> None:
        self._done: set[int] = set()

    async def __call__(self, event: TelegramObject, member: Member, services: Services) -> bool:
        """Whether it is so; what goes to a partner goes, and demo members are nobody who could agree."""
        if member.demo or member.id in self._done or member.status not in HELD or (isinstance(event, Message) and _talks(event, member)):
            return False
        if await services.runtime.read(consent.due, member.id) is not None:
            return True
        self._done.add(member.id)
        return False


def make() -> Router:
    """Behind what everybody may do at any time (privacy, report, block), before the features."""
    router = Router(name="consents")
    router.callback_query.register(answered, Pressed("renew"))
    due = Due()
    router.message.register(asked, due)
    router.callback_query.register(asked, due)
    return router


async def asked(event: Message | CallbackQuery, desk: Desk) -> None:
    """The question instead of what was wanted."""
    await desk.run(event, consent.ask_again)


async def answered(query: CallbackQuery, desk: Desk, press: Press, member: Member) -> None:
    """The answer; faces that were never read are read now."""
    await desk.run(query, privacy.answer_again, press.choice)
    if press.choice == "face:yes" and not member.face_consent:
        await reread(query, desk, member)


def _talks(message: Message, member: Member) -> bool:
    return relay.in_chat(member) and not (message.text or "").startswith("/")
