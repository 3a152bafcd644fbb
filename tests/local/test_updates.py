"""How updates reach the bot: long polling, webhook, what people do as aiogram and python-telegram-bot read it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiogram
import aiohttp
import pytest
import telegram
from aiogram import Dispatcher, F
from aiogram.filters import ChatMemberUpdatedFilter, CommandStart
from aiogram.filters.chat_member_updated import KICKED
from aiogram.types import CallbackQuery, ChatMemberUpdated, Message, MessageReactionUpdated
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web
from telegram.error import Conflict

from bot.local.server import LocalServer
from tests.local.conftest import MINA, Call, jpeg

SECRET = "a-secret_1"
PATIENCE = 60.0
"""Seconds for which something is waited for that will come."""


def dispatcher(heard: asyncio.Queue[str]) -> Dispatcher:
    router = Dispatcher()

    @router.message(CommandStart(deep_link=True))
    async def start(message: Message) -> None:
        markup = aiogram.types.InlineKeyboardMarkup(inline_keyboard=[[aiogram.types.InlineKeyboardButton(text="Go", callback_data="go")]])
        await message.answer(f"welcome {message.text}", reply_markup=markup)
        heard.put_nowait("start")

    @router.message(F.photo)
    async def photo(message: Message) -> None:
        assert message.photo
        heard.put_nowait(f"photo {message.photo[-1].width} {message.caption}")

    @router.callback_query(F.data == "go")
    async def go(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_text("gone")
        await query.answer("Done", show_alert=True)
        heard.put_nowait("go")

    @router.message_reaction()
    async def reacted(update: MessageReactionUpdated) -> None:
        heard.put_nowait(f"reaction {[reaction.emoji for reaction in update.new_reaction]}")  # type: ignore[union-attr]

    @router.edited_message()
    async def edited(message: Message) -> None:
        heard.put_nowait(f"edited {message.text}")

    @router.my_chat_member(ChatMemberUpdatedFilter(KICKED))
    async def blocked(_update: ChatMemberUpdated) -> None:
        heard.put_nowait("blocked")

    return router


@contextlib.asynccontextmanager
async def polling(bot: aiogram.Bot, router: Dispatcher) -> AsyncIterator[None]:
    """`router` at work over long polling."""
    task = asyncio.create_task(
        router.start_polling(bot, handle_signals=False, close_bot_session=False, allowed_updates=router.resolve_used_update_types())
    )
    yield
    await router.stop_polling()
    await task


async def talk(page: Call, http: aiohttp.ClientSession, heard: asyncio.Queue[str]) -> None:
    """One of everything that a person can do, each heard by the bot."""

    async def next_heard() -> str:
        return await asyncio.wait_for(heard.get(), PATIENCE)

    first = (await page(f"chats/{MINA}/messages", text="/start ref_1"))["message"]["message_id"]
    assert await next_heard() == "start"
    messages = (await page(f"chats/{MINA}", "GET"))["messages"]
    assert [message.get("status") for message in messages] == ["read", "read"]
    assert messages[1]["text"] == "welcome /start ref_1"
    answer = await page(f"chats/{MINA}/callback", message_id=messages[1]["message_id"], data="go")
    assert answer == {"text": "Done", "show_alert": True, "url": None, "timeout": False}
    assert await next_heard() == "go"
    assert (await page(f"chats/{MINA}", "GET"))["messages"][1]["text"] == "gone"
    form = aiohttp.FormData({"kind": "photo", "caption": "me"})
    form.add_field("file", jpeg(900, 600), filename="me.jpg", content_type="image/jpeg")
    async with http.post(f"/page/chats/{MINA}/messages", data=form) as response:
        assert response.status == 200
    assert await next_heard() == "photo 900 me"
    await page(f"chats/{MINA}/reaction", message_id=messages[1]["message_id"], emoji="🔥")
    assert await next_heard() == "reaction ['🔥']"
    await page(f"chats/{MINA}/reaction", message_id=messages[1]["message_id"], emoji=None)
    assert await next_heard() == "reaction []"
    await page(f"chats/{MINA}/edit", message_id=first, text="other")
    assert await next_heard() == "edited other"
    await page(f"chats/{MINA}/block")
    assert await next_heard() == "blocked"


async def test_a_conversation_over_long_polling(aio: aiogram.Bot, page: Call, http: aiohttp.ClientSession) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with polling(aio, dispatcher(heard)):
        await talk(page, http, heard)


@contextlib.asynccontextmanager
async def listening(handler: Any) -> AsyncIterator[str]:
    """The address of a small server with `handler` at /hook."""
    application = web.Application()
    application.router.add_post("/hook", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await runner.cleanup()


async def test_the_same_conversation_over_a_webhook(aio: aiogram.Bot, page: Call, http: aiohttp.ClientSession) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    router = dispatcher(heard)
    handler = SimpleRequestHandler(router, aio, secret_token=SECRET, handle_in_background=False)
    async with listening(handler.handle) as url:
        await aio.set_webhook(url, secret_token=SECRET, allowed_updates=router.resolve_used_update_types())
        await talk(page, http, heard)
        info = await aio.get_webhook_info()
        assert (info.url, info.pending_update_count, info.last_error_message) == (url, 0, None)
        await aio.delete_webhook()


async def test_a_failing_webhook_is_called_again_in_order(api: Call, page: Call, server: LocalServer) -> None:
    got: list[tuple[str, str | None]] = []
    failures = [500, 302, 403]
    done = asyncio.Event()

    async def hook(request: web.Request) -> web.Response:
        if failures:
            return web.Response(status=failures.pop())
        update = await request.json()
        got.append((update["message"]["text"], request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        if len(got) == 3:
            done.set()
        return web.json_response({"method": "sendMessage", "chat_id": MINA, "text": "answer in the answer"})

    async with listening(hook) as url:
        await api("setWebhook", url=url, secret_token=SECRET, max_connections=4)
        for text in "abc":
            await page(f"chats/{MINA}/messages", text=text)
        await asyncio.wait_for(done.wait(), PATIENCE)
        async with asyncio.timeout(PATIENCE):
            while len(server.world.updates):
                await server.world.updates.wait(0.1)
        assert got == [("a", SECRET), ("b", SECRET), ("c", SECRET)]
        assert "Wrong response from the webhook: 500" in (await api("getWebhookInfo"))["result"]["last_error_message"]
        texts = [message["text"] for message in (await page(f"chats/{MINA}", "GET"))["messages"] if not message["out"]]
        assert texts == ["answer in the answer"] * 3
        assert (await api("getUpdates"))["error_code"] == 409
        await api("setWebhook", url="")
        assert (await api("getUpdates"))["result"] == []


async def test_what_waits_for_a_webhook_that_is_down_can_be_dropped(api: Call, page: Call) -> None:
    await api("setWebhook", url="http://127.0.0.1:9/hook")
    await page(f"chats/{MINA}/messages", text="lost")
    async with asyncio.timeout(PATIENCE):
        while "last_error_message" not in (info := (await api("getWebhookInfo"))["result"]):  # noqa: ASYNC110 the server tries it
            await asyncio.sleep(0.02)
    assert (info["pending_update_count"], info["last_error_message"]) == (1, "Connection refused")
    await api("deleteWebhook", drop_pending_updates=True)
    assert (await api("getUpdates"))["result"] == []


async def test_offsets_confirm(ptb: telegram.Bot, page: Call) -> None:
    for text in "abc":
        await page(f"chats/{MINA}/messages", text=text)
    first = await ptb.get_updates(limit=2)
    assert [update.message.text for update in first if update.message] == ["a", "b"]
    assert [update.update_id for update in await ptb.get_updates()] == [first[0].update_id + step for step in range(3)]
    rest = await ptb.get_updates(offset=first[1].update_id + 1)
    assert [update.message.text for update in rest if update.message] == ["c"]
    await page(f"chats/{MINA}/messages", text="d")
    last = await ptb.get_updates(offset=-1)
    assert [update.message.text for update in last if update.message] == ["d"]
    assert await ptb.get_updates(offset=last[0].update_id + 1) == ()


async def polled(server: LocalServer) -> None:
    """Wait until somebody asks for updates."""
    async with asyncio.timeout(PATIENCE):
        while not server.world.updates._poller:  # noqa: ASYNC110 another task asks
            await asyncio.sleep(0.01)


async def test_a_poll_waits_for_what_comes(ptb: telegram.Bot, page: Call, server: LocalServer) -> None:
    poll = asyncio.create_task(ptb.get_updates(timeout=50))
    await polled(server)
    await page(f"chats/{MINA}/messages", text="late")
    updates = await asyncio.wait_for(poll, 40)
    assert updates[0].message is not None
    assert updates[0].message.text == "late"


async def test_a_second_poller_ends_the_first(ptb: telegram.Bot, api: Call, server: LocalServer) -> None:
    first = asyncio.create_task(ptb.get_updates(timeout=50))
    await polled(server)
    second = asyncio.create_task(api("getUpdates", timeout=1))
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await first
    assert (await second)["result"] == []


async def test_kinds_that_the_bot_did_not_ask_for(api: Call, page: Call) -> None:
    message = (await page(f"chats/{MINA}/messages", text="x"))["message"]["message_id"]
    await page(f"chats/{MINA}/reaction", message_id=message, emoji="🔥")
    assert [sorted(update) for update in (await api("getUpdates"))["result"]] == [["message", "update_id"]]
    await api("getUpdates", allowed_updates=["message_reaction"])
    await page(f"chats/{MINA}/messages", text="y")
    await page(f"chats/{MINA}/reaction", message_id=message, emoji=None)
    assert [min(update) for update in (await api("getUpdates"))["result"]] == ["message", "message_reaction"]


async def test_updates_are_forgotten_after_a_day(api: Call, page: Call, clock: Any) -> None:
    await page(f"chats/{MINA}/messages", text="old")
    clock.now += 24 * 3600 + 1
    await page(f"chats/{MINA}/messages", text="new")
    assert [update["message"]["text"] for update in (await api("getUpdates"))["result"]] == ["new"]


async def test_a_callback_that_is_answered_too_late(api: Call, page: Call, clock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.local.inbox.ANSWER_SECONDS", 0.05)
    sent = (await api("sendMessage", chat_id=MINA, text="x"))["result"]["message_id"]
    answer = await page(f"chats/{MINA}/callback", message_id=sent, data="forged")
    assert answer["timeout"] is True
    query = (await api("getUpdates"))["result"][0]["callback_query"]
    assert query["data"] == "forged"
    clock.now += 31
    assert "query is too old" in (await api("answerCallbackQuery", callback_query_id=query["id"]))["description"]
