"""Every kind of message as people send it and as the bot passes it on: copies, live locations, polls, dice, albums, edits."""

from __future__ import annotations

import aiohttp
import pytest
import telegram
from PIL import Image
from telegram.error import BadRequest

from bot.local.server import LocalServer
from tests.local.conftest import JUN, MINA, Call, Clock, jpeg

ASKED = ["message", "edited_message", "message_reaction", "poll", "poll_answer"]


async def updates(api: Call, kind: str) -> list[dict[str, object]]:
    found = (await api("getUpdates", allowed_updates=ASKED))["result"]
    return [update[kind] for update in found if kind in update]


async def upload(http: aiohttp.ClientSession, act: str, data: bytes, **fields: str) -> dict[str, object]:
    form = aiohttp.FormData(fields)
    form.add_field("file", data, filename=fields.get("name", "a.jpg"), content_type="image/jpeg")
    async with http.post(f"/page/chats/{MINA}/{act}", data=form) as response:
        answer = await response.json()
        assert response.status == 200, answer
        return answer["message"]  # type: ignore[no-any-return]


async def refused(http: aiohttp.ClientSession, act: str, **body: object) -> str:
    async with http.post(f"/page/chats/{MINA}/{act}", json=body) as response:
        assert response.status == 400
        return str((await response.json())["error"])


@pytest.mark.parametrize(
    "content",
    [{"story": {"chat": {"id": 1, "type": "private"}, "id": 1}}, {"giveaway": {"winner_count": 1}}, {"invoice": {"title": "x"}}],
)
async def test_what_cannot_be_copied(content: dict[str, object], page: Call, ptb: telegram.Bot) -> None:
    sent = (await page(f"chats/{MINA}/other", content=content))["message"]
    with pytest.raises(BadRequest, match="essage can't be copied"):
        await ptb.copy_message(JUN, MINA, sent["message_id"])


async def test_protected_messages_stay(ptb: telegram.Bot, http: aiohttp.ClientSession) -> None:
    sent = await ptb.send_message(MINA, "secret", protect_content=True)
    with pytest.raises(BadRequest, match="essage can't be copied"):
        await ptb.copy_message(JUN, MINA, sent.message_id)
    assert "cannot be forwarded" in await refused(http, "forward", message_ids=[sent.message_id])


async def test_a_live_location_moves_stops_and_ends(
    page: Call, api: Call, ptb: telegram.Bot, clock: Clock, http: aiohttp.ClientSession
) -> None:
    start = (await page(f"chats/{MINA}/location", latitude=37.5, longitude=127, live_period=900, heading=90))["message"]
    assert start["location"]["live_period"] == 900
    copy = await ptb.copy_message(JUN, MINA, start["message_id"])
    mine = await ptb.send_location(JUN, 37.5, 127, live_period=900)
    chat = {message["message_id"]: message for message in (await page(f"chats/{JUN}", "GET"))["messages"]}
    assert "live_period" not in chat[copy.message_id]["location"]
    await page(f"chats/{MINA}/live", message_id=start["message_id"], latitude=37.6, longitude=127.1)
    moved = await ptb.edit_message_live_location(chat_id=JUN, message_id=mine.message_id, latitude=37.6, longitude=127.1)
    assert isinstance(moved, telegram.Message)
    assert (moved.location.latitude, moved.to_dict()["location"]["live_period"]) == (37.6, 900)  # type: ignore[union-attr]
    await page(f"chats/{MINA}/live", message_id=start["message_id"], stop=True)
    edits = await updates(api, "edited_message")
    assert [sorted(edit["location"]) for edit in edits] == [["latitude", "live_period", "longitude"], ["latitude", "longitude"]]  # type: ignore[call-overload]
    stopped = await ptb.stop_message_live_location(JUN, mine.message_id)
    assert isinstance(stopped, telegram.Message)
    with pytest.raises(BadRequest, match="can't be edited"):
        await ptb.edit_message_live_location(chat_id=JUN, message_id=mine.message_id, latitude=1, longitude=1)
    other = await ptb.send_location(JUN, 37.5, 127, live_period=60)
    clock.now += 61
    with pytest.raises(BadRequest, match="can't be edited"):
        await ptb.stop_message_live_location(JUN, other.message_id)
    assert "ended" in await refused(http, "live", message_id=start["message_id"], latitude=1, longitude=1)
    for period in (59, 86_401):
        assert (
            "live location period" in (await api("sendLocation", chat_id=JUN, latitude=1, longitude=1, live_period=period))["description"]
        )


