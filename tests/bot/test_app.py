"""Starting: what keeps the bot from it is told in one line that says what to do."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import telegram
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import BotCommandScopeChat

import configuration
from bot import commands, routers
from bot.app import Application
from bot.errors import StartError
from bot.local.faults import Fault
from bot.words import Words
from db.session import Database
from engine.analysis import Analyser
from tests.journeys.stage import ADMIN, Stage

ROOT = Path(__file__).parents[2]


def application(folder: Path, pack: Path, analyser: Analyser, **environment: str) -> Application:
    given = {"INYEON_PATHS__VAR": str(folder / "var"), "INYEON_ENGINE__PACK": str(pack), "INYEON_LOCAL__PORT": "1", **environment}
    return Application(configuration.load(environment=given), analyser=analyser)


async def refusal(made: Application) -> str:
    with pytest.raises(StartError) as told:
        await made.start()
    line = str(told.value)
    assert "\n" not in line
    return line


async def test_a_taken_port(tmp_path: Path, small_pack: Path, analyser: Analyser) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        line = await refusal(application(tmp_path, small_pack, analyser, INYEON_LOCAL__PORT=port))
    assert port in line
    assert "INYEON_LOCAL__PORT" in line


async def test_a_database_of_a_newer_version(tmp_path: Path, small_pack: Path, analyser: Analyser) -> None:
    import sqlite3

    settings = configuration.load(environment={"INYEON_PATHS__VAR": str(tmp_path / "var")})
    database = Database(settings.database)
    database.open()
    database.close()
    with sqlite3.connect(tmp_path / "var" / "inyeon.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "newer" in await refusal(application(tmp_path, small_pack, analyser))


@pytest.mark.parametrize("token", ["nonsense", "123:of-nobody"])
async def test_a_bad_token(tmp_path: Path, small_pack: Path, analyser: Analyser, token: str) -> None:
    stage = Stage(tmp_path, small_pack, analyser)
    await stage.server.start()
    base = stage.server.base_url
    line = await refusal(application(tmp_path, small_pack, analyser, TELEGRAM_BOT_TOKEN=token, INYEON_TELEGRAM__API_BASE=base))
    await stage.server.stop()
    assert "TELEGRAM_BOT_TOKEN" in line
    assert token not in line


async def test_a_server_that_is_not_there(tmp_path: Path, small_pack: Path, analyser: Analyser) -> None:
    environment = {"TELEGRAM_BOT_TOKEN": "1:LOCAL", "INYEON_TELEGRAM__API_BASE": "http://127.0.0.1:9"}
    assert "telegram.api_base" in await refusal(application(tmp_path, small_pack, analyser, **environment))


async def test_webhook_mode_needs_its_secret(tmp_path: Path, small_pack: Path, analyser: Analyser) -> None:
    stage = Stage(tmp_path, small_pack, analyser)
    await stage.server.start()
    environment = {
        "TELEGRAM_BOT_TOKEN": stage.server.token,
        "INYEON_TELEGRAM__API_BASE": stage.server.base_url,
        "INYEON_TELEGRAM__MODE": "webhook",
    }
    line = await refusal(application(tmp_path, small_pack, analyser, **environment))
    await stage.server.stop()
    assert "telegram.webhook_secret" in line


@pytest.mark.parametrize("setting", ["database.url", "privacy.vault_url"])
@pytest.mark.parametrize("url", ["nonsense", "postgresql://u:swordfish@127.0.0.1/x"])
async def test_a_database_that_is_none(tmp_path: Path, small_pack: Path, analyser: Analyser, setting: str, url: str) -> None:
    variable = f"INYEON_{setting.replace('.', '__').upper()}"
    line = await refusal(application(tmp_path, small_pack, analyser, **{variable: url}))
    assert line.startswith(setting)
    assert "swordfish" not in line


async def test_a_webhook_that_telegram_refuses(tmp_path: Path, small_pack: Path, analyser: Analyser) -> None:
    stage = Stage(tmp_path, small_pack, analyser)
    await stage.server.start()
    stage.server.faults.add(Fault("setWebhook", code=403))
    environment = {
        "TELEGRAM_BOT_TOKEN": stage.server.token,
        "INYEON_TELEGRAM__API_BASE": stage.server.base_url,
        "INYEON_TELEGRAM__MODE": "webhook",
        "INYEON_TELEGRAM__WEBHOOK_URL": "https://example.org/hook",
        "INYEON_TELEGRAM__WEBHOOK_SECRET": "a-random-word",
        "INYEON_TELEGRAM__WEBHOOK_PORT": "0",
    }
    line = await refusal(application(tmp_path, small_pack, analyser, **environment))
    await stage.server.stop()
    assert "telegram.webhook_url" in line


def test_unusable_settings_exit_with_2() -> None:
    environment = {**os.environ, "INYEON_LOCAL__PORT": "many"}
    done = subprocess.run(
        [sys.executable, "run_bot.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.startswith("local.port")
    assert done.stderr.count("\n") == 1


def test_help_is_printed() -> None:
    done = subprocess.run([sys.executable, "run_bot.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0
    assert "--settings" in done.stdout


async def test_two_clients_read_the_same_menu(tmp_path: Path, small_pack: Path, analyser: Analyser) -> None:
    stage = Stage(tmp_path, small_pack, analyser)
    await stage.open()
    try:
        await stage.person(ADMIN, "ko")
        await stage.stop()
        await stage.start()
        base = stage.server.base_url
        ours = Bot(stage.server.token, AiohttpSession(api=TelegramAPIServer.from_base(base)))
        async with ours, telegram.Bot(stage.server.token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot") as theirs:
            for language in ("ko", "en", None):
                menu = await ours.get_my_commands(language_code=language)
                assert [item.command for item in menu] == list(commands.MEMBERS)
                other = await theirs.get_my_commands(language_code=language)
                assert [(item.command, item.description) for item in other] == [(item.command, item.description) for item in menu]
            admin = await ours.get_my_commands(BotCommandScopeChat(chat_id=ADMIN), language_code="ko")
            assert [item.command for item in admin] == [*commands.ADMINS, *commands.MEMBERS]
    finally:
        await stage.close()


def test_the_menu_lists_only_commands_that_exist() -> None:
    handled: set[str] = set()
    for router in routers.all_routers():
        for handler in router.message.handlers:
            for item in handler.filters or ():
                handled |= {str(name) for name in getattr(item.callback, "commands", ())}
    assert set(commands.MEMBERS) | set(commands.ADMINS) <= handled
    words = Words()
    for language in ("ko", "en"):
        for command in commands.menu(words, (*commands.MEMBERS, *commands.ADMINS), language):
            assert 1 <= len(command.description) <= 256


async def test_a_start_and_a_stop_leave_no_task_behind(tmp_path: Path, small_pack: Path, analyser: Analyser) -> None:
    before = asyncio.all_tasks()
    stage = Stage(tmp_path, small_pack, analyser)
    await stage.open()
    await stage.close()
    for _ in range(100):  # those that end take a few turns of the loop
        if asyncio.all_tasks() == before:
            break
        await asyncio.sleep(0.02)
    assert asyncio.all_tasks() == before
