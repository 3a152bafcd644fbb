"""An operator's settings file holds the token, nothing is in the environment: by polling and by webhook, each as a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.local.server import LocalServer
from tests.journeys.stage import Page, Person
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "1:LOCAL"
pytestmark = pytest.mark.slow


def settings_file(folder: Path, pack: Path, base: str, more: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(
        f'[telegram]\ntoken = "{TOKEN}"\napi_base = "{base}"\n{more}[paths]\nvar = "data"\n[engine]\npack = "{pack}"\n', encoding="utf-8"
    )
    return file


def webhook() -> str:
    port = free_port()
    url = f'webhook_url = "http://127.0.0.1:{port}/hook"\nwebhook_port = {port}\n'
    return f'mode = "webhook"\n{url}webhook_secret = "a-random-word"\n'


@pytest.mark.parametrize("mode", ["polling", "webhook"])
async def test_the_bot_of_the_file_answers(tmp_path: Path, small_pack: Path, warm: Callable[[Path], Path], mode: str) -> None:
    warm(tmp_path / "data")
    server = LocalServer()
    await server.start()
    page = Page(server)
    await page.open()
    await server.add_person(1001, "Person", "en", started=True)
    file = settings_file(tmp_path, small_pack, server.base_url, webhook() if mode == "webhook" else "")
    clean = {name: value for name, value in os.environ.items() if name != "TELEGRAM_BOT_TOKEN" and not name.startswith("INYEON_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "run_bot.py", "--settings", str(file), cwd=ROOT, env=clean, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    said = b""
    async with asyncio.timeout(120):
        while b"ready" not in said:
            said += (line := await process.stderr.readline())
            assert line, said
    reading = asyncio.create_task(process.stderr.read())
    person = Person(page, 1001, "en")
    await person.write("/start")
    await person.hears()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    said += await reading
    assert TOKEN.encode() not in said
    assert (tmp_path / "data" / "inyeon.db").is_file(), "paths are relative to the file"
    await page.close()
    await server.stop()