async def test_votes_are_counted_and_told(page: Call, api: Call, ptb: telegram.Bot, http: aiohttp.ClientSession) -> None:
    await updates(api, "message")
    sent = await ptb.send_poll(MINA, "Tea or coffee?", ["tea", "coffee"], is_anonymous=False)
    voted = (await page(f"chats/{MINA}/vote", message_id=sent.message_id, options=[1]))["message"]
    assert [option["voter_count"] for option in voted["poll"]["options"]] == [0, 1]
    assert (voted["chosen"], voted["poll"]["total_voter_count"]) == ([1], 1)
    assert "one answer" in await refused(http, "vote", message_id=sent.message_id, options=[0, 1])
    await page(f"chats/{MINA}/vote", message_id=sent.message_id, options=[])
    answers = await updates(api, "poll_answer")
    assert [(answer["user"]["id"], answer["option_ids"]) for answer in answers] == [(MINA, [1]), (MINA, [])]  # type: ignore[index]
    stopped = await ptb.stop_poll(MINA, sent.message_id)
    assert stopped.is_closed
    assert "closed" in await refused(http, "vote", message_id=sent.message_id, options=[0])
    with pytest.raises(BadRequest, match="already been closed"):
        await ptb.stop_poll(MINA, sent.message_id)


async def test_a_poll_has_a_description_and_an_end(
    page: Call, api: Call, ptb: telegram.Bot, clock: Clock, http: aiohttp.ClientSession
) -> None:
    options = ["tea", "coffee"]
    sent = (await api("sendPoll", chat_id=MINA, question="?", options=options, description="<b>warm</b>", open_period=60))["result"]
    assert (sent["poll"]["description"], sent["poll"]["close_date"]) == ("<b>warm</b>", int(clock.now) + 60)
    await page(f"chats/{MINA}/vote", message_id=sent["message_id"], options=[1])
    clock.now += 61
    assert "closed" in await refused(http, "vote", message_id=sent["message_id"], options=[])
    for wrong in ({"open_period": 4}, {"open_period": 60, "close_date": int(clock.now) + 60}, {"close_date": int(clock.now)}):
        assert not (await api("sendPoll", chat_id=MINA, question="?", options=options, **wrong))["ok"]
    assert not (await api("sendPoll", chat_id=MINA, question="?", options=options, description="x" * 1025))["ok"]


async def test_a_poll_of_a_person_is_copied_as_a_new_one(page: Call, ptb: telegram.Bot, api: Call) -> None:
    await updates(api, "message")
    asked = (await page(f"chats/{MINA}/poll", question="When?", options=["today", "tomorrow"]))["message"]
    await page(f"chats/{MINA}/vote", message_id=asked["message_id"], options=[0])
    copy = await ptb.copy_message(JUN, MINA, asked["message_id"])
    shown = (await page(f"chats/{JUN}", "GET"))["messages"][-1]
    assert shown["message_id"] == copy.message_id
    assert (shown["poll"]["total_voter_count"], shown["poll"]["id"] == asked["poll"]["id"]) == (0, False)
    assert not await updates(api, "poll_answer")


