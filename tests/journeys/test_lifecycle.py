"""The bot as a process: updates that come twice, handlers that break, webhooks, signals."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from aiogram.types import Chat, Message, Update, User

from bot.handlers import start as start_handlers
from bot.usecases import help as help_usecases
from bot.usecases import onboarding
from engine.analysis import Analyser
from tests.journeys.stage import PATIENCE, Person, Stage, words
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
MINA = 1001


@pytest.fixture
async def mina(stage: Stage) -> Person:
    return await stage.person(MINA, "en")


def update(update_id: int, text: str, chat: str = "private", *, bot: bool = False) -> Update:
    person = User(id=MINA, is_bot=bot, first_name="Mina", language_code="en")
    place = Chat(id=MINA if chat == "private" else -100, type=chat)
    return Update(update_id=update_id, message=Message(message_id=1, date=0, chat=place, from_user=person, text=text))  # type: ignore[arg-type]


async def feed(stage: Stage, given: Update) -> None:
    application = stage.application
    assert application is not None
    assert application.bot is not None
    await application.intake.accept([given.model_dump(mode="json", exclude_none=True, by_alias=True)])
    while application.intake._workers:  # noqa: ASYNC110 tasks end by themselves
        await asyncio.sleep(0.005)


async def test_an_update_that_comes_twice_counts_once_also_after_a_restart(stage: Stage, mina: Person) -> None:
    await feed(stage, update(500_001, "/help"))
    await mina.hears("/start")
    await feed(stage, update(500_001, "/help"))
    await mina.hears_nothing()
    await stage.stop()
    await stage.start()
    await feed(stage, update(500_001, "/help"))
    await mina.hears_nothing()


async def test_groups_and_bots_are_not_listened_to(stage: Stage, mina: Person) -> None:
    await feed(stage, update(500_002, "/start", "group"))
    await feed(stage, update(500_003, "/start", bot=True))
    await mina.hears_nothing()


async def test_what_breaks_is_a_sentence_to_the_person_and_nothing_personal_in_the_log(
    stage: Stage, mina: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object) -> None:
        raise ValueError("secret words of Mina 1001")

    monkeypatch.setattr(onboarding, "text", breaks)
    monkeypatch.setattr(help_usecases, "show", breaks)
    with caplog.at_level(logging.DEBUG, logger="bot"):
        await mina.write("/start")
        await mina.hears("Which language")
        await mina.write("very private words")
        said = await mina.hears("Sorry")
        assert "ValueError" not in words(said)
        await mina.write("/help")
        await mina.hears("Sorry")
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("bot"))
    assert "ValueError" in ours
    assert "test_lifecycle.py" in ours
    for personal in ("private words", "secret words", "1001", "Mina"):
        assert personal not in ours
    assert all(record.exc_info is None for record in caplog.records if record.name.startswith("bot"))


async def test_fast_writers_are_asked_for_a_pause_once(stage: Stage, mina: Person) -> None:
    assert stage.application is not None
    stage.application.intake._throttle._clock = lambda: 0.0  # all in one moment, however slow the machine is
    for number in range(45):
        await feed(stage, update(600_000 + number, "/help"))
    said = [words(message) for message in await mina.messages() if not message["out"]]
    assert sum("fast" in text for text in said) == 1
    assert len(said) < 40


async def test_blocking_the_bot_is_noticed_and_coming_back_too(stage: Stage, mina: Person) -> None:
    await mina.write("/start")
    await mina.hears()
    for blocked in (True, False):
        await mina.block_bot(blocked=blocked)
        async with asyncio.timeout(PATIENCE):
            while stage.member(mina).reachable is blocked:  # noqa: ASYNC110 the bot makes it so
                await asyncio.sleep(0.02)


async def test_webhooks_carry_the_conversation_and_need_their_secret(tmp_path: Path, analyser: Analyser, small_pack: Path) -> None:
    port = free_port()
    stage = Stage(
        tmp_path,
        small_pack,
        analyser,
        INYEON_TELEGRAM__MODE="webhook",
        INYEON_TELEGRAM__WEBHOOK_URL=f"http://127.0.0.1:{port}/hook",
        INYEON_TELEGRAM__WEBHOOK_PORT=str(port),
        INYEON_TELEGRAM__WEBHOOK_SECRET="a-secret",
    )
    await stage.open()
    try:
        person = await stage.person(MINA, "en")
        await person.write("/help")
        await person.hears("/start")
        forged = {"update_id": 9, "message": {"message_id": 1, "date": 0, "chat": {"id": MINA, "type": "private"}, "text": "/help"}}
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guessed"}):
            async with aiohttp.ClientSession() as http, http.post(f"http://127.0.0.1:{port}/hook", json=forged, headers=headers) as answer:
                assert answer.status == 401
        await person.hears_nothing()
    finally:
        await stage.close()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_process_in_order(tmp_path: Path, warm: Callable[[Path], Path], number: signal.Signals) -> None:
    if number == signal.SIGINT:  # the other one makes everything itself, as the first start on a machine does
        warm(tmp_path)
    port = free_port()
    environment = {**os.environ, "INYEON_PATHS__VAR": str(tmp_path), "INYEON_LOCAL__PORT": str(port), "INYEON_LOCAL__MEMBERS": "0"}
    environment.pop("TELEGRAM_BOT_TOKEN", None)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "run_bot.py", cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    lines = []
    async with asyncio.timeout(200):
        while not lines or "ready" not in lines[-1]:
            line = (await process.stderr.readline()).decode()
            assert line, lines
            lines.append(line)
    assert f"http://127.0.0.1:{port}" in lines[-1]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        async with http.post(f"/page/chats/{MINA}/messages", json={"text": "/start"}) as answer:
            assert answer.status == 200
        async with asyncio.timeout(PATIENCE):
            while True:
                async with http.get(f"/page/chats/{MINA}") as chat:
                    if any(not message["out"] for message in (await chat.json())["messages"]):
                        break
                await asyncio.sleep(0.05)
    process.send_signal(number)
    out, errors = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode == 0
    assert out == b""
    assert b"Traceback" not in errors


def test_the_handlers_are_thin() -> None:
    """At most 15 lines each: what happens belongs to the use cases."""
    import ast

    for file in Path(start_handlers.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = 0 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1
                assert length <= 15, f"{file.name}: {node.name} has {length} lines"
