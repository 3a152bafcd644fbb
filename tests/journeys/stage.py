"""The whole bot against the local server, over real HTTP, and people who write to it as on the chat page."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from PIL import Image

import configuration
from bot.app import Application
from bot.local.server import LocalServer
from configuration import Settings
from db import members, photos
from db.records import Member
from db.session import Connection, Database
from engine.analysis import Analyser

Json = dict[str, Any]
ADMIN = 9001
PATIENCE = 60.0
"""Seconds for which something is waited for that will come: much longer than it takes on a machine that stalls."""
STEP = 0.02
QUIET = tuple(f"INYEON_SCHEDULE__{job}" for job in ("COLLECT", "LEARN", "RETYPE", "DAILY_PICK", "RETENTION"))
"""No job begins by itself in the midst of a test."""


def jpeg(colour: str = "teal", side: int = 320) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def settings_for(folder: Path, pack: Path, server: LocalServer, **environment: str) -> Settings:
    """As an operator would set them: a token and another Bot API server."""
    return configuration.load(
        environment={
            "INYEON_PATHS__VAR": str(folder / "var"),
            "INYEON_ENGINE__PACK": str(pack),
            "TELEGRAM_BOT_TOKEN": server.token,
            "INYEON_TELEGRAM__API_BASE": server.base_url,
            "INYEON_TELEGRAM__ADMINS": str(ADMIN),
            **dict.fromkeys(QUIET, ""),
            **environment,
        }
    )


def settle(connection: Connection, telegram_id: int, language: str, gender: str, seeks: str, **fields: object) -> Member:
    """A member who is ready to meet people."""
    now = dt.datetime.now(dt.UTC)
    made = members.create(connection, telegram_id, "ko" if language == "ko" else "en", now)
    photos.add(connection, made.id, jpeg(), now)
    ready = {
        "status": "active",
        "gender": gender,
        "seeks": seeks,
        "birth_date": dt.date(1996, 3, 1),
        "city": "Seoul",
        "latitude": 37.6,
        "longitude": 127.0,
        "face_consent": True,
        "about": "I like films.",
        **fields,
    }
    return members.update(connection, made.id, now, **ready)


class Page:
    """The chat page of a server, as people's clients use it."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server

    async def open(self) -> None:
        self.http = aiohttp.ClientSession(self.server.base_url, timeout=aiohttp.ClientTimeout(total=2 * PATIENCE))

    async def close(self) -> None:
        await self.http.close()


