"""Commands and buttons with which admins steer learning; for everybody else they are as unknown as any other word."""

from __future__ import annotations

from collections.abc import Callable

from aiogram import F, Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from bot.context import Context
from bot.desk import Desk
from bot.handlers import naming
from bot.handlers.admin import IsAdmin
from bot.handlers.filters import AtStep, Command, Pressed
from bot.replies import Press, Replies
from bot.usecases import models, steering
from db.records import Member
from db.session import Connection

TOLD = {"crawl": steering.crawl, "rollback": models.rollback}
PLAIN = {"retrain": steering.retrain, "models": models.listed, "jobs": steering.listed}
SHOWN = {"models_gallery": models.gallery, "models_affinity": models.affinity, "models_gates": models.gates}
OPENED = {**PLAIN, **SHOWN, "crawl": steering.crawl, "rollback": models.rollback, "retrain_yes": steering.retrain_yes}
CHOSEN: dict[str, Callable[[Connection, Context, Member, str], Replies]] = {
    "crawl_from": steering.crawl_from,
    "rollback_to": models.rollback,
    "rollback_yes": models.rollback_yes,
}
GIVEN_UP = ("crawl_no", "retrain_no", "rollback_no", "rename_no")


def make() -> Router:
    """Beside the other commands of admins, behind the same filter."""
    router = Router(name="steering")
    router.message.filter(IsAdmin())
    router.callback_query.filter(IsAdmin())
    router.message.register(told, Command(*TOLD))
    router.message.register(plain, Command(*PLAIN))
    router.message.register(crawl_told, AtStep(steering.STEP), F.text & ~F.text.startswith("/"))
    router.message.register(crawl_told, AtStep(steering.STEP), F.text.startswith("/") & F.text[1:].contains("/"))
    router.callback_query.register(renewed, Pressed("jobs"))
    router.callback_query.register(stopped, Pressed("job_stop"))
    router.callback_query.register(chosen, Pressed(*CHOSEN))
    router.callback_query.register(opened, Pressed(*OPENED))
    router.callback_query.register(given_up, Pressed(*GIVEN_UP))
    router.include_router(naming.make())
    return router


async def told(message: Message, desk: Desk, command: CommandObject) -> None:
    """/crawl and /rollback with what follows them."""
    await desk.run(message, TOLD[command.command], command.args or "")


async def plain(message: Message, desk: Desk, command: CommandObject) -> None:
    """/retrain, /models, /jobs."""
    await desk.run(message, PLAIN[command.command])


async def crawl_told(message: Message, desk: Desk, member: Member) -> None:
    """The folder, tag or words that a source needs; a folder's path begins with a slash as a command does."""
    await desk.run(message, steering.crawl_from, str(member.draft.get("source", "")), message.text or "")


async def opened(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The buttons that need nothing more."""
    await desk.run(query, OPENED[press.do])


async def chosen(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The buttons that name something: a source, a version."""
    await desk.run(query, CHOSEN[press.do], press.choice)


async def renewed(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The list of jobs, anew or in place."""
    await desk.run(query, steering.listed, press.choice)


async def stopped(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A run is to end."""
    await desk.run(query, steering.stop, press.to, press.choice)


async def given_up(query: CallbackQuery, desk: Desk) -> None:
    """Something is not confirmed."""
    await desk.run(query, steering.give_up)
