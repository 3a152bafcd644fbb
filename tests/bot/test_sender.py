"""The sender against the real local server: order, patience with one chat, people who left, and what survives an end."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiogram
import pytest
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from bot import outbox as letters
from bot.delivery import DatabasePhotos
from bot.local.faults import Fault
from bot.local.inbox import Inbox
from bot.local.server import LocalServer
from bot.outbox import Letter
from bot.posting import Pace
from bot.prepared import Preparer
from bot.replies import Say, Shown, word
from bot.runtime import Runtime
from bot.sender import Manner, Sender
from bot.usecases import daily, names
from db import likes, members, messages, outbox, pairs, photos, safety, tables
from db.records import Member, Pair
from db.session import Connection, Database
from db.settings import DatabaseSettings
from tests.bot.meeting import WORDS, surroundings
from tests.db.people import person
from tests.local.conftest import jpeg

PATIENCE = 60.0
"""Seconds for which something is waited for that will come."""
MINA, JUN, THEO = 501, 502, 503  # apart from the accounts that tests.db.people gives out


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Post:
    """A server, a database and a sender that can be ended and started again."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.server = LocalServer()
        self.runtime = Runtime(database, engine_threads=1, database_threads=2)
        self.sending: asyncio.Task[None] | None = None
        self.now = now
        """The sender's clock."""
        self.preparer: Preparer | None = None

    async def open(self) -> None:
        await self.server.start()
        self.bot = aiogram.Bot(self.server.token, AiohttpSession(api=TelegramAPIServer.from_base(self.server.base_url)))
        self.people: dict[int, Member] = {}
        for number in (MINA, JUN, THEO):
            await self.server.add_person(number, f"P{number}", "en", started=True)
            self.people[number] = self.database.transact(self._settle, number)

    async def close(self) -> None:
        if self.sending is not None:
            await self.sender.stop(self.sending, 1.0)
        await self.bot.session.close()
        await self.server.stop()
        self.runtime.close()

    @staticmethod
    def _settle(connection: Connection, number: int) -> Member:
        return _renumber(connection, person(connection, "other"), number)

    def start(self, rate: float = 1000.0) -> None:
        manner = Manner(rate=rate, preparer=self.preparer)
        self.sender = Sender(self.bot, self.runtime, DatabasePhotos(self.runtime), lambda: surroundings(self.now()), manner)
        self.sending = asyncio.create_task(self.sender.run())

    async def stop(self, patience: float = PATIENCE) -> None:
        assert self.sending is not None
        await self.sender.stop(self.sending, patience)
        self.sending = None

    def say(self, number: int, text: str) -> None:
        """Queue a text for somebody."""
        said = Say(word("broadcast.message", text=text))
        self.database.transact(letters.notify, surroundings(now()), self.people[number], said, f"test:{text}")

    def heard(self, number: int) -> list[str]:
        """What the bot said to somebody, in the order of the chat."""
        chat = self.server.world.chats[number]
        return [str(m.data.get("text") or m.data.get("caption") or "").removeprefix("📣 ") for m in chat.messages.values() if not m.out]

    def waiting(self) -> int:
        return self.database.read(outbox.waiting)

    def pair(self, one: int, other: int) -> Pair:
        def like(connection: Connection) -> Pair | None:
            likes.mark(connection, self.people[one].id, self.people[other].id, True, now())
            return likes.mark(connection, self.people[other].id, self.people[one].id, True, now()).match

        made = self.database.transact(like)
        assert made is not None
        return made

    def relay(self, pair: Pair, sender: int, text: str, answers: int | None = None) -> int:
        """A text of one to the other of a pair, through the outbox; our id of the message."""
        sent = Inbox(self.server.world).write(self.server.world.person(sender), text)

        def put(connection: Connection) -> int:
            message = messages.add(connection, pair.id, self.people[sender].id, sent.id, "text", now(), answers)
            letter = Letter("copyMessage", {"from_chat_id": sender, "message_id": sent.id}, answers=answers)
            letters.relay(connection, surroundings(now()), message, letter)
            return message.id

        return self.database.transact(put)


def _renumber(connection: Connection, made: Member, number: int) -> Member:
    """The same member under the id of a person on the page."""
    connection.execute(tables.members.update().where(tables.members.c.id == made.id).values(telegram_id=number, language="en"))
    found = members.by_id(connection, made.id)
    assert found is not None
    return found


async def until(true: Callable[[], Any], patience: float = PATIENCE) -> None:
    async with asyncio.timeout(patience):
        while not true():  # noqa: ASYNC110 another thread makes it true
            await asyncio.sleep(0.02)


@pytest.fixture
async def post(tmp_path: Path, _sqlite_template: Path) -> AsyncIterator[Post]:
    shutil.copy(_sqlite_template, tmp_path / "inyeon.db")
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'inyeon.db'}"))
    database.open(upgrade=False)
    made = Post(database)
    await made.open()
    yield made
    await made.close()
    database.close()