@dataclass
class Person:
    """Somebody at the chat page."""

    page: Page
    id: int
    language: str
    seen: int = 0
    """The newest message that was looked at."""
    history: list[Json] = field(default_factory=list)

    async def write(self, text: str, reply_to: int | None = None) -> Json:
        """Send a text; the message as it stands in the chat."""
        body = {"text": text} if reply_to is None else {"text": text, "reply_to": reply_to}
        return await self._post("messages", body)

    async def attach(self, kind: str, data: bytes, name: str, reply_to: int | None = None, **more: str) -> Json:
        """Send a file as `kind`."""
        form = aiohttp.FormData({"kind": kind, **more, **({"reply_to": str(reply_to)} if reply_to else {})})
        form.add_field("file", data, filename=name)
        async with self.page.http.post(f"/page/chats/{self.id}/messages", data=form) as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
            return answer["message"]

    async def locate(self) -> Json:
        return await self._post("location", {"latitude": 37.5, "longitude": 127.0})

    async def give_contact(self) -> Json:
        return await self._post("contact", {})

    async def edit(self, message_id: int, text: str) -> None:
        await self._post("edit", {"message_id": message_id, "text": text})

    async def block_bot(self, blocked: bool = True) -> None:
        await self._post("block" if blocked else "unblock", {})

    async def press(self, message: Json, verb: str) -> Json:
        """Press the button with this verb below a message; what the button said."""
        data = next(button["callback_data"] for button in buttons(message) if button["callback_data"].split(":")[0] == verb)
        return await self.press_data(message, data)

    async def press_data(self, message: Json, data: str) -> Json:
        async with self.page.http.post(f"/page/chats/{self.id}/callback", json={"message_id": message["message_id"], "data": data}) as got:
            answer: Json = await got.json()
            assert got.status == 200, answer
            return answer

    async def messages(self) -> list[Json]:
        """All messages of the chat."""
        async with self.page.http.get(f"/page/chats/{self.id}") as response:
            return list((await response.json())["messages"])

    async def hears(self, matches: Callable[[Json], bool] | str = "", patience: float = PATIENCE) -> Json:
        """The next message of the bot that matches (by a part of its text or by a function), in the order of the chat."""
        async with asyncio.timeout(patience):
            while True:
                for message in await self.messages():
                    if message["message_id"] > self.seen and not message["out"] and _fits(message, matches):
                        self.seen = message["message_id"]
                        return message
                await asyncio.sleep(STEP)

    async def hears_nothing(self, seconds: float = 0.4) -> None:
        """Nothing new comes from the bot for a while."""
        await asyncio.sleep(seconds)
        new = [message for message in await self.messages() if message["message_id"] > self.seen and not message["out"]]
        assert not new, [words(message) for message in new]

    async def message(self, message_id: int) -> Json:
        """A message as it stands now."""
        return next(message for message in await self.messages() if message["message_id"] == message_id)

    async def becomes(self, message_id: int, matches: Callable[[Json], bool]) -> Json:
        """Wait until a message has changed in this way."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self.message(message_id)
                if matches(message):
                    return message
                await asyncio.sleep(STEP)

    async def _post(self, what: str, body: Json) -> Json:
        async with self.page.http.post(f"/page/chats/{self.id}/{what}", json=body) as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
            return dict(answer.get("message", answer))


class Stage(Page):
    """A local server that stays and a bot that can be stopped and started again."""

    def __init__(self, folder: Path, pack: Path, analyser: Analyser, **environment: str) -> None:
        super().__init__(LocalServer())
        self._folder, self._pack, self._analyser, self._environment = folder, pack, analyser, environment
        self.application: Application | None = None

    async def open(self) -> None:
        await self.server.start()
        await super().open()
        await self.start()

    async def start(self) -> None:
        """Start the bot."""
        self.settings = settings_for(self._folder, self._pack, self.server, **self._environment)
        self.application = Application(self.settings, analyser=self._analyser)
        await self.application.start()

    async def stop(self) -> None:
        """Stop the bot; the server stays."""
        if self.application is not None:
            await self.application.stop()
            self.application = None

    async def close(self) -> None:
        await self.stop()
        await super().close()
        await self.server.stop()

    @property
    def database(self) -> Database:
        assert self.application is not None
        return self.application.database

    async def person(self, number: int, language: str = "en", *, gender: str = "", seeks: str = "everyone", **fields: object) -> Person:
        """Somebody new on the page, with a gender also a member who is ready."""
        await self.server.add_person(number, f"Person {number}", language, "admin" if number == ADMIN else "you", started=True)
        if gender:
            await asyncio.to_thread(self.database.transact, settle, number, language, gender, seeks, **fields)
        return Person(self, number, language)

    async def fault(self, **about: object) -> None:
        """Let calls of the Bot API fail."""
        async with self.http.post("/page/faults", json=about) as response:
            assert response.status == 200, await response.text()

    def member(self, person: Person) -> Member:
        found = self.database.read(members.by_telegram, person.id)
        assert found is not None
        return found


def words(message: Mapping[str, Any]) -> str:
    """The text or caption of a message."""
    return str(message.get("text") or message.get("caption") or "")


def buttons(message: Mapping[str, Any]) -> list[Json]:
    """All inline buttons of a message."""
    markup = message.get("reply_markup") or {}
    return [button for row in markup.get("inline_keyboard", ()) for button in row]


def _fits(message: Json, matches: Callable[[Json], bool] | str) -> bool:
    return matches in words(message) if isinstance(matches, str) else matches(message)


async def matched(one: Person, other: Person) -> None:
    """Two people find each other in discovery and like each other."""
    await one.write("/discover")
    await one.press(await one.hears(is_card), "like")
    hint = await other.hears(lambda message: any(button["callback_data"] == "likes::" for button in buttons(message)))
    await other.press(hint, "likes")
    await other.press(await other.hears(is_card), "like")
    for person in (one, other):
        await person.hears(lambda message: any(button["callback_data"].startswith(("chat:", "open:")) for button in buttons(message)))


def is_card(message: Json) -> bool:
    """Whether the message is a card of discovery."""
    return "photo" in message and any(button["callback_data"].startswith("like:") for button in buttons(message))
