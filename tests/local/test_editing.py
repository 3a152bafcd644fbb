"""Edits, deletions, reactions, pins, commands and texts about the bot."""

from __future__ import annotations

import aiogram
import pytest
import telegram
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BotCommand, BotCommandScopeChat, BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest

from bot.local.server import LocalServer
from tests.local.conftest import JUN, MINA, Call, jpeg

MARKUP = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="x", callback_data="y")]])


async def test_text_is_edited_once(aio: aiogram.Bot) -> None:
    sent = await aio.send_message(MINA, "one", reply_markup=MARKUP)
    edited = await aio.edit_message_text("<b>two</b>", chat_id=MINA, message_id=sent.message_id, parse_mode="HTML")
    assert isinstance(edited, aiogram.types.Message)
    assert (edited.text, edited.reply_markup) == ("two", None)
    assert edited.edit_date is not None
    with pytest.raises(TelegramBadRequest, match="message is not modified: specified new message content and reply markup"):
        await aio.edit_message_text("*two*", chat_id=MINA, message_id=sent.message_id, parse_mode="MarkdownV2")
    await aio.edit_message_reply_markup(chat_id=MINA, message_id=sent.message_id, reply_markup=MARKUP)
    with pytest.raises(TelegramBadRequest, match="not modified"):
        await aio.edit_message_reply_markup(chat_id=MINA, message_id=sent.message_id, reply_markup=MARKUP)


async def test_caption_and_media(ptb: telegram.Bot, aio: aiogram.Bot) -> None:
    photo = await ptb.send_photo(MINA, jpeg(), caption="one")
    await ptb.edit_message_caption(MINA, photo.message_id, caption="two")
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await ptb.edit_message_text("x", MINA, photo.message_id)
    media = aiogram.types.InputMediaPhoto(media=BufferedInputFile(jpeg(colour="red"), "r.jpg"), caption="three")
    changed = await aio.edit_message_media(media, chat_id=MINA, message_id=photo.message_id)
    assert isinstance(changed, aiogram.types.Message)
    assert changed.caption == "three"
    assert changed.photo is not None
    assert changed.photo[-1].file_id != photo.photo[-1].file_id
    text = await ptb.send_message(MINA, "text")
    with pytest.raises(BadRequest, match="There is no caption"):
        await ptb.edit_message_caption(MINA, text.message_id, caption="x")


async def test_only_own_messages_are_edited(aio: aiogram.Bot, page: Call) -> None:
    written = (await page(f"chats/{MINA}/messages", text="mine"))["message"]
    with pytest.raises(TelegramBadRequest, match="message can't be edited"):
        await aio.edit_message_text("x", chat_id=MINA, message_id=written["message_id"])


async def test_deletion_of_both_sides_messages(ptb: telegram.Bot, page: Call) -> None:
    written = (await page(f"chats/{MINA}/messages", text="mine"))["message"]["message_id"]
    sent = await ptb.send_message(MINA, "yours")
    await ptb.pin_chat_message(MINA, sent.message_id)
    assert await ptb.delete_messages(MINA, [written, sent.message_id])
    chat = await page(f"chats/{MINA}", "GET")
    assert (chat["messages"], chat["pinned"]) == ([], [])


async def test_pins(ptb: telegram.Bot) -> None:
    sent = await ptb.send_message(MINA, "look")
    assert await ptb.pin_chat_message(MINA, sent.message_id)
    chat = await ptb.get_chat(MINA)
    assert chat.pinned_message is not None
    assert chat.pinned_message.text == "look"
    assert await ptb.unpin_chat_message(MINA)
    assert (await ptb.get_chat(MINA)).pinned_message is None
    with pytest.raises(BadRequest, match="Message to unpin not found"):
        await ptb.unpin_chat_message(MINA)


async def test_bots_reaction_is_shown(aio: aiogram.Bot, page: Call) -> None:
    written = (await page(f"chats/{MINA}/messages", text="mine"))["message"]["message_id"]
    await aio.set_message_reaction(MINA, written, [aiogram.types.ReactionTypeEmoji(emoji="❤")])
    assert (await page(f"chats/{MINA}", "GET"))["messages"][0]["reactions"] == [{"from": "bot", "emoji": "❤"}]
    await aio.set_message_reaction(MINA, written, [])
    assert (await page(f"chats/{MINA}", "GET"))["messages"][0]["reactions"] == []


async def test_typing_shows_until_the_message_comes(ptb: telegram.Bot, page: Call) -> None:
    await ptb.send_chat_action(MINA, "typing")
    assert (await page(f"chats/{MINA}", "GET"))["typing"] is True
    await ptb.send_message(MINA, "done")
    assert (await page(f"chats/{MINA}", "GET"))["typing"] is False


async def test_commands_by_scope_and_language(aio: aiogram.Bot, ptb: telegram.Bot, page: Call) -> None:
    await aio.set_my_commands([BotCommand(command="start", description="Begin")])
    await aio.set_my_commands([BotCommand(command="start", description="시작")], language_code="ko")
    await aio.set_my_commands([BotCommand(command="stats", description="Figures")], scope=BotCommandScopeChat(chat_id=JUN))
    assert [command.description for command in await ptb.get_my_commands(language_code="ko")] == ["시작"]
    state = await page("state", "GET")
    assert state["bot"]["commands"]["default"] == state["bot"]["commands"]["en"] == [{"command": "start", "description": "Begin"}]
    assert state["bot"]["commands"]["ko"][0]["description"] == "시작"
    assert {person["id"]: person["commands"][0]["description"] for person in state["people"]} == {MINA: "시작", JUN: "Figures"}
    await ptb.delete_my_commands(language_code="ko")
    assert await aio.get_my_commands(language_code="ko") == []


async def test_names_descriptions_and_menu_button(ptb: telegram.Bot, aio: aiogram.Bot) -> None:
    assert await aio.set_my_description("Finds people", language_code="en")
    assert (await ptb.get_my_description("en")).description == "Finds people"
    assert await ptb.set_my_short_description("short")
    assert (await aio.get_my_short_description("ko")).short_description == "short"
    assert await ptb.set_my_name("Inyeon")
    assert (await aio.get_me()).first_name == (await aio.get_my_name()).name == "Inyeon"
    assert await aio.set_chat_menu_button(menu_button=aiogram.types.MenuButtonCommands())
    assert isinstance(await ptb.get_chat_menu_button(MINA), telegram.MenuButtonCommands)


async def test_farewells(ptb: telegram.Bot, server: LocalServer) -> None:
    assert await ptb.log_out()
    assert await ptb.close()
    member = await ptb.get_chat_member(MINA, server.world.profile.id)
    assert member.user.is_bot
