"""Each kind of message: which call it becomes, what follows it, and what it never carries."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import Any

import pytest

from bot.incoming import Incoming
from bot.outbox import Letter, target
from bot.usecases import chats, relay, relay_deletions, relay_held, relay_signs
from db import activity, members, messages, outbox, pairs
from db.records import Message
from db.session import Connection
from tests.bot.meeting import Town, buttons, keys
from tests.db.people import NOW

Json = dict[str, Any]
SENDER = {"id": 77, "first_name": "Mina", "last_name": "Kim", "username": "mina_kim"}


UPDATES = itertools.count(1)


@pytest.fixture
def couple(couple: tuple[int, int], town: Town) -> tuple[int, int]:
    """Two of whom each has written already: before that, those who are new may send no pictures."""
    for number, member in enumerate(couple):
        town.act(member, relay.receive, Incoming(1 + number, "text", "hi"))
    town.mail()
    town.now += dt.timedelta(minutes=2)
    return couple


def raw(number: int, **content: Any) -> Incoming:
    return Incoming.of({"message_id": number, "from": SENDER, **content}, next(UPDATES))


def file(name: str | None = None, **more: Any) -> Json:
    return {"file_id": "F1", "file_unique_id": "U1", "file_size": 1000, **({"file_name": name} if name else {}), **more}


def photo(unique: str = "U1") -> list[Json]:
    return [
        {"file_id": "S" + unique, "file_unique_id": "s" + unique, "width": 90, "height": 60},
        {"file_id": "M" + unique, "file_unique_id": "m" + unique, "width": 400, "height": 300},
        {"file_id": "L" + unique, "file_unique_id": unique, "width": 1600, "height": 1200},
    ]


def sent(town: Town, member: int, message_id: int) -> Message:
    found = town.database.read(messages.by_sender, member, message_id)
    assert found is not None
    return found


POLL = {"id": "9", "question": "Ask @mina_kim?", "options": [{"text": "Yes"}, {"text": "No"}], "type": "regular", "is_anonymous": True}
QUIZ = {**POLL, "type": "quiz", "correct_option_id": 1, "explanation": "because"}
HERE = {"latitude": 37.5, "longitude": 127.0}


@pytest.mark.parametrize(
    ("content", "method", "body", "prepare"),
    [
        ({"photo": photo()}, "sendPhoto", {"photo": "LU1"}, {"look": "MU1"}),
        ({"photo": photo(), "has_media_spoiler": True}, "sendPhoto", {"photo": "LU1", "has_spoiler": True}, {"look": "MU1"}),
        (
            {"document": file("mina.pdf", mime_type="application/pdf"), "caption": "read"},
            "sendDocument",
            {"document": "F1", "caption": "read", "caption_entities": [], "disable_content_type_detection": True},
            {"file": "F1", "mime": "application/pdf"},
        ),
        # Without a name it may still say where it was taken; where no bot can fetch it, it goes as it is.
        ({"video": file()}, "sendVideo", {"video": "F1", "supports_streaming": True}, {"file": "F1", "mime": None}),
        (
            {"video": file(file_size=20_000_001), "caption": "see", "has_media_spoiler": True, "show_caption_above_media": True},
            "sendVideo",
            {
                "video": "F1",
                "supports_streaming": True,
                "caption": "see",
                "caption_entities": [],
                "has_spoiler": True,
                "show_caption_above_media": True,
            },
            None,
        ),
        (
            {"video": file("Mina.mp4", thumbnail={"file_id": "T"}, width=4)},
            "sendVideo",
            {"video": "F1", "width": 4, "supports_streaming": True},
            {"file": "F1", "mime": None, "look": "T"},
        ),
        (
            {"audio": file("Mina.mp3", title="Song", performer="Mina Kim")},
            "sendAudio",
            {"audio": "F1", "title": "Song"},
            {"file": "F1", "mime": None},
        ),
        (
            {"sticker": file(set_name="mina_by_bot", is_animated=True)},
            "sendSticker",
            {"sticker": "F1"},
            {"file": "F1", "mime": None, "name": "sticker.tgs"},
        ),
        ({"animation": file(), "document": file()}, "sendAnimation", {"animation": "F1"}, {"file": "F1", "mime": None}),
        ({"location": {**HERE, "horizontal_accuracy": 12.5}}, "sendLocation", {**HERE, "horizontal_accuracy": 12.5}, None),
        ({"location": {**HERE, "live_period": 900}}, "sendLocation", {**HERE, "live_period": 900}, None),
        (
            {"venue": {"location": HERE, "title": "Cafe", "address": "1", "google_place_id": "G"}, "location": HERE},
            "sendVenue",
            {**HERE, "title": "Cafe", "address": "1", "google_place_id": "G"},
            None,
        ),
        (
            {"venue": {"location": HERE, "title": "Cafe", "address": ""}, "location": HERE},
            "sendVenue",
            {**HERE, "title": "Cafe", "address": "Cafe"},
            None,
        ),
        (
            {"venue": {"location": HERE, "title": "t.me/mina_kim", "address": "1"}, "location": HERE},
            "sendVenue",
            {**HERE, "title": "•" * 13, "address": "1"},
            None,
        ),
        ({"dice": {"emoji": "🎲", "value": 4}}, "sendMessage", {"text": "🎲 4/6"}, None),
        (
            {"poll": POLL},
            "sendPoll",
            {"question": "Ask •••••••••?", "options": [{"text": "Yes"}, {"text": "No"}], "is_anonymous": False},
            None,
        ),
    ],
)
def test_each_kind_becomes_its_call(
    town: Town, couple: tuple[int, int], content: Json, method: str, body: Json, prepare: Json | None
) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(11, **content))
    letter = town.mail()[him][0]
    assert letter["method"] == method
    assert letter["body"] == body
    assert letter.get("prepare") == prepare
    assert "mina" not in json.dumps(letter, ensure_ascii=False).lower()
    kept = town.database.read(messages.content, sent(town, her, 11).id)
    assert kept["kind"] in content


@pytest.mark.parametrize(
    ("content", "method", "body"),
    [
        ({"voice": file(), "caption": "listen"}, "sendVoice", {"voice": "F1", "caption": "listen", "caption_entities": []}),
        ({"video_note": file()}, "sendVideoNote", {"video_note": "F1"}),
    ],
)
def test_recordings_go_by_their_own_files(town: Town, couple: tuple[int, int], content: Json, method: str, body: Json) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(11, **content))
    (letter,) = town.mail()[him]
    assert letter["method"] == method
    assert letter["body"].items() >= body.items()


def test_a_quiz_keeps_its_answer(town: Town, couple: tuple[int, int]) -> None:
    town.act(couple[0], relay.receive, raw(11, poll=QUIZ))
    body = town.mail()[couple[1]][0]["body"]
    assert (body["type"], body["correct_option_ids"], body["explanation"]) == ("quiz", [1], "because")
    assert "correct_option_id" not in body


def test_a_poll_keeps_all_that_can_be_sent(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    link = {"type": "text_link", "offset": 0, "length": 3, "url": "https://a.kr"}
    given = {
        **QUIZ,
        "options": [{"text": "Yes"}, {"text": "No"}, {"text": "Both"}],
        "correct_option_ids": [0, 2],
        "correct_option_id": 0,
        "allows_multiple_answers": True,
        "allows_revoting": False,
        "open_period": 600,
        "close_date": 1_800_000_000,
        "description": "See @mina_kim",
        "description_entities": [link, {"type": "text_mention", "offset": 4, "length": 9, "user": {"id": 77}}],
        "explanation": "As tg://user?id=77 says",
        "explanation_entities": [link],
    }
    assert keys(town.act(her, relay.receive, raw(11, poll=given))) == ["relay.masked"]
    assert town.mail()[him][0]["body"] == {
        "question": "Ask •••••••••?",
        "options": [{"text": "Yes"}, {"text": "No"}, {"text": "Both"}],
        "is_anonymous": False,
        "type": "quiz",
        "correct_option_ids": [0, 2],
        "allows_multiple_answers": True,
        "allows_revoting": False,
        "open_period": 600,
        "description": "See •••••••••",
        "description_entities": [link],
        "explanation": "As ••••••••••••••• says",
        "explanation_entities": [link],
    }
    kept = town.database.read(messages.content, sent(town, her, 11).id)
    assert "See @mina_kim" in kept["text"]
    assert "As tg://user" in kept["text"]


def test_a_poll_with_an_end_but_no_period_ends_then(town: Town, couple: tuple[int, int]) -> None:
    town.act(couple[0], relay.receive, raw(11, poll={**POLL, "close_date": 1_800_000_000}))
    body = town.mail()[couple[1]][0]["body"]
    assert (body["close_date"], "open_period" in body) == (1_800_000_000, False)


@pytest.mark.parametrize(
    "more",
    [
        {"media": {"photo": photo()}},
        {"explanation_media": {"video": file()}},
        {"options": [{"text": "Yes", "media": {"photo": photo()}}, {"text": "No"}]},
    ],
)
def test_who_asks_with_pictures_learns_that_they_stay(town: Town, couple: tuple[int, int], more: Json) -> None:
    assert keys(town.act(couple[0], relay.receive, raw(11, poll={**QUIZ, "question": "Tea?", **more}))) == ["relay.poll_bare"]
    letter = town.mail()[couple[1]][0]
    assert letter["method"] == "sendPoll"
    assert "file_id" not in json.dumps(letter)


@pytest.mark.parametrize("where", ["description", "explanation"])
def test_a_link_in_a_poll_is_a_link(town: Town, where: str) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.match(her, him)
    poll = {**QUIZ, where: "a.kr", f"{where}_entities": [{"type": "url", "offset": 0, "length": 4}]}
    assert keys(town.act(her, relay.receive, raw(11, poll=poll))) == ["trust.links"]


LIVE = {"live_photo": {**file(), "width": 4, "height": 3, "duration": 2}, "photo": photo()}


def test_a_live_photo_goes_with_its_movement(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for number, content in enumerate((LIVE, {"live_photo": {**LIVE["live_photo"], "photo": photo()}})):
        town.act(her, relay.receive, raw(11 + number, **content, caption="look", has_media_spoiler=True))
        letter = town.mail()[him][0]
        assert letter["method"] == "sendLivePhoto"
        body = {"live_photo": "F1", "photo": "LU1", "caption": "look", "caption_entities": [], "has_spoiler": True}
        assert letter["body"] == body
        assert letter["prepare"] == {"file": "F1", "mime": None, "look": "MU1"}
        assert sent(town, her, 11 + number).kind == "live_photo"


def test_a_live_photo_stands_in_albums_and_is_edited(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(31, **LIVE, media_group_id="g"))
    town.act(her, relay.receive, raw(32, photo=photo("32"), media_group_id="g"))
    town.now += dt.timedelta(seconds=2)
    (letter,) = town.mail()[him]
    live, still = letter["prepare"]["album"]
    assert live == {"media": {"type": "live_photo", "media": "F1", "photo": "LU1"}, "prepare": {"file": "F1", "mime": None, "look": "MU1"}}
    assert still["media"]["type"] == "photo"
    other = {"live_photo": {**file(), "file_id": "F2", "file_unique_id": "U2"}, "photo": photo("U2")}
    town.act(her, relay.edited, raw(31, **other, media_group_id="g"))
    (letter,) = town.mail()[him]
    assert letter["method"] == "editMessageMedia"
    assert letter["prepare"]["media"]["media"] == {"type": "live_photo", "media": "F2", "photo": "LU2"}


def test_a_live_photo_of_somebody_new_waits_as_photos_do(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.match(her, him)
    assert keys(town.act(her, relay.receive, raw(11, **LIVE))) == ["trust.photos"]


@pytest.mark.parametrize("content", [{"document": file("a.pdf", file_size=20_000_001)}, {"video": file("a.mp4", file_size=30_000_000)}])
def test_what_no_bot_can_fetch_stays_here_with_a_word(town: Town, couple: tuple[int, int], content: Json) -> None:
    assert keys(town.act(couple[0], relay.receive, raw(11, **content))) == ["relay.too_big"]
    assert town.mail() == {}


def test_protection_goes_with_all_that_a_member_sends(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.database.transact(members.update, her, NOW, protect=True)
    for number, content in enumerate([{"text": "hi"}, {"photo": photo()}, {"poll": POLL}, {"photo": photo(), "media_group_id": "g"}]):
        town.act(her, relay.receive, raw(20 + number, **content))
        town.now += dt.timedelta(seconds=2)
        assert town.mail()[him][0]["body"]["protect_content"] is True


# Albums


def test_the_parts_of_an_album_go_as_one_and_each_can_be_answered(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for number in (31, 32, 33):
        town.act(her, relay.receive, raw(number, photo=photo(str(number)), media_group_id="g1", caption=f"@mina_kim {number}"))
        assert him not in town.mail()
        town.now += dt.timedelta(seconds=0.3)
    town.now += dt.timedelta(seconds=2)
    (letter,) = town.mail()[him]
    assert letter["method"] == "sendMediaGroup"
    assert letter["parts"] == [sent(town, her, number).id for number in (31, 32, 33)]
    assert [part["media"]["media"] for part in letter["prepare"]["album"]] == ["L31", "L32", "L33"]
    assert [part["media"]["caption"] for part in letter["prepare"]["album"]] == [f"••••••••• {number}" for number in (31, 32, 33)]
    assert [part["prepare"] for part in letter["prepare"]["album"]] == [{"look": f"M{number}"} for number in (31, 32, 33)]
    town.database.transact(messages.set_delivered_parts, letter["parts"], [801, 802, 803])
    town.act(him, relay.receive, raw(41, text="the second", reply_to_message={"message_id": 802}))
    assert town.mail()[her][0]["answers"] == letter["parts"][1]


def test_a_part_that_comes_late_follows_by_itself(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(31, photo=photo("31"), media_group_id="g1"))
    town.now += dt.timedelta(seconds=2)
    assert len(town.mail()[him]) == 1
    town.act(her, relay.receive, raw(32, photo=photo("32"), media_group_id="g1"))
    town.act(her, relay.receive, raw(33, photo=photo("33"), media_group_id="g1"))
    town.now += dt.timedelta(seconds=2)
    (late,) = town.mail()[him]
    assert [part["media"]["media"] for part in late["prepare"]["album"]] == ["L32", "L33"]


def test_an_album_keeps_its_place_among_other_messages(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(31, photo=photo("31"), media_group_id="g1"))
    town.act(her, relay.receive, raw(32, text="after"))
    town.act(her, relay.receive, raw(33, photo=photo("33"), media_group_id="g1"))
    assert him not in town.mail()
    town.now += dt.timedelta(seconds=3)
    assert [letter["method"] for letter in town.mail()[him]] == ["sendMediaGroup", "sendMessage"]


def test_who_sent_an_album_is_said_behind_it(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(him, chats.leave)
    town.act(her, relay.receive, raw(31, photo=photo("31"), media_group_id="g1"))
    town.act(her, relay.receive, raw(32, photo=photo("32"), media_group_id="g1"))
    town.now += dt.timedelta(seconds=2)
    album, speaker = town.mail()[him]
    assert "reply_markup" not in album["body"]
    assert speaker["answers"] == album["parts"][0]
    assert "reply_markup" in speaker["body"]


@pytest.mark.parametrize("sent_before", [2, 6, 11])
def test_an_album_goes_whole_or_not_at_all_however_much_was_sent_before(town: Town, couple: tuple[int, int], sent_before: int) -> None:
    her, him = couple
    for number in range(sent_before):
        town.act(her, relay.receive, raw(10 + number, text="x"))
    town.mail()
    for number in range(31, 41):
        assert town.act(her, relay.receive, raw(number, photo=photo(str(number)), media_group_id="g1")) == []
    town.now += dt.timedelta(seconds=6)
    [letter] = town.mail()[him]
    assert len(letter["parts"]) == 10
    # The pace counts them all the same, and no album has more than ten.
    assert keys(town.act(her, relay.receive, raw(50, text="x"))) == ["trust.rate"]
    town.act(her, relay.receive, raw(51, photo=photo("51"), media_group_id="g1"))
    assert [letter["key"] for letter in town.mail()[her]] == ["album:g1:trust.rate"]


def test_of_an_album_that_does_not_go_one_sentence_is_said(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for number in range(12):
        town.act(her, relay.receive, raw(10 + number, text="x"))
    town.mail()
    for number in range(31, 41):
        town.act(her, relay.receive, raw(number, photo=photo(str(number)), media_group_id="g1"))
    mail = town.mail()
    assert him not in mail
    [told] = mail[her]
    assert told["body"]["reply_parameters"]["message_id"] == 31
    town.act(her, relay.receive, raw(41, photo=photo("41"), media_group_id="g2"))
    assert len(town.mail()[her]) == 1  # another album, another word


def test_who_sent_an_album_is_not_said_where_it_did_not_arrive(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(him, chats.leave)
    town.act(her, relay.receive, raw(31, photo=photo("31"), media_group_id="g1"))
    town.act(her, relay.receive, raw(32, photo=photo("32"), media_group_id="g1"))
    assert keys(town.act(her, relay_deletions.delete, 31)) == ["relay.del_album"]
    town.now += dt.timedelta(seconds=6)
    [speaker] = town.mail()[him]
    letter = Letter.read(speaker["method"], speaker)
    assert town.database.read(target, letter, him) is None
    assert letter.call(None) is None  # so nothing is sent


def test_a_poll_that_is_over_arrives_as_one_that_is_over(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(31, poll={**POLL, "question": "When?", "is_closed": True, "open_period": 60}))
    [letter] = town.mail()[him]
    assert letter["body"]["is_closed"]
    assert "open_period" not in letter["body"]


# Edits


def test_an_edit_keeps_how_its_links_are_shown(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    pages = {"url": "https://a.kr", "prefer_large_media": True, "show_above_text": True}
    link = {"entities": [{"type": "url", "offset": 4, "length": 4}], "link_preview_options": pages}
    town.act(her, relay.receive, raw(31, text="see a.kr", **link))
    assert town.mail()[him][0]["body"]["link_preview_options"] == pages
    town.act(her, relay.edited, raw(31, text="see a.kr!", **link))
    assert town.mail()[him][0]["body"]["link_preview_options"] == pages
    elsewhere = {**link, "link_preview_options": {**pages, "url": "https://elsewhere.kr"}}
    town.act(her, relay.edited, raw(31, text="see a.kr?", **elsewhere))
    assert "url" not in town.mail()[him][0]["body"]["link_preview_options"]
    town.act(her, relay.edited, raw(31, text="see a.kr", entities=link["entities"], link_preview_options={"is_disabled": True}))
    assert town.mail()[him][0]["body"]["link_preview_options"] == {"is_disabled": True}


def test_what_is_edited_on_its_way_arrives_as_it_is_now(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(51, text="hi"))
    town.act(her, relay.receive, raw(52, document=file("a.pdf"), caption="old"))
    town.act(her, relay.receive, raw(53, location={**HERE, "live_period": 60}))
    for number in (54, 55):
        town.act(her, relay.receive, raw(number, photo=photo(str(number)), media_group_id="g"))
    assert keys(town.act(her, relay.edited, raw(51, text="I am @mina_kim"))) == ["relay.masked"]
    town.act(her, relay.edited, raw(52, document=file("b.pdf"), caption="new"))
    town.act(her, relay.edited, raw(53, location={**HERE, "latitude": 38.0, "live_period": 60}))
    town.act(her, relay.edited, raw(55, photo=photo("new"), media_group_id="g", caption="!"))
    town.now += dt.timedelta(seconds=3)
    rows = town.mail()[him]
    assert [row["method"] for row in rows] == ["sendMessage", "sendDocument", "sendLocation", "sendMediaGroup"]
    assert rows[0]["body"]["text"] == "I am •••••••••"
    assert rows[1]["body"]["caption"] == "new"
    assert rows[2]["body"]["latitude"] == 38.0
    assert [part["media"]["media"] for part in rows[3]["prepare"]["album"]] == ["L54", "Lnew"]


def test_captions_and_media_of_what_arrived_change(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(51, photo=photo("a"), caption="old"))
    town.act(her, relay.receive, raw(52, voice=file(), caption="old"))
    town.mail()
    town.act(her, relay.edited, raw(51, photo=photo("a"), caption="new @mina_kim"))
    town.act(her, relay.edited, raw(52, voice=file(), caption="new"))
    picture, voice = town.mail()[him]
    assert picture["method"] == voice["method"] == "editMessageCaption"
    assert picture["body"]["caption"] == "new •••••••••"
    town.act(her, relay.edited, raw(51, photo=photo("b"), caption="other"))
    (letter,) = town.mail()[him]
    assert letter["method"] == "editMessageMedia"
    assert letter["prepare"]["media"] == {
        "media": {"type": "photo", "media": "Lb", "caption": "other", "caption_entities": []},
        "prepare": {"look": "Mb"},
    }
    kept = town.database.read(messages.content, sent(town, her, 51).id)
    versions = [{"kind": "photo", "text": text, "file_id": "La"} for text in ("old", "new @mina_kim")]
    assert (kept["text"], kept["before"]) == ("other", versions)


def test_a_live_location_moves_and_stops_and_only_the_newest_place_waits(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(51, location={**HERE, "live_period": 60}))
    town.mail()
    for step in range(5):
        town.act(her, relay.edited, Incoming.of({"message_id": 51, "location": {**HERE, "latitude": 38.0 + step, "live_period": 60}}, step))
    (moved,) = town.mail()[him]
    assert (moved["method"], moved["body"]["latitude"]) == ("editMessageLiveLocation", 42.0)
    longer = {"message_id": 51, "location": {**HERE, "live_period": 3600}}
    town.act(her, relay.edited, Incoming.of(longer, 8))
    assert town.mail()[him][0]["body"]["live_period"] == 3600, "without it the copy would stand still after a minute"
    town.act(her, relay.edited, Incoming.of({"message_id": 51, "location": HERE}, 9))
    assert town.mail()[him][0]["method"] == "stopMessageLiveLocation"


# /del


def test_del_takes_back_what_waits_and_deletes_what_arrived(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(61, text="one"))
    town.mail()
    town.act(her, relay.receive, raw(62, text="two"))
    assert keys(town.act(her, relay_deletions.delete, 62)) == ["relay.del_done"]
    assert keys(town.act(her, relay_deletions.delete, 61)) == ["relay.del_done"]
    mail = town.mail()
    assert [(letter["method"], letter["edits"]) for letter in mail[him]] == [("deleteMessage", sent(town, her, 61).id)]
    assert [letter["body"] for letter in mail[her]] == [{"message_id": 62}, {"message_id": 61}]
    assert keys(town.act(her, relay_deletions.delete, 61)) == ["relay.del_again"]
    assert town.act(her, relay.edited, raw(61, text="again")) == []
    assert town.mail() == {}


def test_an_album_is_deleted_as_a_whole(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for number in (61, 62, 63):
        town.act(her, relay.receive, raw(number, photo=photo(str(number)), media_group_id="g"))
    town.now += dt.timedelta(seconds=2)
    town.mail()
    assert keys(town.act(her, relay_deletions.delete, 62)) == ["relay.del_album"]
    mail = town.mail()
    assert [letter["method"] for letter in mail[him]] == ["deleteMessage"] * 3
    assert [letter["body"]["message_id"] for letter in mail[her]] == [61, 62, 63]


@pytest.mark.parametrize(
    ("who", "reply", "key"),
    [(0, None, "relay.del_how"), (0, 999, "relay.del_unknown"), (1, -1, "relay.del_theirs")],
)
def test_del_says_what_it_cannot(town: Town, couple: tuple[int, int], who: int, reply: int | None, key: str) -> None:
    town.act(couple[0], relay.receive, raw(61, text="one"))
    town.mail()
    number = sent(town, couple[0], 61).recipient_message_id if reply == -1 else reply
    assert keys(town.act(couple[who], relay_deletions.delete, number)) == [key]
    assert town.mail() == {}


def test_del_has_an_end(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for number in (61, 62):
        town.act(her, relay.receive, raw(number, text="one"))
    town.mail()
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    town.now += dt.timedelta(hours=48)
    assert keys(town.act(her, relay_deletions.delete, 61)) == ["relay.del_late"]
    town.now -= dt.timedelta(hours=40)
    town.act(him, chats.unmatch, pair.id)
    town.mail()
    assert keys(town.act(her, relay_deletions.delete, 61)) == ["relay.del_over"]
    assert town.mail() == {}


# Reactions and votes


def test_reactions_go_both_ways_and_are_taken_back(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(71, text="one"))
    town.mail()
    stored = sent(town, her, 71)
    heart = [{"type": "emoji", "emoji": "❤"}]
    own = [{"type": "custom_emoji", "custom_emoji_id": "5"}]
    town.act(him, relay_signs.reacted, stored.recipient_message_id, heart, "1")
    town.act(her, relay_signs.reacted, 71, [*own, *heart], "2")
    mail = town.mail()
    assert mail[her] == mail[her][:1]
    for member in couple:
        (letter,) = mail[member]
        assert (letter["method"], letter["edits"], letter["body"]) == ("setMessageReaction", stored.id, {"reaction": heart})
    town.act(him, relay_signs.reacted, stored.recipient_message_id, own, "3")
    town.act(him, relay_signs.reacted, stored.recipient_message_id, heart, "4")
    town.act(him, relay_signs.reacted, stored.recipient_message_id, [], "5")
    (letter,) = town.mail()[her]
    assert letter["body"] == {"reaction": []}
    assert town.act(him, relay_signs.reacted, 4242, heart, "6") == []
    assert town.mail() == {}


def test_the_one_who_asks_learns_what_was_chosen(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(71, poll=POLL))
    town.mail()
    stored = sent(town, her, 71)
    town.database.transact(messages.set_poll, stored.id, "9000")
    town.act(him, relay_signs.voted, "9000", [1], "1")
    (letter,) = town.mail()[her]
    assert letter["answers"] == stored.id
    assert "No" in letter["body"]["text"]
    town.act(him, relay_signs.voted, "9000", [], "2")
    assert "선택을 취소했어요" in town.mail()[her][0]["body"]["text"]
    town.act(her, relay_signs.voted, "9000", [0], "3")
    town.act(him, relay_signs.voted, "9001", [0], "4")
    assert town.mail() == {}
    assert keys(town.act(her, relay_deletions.delete, 71)) == ["relay.del_done"]


# What waits for a word

CARD = {"phone_number": "+82 10-0000-0000", "first_name": "Mina", "last_name": "Kim", "user_id": 77, "vcard": "BEGIN:VCARD"}


def test_a_contact_goes_once_and_only_by_its_senders_word(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    eve = town.newcomer("man", "women")
    unread = town.database.read(activity.unread, him)
    (asked,) = town.act(her, relay.receive, raw(81, contact=CARD))
    assert asked.word.key == "relay.contact_ask"  # type: ignore[union-attr]
    assert town.mail() == {}
    assert town.database.read(activity.unread, him) == unread
    number = buttons(asked)[0].press.to  # type: ignore[arg-type]
    for other in (him, eve):
        assert keys(town.act(other, relay_held.let_go, number)) == ["relay.held_gone"]
        assert keys(town.act(other, relay_held.hold_back, number)) == ["relay.held_gone"]
    assert keys(town.act(her, relay_held.let_go, number)) == ["relay.held_sent"]
    assert keys(town.act(her, relay_held.let_go, number)) == ["relay.held_gone"]
    letter, _hint = town.mail()[him]
    assert letter["method"] == "sendContact"
    assert letter["body"] == {"phone_number": "+82 10-0000-0000", "first_name": "Mina", "last_name": "Kim"}
    assert sent(town, her, 81).kind == "contact"


@pytest.mark.parametrize("phone", ["+82 10-1234-5678", "821012345678", "12025550123", "4915112345678"])
def test_a_number_on_a_card_is_a_number(town: Town, couple: tuple[int, int], phone: str) -> None:
    her, him = couple
    (asked,) = town.act(her, relay.receive, raw(81, contact={**CARD, "phone_number": phone}))
    assert town.mail() == {}, "nobody is advised of what may never come"
    town.act(her, relay_held.let_go, buttons(asked)[0].press.to)  # type: ignore[arg-type]
    card, hint = town.mail()[him]
    assert card["method"] == "sendContact"
    assert hint["key"].startswith("nudge:")
    assert hint["key"].endswith(":phone")
    (asked,) = town.act(her, relay.receive, raw(82, contact=CARD))
    town.act(her, relay_held.let_go, buttons(asked)[0].press.to)  # type: ignore[arg-type]
    assert [letter["method"] for letter in town.mail()[him]] == ["sendContact"], "once is enough"


def test_a_contact_is_no_first_message_of_somebody_new(town: Town) -> None:
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.match(her, him)
    town.mail()
    assert keys(town.act(her, relay.receive, raw(81, contact=CARD))) == ["trust.links"]
    assert town.mail() == {}


def test_a_contact_that_is_not_to_go_is_forgotten(town: Town, couple: tuple[int, int]) -> None:
    (asked,) = town.act(couple[0], relay.receive, raw(81, contact=CARD))
    number = buttons(asked)[0].press.to  # type: ignore[arg-type]
    assert keys(town.act(couple[0], relay_held.hold_back, number)) == ["relay.held_back"]
    assert keys(town.act(couple[0], relay_held.let_go, number)) == ["relay.held_gone"]
    assert town.database.read(messages.by_sender, couple[0], 81) is None


def test_nothing_that_waits_for_a_word_goes_after_the_end(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    (asked,) = town.act(her, relay.receive, raw(81, contact=CARD))
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    town.act(him, chats.unmatch, pair.id)
    town.mail()
    assert keys(town.act(her, relay_held.let_go, buttons(asked)[0].press.to)) == ["chats.over"]  # type: ignore[arg-type]
    assert town.mail() == {}


def test_a_file_that_cannot_be_made_neutral_waits_for_a_word(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, raw(82, document=file("mina.zip")))

    def give_up(connection: Connection, context: Any, _member: Any) -> list[Any]:
        (row,) = outbox.lease(connection, "test", town.now, 60, 10)
        outbox.dead(connection, row.id, "unsure", town.now)
        relay_held.ask(connection, context, row)
        return []

    town.act(her, give_up)
    (asked,) = town.mail()[her]
    number = int(asked["body"]["reply_markup"]["inline_keyboard"][0][0]["callback_data"].split(":")[1])
    assert keys(town.act(her, relay_held.let_go, number)) == ["relay.held_sent"]
    (letter,) = town.mail()[him]
    assert letter["method"] == "sendDocument"
    assert letter["prepare"] == {"file": "F1", "mime": None, "anyway": True}


# The right chat


def test_after_a_message_from_another_chat_it_is_said_to_whom_the_next_one_went(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    other = town.newcomer("man", "women")
    town.match(her, other)
    town.mail()
    town.now += dt.timedelta(seconds=10)
    town.act(other, relay.receive, raw(91, text="hey"))
    town.mail()
    town.now += dt.timedelta(seconds=10)
    (told,) = town.act(her, relay.receive, raw(92, text="hello"))
    assert told.word.key == "relay.went"  # type: ignore[union-attr]
    assert [button.press.do for button in buttons(told)] == ["unsend", "open"]  # type: ignore[arg-type]
    town.now += dt.timedelta(seconds=10)
    assert town.act(her, relay.receive, raw(93, text="hello again")) == []
    undo = buttons(told)[0].press.to  # type: ignore[arg-type]
    assert keys(town.act(other, relay_deletions.undo, undo)) == ["relay.held_gone"]
    assert keys(town.act(her, relay_deletions.undo, undo)) == ["relay.del_done"]
    assert [letter["body"]["text"] for letter in town.mail()[him]] == ["hello again"]
    town.now += dt.timedelta(hours=13)
    assert keys(town.act(her, relay.receive, raw(94, text="still you?"))) == ["relay.went"]


def test_quotes_go_along_unless_they_had_to_be_changed(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(him, relay.receive, raw(95, text="one two"))
    town.mail()
    answered = {"message_id": sent(town, him, 95).recipient_message_id}
    town.act(her, relay.receive, raw(96, text="!", reply_to_message=answered, quote={"text": "two", "position": 4}))
    assert town.mail()[him][0]["quote"] == {"quote": "two", "quote_entities": [], "quote_position": 4}
    town.act(her, relay.receive, raw(97, text="!", reply_to_message=answered, quote={"text": "@mina_kim", "position": 0}))
    assert "quote" not in town.mail()[him][0]
