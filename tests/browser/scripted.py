"""The other side of the page's tests: the real local server in a thread of its own, and a small bot that speaks plain HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import aiohttp

from bot.local.server import LocalServer
from tests.ports import free_port

YOU, ADMIN, DEMO, OTHER = 1001, 9001, 2001, 2002
COMMANDS = {
    "ko": [("start", "시작하기"), ("profile", "내 프로필"), ("photo", "사진 바꾸기"), ("help", "도움말")],
    "en": [("start", "Start"), ("profile", "My profile"), ("photo", "Change photo"), ("help", "Help")],
}
MARKED = "<b>굵게</b> <i>기울임</i> <code>코드</code> <tg-spoiler>가려진 글</tg-spoiler> <a href='https://example.org/'>이음</a>"


class ScriptedBot:
    """Answers a handful of messages in a fixed way; `updates` is everything that it was told."""

    def __init__(self, base_url: str, token: str) -> None:
        self._api = f"{base_url}/bot{token}/"
        self.updates: list[dict[str, Any]] = []
        self.silent = False
        self.ready = asyncio.Event()
        self.answers = asyncio.Event()
        """While it is not set, pressed buttons get no answer."""
        self.answers.set()

    async def call(self, method: str, **parameters: Any) -> Any:
        async with self._session.post(self._api + method, json=parameters) as response:
            answer = await response.json()
        if not answer["ok"]:
            raise AssertionError(f"{method}: {answer}")
        return answer["result"]

    async def run(self) -> None:
        async with aiohttp.ClientSession() as self._session:
            for language, commands in COMMANDS.items():
                listed = [{"command": name, "description": words} for name, words in commands]
                await self.call("setMyCommands", commands=listed, language_code=language)
            self.ready.set()
            offset = 0
            while True:
                wanted = ["message", "edited_message", "callback_query", "message_reaction", "my_chat_member"]
                for update in await self.call("getUpdates", offset=offset, timeout=10, allowed_updates=wanted):
                    offset = update["update_id"] + 1
                    self.updates.append(update)
                    if not self.silent:
                        await self._answer(update)

    async def _answer(self, update: dict[str, Any]) -> None:
        if "callback_query" in update:
            await self._pressed(update["callback_query"])
        elif "message" in update:
            await self._written(update["message"])

    async def _pressed(self, query: dict[str, Any]) -> None:
        data, message = query["data"], query["message"]
        await self.answers.wait()
        await self.call("answerCallbackQuery", callback_query_id=query["id"], text=f"골랐어요: {data}", show_alert=data == "alert")
        if data == "edit":
            chat = message["chat"]["id"]
            await self.call("editMessageText", chat_id=chat, message_id=message["message_id"], text="바뀐 글", reply_markup=keyboard())

    async def _written(self, message: dict[str, Any]) -> None:
        chat, text = message["chat"]["id"], message.get("text", "")
        if text == "/start":
            await self.call("sendMessage", chat_id=chat, text="<b>안녕하세요!</b> 골라 주세요.", parse_mode="HTML", reply_markup=keyboard())
        elif text == "/city":
            rows = [[{"text": "위치 보내기", "request_location": True}], [{"text": "서울"}, {"text": "부산"}]]
            await self.call("sendMessage", chat_id=chat, text="어디에 사세요?", reply_markup={"keyboard": rows, "resize_keyboard": True})
        elif text == "/marked":
            await self.call("sendMessage", chat_id=chat, text=MARKED, parse_mode="HTML")
        elif "photo" in message:
            await self.call("sendMessage", chat_id=chat, text="사진을 받았어요.", reply_parameters={"message_id": message["message_id"]})
        elif "location" in message:
            place = message["location"]
            text = f"위치: {place['latitude']:.1f}, {place['longitude']:.1f}"
            await self.call("sendMessage", chat_id=chat, text=text, reply_markup={"remove_keyboard": True})
        elif text:
            await self.call("sendMessage", chat_id=chat, text=f"받았어요: {text}")


def keyboard() -> dict[str, Any]:
    first = [{"text": "알림", "callback_data": "toast"}, {"text": "경고", "callback_data": "alert"}]
    return {
        "inline_keyboard": [first, [{"text": "고치기 단추", "callback_data": "edit"}], [{"text": "누리집", "url": "https://example.org/"}]]
    }


class Stage:
    """The local server and the bot; `restart` stops both for a while, as `make run` does when it is started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = free_port()

    def wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(90)

    def start(self) -> None:
        self.wait(self._start())

    def stop(self) -> None:
        self.wait(self._stop())

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def _start(self) -> None:
        self.server = LocalServer(self.port, self._folder)
        await self.server.start()
        self.port = self.server.port
        await self.server.add_person(YOU, "민지", "ko", "you")
        await self.server.add_person(ADMIN, "운영자", "ko", "admin")
        await self.server.add_person(DEMO, "예시 회원 01", "ko", "demo")
        await self.server.add_person(OTHER, "예시 회원 02", "en", "demo")
        self.bot = ScriptedBot(self.server.base_url, self.server.token)
        self._running = asyncio.create_task(self.bot.run())
        await asyncio.wait_for(self.bot.ready.wait(), 60)

    async def _stop(self) -> None:
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running
        await self.server.stop()

    def let_answer(self, answers: bool) -> None:
        """Whether pressed buttons are answered."""
        event = self.bot.answers
        self._loop.call_soon_threadsafe(event.set if answers else event.clear)

    def told(self, kind: str, number: int = 1) -> None:
        """Wait until the bot was told of so many updates with `kind` in them, or messages with such content."""

        def found() -> int:
            return sum(kind in update or kind in update.get("message", {}) for update in self.bot.updates)

        until = time.monotonic() + 60
        while found() < number and time.monotonic() < until:
            time.sleep(0.02)

    def say(self, chat: int, text: str, **more: Any) -> Any:
        return self.wait(self.bot.call("sendMessage", chat_id=chat, text=text, **more))
