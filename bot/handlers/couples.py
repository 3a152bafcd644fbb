"""/couple and the links that it makes: photos of couples, from people at every stage."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from aiogram import F, Router
from aiogram.filters import CommandObject, Filter
from aiogram.types import CallbackQuery, Message

from bot.context import Context
from bot.desk import Desk
from bot.handlers.attachments import picture, too_large
from bot.handlers.filters import AtStep, Command, CommandStart, Pressed
from bot.replies import Press, Replies
from bot.usecases import couple_links, couples
from db.records import Member
from db.session import Connection

Plain = Callable[[Connection, Context, Member], Replies]
Numbered = Callable[[Connection, Context, Member, int], Replies]
PLAIN: Final[dict[str, Plain]] = {
    "couple": couples.show,
    "couple_give": couples.ask,
    "couple_agree": couples.agree,
    "couple_close": couples.close,
    "couple_keep": couples.keep,
}
NUMBERED: Final[dict[str, Numbered]] = {
    "couple_link": couples.link,
    "couple_open": couple_links.look,
    "couple_stop": couples.ask_stop,
    "couple_stop_yes": couples.withdraw,
}
REMEMBERED: Final = 256


class Albums(Filter):
    """Photos of an album of which one was taken already: the others must not end up in the profile, or in somebody's chat."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, bool] = OrderedDict()

    async def __call__(self, message: Message) -> bool:
        """Whether this is such a photo."""
        return message.media_group_id in self._told

    def take(self, album: str | None) -> None:
        """A photo of this album was taken."""
        if album is not None:
            self._told[album] = False
            if len(self._told) > REMEMBERED:
                self._told.popitem(last=False)

    def tell(self, album: str | None) -> bool:
        """Whether it is still to be said that only one was taken; said once."""
        told = album is None or self._told.get(album, True)
        if album is not None and not told:
            self._told[album] = True
        return not told


def make() -> Router:
    """Before all other routers that take a /start, a photo or a typed answer."""
    albums = Albums()
    router = Router(
        name="couples",
    )
    router.message.register(opened, CommandStart(deep_link=True, magic=F.args.startswith(couples.PREFIX)))
    router.message.register(show, Command("couple"))
    router.callback_query.register(plain, Pressed(*PLAIN))
    router.callback_query.register(numbered, Pressed(*NUMBERED))
    router.callback_query.register(answered, Pressed("couple_yes", "couple_no"))
    router.message.register(_rest(albums), albums)
    router.message.register(birth, F.text & ~F.text.startswith("/"), AtStep(couples.BIRTH))
    router.callback_query.register(birth_pressed, Pressed("set"), AtStep(couples.BIRTH))
    router.message.register(_photo(albums), F.photo | F.document, AtStep(couples.PHOTO))
    router.message.register(remind, ~F.text.startswith("/"), AtStep(couples.STEP))
    return router


async def opened(message: Message, desk: Desk, command: CommandObject) -> None:
    """Somebody opened a link."""
    await desk.run(message, couple_links.open_link, (command.args or "").removeprefix(couples.PREFIX))


async def show(message: Message, desk: Desk) -> None:
    """/couple."""
    await desk.run(message, couples.show)


async def plain(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A button that needs no more than itself."""
    await desk.run(query, PLAIN[press.do])


async def numbered(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """A button about one photo."""
    await desk.run(query, NUMBERED[press.do], press.to)


async def answered(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """The other one's yes or no."""
    await desk.run(query, couple_links.confirm if press.do == "couple_yes" else couple_links.refuse, press.choice)


async def birth(message: Message, desk: Desk) -> None:
    """A typed date of birth."""
    await desk.run(message, couple_links.birth, message.text or "")


async def birth_pressed(query: CallbackQuery, desk: Desk, press: Press) -> None:
    """Whether the typed date is right."""
    await desk.run(query, couple_links.birth_pressed, press.choice)


async def remind(message: Message, desk: Desk) -> None:
    """Anything else."""
    await desk.run(message, couples.remind)


def _rest(albums: Albums) -> Callable[[Message, Desk], object]:
    async def rest(message: Message, desk: Desk) -> None:
        if albums.tell(message.media_group_id):
            await desk.run(message, couples.one_photo)

    return rest


def _photo(albums: Albums) -> Callable[[Message, Desk], object]:
    async def photo(message: Message, desk: Desk) -> None:
        """A photo, or an image sent as a file: fetched, judged off the loop, kept or refused, with a sign of life meanwhile."""
        sent = picture(message)
        if sent is None:
            await desk.run(message, couples.not_a_photo)
        elif too_large(sent):
            await desk.run(message, couples.too_large)
        else:
            async with desk.busy(message, "upload_photo"):
                data = await desk.download(sent.file_id)
                if data is None:
                    await desk.run(message, couples.not_fetched)
                    return
                verdict = await desk.services.runtime.compute(desk.services.judge, data)
                if verdict.jpeg is not None:
                    albums.take(message.media_group_id)
                await desk.run(message, couples.receive, verdict)

    return photo
