"""What comes over the wire: raw updates, and the answers of a Bot API server."""

from __future__ import annotations

import json
import traceback
from random import Random
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import AiogramError
from aiogram.methods import GetFile, SendMessage, TelegramMethod
from aiogram.types import Update
from pydantic import ValidationError

from bot.arrivals import Arrival
from bot.incoming import Incoming, dumped
from fuzz.mutating import spoilt, value
from fuzz.seeds import updates as seeds
from fuzz.targets import Case, expect


def incoming() -> Case:
    """Whatever comes as an update is read or passed over; messages that Telegram's schema allows are read by the relay."""
    known = seeds.updates()

    def run(raw: Any) -> None:
        arrival = Arrival.of(raw)
        if arrival is None or not isinstance(raw.get("message"), dict):
            return
        expect(-(1 << 63) <= arrival.person < 1 << 63, "an account that no database takes")
        try:
            message = Update.model_validate(raw).message
        except ValidationError:
            return
        if message is not None:
            Incoming.of(dumped(message), 1)

    return Case(lambda random: _plain(spoilt(random.choice(known), random)), run)


def updates() -> Case:
    """An update is understood or refused."""
    known = seeds.updates()

    def run(raw: Any) -> None:
        try:
            update = Update.model_validate(raw)
        except ValidationError:
            return
        update.model_dump(mode="json", by_alias=True, exclude_unset=True)

    return Case(lambda random: _plain(spoilt(random.choice(known), random)), run)


def api_answers() -> Case:
    """What a Bot API server answers is a result or an error that the sender knows."""
    session = AiohttpSession()
    bot = Bot("42:TEST", session)
    calls: tuple[TelegramMethod[Any], ...] = (SendMessage(chat_id=1, text="x"), GetFile(file_id="x"))
    good = {"ok": True, "result": seeds.message(text="hello")}
    bad = {"ok": False, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 3}}

    def make(random: Random) -> Any:
        body = json.dumps(spoilt(random.choice((good, bad)), random))
        if random.random() < 0.2:
            body = body[: random.randrange(len(body) + 1)]
        return [random.randrange(2), random.choice((200, 200, 400, 401, 403, 404, 409, 429, 500, 502, 302)), body]

    def run(case: Any) -> None:
        which, status, body = case
        try:
            session.check_response(bot, calls[which], status, body)
        except AiogramError:
            return
        except TypeError as error:
            # aiogram itself, where a description is no text; the sender counts that as a defect of the row and tries again.
            expect("aiogram" in innermost(error), "a TypeError of our own")

    return Case(make, run)


def innermost(error: BaseException) -> str:
    """The file in which an exception was raised."""
    return traceback.extract_tb(error.__traceback__)[-1].filename


def _plain(raw: Any) -> Any:
    """As it would come over the wire: what JSON cannot say is left out."""
    return json.loads(json.dumps(raw)) if raw is not None else value(Random(0))
