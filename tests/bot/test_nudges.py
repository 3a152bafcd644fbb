"""A gentle word to the receiver: once for each kind and chat, after the message, and to nobody else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot import scams
from bot.beginnings import SPARE
from bot.context import Context
from bot.incoming import Incoming
from bot.replies import Notice, Replies
from bot.settings import CareSettings
from bot.usecases import nudges, relay
from db import members, messages, pairs
from db.records import Member
from db.session import Connection
from tests.bot.meeting import Town, keys, surroundings
from tests.db.people import NOW

Couple = tuple[int, int]
sent = iter(range(100, 100_000))


def write(town: Town, sender: int, text: str) -> None:
    """The sender's message as the relay notes it, then the look at it."""

    def work(connection: Connection, context: Context, member: Member) -> Replies:
        pair = pairs.of_member(connection, member.id)[0]
        partner = members.by_id(connection, pair.partner(member.id))
        assert partner is not None
        message = messages.add(connection, pair.id, member.id, next(sent), "text", context.now)
        nudges.look(connection, context, message, partner, pair, text)
        return []

    town.act(sender, work)


def verify(connection: Connection, context: Context, member: Member) -> Replies:
    members.update(connection, member.id, context.now, verified=True)
    return []


def told(town: Town) -> dict[int, list[str]]:
    return {who: [letter["key"].split(":")[-1] for letter in letters] for who, letters in town.mail().items()}


def test_the_receiver_alone_is_told_once_for_a_kind(town: Town, couple: Couple) -> None:
    her, him = couple
    write(town, him, "카톡으로 넘어갈래요?")
    write(town, him, "카톡 아이디 알려줘요")
    write(town, him, "구글 기프트카드 사서 번호 보내줘요")
    assert told(town) == {her: ["messenger", "gift"]}


def test_plain_messages_cost_no_statement(town: Town, couple: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> bool:
        raise AssertionError("a statement")

    monkeypatch.setattr("db.nudges.among_first", never)
    write(town, couple[1], "오늘 하루 어땠어요?")
    assert told(town) == {}


@pytest.mark.parametrize(
    ("text", "entities", "told_of"),
    [
        ("여기 봐요", [{"type": "text_link", "offset": 0, "length": 2, "url": "https://best-offer.ai/x"}], ["link"]),
        ("😀 foo.dev", [{"type": "url", "offset": 3, "length": 7}], ["link"]),
        ("이 노래요", [{"type": "text_link", "offset": 0, "length": 1, "url": "https://youtu.be/abc"}], []),
        ("이 노래요", [{"type": "bold", "offset": 0, "length": 1}], []),
    ],
)
@pytest.mark.parametrize("edited", [False, True])
def test_links_count_wherever_they_lead(
    town: Town, couple: Couple, text: str, entities: list[dict[str, Any]], told_of: list[str], edited: bool
) -> None:
    """Behind words, and with endings that no list knows; as a message, and as what a message is edited to."""
    her, him = couple
    for member in couple:
        town.act(member, relay.receive, Incoming(1, "text", "안녕하세요"))
    town.mail()
    town.now += dt.timedelta(minutes=2)
    if edited:
        town.act(him, relay.receive, Incoming(2, "text", "잠깐만요"))
        town.mail()
    town.act(him, relay.edited if edited else relay.receive, Incoming(2, "text", text, entities))
    assert [letter["key"].split(":")[-1] for letter in town.mail()[her] if letter["key"].startswith("nudge")] == told_of


def test_past_its_beginning_a_chat_is_not_looked_at(town: Town, couple: Couple, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody would be told anything; what was written at the beginning is looked at however late it is edited."""
    her, him = couple
    shared = replace(surroundings(), care=CareSettings(nudge_messages=2))
    monkeypatch.setattr("tests.bot.meeting.surroundings", lambda *_: shared)
    for _ in range(2 + SPARE):
        write(town, him, "뭐 해요?")
    looked: list[str] = []

    def find(text: str) -> tuple[scams.Sign, ...]:
        looked.append(text)
        return ()

    monkeypatch.setattr("bot.scams.find", find)
    write(town, him, "카톡으로 넘어갈래요?")
    assert looked == []

    def edit(connection: Connection, context: Context, member: Member) -> Replies:
        pair, partner = pairs.of_member(connection, member.id)[0], members.by_id(connection, her)
        first = min(
            (message for message, _ in messages.recent(connection, pair.id, NOW - dt.timedelta(days=1), 50)), key=lambda one: one.id
        )
        assert partner is not None
        nudges.look(connection, context, first, partner, pair, "고쳤어요")
        return []

    town.act(him, edit)
    assert looked == ["고쳤어요"]


def test_who_asked_first_is_not_told(town: Town, couple: Couple) -> None:
    her, him = couple
    write(town, her, "전화번호 알려줄 수 있어요?")
    write(town, him, "010-1234-5678이에요")
    assert told(town) == {him: ["phone"]}


def test_who_speaks_of_a_code_is_told_all_the_same(town: Town, couple: Couple) -> None:
    her, him = couple
    write(town, her, "인증번호 문자가 왔는데 이거 보내주면 돼요?")
    write(town, him, "네 인증번호 불러주세요")
    assert told(town) == {him: ["code"], her: ["code"]}


def test_only_the_beginning_of_a_chat_is_looked_at(town: Town, couple: Couple) -> None:
    for _ in range(30):
        write(town, couple[1], "안녕하세요")
    write(town, couple[1], "카톡 아이디 알려줘요")
    assert told(town) == {}


def test_two_who_are_verified_may_exchange_numbers_but_not_codes(town: Town, couple: Couple) -> None:
    her, him = couple
    for member in couple:
        town.act(member, verify)
    write(town, him, "제 번호는 010-1234-5678이에요")
    write(town, him, "방금 문자로 온 인증번호 알려줘요")
    assert told(town) == {her: ["code"]}


def test_its_fine_ends_hints_about_ways_to_reach_each_other(town: Town, couple: Couple) -> None:
    her, him = couple
    write(town, him, "제 번호는 010-1234-5678이에요")
    pair = town.database.read(pairs.between, her, him)
    assert pair is not None
    assert keys(town.act(her, nudges.fine, pair.id, "phone")) == ["nudge.fine_kept"]
    write(town, him, "카톡 아이디 알려줘요")
    write(town, him, "50만원만 빌려줄 수 있어요?")
    assert told(town) == {her: ["phone", "money"]}


def test_nobody_presses_the_button_of_others_chats(town: Town, couple: Couple) -> None:
    stranger = town.newcomer()
    pair = town.database.read(pairs.between, *couple)
    assert pair is not None
    (notice, *_) = town.act(stranger, nudges.fine, pair.id, "phone")
    assert isinstance(notice, Notice)
    assert notice.word.key == "chats.over"
    assert keys(town.act(couple[0], nudges.fine, pair.id, "nonsense"))[0] == "chats.over"


def test_the_hint_answers_the_message_and_offers_report_and_block(town: Town, couple: Couple) -> None:
    her, him = couple
    write(town, him, "제 번호는 010-1234-5678이에요")
    (letter,) = town.mail()[her]
    assert letter["answers"]
    data = [button["callback_data"].split(":")[0] for row in letter["body"]["reply_markup"]["inline_keyboard"] for button in row]
    assert data == ["report_pair", "block", "nudge_fine"]
    assert surroundings().care.nudge_messages == 30
