"""Calls carried out over real HTTP against the local server, which refuses as Telegram does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter
from aiogram.types import Message

from bot.delivery import StoredPhoto, deliver
from bot.local.faults import Fault
from bot.local.server import LocalServer
from bot.render import Call
from tests.journeys.stage import jpeg

MINA = 1001


class Shelf:
    """Stored photos in memory."""

    def __init__(self) -> None:
        self.photos = {1: StoredPhoto(jpeg(), None)}

    async def load(self, photo_id: int) -> StoredPhoto | None:
        return self.photos.get(photo_id)

    async def remember(self, photo_id: int, file_id: str | None) -> None:
        self.photos[photo_id] = StoredPhoto(self.photos[photo_id].jpeg, file_id)


@pytest.fixture
async def server() -> AsyncIterator[LocalServer]:
    made = LocalServer()
    await made.start()
    await made.add_person(MINA, "Mina", "ko", started=True)
    yield made
    await made.stop()


@pytest.fixture
async def bot(server: LocalServer) -> AsyncIterator[Bot]:
    made = Bot(server.token, AiohttpSession(api=TelegramAPIServer.from_base(server.base_url)))
    yield made
    await made.session.close()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


async def test_a_photo_is_uploaded_once(bot: Bot, shelf: Shelf) -> None:
    first = await deliver(bot, Call("sendPhoto", {"caption": "a"}, photo_id=1), MINA, photo_source=shelf)
    assert isinstance(first, Message)
    assert first.photo
    file_id = shelf.photos[1].file_id
    assert file_id == first.photo[-1].file_id
    second = await deliver(bot, Call("sendPhoto", {"caption": "b"}, photo_id=1), MINA, photo_source=shelf)
    assert isinstance(second, Message)
    assert second.photo
    assert second.photo[-1].file_unique_id == first.photo[-1].file_unique_id


async def test_a_file_id_that_no_longer_works_is_replaced(bot: Bot, shelf: Shelf) -> None:
    await shelf.remember(1, "AgAC-of-another-bot")
    sent = await deliver(bot, Call("sendPhoto", {"caption": "a"}, photo_id=1), MINA, photo_source=shelf)
    assert isinstance(sent, Message)
    assert shelf.photos[1].file_id != "AgAC-of-another-bot"


async def test_a_photo_that_is_gone_leaves_its_words(bot: Bot, shelf: Shelf) -> None:
    sent = await deliver(bot, Call("sendPhoto", {"caption": "a"}, photo_id=99), MINA, photo_source=shelf)
    assert isinstance(sent, Message)
    assert (sent.text, sent.photo) == ("a", None)


async def test_an_edit_to_the_same_is_fine_and_one_of_a_gone_message_is_new(bot: Bot, shelf: Shelf) -> None:
    said = await deliver(bot, Call("sendMessage", {"text": "a"}), MINA, photo_source=shelf)
    assert isinstance(said, Message)
    assert await deliver(bot, Call("editMessageText", {"text": "a"}), MINA, photo_source=shelf, message_id=said.message_id) is True
    changed = await deliver(bot, Call("editMessageText", {"text": "b"}), MINA, photo_source=shelf, message_id=said.message_id)
    assert isinstance(changed, Message)
    assert (changed.message_id, changed.text) == (said.message_id, "b")
    for message_id in (None, 987654):
        new = await deliver(bot, Call("editMessageText", {"text": "c"}), MINA, photo_source=shelf, message_id=message_id)
        assert isinstance(new, Message)
        assert (new.text, new.edit_date) == ("c", None)


async def test_a_text_in_place_of_a_photos_caption_is_new_and_takes_its_buttons(bot: Bot, shelf: Shelf) -> None:
    markup = {"inline_keyboard": [[{"text": "x", "callback_data": "x::"}]]}
    photo = await deliver(bot, Call("sendPhoto", {"caption": "a", "reply_markup": markup}, photo_id=1), MINA, photo_source=shelf)
    assert isinstance(photo, Message)
    said = await deliver(bot, Call("editMessageText", {"text": "b"}), MINA, photo_source=shelf, message_id=photo.message_id)
    assert isinstance(said, Message)
    assert said.message_id != photo.message_id
    again = await deliver(bot, Call("editMessageReplyMarkup"), MINA, photo_source=shelf, message_id=photo.message_id)
    assert again is True, "the buttons are gone already"


async def test_an_old_query_is_let_be(bot: Bot, shelf: Shelf) -> None:
    assert await deliver(bot, Call("answerCallbackQuery"), MINA, photo_source=shelf, query_id="77") is True
    assert await deliver(bot, Call("answerCallbackQuery"), MINA, photo_source=shelf) is True


async def test_what_the_caller_must_know_reaches_it(server: LocalServer, bot: Bot, shelf: Shelf) -> None:
    server.faults.add(Fault(method="sendMessage", code=429, retry_after=3, times=1))
    with pytest.raises(TelegramRetryAfter) as slow:
        await deliver(bot, Call("sendMessage", {"text": "a"}), MINA, photo_source=shelf)
    assert slow.value.retry_after == 3
    server.faults.add(Fault(method="sendMessage", code=403, times=1))
    with pytest.raises(TelegramForbiddenError):
        await deliver(bot, Call("sendMessage", {"text": "a"}), MINA, photo_source=shelf)
    with pytest.raises(TelegramBadRequest):
        await deliver(bot, Call("sendMessage", {"text": "<b>open", "parse_mode": "HTML"}), MINA, photo_source=shelf)