async def test_rows_arrive_in_the_order_of_their_chat(post: Post) -> None:
    for number in range(30):
        post.say(MINA, f"{number}")
        post.say(JUN, f"{number}")
    post.start()
    await until(lambda: not post.waiting())
    for who in (MINA, JUN):
        assert post.heard(who) == [f"{number}" for number in range(30)]


async def test_a_wake_sends_at_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sender.TICK", 3600.0)  # by itself it would not look for long
    monkeypatch.setattr("bot.settling.TICK", 3600.0)
    post.start()
    await until(lambda: post.sender._look_at > 0)
    post.say(MINA, "now")
    post.sender.wake()
    await until(lambda: post.heard(MINA) == ["now"])


async def test_429_makes_one_chat_rest_and_no_other(post: Post) -> None:
    post.server.faults.add(Fault("sendMessage", MINA, 429, retry_after=600))
    for number in range(5):
        post.say(MINA, f"{number}")
        post.say(JUN, f"{number}")
    begun, passed = now(), 0
    post.now = lambda: begun + dt.timedelta(seconds=passed)
    post.start()
    await until(lambda: len(post.heard(JUN)) == 5 and not post.server.faults.all)
    assert post.heard(MINA) == []
    passed = 599
    post.say(THEO, "meanwhile")
    post.sender.wake()
    await until(lambda: post.heard(THEO) == ["meanwhile"])
    assert post.heard(MINA) == []
    passed = 601
    post.sender.wake()
    await until(lambda: len(post.heard(MINA)) == 5)
    assert post.heard(MINA) == [f"{number}" for number in range(5)]


@pytest.mark.parametrize("code", [500, 502, 0])
async def test_what_fails_for_a_while_is_repeated_in_order(post: Post, code: int) -> None:
    post.server.faults.add(Fault("sendMessage", MINA, code, times=2))
    for number in range(3):
        post.say(MINA, f"{number}")
    post.start()
    await until(lambda: not post.waiting())
    assert post.heard(MINA) == ["0", "1", "2"]


async def test_whoever_blocked_the_bot_is_not_written_to_again_and_partners_learn_that_they_wait(post: Post) -> None:
    pair = post.pair(MINA, JUN)
    post.relay(pair, MINA, "one")
    post.relay(pair, MINA, "two")
    Inbox(post.server.world).block(post.server.world.person(JUN), blocked=True)
    post.start()
    await until(lambda: post.heard(MINA))
    await until(lambda: not post.waiting())
    assert post.database.read(members.by_id, post.people[JUN].id).reachable is False  # type: ignore[union-attr]
    name = WORDS.plain(names.partner(pair, post.people[MINA].id), "en")
    lost = "The last 2 messages that you sent did not arrive; please send them again later."
    assert post.heard(MINA) == [f"{name} can’t be reached at the moment. {lost}"]
    assert post.database.read(pairs.by_id, pair.id).open  # type: ignore[union-attr]
    post.say(THEO, "life goes on")
    post.sender.wake()
    await until(lambda: post.heard(THEO) == ["life goes on"])


async def test_a_message_that_cannot_be_copied_is_given_up_and_its_sender_told(post: Post) -> None:
    pair = post.pair(MINA, JUN)
    lost = post.relay(pair, MINA, "gone")
    del post.server.world.chats[MINA].messages[max(post.server.world.chats[MINA].messages)]
    kept = post.relay(pair, MINA, "kept")
    post.start()
    await until(lambda: not post.waiting())
    assert post.heard(JUN) == ["kept"]
    assert "could not be delivered" in post.heard(MINA)[0]
    assert post.database.read(messages.by_id, lost).recipient_message_id is None  # type: ignore[union-attr]
    assert post.database.read(messages.by_id, kept).recipient_message_id is not None  # type: ignore[union-attr]


