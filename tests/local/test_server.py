"""Starting, stopping, and what a restart finds again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest
import telegram

import configuration
from bot.local.errors import LocalError
from bot.local.server import LocalServer
from tests.local.conftest import JUN, MINA, jpeg


def client(server: LocalServer) -> telegram.Bot:
    return telegram.Bot(server.token, base_url=f"{server.base_url}/bot", base_file_url=f"{server.base_url}/file/bot")


async def test_a_restart_finds_everything_again(tmp_path: Path) -> None:
    server = LocalServer(folder=tmp_path)
    await server.start()
    await server.add_person(MINA, "Mina", "ko", "you", jpeg(), started=True)
    async with client(server) as bot, aiohttp.ClientSession(server.base_url) as http:
        photo = await bot.send_photo(MINA, jpeg(colour="red"))
        await bot.send_message(MINA, "menu", reply_markup=telegram.ReplyKeyboardMarkup([["a"]]))
        await bot.set_my_commands([("start", "Begin")])
        await http.post(f"/page/chats/{MINA}/messages", json={"text": "seen"})
        first = (await bot.get_updates())[0].update_id
        await bot.get_updates(offset=first + 1)
        await http.post(f"/page/chats/{MINA}/messages", json={"text": "unseen"})
    messages = [stored.page() for stored in server.world.chats[MINA].messages.values()]
    cursor = server.world.events.cursor
    await server.stop()

    again = LocalServer(folder=tmp_path)
    await again.start()
    await again.add_person(MINA, "Mina", "ko", "you", jpeg())
    assert [stored.page() for stored in again.world.chats[MINA].messages.values()] == messages
    assert [message["status"] for message in messages if message["out"]] == ["read", "sent"]
    assert again.world.events.cursor > cursor
    assert again.people()[0].started
    async with client(again) as bot:
        resent = await bot.send_photo(MINA, photo.photo[-1].file_id)
        assert resent.message_id > messages[-1]["message_id"]
        file = await bot.get_file(photo.photo[-1].file_id)
        assert len(await file.download_as_bytearray()) == photo.photo[-1].file_size
        updates = await bot.get_updates()
        assert [(update.update_id, update.message.text) for update in updates if update.message] == [(first + 1, "unseen")]
        assert [command.command for command in await bot.get_my_commands()] == ["start"]
    assert again.world.chats[MINA].keyboard is not None
    await again.stop()


async def test_update_ids_grow_over_restarts_even_when_nothing_waits(tmp_path: Path) -> None:
    numbers = []
    for _ in range(3):
        server = LocalServer(folder=tmp_path)
        await server.start()
        await server.add_person(MINA, "Mina")
        async with client(server) as bot, aiohttp.ClientSession(server.base_url) as http:
            await http.post(f"/page/chats/{MINA}/messages", json={"text": "x"})
            numbers.append((await bot.get_updates())[0].update_id)
            await bot.get_updates(offset=numbers[-1] + 1)
        await server.stop()
    assert numbers == sorted(set(numbers))


async def test_a_taken_port_is_named(server: LocalServer) -> None:
    with pytest.raises(LocalError, match=f"port {server.port} is taken: set another one with INYEON_LOCAL__PORT"):
        await LocalServer(server.port).start()


async def test_stopping_ends_polls_and_open_pages(server: LocalServer) -> None:
    other = LocalServer()
    await other.start()
    async with aiohttp.ClientSession(other.base_url) as http:
        poll = asyncio.create_task(http.post(f"/bot{other.token}/getUpdates", json={"timeout": 50}))
        events = await http.get("/page/events")
        async with asyncio.timeout(60):
            while not other.world.updates._poller:  # noqa: ASYNC110 the poll is on its way
                await asyncio.sleep(0.01)
        await asyncio.wait_for(other.stop(), 30)
        assert await (await poll).json() == {"ok": True, "result": []}
        await events.read()


async def test_it_listens_on_this_machine_only(server: LocalServer) -> None:
    assert server.world.people[JUN].started
    outside = [entry[4][0] for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    for address in {address for address in outside if not str(address).startswith("127.")}:
        with pytest.raises(OSError, match=r"refused|timed out|unreachable"):
            socket.create_connection((str(address), server.port), timeout=1)


async def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    environment = {**os.environ, "INYEON_PATHS__VAR": str(tmp_path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.local", "--port", "0", cwd=configuration.ROOT, env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    line = (await asyncio.wait_for(process.stderr.readline(), 120)).decode()
    address = next(word for word in line.split() if word.startswith("http://"))
    async with aiohttp.ClientSession(address) as http, http.get("/page/state") as response:
        assert [person["id"] for person in (await response.json())["people"]] == [MINA]
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert (tmp_path / "local" / "telegram.db").is_file()