async def test_a_copied_dice_is_thrown_again_and_stays_a_day(
    page: Call, ptb: telegram.Bot, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.local.methods.messages.random.randint", lambda low, high: high)
    thrown = (await page(f"chats/{MINA}/dice", emoji="🎯"))["message"]
    assert thrown["dice"] == {"emoji": "🎯", "value": 6}
    monkeypatch.setattr("bot.local.methods.messages.random.randint", lambda low, high: low)
    copy = await ptb.copy_message(JUN, MINA, thrown["message_id"])
    assert (await page(f"chats/{JUN}", "GET"))["messages"][-1]["dice"] == {"emoji": "🎯", "value": 1}
    with pytest.raises(BadRequest, match="can't be deleted"):
        await ptb.delete_message(JUN, copy.message_id)
    clock.now += 24 * 3600 + 1
    assert await ptb.delete_message(JUN, copy.message_id)
    clock.now += 24 * 3600
    with pytest.raises(BadRequest, match="can't be deleted"):
        await ptb.delete_message(MINA, thrown["message_id"])


async def test_an_album_of_a_person_stays_one_and_its_media_can_be_changed(
    http: aiohttp.ClientSession, api: Call, ptb: telegram.Bot, page: Call
) -> None:
    await updates(api, "message")
    one, two = [await upload(http, "messages", jpeg(), kind="photo", media_group_id="7", has_spoiler="true", caption="a") for _ in range(2)]
    copies = await ptb.copy_messages(JUN, MINA, [one["message_id"], two["message_id"]])  # type: ignore[list-item]
    shown = [message for message in (await page(f"chats/{JUN}", "GET"))["messages"] if message["message_id"] >= copies[0].message_id]
    assert len({message["media_group_id"] for message in shown}) == 1
    assert all(message["has_media_spoiler"] for message in shown)
    changed = await upload(http, "edit", jpeg(colour="red"), message_id=str(one["message_id"]), kind="photo")
    assert changed["photo"] != one["photo"]
    assert changed["caption"] == "a"
    assert [edit["message_id"] for edit in await updates(api, "edited_message")] == [one["message_id"]]


async def test_forwards_quotes_and_formatting(page: Call, api: Call, ptb: telegram.Bot) -> None:
    await updates(api, "message")
    said = await ptb.send_message(MINA, "one two three")
    await page(f"chats/{MINA}/messages", text="this", reply_to=said.message_id, quote="two")
    await page(f"chats/{MINA}/forward", message_ids=[said.message_id])
    await page(f"chats/{MINA}/messages", text="news", origin="channel", origin_name="Daily")
    await page(f"chats/{MINA}/messages", text="bold", entities=[{"type": "bold", "offset": 0, "length": 4}], via_bot="gif")
    quote, forward, channel, bold = await updates(api, "message")
    assert quote["quote"] == {"text": "two", "position": 4, "is_manual": True}
    assert forward["forward_origin"]["sender_user"]["is_bot"] is True  # type: ignore[index]
    assert channel["forward_origin"]["chat"]["title"] == "Daily"  # type: ignore[index]
    assert (bold["via_bot"]["username"], bold["entities"][0]["type"]) == ("gif", "bold")  # type: ignore[index]


async def test_a_document_keeps_every_byte_and_a_photo_none_of_its_metadata(http: aiohttp.ClientSession, server: LocalServer) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    data = jpeg(exif=exif)
    document = await upload(http, "messages", data, kind="document", name="home.jpg")
    photo = await upload(http, "messages", data, kind="photo")
    files = server.world.files
    kept = files.bytes_of(files.described(document["document"]["file_id"]))  # type: ignore[index]
    assert (kept == data, document["document"]["file_name"]) == (True, "home.jpg")  # type: ignore[index]
    passed = files.bytes_of(files.described(photo["photo"][-1]["file_id"]))  # type: ignore[index]
    assert passed is not None
    assert b"taken at home" not in passed


async def test_people_delete_without_a_word_to_the_bot(page: Call, api: Call, ptb: telegram.Bot) -> None:
    said = (await page(f"chats/{MINA}/messages", text="oops"))["message"]
    await updates(api, "message")
    before = len((await api("getUpdates"))["result"])
    await page(f"chats/{MINA}/delete", message_ids=[said["message_id"]])
    assert len((await api("getUpdates"))["result"]) == before
    with pytest.raises(BadRequest, match="not found"):
        await ptb.copy_message(JUN, MINA, said["message_id"])


async def test_reactions_come_only_where_they_are_asked_for(page: Call, api: Call, ptb: telegram.Bot) -> None:
    said = await ptb.send_message(MINA, "hi")
    await page(f"chats/{MINA}/reaction", message_id=said.message_id, emoji="👍")
    assert not (await api("getUpdates", allowed_updates=["message"]))["result"]
    await updates(api, "message")
    await page(f"chats/{MINA}/reaction", message_id=said.message_id, emoji="custom:55")
    reaction = (await updates(api, "message_reaction"))[0]
    assert reaction["old_reaction"] == [{"type": "emoji", "emoji": "👍"}]
    assert reaction["new_reaction"] == [{"type": "custom_emoji", "custom_emoji_id": "55"}]
