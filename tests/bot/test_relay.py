"""The relay's rules and what it lets through, without Telegram."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.incoming import KINDS, File
from bot.outbox import Letter
from bot.usecases import anonymity, chats, reach, relay
from bot.usecases.relay import Incoming
from db import activity, members, messages, pairs, safety
from db.session import Connection, Database
from tests.bot.meeting import Town, keys
from tests.db.people import NOW

Json = dict[str, Any]


def text(number: int, said: str = "hi", reply_to: int | None = None, **more: object) -> Incoming:
    return Incoming(number, "text", said, reply_to=reply_to, **more)  # type: ignore[arg-type]


def test_a_message_and_its_copy_are_one_transaction(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    assert town.act(her, relay.receive, text(11)) == []
    (letter,) = town.mail()[him]
    assert (letter["method"], letter["body"]) == ("sendMessage", {"text": "hi"})
    stored = town.database.read(messages.by_sender, her, 11)
    assert stored is not None
    assert stored.recipient_id == him
    assert stored.recipient_message_id is not None


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("game", "relay.game"),
        ("story", "relay.story"),
        ("invoice", "relay.paid"),
        ("giveaway", "relay.unsupported"),
        ("checklist", "relay.unsupported"),
        ("unknown", "relay.unsupported"),
        ("poll", "relay.unsupported"),
    ],
)
def test_what_cannot_be_passed_on_is_said(town: Town, couple: tuple[int, int], kind: str, key: str) -> None:
    assert keys(town.act(couple[0], relay.receive, Incoming(12, kind))) == [key]
    assert town.mail() == {}


def test_what_clients_say_about_themselves_is_no_message(town: Town, couple: tuple[int, int]) -> None:
    assert town.act(couple[0], relay.receive, Incoming(12, "service")) == []
    assert town.mail() == {}


def test_the_rate_is_per_member_and_minute(database: Database) -> None:
    town = Town(database, rate=5)
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    town.match(her, him)
    town.mail()
    said = [keys(town.act(her, relay.receive, text(number))) for number in range(1, 8)]
    assert said == [[]] * 5 + [["relay.slower"]] * 2
    assert town.act(him, relay.receive, text(100)) == []
    town.now += dt.timedelta(seconds=61)
    assert town.act(her, relay.receive, text(20)) == []


def test_answers_go_to_the_chat_of_what_they_answer(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    other = town.newcomer("man", "women")
    second = town.match(her, other)
    town.mail()
    town.act(other, relay.receive, text(31))
    town.mail()
    stored = town.database.read(messages.by_sender, other, 31)
    assert stored is not None
    assert stored.recipient_message_id is not None
    assert town.database.read(activity.unread, her) == {second.id: 1}
    assert town.act(her, relay.receive, text(41, reply_to=stored.recipient_message_id)) == []
    assert town.database.read(activity.unread, her) == {}
    mail = town.mail()
    assert list(mail) == [other]
    assert mail[other][0]["answers"] == stored.id
    # A word of the bot's may have been about another chat than the one that is open.
    assert keys(town.act(her, relay.receive, text(42, reply_to=999))) == ["relay.went"]
    assert list(town.mail()) == [him]


def test_a_copy_from_another_chat_names_its_sender_and_leads_there(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(him, relay.receive, text(51))
    assert "reply_markup" not in town.mail()[her][0]["body"]
    town.act(her, chats.leave)
    town.act(him, relay.receive, text(52))
    (button,) = town.mail()[her][0]["body"]["reply_markup"]["inline_keyboard"][0]
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    assert button["callback_data"] == f"open:{pair.id}:"
    assert keys(town.act(her, chats.enter, pair.id)) == ["chats.entered"]
    assert town.member(her).active_pair_id == pair.id


def test_what_is_new_elsewhere_is_a_tap_away(town: Town, couple: tuple[int, int]) -> None:
    her, _ = couple
    other = town.newcomer("man", "women")
    second = town.match(her, other)
    assert keys(town.act(her, chats.current)) == ["chats.now"]
    town.mail()
    for number in (53, 54):
        town.act(other, relay.receive, text(number))
    first, again = town.mail()[her]
    assert "(2)" not in first["body"]["reply_markup"]["inline_keyboard"][0][0]["text"]
    assert "(2)" in again["body"]["reply_markup"]["inline_keyboard"][0][0]["text"]
    now, elsewhere = town.act(her, chats.current)
    assert [now.word.key, elsewhere.word.key, elsewhere.word.count] == ["chats.now", "chats.elsewhere", 2]  # type: ignore[union-attr]
    assert elsewhere.buttons[0][0].press.to == second.id  # type: ignore[union-attr]


@pytest.mark.parametrize("end", ["unmatch", "block", "ban"])
def test_nothing_passes_after_an_end(town: Town, couple: tuple[int, int], end: str) -> None:
    her, him = couple
    town.act(her, relay.receive, text(61))
    town.mail()
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    if end == "unmatch":
        town.act(him, chats.unmatch, pair.id)
    elif end == "block":
        town.database.transact(safety.block, him, her, NOW)
    else:
        town.database.transact(safety.ban, him, NOW)
    town.mail()
    assert keys(town.act(her, relay.receive, text(62))) == ["relay.no_chat"]
    assert keys(town.act(her, relay.receive, text(63, reply_to=61))) == ["relay.over"]
    assert town.act(her, relay.edited, text(61, "changed")) == []
    assert keys(town.act(her, chats.enter, pair.id)) == ["chats.over"]
    assert keys(town.act(her, chats.unmatch, pair.id)) == ["chats.over"]
    assert town.mail() == {}


def test_strangers_cannot_enter_or_end_a_chat(town: Town, couple: tuple[int, int]) -> None:
    pair = town.database.read(pairs.between, *couple)
    assert pair is not None
    eve = town.newcomer("man", "women")
    for usecase in (chats.enter, chats.profile, chats.unmatch):
        assert keys(town.act(eve, usecase, pair.id)) == ["chats.over"]
    assert keys(town.act(eve, chats.ask_unmatch, pair.id)) == ["chats.over"]
    assert town.member(eve).active_pair_id is None
    assert town.mail() == {}


def test_a_member_in_review_talks_to_nobody_and_nobody_to_them(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.database.transact(members.update, him, NOW, status="review")
    assert keys(town.act(him, relay.receive, text(71))) == ["review.wait"]
    assert keys(town.act(her, relay.receive, text(72))) == ["relay.unreachable"]
    assert town.mail() == {}


def test_in_chat_means_that_nothing_else_waits_for_the_message(town: Town, couple: tuple[int, int]) -> None:
    her = town.member(couple[0])
    assert relay.in_chat(her)
    assert not relay.in_chat(town.database.transact(members.set_step, her.id, "edit.photo", {}, NOW))
    assert not relay.in_chat(town.member(town.newcomer()))


def test_two_edits_in_one_second_both_count(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(her, relay.receive, text(81))
    town.mail()
    town.act(her, relay.edited, text(81, "one", mark="1"))
    (first,) = town.mail()[him]
    town.act(her, relay.edited, text(81, "two", mark="2"))
    (second,) = town.mail()[him]
    assert [letter["body"]["text"] for letter in (first, second)] == ["one", "two"]
    assert town.act(her, relay.edited, text(81, "two", mark="2")) == []
    assert town.mail() == {}


def test_partners_are_told_once_that_somebody_is_gone(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for _ in range(2):
        town.act(him, lambda connection, context, member: reach.lost(connection, context, member) or [])
    assert len(town.mail()[her]) == 1
    assert keys(town.act(her, relay.receive, text(91))) == ["relay.choose"]
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    town.act(her, chats.enter, pair.id)
    assert keys(town.act(her, relay.receive, text(92))) == ["relay.unreachable"]


def test_who_cannot_be_reached_any_more_leaves_no_message_unaccounted_for(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for number in (93, 94):
        town.act(her, relay.receive, text(number))
    town.act(him, lambda connection, context, member: reach.lost(connection, context, member) or [])
    (told,) = town.mail()[her]
    assert "마지막에 보낸 메시지 2개는 전해지지 않았" in told["body"]["text"]


def test_what_was_read_in_a_chat_is_not_new_once_nobody_is_in_it(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    for number in (95, 96):
        town.act(him, relay.receive, text(number))
    town.mail()
    town.act(him, lambda connection, context, member: reach.lost(connection, context, member) or [])
    assert town.database.read(activity.unread, her) == {}


def test_a_refusal_answers_the_message_that_is_meant(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.act(him, lambda connection, context, member: reach.lost(connection, context, member) or [])
    (said,) = town.act(her, relay.receive, text(97))
    assert said.answers == 97  # type: ignore[union-attr]


def test_many_chats_are_listed_in_pages_with_those_with_news_first(town: Town) -> None:
    her = town.newcomer("woman", "men")
    suitors = [town.newcomer("man", "women") for _ in range(13)]
    found = [town.match(her, suitor) for suitor in suitors]
    town.act(suitors[5], relay.receive, text(5))
    (first,) = town.act(her, chats.listing)
    shown = [row[0].press for row in first.buttons]  # type: ignore[union-attr]
    assert shown[0].to == found[5].id
    assert [press.do for press in shown] == ["open"] * 10 + ["matches"]
    (second,) = town.act(her, chats.listing, int(shown[-1].choice))
    rest = [row[0].press.to for row in second.buttons]  # type: ignore[union-attr]
    assert sorted([press.to for press in shown[:-1]] + rest) == sorted(pair.id for pair in found)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("write me: @Maru_9!", "write me: •••••••!"),
        ("https://t.me/maru_9?start=1 ok", f"{'•' * 27} ok"),
        ("telegram.me/MARU_9", "•" * 18),
        ("maru_9.t.me", "•" * 11),
        ("tg://resolve?domain=maru_9", "•" * 26),
        ("tg://user?id=123", "•" * 16),
        ("@maru_99 and maru_9 are others", "@maru_99 and maru_9 are others"),
        ("t.me/maru_99", "t.me/maru_99"),
        ("😀 @maru_9 😀", "😀 ••••••• 😀"),
        ("t.me/+821012345678", "•" * 18),
        ("https://t.me/contact/Ab_c-9 now", f"{'•' * 27} now"),
        ("tg://resolve?phone=821012345678", "•" * 31),
        ("tg:user?id=7", "•" * 12),
        ("t.me/+AbCdEf123456", "t.me/+AbCdEf123456"),
        ("https://t.me/m/AbC_d-9 now", f"{'•' * 22} now"),
        ("TELEGRAM.DOG/M/abc", "•" * 18),
        ("telegram.me/contact/abc", "•" * 23),
        ("tg://message?slug=AbC", "•" * 21),
        ("tg:message?x=1&slug=AbC", "•" * 23),
        ("tg:resolve?domain=maru_9 hi", f"{'•' * 24} hi"),
        ("TG:RESOLVE?start=1&DOMAIN=MARU_9", "•" * 32),
        ("tg:/user/?id=7", "•" * 14),
        ("maru_9.telegram.me", "•" * 18),
        ("t.me:443//maru_9", "•" * 16),
        ("see https://t.me/%6Daru_9 ok", f"see {'•' * 21} ok"),
        ("https://t%2Eme/%4Daru%5F9", "•" * 25),
        ("https://web.telegram.org/a/#?tgaddr=tg%3A%2F%2Fresolve%3Fdomain%3Dmaru_9", "•" * 72),
        ("https://web.telegram.org/k/#123456789", "•" * 37),
        ("t.me/music/5 and 50% of m/slug", "t.me/music/5 and 50% of m/slug"),
        ("https://a.kr/%6Daru?x=%20 100%", "https://a.kr/%6Daru?x=%20 100%"),
        ("tg:resolve?domain=maru_99 t.me/%6Daru_99", "tg:resolve?domain=maru_99 t.me/%6Daru_99"),
    ],
)
def test_the_senders_own_name_is_hidden(said: str, expected: str) -> None:
    assert anonymity.clean(said, (), "maru_9").text == expected


@pytest.mark.parametrize(
    "url",
    [
        "tg://user?id=5",
        "TG://USER?ID=5",
        "https://t.me/maru_9",
        "tg://openmessage?user_id=5",
        "https://t.me/m/abc",
        "tg://message?slug=abc",
        "tg:resolve?domain=maru_9",
        "https://T.ME/%6D%61ru_9",
        "https://ｔ。me/maru_9",
        "https://maru_9.t.me",
    ],
)
def test_links_behind_words_that_lead_to_the_sender_go(url: str) -> None:
    link = {"type": "text_link", "offset": 0, "length": 2, "url": url}
    bold = {"type": "bold", "offset": 0, "length": 2}
    cleaned = anonymity.clean("hi", (link, bold), "maru_9")
    assert cleaned.entities == (bold,)
    assert cleaned.changed
    kept = anonymity.clean("hi", ({**link, "url": "https://example.org/"},), "maru_9")
    assert len(kept.entities) == 1
    assert not kept.changed


SPAN = st.tuples(st.sampled_from([*anonymity.FORMATS, "text_mention", "url"]), st.integers(0, 30), st.integers(1, 30))


@settings(max_examples=300, deadline=None)
@given(
    said=st.text(max_size=60),
    limit=st.integers(1, 40),
    spans=st.lists(
        st.tuples(st.sampled_from([*anonymity.FORMATS, "text_mention", "url"]), st.integers(0, 30), st.integers(1, 30)), max_size=5
    ),
)
def test_cleaned_text_fits_and_its_entities_lie_within(said: str, limit: int, spans: list[tuple[str, int, int]]) -> None:
    def units(value: str) -> int:
        return len(value.encode("utf-16-le", errors="surrogatepass")) // 2

    total = units(said)
    entities = [{"type": kind, "offset": at, "length": size} for kind, at, size in spans if at + size <= total]
    cleaned = anonymity.shorten(anonymity.clean(said, entities, "maru_9"), limit)
    assert units(cleaned.text) <= max(limit, 1)
    for entity in cleaned.entities:
        assert entity["type"] in anonymity.FORMATS
        assert int(entity["length"]) > 0
        assert int(entity["offset"]) + int(entity["length"]) <= units(cleaned.text)
    assert "@maru_9" not in cleaned.text.replace("@maru_9_", "")


def test_a_letter_reads_back_as_it_was_put() -> None:
    letter = Letter("copyMessage", {"from_chat_id": 1, "message_id": 2}, answers=3)
    assert Letter.read(letter.method, letter.payload()) == letter
    call = letter.call(9)
    assert call is not None
    assert call.payload["reply_parameters"] == {"message_id": 9, "allow_sending_without_reply": True}
    assert letter.call(None).payload == letter.body  # type: ignore[union-attr]
    assert Letter("editMessageText", {"text": "x"}, edits=3).call(None) is None


def test_what_is_masked_is_said_and_sent_anew(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    bold = {"type": "bold", "offset": 0, "length": 2}
    replies = town.act(her, relay.receive, text(95, "hi @maru_9", username="maru_9", entities=(bold,)))
    assert keys(replies) == ["relay.masked"]
    (letter,) = town.mail()[him]
    assert letter["method"] == "sendMessage"
    assert letter["body"]["text"] == "hi •••••••"
    assert letter["body"]["entities"] == [bold]
    # Telegram may count the letters or their halves: what had to be changed fits either way.
    voice = Incoming(96, "voice", "by @maru_9 " + "😀" * 600, username="maru_9", file=File("v"))
    town.act(her, relay.receive, voice)
    (letter,) = town.mail()[him]
    assert (letter["method"], letter["body"]["voice"]) == ("sendVoice", "v")
    assert 1022 <= len(letter["body"]["caption"].encode("utf-16-le")) // 2 <= 1024


def test_nothing_of_a_rolled_back_message_stays(town: Town, couple: tuple[int, int]) -> None:
    her, _ = couple

    def fails(connection: Connection, context: object, member: object) -> list[object]:
        relay.receive(connection, context, member, text(97))  # type: ignore[arg-type]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        town.act(her, fails)  # type: ignore[arg-type]
    assert town.mail() == {}
    assert town.database.read(messages.by_sender, her, 97) is None


# What goes is what was read


def test_no_kind_is_left_to_what_stands_in_the_chat_when_its_copy_is_made(town: Town, couple: tuple[int, int]) -> None:
    """A copy that Telegram makes is of what the sender has edited the message into meanwhile, and nobody judged that."""
    her, him = couple
    town.database.transact(members.update, her, NOW, verified=True)
    place, line = {"latitude": 1.0, "longitude": 2.0}, "x"
    bodies = {
        "location": place,
        "venue": {"location": place, "title": line, "address": line},
        "poll": {"question": line, "options": [{"text": "a"}, {"text": "b"}]},
    }
    for number, kind in enumerate(KINDS):
        town.act(her, relay.receive, Incoming(200 + number, kind, "hi", file=File("F", size=1), body=bodies.get(kind, {})))
    methods = [letter["method"] for letter in town.mail()[him]]
    assert len(methods) >= 13
    assert not [method for method in methods if method.startswith(("copy", "forward"))]


def test_words_go_with_the_formats_that_their_sender_gave_them(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    made: list[Json] = [
        {"type": "bold", "offset": 0, "length": 2},
        {"type": "custom_emoji", "offset": 3, "length": 2, "custom_emoji_id": "9"},
        {"type": "pre", "offset": 6, "length": 2, "language": "python"},
        {"type": "date_time", "offset": 9, "length": 5, "unix_time": 1_800_000_000, "date_time_format": "t"},
    ]
    # What Telegram finds by itself in the words it finds in the copy too.
    found = {"type": "hashtag", "offset": 15, "length": 3}
    town.act(her, relay.receive, text(61, "so 😀 do at ten #us", entities=[*made, found]))
    assert town.mail()[him][0]["body"] == {"text": "so 😀 do at ten #us", "entities": made}


@pytest.mark.parametrize(
    ("links", "goes"),
    [
        ({"is_disabled": True}, {"is_disabled": True}),
        ({"prefer_small_media": True, "show_above_text": True}, {"prefer_small_media": True, "show_above_text": True}),
        ({"url": "https://B.kr/x/", "prefer_large_media": True}, {"url": "https://B.kr/x/", "prefer_large_media": True}),
        ({"url": "https://c.kr/"}, {"url": "https://c.kr/"}),
        # A client of somebody's own can have shown there what the words do not say.
        ({"url": "https://evil.top/"}, None),
        ({"url": "https://t.me/maru_9", "prefer_large_media": True}, {"prefer_large_media": True}),
    ],
)
def test_a_page_is_shown_below_the_words_as_they_lead_to_it(town: Town, couple: tuple[int, int], links: Json, goes: Json | None) -> None:
    her, him = couple
    town.database.transact(members.update, her, NOW, verified=True)
    entities = [{"type": "url", "offset": 0, "length": 4}, {"type": "url", "offset": 5, "length": 6}]
    entities.append({"type": "text_link", "offset": 12, "length": 1, "url": "http://c.kr"})
    raw = {"message_id": 62, "from": {"id": 7, "username": "maru_9"}, "text": "a.kr b.kr/x c", "entities": entities}
    town.act(her, relay.receive, Incoming.of({**raw, "link_preview_options": links}))
    assert town.mail()[him][0]["body"].get("link_preview_options") == goes


def test_a_caption_longer_than_a_bot_may_send_is_no_message(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.database.transact(members.update, her, NOW, verified=True)
    voice = Incoming(63, "voice", "x" * 1025, file=File("v"))
    assert keys(town.act(her, relay.receive, voice)) == ["relay.caption_long"]
    part = Incoming(64, "photo", "x" * 1025, file=File("p", look="q"), album="g")
    assert town.act(her, relay.receive, part) == []
    assert [letter["key"] for letter in town.mail()[her]] == ["album:g:relay.caption_long"]  # of an album said once
    assert town.mail() == {}
    assert town.act(her, relay.receive, Incoming(65, "voice", "😀" * 1024, file=File("v"))) == []
    assert him in town.mail()
