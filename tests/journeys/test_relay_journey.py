"""Two people talk through the bot: every kind of message, answers, edits, several chats, endings, and no trace of who they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.desk import ATTEMPTS
from bot.local.inbox import Inbox
from db import activity, pairs
from engine.analysis import Analyser
from fuzz.seeds import documents, films
from tests.journeys.stage import ADMIN, Json, Person, Stage, buttons, jpeg, matched, words

FILES = ["photo", "voice", "video_note", "sticker", "video", "animation", "document", "audio"]
CONTENT = {
    **dict.fromkeys(FILES, bytes(range(256)) * 4),
    "photo": jpeg(),
    "video": films.films()["mp4"],
    "animation": films.films()["mp4"],
    "document": documents.documents()["pdf"],
    "audio": films.films()["mp3"],
    "voice": films.films()["opus"],
    "video_note": films.films()["mp4"],
}


@pytest.fixture
async def couple(stage: Stage) -> tuple[Person, Person]:
    # Those who are new may send no pictures before both wrote, and less in a minute.
    mina = await stage.person(1001, "en", gender="woman", seeks="men", verified=True)
    jun = await stage.person(1002, "en", gender="man", seeks="women", verified=True)
    await matched(mina, jun)
    return mina, jun


def says(stage: Stage, person: Person, content: Json, **head: Any) -> Json:
    """A message with content that the page itself cannot make."""
    return Inbox(stage.server.world).say(stage.server.world.person(person.id), content, None, head or None).data


def mentions(text: str, user: int) -> Json:
    who = {"id": user, "is_bot": False, "first_name": "Mina Kim"}
    return {
        "text": text,
        "entities": [{"type": "bold", "offset": 0, "length": 2}, {"type": "text_mention", "offset": 3, "length": 4, "user": who}],
    }


async def test_every_kind_goes_both_ways(couple: tuple[Person, Person]) -> None:
    for sender, recipient in (couple, couple[::-1]):
        for kind in FILES:
            await sender.attach(kind, CONTENT[kind], f"{kind}.bin", caption="" if kind in ("video_note", "sticker") else f"a {kind}")
            copy = await recipient.hears(lambda message, kind=kind: kind in message)  # type: ignore[misc]
            assert words(copy) == ("" if kind in ("video_note", "sticker") else f"a {kind}")
            assert "forward_origin" not in copy
        await sender.locate()
        await recipient.hears(lambda message: "location" in message)
        await sender.write("text, then")
        await recipient.hears("text, then")


async def test_messages_keep_their_order(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    for number in range(20):
        await mina.write(f"message {number}")
    for number in range(20):
        assert words(await jun.hears("message")) == f"message {number}"


async def test_answers_point_to_the_right_message_on_both_sides(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    first = await mina.write("first")
    arrived = await jun.hears("first")
    await jun.write("to your first", reply_to=arrived["message_id"])
    answer = await mina.hears("to your first")
    assert answer["reply_to_message"]["message_id"] == first["message_id"]
    await mina.write("to my own", reply_to=first["message_id"])
    own = await jun.hears("to my own")
    assert own["reply_to_message"]["message_id"] == arrived["message_id"]
    await mina.write("to your answer", reply_to=answer["message_id"])
    last = await jun.hears("to your answer")
    assert words(await jun.message(last["reply_to_message"]["message_id"])) == "to your first"


async def test_edits_follow(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    sent = await mina.write("helo")
    copy = await jun.hears("helo")
    await mina.edit(sent["message_id"], "hello")
    await jun.becomes(copy["message_id"], lambda message: words(message) == "hello")
    picture = await mina.attach("photo", jpeg(), "p.jpg", caption="old")
    copy = await jun.hears("old")
    await mina.edit(picture["message_id"], "new")
    await jun.becomes(copy["message_id"], lambda message: words(message) == "new")


async def test_nothing_tells_who_the_sender_is(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    says(stage, mina, mentions("hi Mina", mina.id))
    copy = await jun.hears("hi")
    assert [entity["type"] for entity in copy["entities"]] == ["bold"]
    says(stage, mina, {"text": "look", "entities": [{"type": "text_link", "offset": 0, "length": 4, "url": f"tg://user?id={mina.id}"}]})
    copy = await jun.hears("look")
    assert "entities" not in copy
    photo = await mina.attach("photo", jpeg(), "Mina Kim.jpg", caption="fine")
    await jun.hears("fine")
    caption = mentions("by Mina", mina.id)
    says(stage, mina, {"photo": photo["photo"], "caption": caption["text"], "caption_entities": caption["entities"]})
    copy = await jun.hears("by Mina")
    assert [entity["type"] for entity in copy["caption_entities"]] == ["bold"]
    origin = {"type": "user", "date": 1, "sender_user": {"id": mina.id, "is_bot": False, "first_name": "Mina Kim"}}
    says(stage, mina, {"text": "forwarded"}, forward_origin=origin)
    copy = await jun.hears("forwarded")
    edited = await mina.write("plain")
    await jun.hears("plain")
    await mina.edit(edited["message_id"], f"tg://user?id={mina.id}")
    await mina.hears("hidden")
    everything = json.dumps([message for message in await jun.messages() if not message["out"]])
    assert "Kim" not in everything
    assert "forward_origin" not in everything
    assert f'"id": {mina.id}' not in everything
    assert f"id={mina.id}" not in everything


async def test_a_third_person_in_several_chats(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    theo = await stage.person(1003, "ko", gender="man", seeks="women")
    await theo.write("/discover")
    await theo.press(await theo.hears("30"), "like")
    await mina.press(await mina.hears("likes you"), "likes")
    await mina.press(await mina.hears("30"), "like")
    await mina.hears("Open the chat with the button")
    await theo.hears("🎉")
    await theo.write("from theo")
    tagged = await mina.hears("from theo")
    assert "go to this chat" in buttons(tagged)[0]["text"]
    await mina.write("for jun")
    await jun.hears("for jun")
    await mina.write("/matches")
    listed = await mina.hears("2 chats")
    assert "1 new message" in words(listed)
    assert "you are here" in words(listed)
    await mina.write("answer by reply", reply_to=tagged["message_id"])
    await theo.hears("answer by reply")
    await mina.press(tagged, "open")
    await mina.hears("now talking with")
    await mina.write("for theo")
    await theo.hears("for theo")
    await theo.write("untagged now")
    assert not buttons(await mina.hears("untagged now"))
    await jun.write("from jun")
    assert buttons(await mina.hears("from jun"))
    await jun.hears_nothing()


async def test_leaving_is_no_ending(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await mina.write("/leave")
    left = await mina.hears("stepped out")
    await mina.write("to nobody")
    await mina.hears("was not sent")
    await jun.write("are you there?")
    tagged = await mina.hears("are you there?")
    assert buttons(tagged)
    await mina.press(left, "open")
    await mina.hears("now talking with")
    await mina.write("back again")
    await jun.hears("back again")
    await mina.write("/chat")
    await mina.press(await mina.hears("You are talking with"), "whois")
    assert "photo" in await mina.hears("films")


async def test_unmatching_asks_ends_and_tells_the_other_neutrally(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await jun.write("before")
    copy = await mina.hears("before")
    await mina.write("/unmatch")
    question = await mina.hears("Unmatch")
    await mina.press(question, "keep")
    await mina.write("still on")
    await jun.hears("still on")
    await mina.write("/unmatch")
    question = await mina.hears("Unmatch")
    await mina.press(question, "unmatch_yes")
    ended = await jun.hears("is over")
    assert "unmatch" not in words(ended).lower()
    await jun.write("hello?")
    await jun.hears("nobody to pass this on to")
    await mina.write("one more", reply_to=copy["message_id"])
    await mina.hears("is over, so this was not sent")
    answer = await mina.press(question, "unmatch_yes") if buttons(question) else {}
    assert "over" in str(answer)
    await jun.hears_nothing()
    for person in couple:
        await person.write("/discover")
        await person.hears("seen everyone")


async def test_blocking_is_mutual_and_final(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await jun.write("/block")
    await jun.press(await jun.hears("Block"), "block_yes")
    ended = await mina.hears("is over")
    assert "block" not in words(ended).lower()
    for person in couple:
        await person.write("anybody?")
        await person.hears("nobody to pass this on to")
        await person.write("/discover")
        await person.hears("seen everyone")
    assert stage.database.read(pairs.of_member, stage.member(mina).id) == []


async def test_a_report_reaches_the_admins_who_ban_with_one_tap(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    admin = await stage.person(ADMIN, "en")
    await admin.write("/stats")
    assert "2 members" not in words(await admin.hears("Figures"))
    await mina.write("/report")
    question = await mina.hears("Why do you report")
    flag = next(button for button in buttons(question) if button["callback_data"].endswith(":scam"))
    await mina.press_data(question, flag["callback_data"])
    await mina.write("He asked for <b>gift cards</b>")
    await mina.hears("report is in")
    await jun.hears_nothing(0.2)
    new = await admin.hears("New report")
    await admin.press(new, "reports")
    case = await admin.hears("gift cards")
    assert "photo" in case
    assert str(jun.id) not in words(case)
    await admin.press(case, "uphold")
    await jun.hears("suspended")
    await mina.hears("is over")
    await jun.write("let me in")
    await jun.hears("can no longer be used")
    await jun.write("/discover")
    await jun.hears("can no longer be used")
    await admin.write(f"/unban {jun.id}")
    await admin.hears("no longer banned")
    await jun.hears("works again")
    await admin.write("/audit")
    assert "report.upheld" in words(await admin.hears("Audit log"))


async def test_admin_commands_are_unknown_words_to_everybody_else(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await mina.write("/qwertz")
    unknown = await mina.hears()
    for command in ("/stats", "/reports", "/ban 1002", "/unban 1002", "/broadcast hello", "/audit", f"/ban #{stage.member(jun).id}"):
        await mina.write(command)
        answer = await mina.hears()
        assert (words(answer), buttons(answer)) == (words(unknown), buttons(unknown)), command
    await jun.hears_nothing()
    assert stage.member(jun).status == "active"


async def test_a_broadcast_is_previewed_confirmed_and_sent_once(stage: Stage, couple: tuple[Person, Person]) -> None:
    admin = await stage.person(ADMIN, "en")
    await admin.write("/broadcast")
    await admin.hears("Write the text")
    await admin.write("Maintenance at 3 <am> & later")
    preview = await admin.hears("📣 Maintenance")
    assert "Send to 2 members" in buttons(preview)[0]["text"]
    await admin.press(preview, "broadcast_yes")
    await admin.press_data(preview, "broadcast_yes::")
    for person in couple:
        assert words(await person.hears("📣")) == "📣 Maintenance at 3 <am> & later"
        await person.hears_nothing(0.2)


async def test_too_fast_is_said_and_nothing_else_is_lost(tmp_path: Path, analyser: Analyser, small_pack: Path) -> None:
    stage = Stage(tmp_path, small_pack, analyser, INYEON_MATCHING__MESSAGE_RATE="3")
    await stage.open()
    try:
        mina = await stage.person(1001, "en", gender="woman", seeks="men")
        jun = await stage.person(1002, "en", gender="man", seeks="women")
        await matched(mina, jun)
        for number in range(4):
            await mina.write(f"message {number}")
        await mina.hears("a lot in a short time")
        assert [words(await jun.hears("message")) for _ in range(3)] == ["message 0", "message 1", "message 2"]
        await jun.hears_nothing()
    finally:
        await stage.close()


async def test_who_blocks_the_bot_is_waited_for(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await jun.block_bot()
    await mina.hears("can’t be reached")
    await mina.write("hello?")
    await mina.press(await mina.hears("was not sent"), "open")
    await mina.hears("now talking with")
    await mina.write("hello?")
    await mina.hears("can’t be reached")
    await jun.block_bot(False)
    await jun.write("sorry, back")
    await jun.press(await jun.hears("was not sent"), "open")
    await jun.hears("now talking with")
    await jun.write("sorry, back")
    await mina.hears("sorry, back")
    await mina.write("good")
    await jun.hears("good")


async def test_talk_goes_on_over_a_restart_in_the_middle(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await mina.write("before")
    arrived = await jun.hears("before")
    await stage.stop()
    await mina.write("while you slept")
    await jun.write("an answer", reply_to=arrived["message_id"])
    await stage.start()
    await jun.hears("while you slept")
    answer = await mina.hears("an answer")
    assert words(answer["reply_to_message"]) == "before"
    assert stage.database.read(activity.unread, stage.member(jun).id) is not None


async def test_a_refused_answer_tells_the_partner_as_well(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await stage.fault(method="sendMessage", chat_id=jun.id, code=403)
    await jun.write("/chat")
    await mina.hears("can’t be reached")
    assert not stage.member(jun).reachable
    await jun.write("here again")
    await jun.press(await jun.hears("was not sent"), "open")
    await jun.hears("now talking with")
    await jun.write("here again")
    await mina.hears("here again")
    assert stage.member(jun).reachable


async def test_whoever_wrote_into_no_chat_learns_it_although_telegram_fails(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, _ = couple
    await mina.write("/leave")
    await mina.hears()
    # Longer than an answer at the desk is tried; that of a message waits in the outbox, which a killed process leaves behind.
    await stage.fault(method="sendMessage", chat_id=mina.id, code=500, times=ATTEMPTS)
    await mina.write("are you there?")
    await mina.hears(lambda message: buttons(message) and "was not sent" in words(message))