async def test_what_was_given_up_is_told_at_once(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sender.TICK", 3600.0)  # by itself it would not look for long
    monkeypatch.setattr("bot.settling.TICK", 3600.0)
    pair = post.pair(MINA, JUN)
    post.start()
    await until(lambda: post.sender._look_at > 0)
    post.relay(pair, MINA, "gone")
    del post.server.world.chats[MINA].messages[max(post.server.world.chats[MINA].messages)]
    row = post.database.transact(outbox.lease, post.sender.owner, now(), 60, 1)
    post.sender.hand(row)  # as the short way does, which does not look what else waits
    await until(lambda: post.heard(MINA), 10.0)
    assert "could not be delivered" in post.heard(MINA)[0]


async def test_what_is_about_a_message_goes_only_where_that_arrived(post: Post) -> None:
    pair = post.pair(MINA, JUN)
    lost, taken_back, kept = (post.relay(pair, MINA, text) for text in ("gone", "taken back", "kept"))
    chat = post.server.world.chats[MINA].messages
    del chat[min(chat)]
    for number in (lost, taken_back, kept):
        said = Say(word("broadcast.message", text=f"about {number}"))
        named = {"answers": number, "below": True}
        post.database.transact(letters.notify, surroundings(now()), post.people[JUN], said, f"from:{number}", **named)
    post.database.transact(messages.set_deleted, taken_back, now())
    post.start()
    await until(lambda: not post.waiting())
    assert post.heard(JUN) == ["taken back", "kept", f"about {kept}"]


async def test_an_answer_finds_a_message_that_was_still_waiting_when_it_was_written(post: Post) -> None:
    pair = post.pair(MINA, JUN)
    first = post.relay(pair, MINA, "first")
    post.relay(pair, MINA, "second", answers=first)
    back = post.relay(pair, JUN, "third", answers=first)
    post.start()
    await until(lambda: not post.waiting())
    arrived = {str(m.data.get("text")): m.data for m in post.server.world.chats[JUN].messages.values() if not m.out}
    assert arrived["second"]["reply_to_message"]["message_id"] == arrived["first"]["message_id"]
    answer = next(m.data for m in post.server.world.chats[MINA].messages.values() if not m.out)
    own = next(m.data for m in post.server.world.chats[MINA].messages.values() if m.out and m.data["text"] == "first")
    assert answer["reply_to_message"]["message_id"] == own["message_id"]
    assert post.database.read(messages.by_id, back).recipient_message_id == answer["message_id"]  # type: ignore[union-attr]


async def test_an_edit_of_what_never_arrived_does_nothing(post: Post) -> None:
    pair = post.pair(MINA, JUN)
    message = post.relay(pair, MINA, "first")
    post.database.transact(outbox.dead_lane, JUN, "test", now())
    stored = post.database.read(messages.by_id, message)
    assert stored is not None
    letter = Letter("editMessageText", {"text": "second"}, edits=message)
    post.database.transact(letters.correct, surroundings(now()), stored, letter, "1")
    post.start()
    await until(lambda: not post.waiting())
    assert post.heard(JUN) == []


async def test_stopping_sends_what_is_due(post: Post) -> None:
    for number in range(40):
        post.say(MINA, f"{number}")
    post.start()
    await asyncio.sleep(0.05)
    await post.stop()
    assert post.waiting() == 0
    assert post.heard(MINA) == [f"{number}" for number in range(40)]


async def test_a_sender_that_ended_without_a_word_is_taken_over_at_once(post: Post) -> None:
    for number in range(3):
        post.say(MINA, f"{number}")
    leased = post.database.transact(outbox.lease, "sender", now(), 3600, 10)
    assert len(leased) == 1
    post.start()
    await until(lambda: not post.waiting())
    assert post.heard(MINA) == ["0", "1", "2"]


async def test_a_stored_photo_is_uploaded_once_and_sent_by_its_id_afterwards(post: Post) -> None:
    def shown(connection: Connection, key: str) -> None:
        photo = photos.of(connection, post.people[JUN].id)[0]
        connection.exec_driver_sql("UPDATE photos SET jpeg = ?", (jpeg(),))
        letters.notify(connection, surroundings(now()), post.people[MINA], Shown(photo.id, word("discover.liked")), key)

    for key in ("a", "b"):
        post.database.transact(shown, key)
    post.start()
    await until(lambda: not post.waiting())
    assert len(post.heard(MINA)) == 2


async def test_the_days_card_is_sent_only_while_the_two_may_meet(post: Post) -> None:
    mina, jun, theo = (post.people[number].id for number in (MINA, JUN, THEO))
    post.database.transact(lambda connection: connection.exec_driver_sql("UPDATE photos SET jpeg = ?", (jpeg(),)))
    for one, other, day in ((mina, jun, 1), (jun, theo, 2)):
        told = post.database.transact(daily.give, surroundings(now()), one, other, dt.date(2026, 11, day))
        assert told == 2
    post.database.transact(safety.block, jun, mina, now())
    post.start()
    await until(lambda: not post.waiting())
    assert post.heard(MINA) == []
    assert [len(post.heard(number)) for number in (JUN, THEO)] == [1, 1]


async def test_news_of_the_same_thing_is_queued_once(post: Post) -> None:
    for _ in range(3):
        post.say(MINA, "same")
    post.start()
    await until(lambda: not post.waiting())
    assert post.heard(MINA) == ["same"]


async def test_what_needs_a_pressed_button_cannot_wait(post: Post) -> None:
    edit = Say(word("discover.liked"), edit=True)
    with pytest.raises(TypeError):
        post.database.transact(letters.notify, surroundings(now()), post.people[MINA], edit, "x")


async def test_the_pace_lets_a_second_of_turns_through_and_then_no_more_than_its_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    still = SimpleNamespace(time=lambda: 1000.0)
    monkeypatch.setattr("bot.posting.asyncio", SimpleNamespace(get_running_loop=lambda: still, sleep=sleep))
    pace = Pace(50.0)
    for _ in range(75):
        await pace.turn()
    assert [wait for wait in waits if wait > 0.001] == pytest.approx([0.02 * turn for turn in range(1, 26)])


async def test_a_row_that_breaks_the_sender_does_not_hold_up_its_chat_for_long(post: Post) -> None:
    post.database.transact(outbox.put, post.people[MINA].id, "noSuchMethod", {"body": {}}, "broken", now())
    post.say(MINA, "after it")
    post.start()
    await until(lambda: not post.waiting())
    assert post.heard(MINA) == ["after it"]
