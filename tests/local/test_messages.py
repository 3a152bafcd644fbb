"""Messages without files, sent by both clients and read back by the page."""

from __future__ import annotations

from pathlib import Path

import aiogram
import pytest
import telegram
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramUnauthorizedError
from telegram.error import BadRequest, Forbidden, InvalidToken

from bot.local.server import LocalServer
from bot.local.store import Store
from bot.local.values import Person
from bot.local.world import World
from tests.local.conftest import JUN, MINA, Call


async def test_both_clients_read_who_the_bot_is(ptb: telegram.Bot, aio: aiogram.Bot) -> None:
    me = await aio.me()
    assert (me.id, me.is_bot, me.username) == (ptb.id, True, ptb.username)


async def test_text_with_entities_and_keyboard_reaches_the_page(aio: aiogram.Bot, ptb: telegram.Bot, page: Call) -> None:
    markup = aiogram.types.InlineKeyboardMarkup(inline_keyboard=[[aiogram.types.InlineKeyboardButton(text="Like", callback_data="like:1")]])
    one = await aio.send_message(MINA, "<b>Hi</b> 👍 <i>you</i>", parse_mode="HTML", reply_markup=markup)
    two = await ptb.send_message(MINA, "*Hi* 👍 _you_", parse_mode="MarkdownV2")
    assert one.text == two.text == "Hi 👍 you"
    assert [(entity.type, entity.offset, entity.length) for entity in one.entities or []] == [("bold", 0, 2), ("italic", 6, 3)]
    assert [(entity.type, entity.offset, entity.length) for entity in two.entities] == [("bold", 0, 2), ("italic", 6, 3)]
    chat = await page(f"chats/{MINA}", "GET")
    assert [message["text"] for message in chat["messages"]] == ["Hi 👍 you"] * 2
    assert chat["messages"][0]["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "like:1"
    assert chat["messages"][0]["out"] is False
    later = await page(f"chats/{MINA}?after={one.message_id}", "GET")
    assert [message["message_id"] for message in later["messages"]] == [two.message_id]


async def test_given_entities_and_reply_and_protection(ptb: telegram.Bot) -> None:
    first = await ptb.send_message(MINA, "first words")
    entity = telegram.MessageEntity("bold", 0, 5)
    reply = telegram.ReplyParameters(first.message_id, quote="words")
    second = await ptb.send_message(MINA, "again", entities=[entity], reply_parameters=reply, protect_content=True)
    assert second.entities == (entity,)
    assert second.reply_to_message is not None
    assert second.reply_to_message.text == "first words"
    assert second.quote is not None
    assert second.quote.position == 6
    assert second.has_protected_content
    with pytest.raises(BadRequest, match="copied"):
        await ptb.copy_message(JUN, MINA, second.message_id)


async def test_reply_to_an_unknown_message(ptb: telegram.Bot, aio: aiogram.Bot) -> None:
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await ptb.send_message(MINA, "x", reply_parameters=telegram.ReplyParameters(99))
    lenient = aiogram.types.ReplyParameters(message_id=99, allow_sending_without_reply=True)
    message = await aio.send_message(MINA, "x", reply_parameters=lenient)
    assert message.reply_to_message is None


async def test_location_venue_contact_poll_dice(aio: aiogram.Bot, ptb: telegram.Bot) -> None:
    place = await aio.send_location(MINA, 37.5, 127.0)
    assert place.location is not None
    assert place.location.latitude == 37.5
    venue = await ptb.send_venue(MINA, 37.5, 127.0, "Cafe", "Seoul")
    assert venue.venue is not None
    assert venue.venue.title == "Cafe"
    contact = await aio.send_contact(MINA, "+8210", "Kim")
    assert contact.contact is not None
    assert contact.contact.first_name == "Kim"
    poll = await aio.send_poll(MINA, "Where?", ["Here", "There"])
    assert poll.poll is not None
    assert [option.text for option in poll.poll.options] == ["Here", "There"]
    quiz = await ptb.send_poll(MINA, "1+1", ["1", "2"], type="quiz", correct_option_ids=[1], explanation="sum")
    assert quiz.poll is not None
    assert quiz.poll.correct_option_ids == (1,)
    dice = await ptb.send_dice(MINA)
    assert dice.dice is not None
    assert 1 <= dice.dice.value <= 6


async def test_reply_keyboard_is_shown_until_it_is_removed(aio: aiogram.Bot, page: Call) -> None:
    button = aiogram.types.KeyboardButton(text="Where I am", request_location=True)
    markup = aiogram.types.ReplyKeyboardMarkup(keyboard=[[button]], resize_keyboard=True)
    message = await aio.send_message(MINA, "Where?", reply_markup=markup)
    keyboard = (await page(f"chats/{MINA}", "GET"))["keyboard"]
    assert keyboard["keyboard"] == [[{"text": "Where I am", "request_location": True}]]
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await aio.edit_message_text("x", chat_id=MINA, message_id=message.message_id)
    await aio.send_message(MINA, "Thanks", reply_markup=aiogram.types.ReplyKeyboardRemove())
    assert (await page(f"chats/{MINA}", "GET"))["keyboard"] is None


async def test_copy_leaves_no_trace_and_forward_names_the_author(aio: aiogram.Bot, ptb: telegram.Bot, page: Call) -> None:
    written = (await page(f"chats/{MINA}/messages", text="see #me"))["message"]
    copied = await aio.copy_message(JUN, MINA, written["message_id"])
    forwarded = await ptb.forward_message(JUN, MINA, written["message_id"])
    messages = (await page(f"chats/{JUN}", "GET"))["messages"]
    assert messages[0]["message_id"] == copied.message_id
    assert messages[0]["text"] == "see #me"
    assert "Mina" not in str(messages[0])
    assert messages[0]["entities"] == [{"type": "hashtag", "offset": 4, "length": 3}]
    assert isinstance(forwarded.forward_origin, telegram.MessageOriginUser)
    assert forwarded.forward_origin.sender_user.first_name == "Mina"
    again = await ptb.copy_messages(JUN, MINA, [written["message_id"], 9999])
    assert len(again) == 1
    with pytest.raises(BadRequest, match="Message to copy not found"):
        await ptb.copy_message(JUN, MINA, 9999)


async def test_only_people_who_started_and_do_not_block_can_be_written_to(
    server: LocalServer, aio: aiogram.Bot, ptb: telegram.Bot, page: Call
) -> None:
    await server.add_person(1002, "Sua", "ko")
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        await ptb.send_message(1002, "hello")
    await page("chats/1002/messages", text="/start")
    await ptb.send_message(1002, "hello")
    await page("chats/1002/block")
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await aio.send_message(1002, "hello")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await aio.send_message(424242, "hello")


async def test_wrong_token(server: LocalServer) -> None:
    bot = telegram.Bot("1:OTHER", base_url=f"{server.base_url}/bot")
    with pytest.raises(InvalidToken):
        await bot.initialize()
    await bot.shutdown()
    session = aiogram.client.session.aiohttp.AiohttpSession(api=aiogram.client.telegram.TelegramAPIServer.from_base(server.base_url))
    async with aiogram.Bot("1:OTHER", session=session) as other:
        with pytest.raises(TelegramUnauthorizedError):
            await other.get_me()


def test_history_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.local.world.HISTORY_MAX", 3)
    world = World(Store(tmp_path), "1:X")
    mina = world.add_person(Person(MINA, "Mina", started=True))
    for number in range(5):
        world.post(mina, {"text": str(number)}, out=False)
    assert [stored.data["text"] for stored in world.chats[MINA].messages.values()] == ["2", "3", "4"]
    assert len(list(world.store.messages())) == 3
