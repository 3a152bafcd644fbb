"""What a test driver uses: many acts at once, the journal, limits, faults by rate; and that ten thousand messages are quick."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import telegram

from bot.local.server import LocalServer
from tests.local.conftest import JUN, MINA, Call


async def test_many_acts_are_carried_out_in_order_and_refusals_do_not_stop_them(server: LocalServer, page: Call, api: Call) -> None:
    people = (await page("people", people=[{"id": 5001, "name": "Ha", "started": True}, {"name": "Na"}]))["people"]
    assert [(person["id"], person["started"]) for person in people] == [(5001, True), (1002, False)]
    acts = [{"user": 5001, "text": "one"}, {"user": 7, "text": "nobody"}, {"user": 1002, "act": "dice"}, {"user": 5001, "act": "fly"}, 3]
    results = (await page("drive", acts=acts))["results"]
    assert [sorted(result) for result in results] == [
        ["message_id"],
        ["error", "status"],
        ["message_id"],
        ["error", "status"],
        ["error", "status"],
    ]
    updates = (await api("getUpdates"))["result"]
    assert [update["message"]["message_id"] for update in updates] == [results[0]["message_id"], results[2]["message_id"]]


async def test_the_journal_tells_everything_once_in_order(ptb: telegram.Bot, page: Call) -> None:
    first = (await page("drive", acts=[{"user": MINA, "text": "hello"}]))["results"][0]["message_id"]
    sent = await ptb.send_message(JUN, "hello")
    await ptb.edit_message_text("hello!", JUN, sent.message_id)
    await ptb.delete_message(JUN, sent.message_id)
    whole = await page("journal?after=0", "GET")
    assert [(entry["event"], entry["chat"]) for entry in whole["entries"]] == [
        ("message", MINA),
        *[(name, JUN) for name in ("message", "edit", "delete")],
    ]
    assert [entry["number"] for entry in whole["entries"]] == [1, 2, 3, 4]
    assert whole["number"] == 4
    assert whole["more"] is False
    part = await page(f"journal?after=1&user={JUN}&limit=2&brief=1", "GET")
    assert part["more"] is True
    assert [entry["message"]["text"] for entry in part["entries"]] == ["hello", "hello!"]
    assert (await page("journal?after=0&brief=1", "GET"))["entries"][0]["message"] == {
        "message_id": first,
        "out": True,
        "date": whole["entries"][0]["message"]["date"],
        "text": "hello",
        "kind": "text",
    }


async def test_limits_are_telegrams_unless_a_driver_raises_them(server: LocalServer, page: Call, api: Call) -> None:
    assert (await page("limits", "GET"))["limits"] is None
    assert (await page("limits"))["limits"] == {"chat": 1.0, "burst": 5.0, "overall": 30.0}
    codes = [(await api("sendMessage", chat_id=MINA, text="x")).get("error_code", 200) for _ in range(6)]
    assert codes == [200] * 5 + [429]
    assert (await page("limits", "GET"))["refused"] == 1
    await page("limits", chat=1000, burst=1000, overall=10_000)
    assert all([(await api("sendMessage", chat_id=MINA, text="x"))["ok"] for _ in range(40)])
    await page("limits", off=True)
    assert (await page("limits", "GET"))["limits"] is None


async def test_what_is_not_confirmed_is_given_again(page: Call, api: Call) -> None:
    """After a crash of the bot, and after an answer that was lost on its way."""
    await page("drive", acts=[{"user": MINA, "text": str(number)} for number in range(3)])
    first = (await api("getUpdates", limit=2))["result"]
    assert (await api("getUpdates", limit=2))["result"] == first
    await page("faults", method="getUpdates", code=502, after=True)
    assert (await api("getUpdates", offset=first[0]["update_id"] + 1))["error_code"] == 502
    again = (await api("getUpdates", offset=first[0]["update_id"] + 1))["result"]
    assert [update["message"]["text"] for update in again] == ["1", "2"]


async def test_ten_thousand_messages_among_four_hundred_people_are_quick() -> None:
    """A twentieth of them here, by polling: nothing in it grows with what is there already."""
    server = LocalServer()
    await server.start()
    async with aiohttp.ClientSession(server.base_url) as http:
        people = [{"id": 10_000 + number, "name": f"P{number}", "started": True} for number in range(400)]
        async with http.post("/page/people", json={"people": people}) as response:
            assert response.status == 200
        began = time.process_time()
        acts = [{"user": 10_000 + number % 400, "text": f"message {number}"} for number in range(500)]
        async with http.post("/page/drive", json={"acts": acts}) as response:
            assert len((await response.json())["results"]) == 500
        offset, read = 0, 0
        while read < 500:
            async with http.get(f"/bot{server.token}/getUpdates", params={"offset": offset}) as response:
                updates = (await response.json())["result"]
            offset, read = updates[-1]["update_id"] + 1, read + len(updates)
            await asyncio.gather(*(_copy(http, server.token, update["message"]) for update in updates))
        async with http.get("/page/journal?after=0&brief=1") as response:
            entries = (await response.json())["entries"]
        took = time.process_time() - began
    await server.stop()
    assert len([entry for entry in entries if entry["event"] == "message"]) == 1000
    assert took < 20


async def _copy(http: aiohttp.ClientSession, token: str, message: dict[str, int]) -> None:
    chat: int = message["chat"]["id"]  # type: ignore[index]
    body = {"chat_id": 10_000 + (chat + 1) % 400, "from_chat_id": chat, "message_id": message["message_id"]}
    async with http.post(f"/bot{token}/copyMessage", json=body) as response:
        assert response.status == 200
