"""Commands and buttons of the admins; for everybody else they are as unknown as any other word."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import CommandObject, Filter
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.desk import Desk, Services
from bot.handlers.filters import AtStep, Command, Pressed
from bot.replies import Press
from bot.usecases import admin, broadcast, decisions, moderation
from db.records import Member

READ = {"stats": admin.stats, "audit": admin.recent, "reports": moderation.queue}
DO = {"ban": decisions.ban_command, "unban": admin.unban, "broadcast": broadcast.write}
LOOK = {"case": moderation.case, "look": moderation.look, "evidence_pics": moderation.look_pictures}


class IsAdmin(Filter):
    """The person is one of `telegram.admins`."""

    async def __call__(self, event: TelegramObject, member: Member, services: Services) -> bool:
        """Whether it is so."""
        return member.telegram_id in services.admins


def make() -> Router:
    """Before the features, since an admin need not be a member who is ready."""
    router = Router(name="admin")
    router.message.filter(IsAdmin())
    router.callback_query.filter(IsAdmin())
    router.message.register(read, Command(*READ))
    router.message.register(do, Command(*DO))
    router.message.register(broadcast_text, AtStep(broadcast.STEP), F.text & ~F.text.startswith("/"))
    router.callback_query.register(queue, Pressed("reports"))
    router.callback_query.register(look, Pressed(*LOOK))
    router.callback_query.register(look_evidence, Pressed("evidence"))
    router.callback_query.register(close, Pressed(*decisions.STATES))
    router.callback_query.register(under_age, Pressed("under_age"))
    router.callback_query.register(erase, Pressed("erase_yes"))
    router.callback_query.register(decide, Pressed("approve", "refuse"))
    router.callback_query.register(unban, Pressed("unban"))
    router.callback_query.register(send, Pressed("broadcast_yes"))
    router.callback_query.register(cancel, Pressed("broadcast_no"))
    return router


async def read(message: Message, desk: Desk, command: CommandObject) -> None:
    """/stats, /audit, /reports."""
    await desk.run(message, READ[command.command])


async def do(message: Message, desk: Desk, command: CommandObject) -> None:
    """/ban, /unban, /broadcast with what follows them."""
    await desk.run(message, DO[command.command], command.args or "")


async def broadcast_text(message: Message, desk: Desk) -> None:
    """The text of a broadcast."""
    await desk.run(message, broadcast.write, message.text or "")


async def queue(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The next open case."""
    await desk.run(query, moderation.queue, press.choice)


async def look(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A report, a profile, or the pictures of a report's evidence."""
    await desk.run(query, LOOK[press.do], press.to)


async def look_evidence(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """What a report rests on."""
    await desk.run(query, moderation.look_evidence, press.to, press.choice)


async def close(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A report is decided."""
    await desk.run(query, decisions.decide_report, press.to, press.do)


async def decide(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A question about a photo or a member is decided."""
    await desk.run(query, decisions.decide_review, press.to, approved=press.do == "approve")


async def under_age(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """Somebody in a photo is clearly under 18."""
    await desk.run(query, decisions.ask_erase, press.to)


async def erase(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The account of somebody who is under 18 goes."""
    await desk.run(query, decisions.erase_minor, press.to)


async def unban(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A ban is taken back."""
    await desk.run(query, admin.unban_pressed, press.to)


async def send(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A broadcast is confirmed."""
    await desk.run(query, broadcast.send, press.choice)


async def cancel(query: CallbackQuery, desk: Desk) -> None:
    """A broadcast is given up."""
    await desk.run(query, broadcast.cancel)
