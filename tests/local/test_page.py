"""The page's API: state, chats, events that resume, refusals, and that only this machine's pages get in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import telegram

from bot.local.page_api import PageApi
from bot.local.server import LocalServer
from tests.local.conftest import JUN, MINA, Call, jpeg


class Listener:
    """An open page: the events that it got, as (name, id, data)."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> tuple[str, int, dict[str, Any]]:
        fields: dict[str, str] = {}
        while True:
            line = (await asyncio.wait_for(self._response.content.readline(), 60)).decode().rstrip("\n")
            if line and not line.startswith(":"):
                key, _, value = line.partition(": ")
                fields[key] = value
            elif "event" in fields:
                return fields["event"], int(fields["id"]), json.loads(fields["data"])


async def test_state(page: Call) -> None:
    state = await page("state", "GET")
    assert state["bot"]["id"] == 1
    assert state["limits"]["text"] == 4096
    assert [(person["id"], person["role"], person["blocked"], person["avatar"]) for person in state["people"]] == [
        (MINA, "you", False, None),
        (JUN, "demo", False, None),
    ]


async def test_people_are_added_and_changed(page: Call, http: aiohttp.ClientSession) -> None:
    new = await page("people", name="Sua ", language="ko")
    assert (new["id"], new["name"], new["started"]) == (1002, "Sua", False)
    assert (await page("people/1002", language="en"))["language"] == "en"
    for path, body in (("people", {"name": ""}), ("people", {"name": "x", "language": "korean"}), ("people/77", {"language": "ko"})):
        async with http.post(f"/page/{path}", json=body) as response:
            assert response.status in (400, 404)
            assert (await response.json())["error"]


async def test_events_arrive_only_for_the_chats_asked_for_and_resume(http: aiohttp.ClientSession, ptb: telegram.Bot, page: Call) -> None:
    start = (await page("state", "GET"))["cursor"]
    async with http.get(f"/page/events?user={MINA}") as response:
        assert response.content_type == "text/event-stream"
        listener = Listener(response)
        await ptb.send_message(JUN, "not for you")
        sent = await ptb.send_message(MINA, "one")
        name, cursor, data = await listener.next()
        assert (name, data["chat"], data["message"]["text"]) == ("message", MINA, "one")
        await ptb.edit_message_text("two", MINA, sent.message_id)
        await ptb.send_chat_action(MINA, "typing")
        await page(f"chats/{MINA}/reaction", message_id=sent.message_id, emoji="🔥")
        await page(f"chats/{MINA}/messages", text="mine")
        await ptb.get_updates()
        await ptb.delete_message(MINA, sent.message_id)
        names = [(await listener.next())[0] for _ in range(6)]
        assert names == ["edit", "typing", "reaction", "message", "read", "delete"]
    async with http.get(f"/page/events?user={MINA}&user={JUN}", headers={"Last-Event-ID": str(cursor)}) as response:
        assert (await Listener(response).next())[0] == "edit"
    async with http.get(f"/page/events?user={MINA}&user={JUN}&after={start}") as response:
        assert (await Listener(response).next())[2]["chat"] == JUN
    async with http.get(f"/page/events?user={MINA}", headers={"Last-Event-ID": "5"}) as response:
        assert (await Listener(response).next())[0] == "reload"


async def test_too_many_missed_events_ask_for_a_reload(http: aiohttp.ClientSession, server: LocalServer, ptb: telegram.Bot) -> None:
    before = server.world.events.cursor
    for number in range(2100):
        server.world.events.tell("typing", MINA, number=number)
    async with http.get(f"/page/events?user={MINA}&after={before}") as response:
        listener = Listener(response)
        assert (await listener.next())[0] == "reload"
        await ptb.send_message(MINA, "after it")
        assert (await listener.next())[0] == "message"


async def test_what_people_send_by_the_page(page: Call, http: aiohttp.ClientSession, ptb: telegram.Bot) -> None:
    first = (await page(f"chats/{MINA}/messages", text="hello"))["message"]
    reply = (await page(f"chats/{MINA}/messages", text="again", reply_to=first["message_id"]))["message"]
    assert reply["reply_to_message"]["text"] == "hello"
    assert (reply["out"], reply["status"]) == (True, "sent")
    await page(f"chats/{MINA}/location", latitude=37.5, longitude=127)
    await page(f"chats/{MINA}/contact")
    for kind, mime in (("voice", "audio/ogg"), ("video_note", "video/mp4"), ("document", "text/html"), ("sticker", "image/webp")):
        form = aiohttp.FormData({"kind": kind, "duration": "3.4"}, quote_fields=False)
        form.add_field("file", b"<script>", filename="../x.html", content_type=mime)
        async with http.post(f"/page/chats/{MINA}/messages", data=form) as response:
            assert response.status == 200, await response.text()
    messages = [update.message for update in await ptb.get_updates()]
    assert messages[2] is not None
    assert messages[2].location is not None
    assert messages[3] is not None
    assert messages[3].contact is not None
    assert messages[3].contact.user_id == MINA
    assert messages[4] is not None
    assert messages[4].voice is not None
    document = messages[6].document if messages[6] else None
    assert document is not None
    assert document.file_name == "x.html"
    async with http.get(f"/page/files/{document.file_id}") as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("path", "body", "status"), [
    ("chats/77/messages", {"text": "x"}, 404),
    (f"chats/{MINA}/messages", {"text": "  "}, 400),
    (f"chats/{MINA}/messages", {"text": "x" * 4097}, 400),
    (f"chats/{MINA}/messages", {"text": "x", "reply_to": 99}, 404),
    (f"chats/{MINA}/callback", {"message_id": 99, "data": "x"}, 404),
    (f"chats/{MINA}/callback", {"message_id": "x", "data": "x"}, 400),
    (f"chats/{MINA}/reaction", {"message_id": 1, "emoji": "x"}, 400),
    (f"chats/{MINA}/edit", {"message_id": 99, "text": "x"}, 404),
    (f"chats/{MINA}/location", {"latitude": 100, "longitude": 1}, 400),
])  # fmt: skip
async def test_refusals(http: aiohttp.ClientSession, path: str, body: dict[str, Any], status: int) -> None:
    async with http.post(f"/page/{path}", json=body) as response:
        assert response.status == status
        assert (await response.json())["error"]


async def test_a_blocked_bot_cannot_be_written_to_until_it_is_unblocked(page: Call, http: aiohttp.ClientSession, api: Call) -> None:
    assert (await page(f"chats/{MINA}/block"))["blocked"] is True
    async with http.post(f"/page/chats/{MINA}/messages", json={"text": "x"}) as response:
        assert response.status == 409
    await page(f"chats/{MINA}/unblock")
    await page(f"chats/{MINA}/messages", text="back")
    updates = (await api("getUpdates"))["result"]
    assert [update["my_chat_member"]["new_chat_member"]["status"] for update in updates[:2]] == ["kicked", "member"]
    assert updates[2]["message"]["text"] == "back"


@pytest.mark.parametrize(("headers", "status"), [
    ({"Host": "evil.example"}, 403),
    ({"Host": "evil.example:80", "Origin": "http://evil.example:80"}, 403),
    ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": "http://[::1"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403),
    ({"Sec-Fetch-Site": "same-origin"}, 200),
    ({}, 200),
])  # fmt: skip
async def test_only_pages_of_this_machine_get_in(
    http: aiohttp.ClientSession, server: LocalServer, headers: dict[str, str], status: int
) -> None:
    for path in ("/page/state", f"/bot{server.token}/getMe"):
        async with http.get(path, headers=headers) as response:
            assert response.status == status
    async with http.get("/page/state", headers={"Origin": server.base_url}) as response:
        assert response.status == 200


async def test_page_files_have_types_and_nothing_else_is_served(http: aiohttp.ClientSession, tmp_path: Path, server: LocalServer) -> None:
    for path in ("/../server.py", "/%2e%2e/server.py", "/..%2fserver.py", "/page/index.html", "/nothing.html"):
        async with http.get(path) as response:
            assert response.status == 404, path
    (tmp_path / "index.html").write_text("<p>page</p>")
    (tmp_path / "secret.py").write_text("x")
    (tmp_path / "escape.html").symlink_to("/etc/hostname")
    other = aiohttp.web.Application()
    other.add_routes(PageApi(server.world, server.faults, server.limit, tmp_path).routes())
    runner = aiohttp.web.AppRunner(other)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with http.get(f"{base}/") as response:
        assert (response.status, response.content_type, response.headers["Cache-Control"]) == (200, "text/html", "no-store")
    for path in ("/secret.py", "/escape.html"):
        async with http.get(base + path) as response:
            assert response.status >= 400
    await runner.cleanup()


async def test_uploads_are_bounded(http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.local.parameters.UPLOAD_MAX", 1000)
    monkeypatch.setattr("bot.local.parameters.FIELD_MAX", 1000)
    form = aiohttp.FormData({"kind": "photo"})
    form.add_field("file", jpeg(900, 900), filename="x.jpg")
    async with http.post(f"/page/chats/{MINA}/messages", data=form) as response:
        assert response.status == 413
