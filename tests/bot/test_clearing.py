"""What admins were shown leaves their chats: when its case is over, when its member is, and in time where nobody decides anything."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
import logging
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from bot import clearing, settling
from bot import outbox as letters
from bot.clearing import Clearing
from bot.local.faults import Fault
from bot.outbox import Letter
from bot.replies import Picture, Replies, Say, Shown
from bot.sent import Note
from bot.settling import Outcome
from bot.usecases import appeals, decisions, hiding, moderation, privacy, safety, verification
from bot.usecases import photos as own
from db import exhibits, members, outbox, photos
from db import safety as cases
from db.records import Exhibit, Member, OutboxRow
from db.session import Connection, Database
from tests.bot.meeting import ADMIN, Town, buttons, keys, surroundings
from tests.bot.test_bans import picture
from tests.bot.test_sender import Post
from tests.bot.test_sender import now as today
from tests.db.people import NOW, person

HOUR = dt.timedelta(hours=1)
OTHER = ADMIN + 1
_updates = itertools.count(1)


@pytest.fixture
def boss(town: Town) -> int:
    return town.database.transact(members.create, ADMIN, "en", NOW).id


def asks(town: Town, admin: int, *asked: object) -> Replies:
    """An admin does something as at the desk: what shows members goes through the outbox; what is said at once."""
    usecase, *rest = asked

    def work(connection: Connection, context: object, member: Member) -> Replies:
        replies = usecase(connection, context, member, *rest)  # type: ignore[operator]
        return letters.show(connection, surroundings(town.now), member, replies, next(_updates))

    return town.act(admin, work)


def send(town: Town, begin: int = 500) -> list[OutboxRow]:
    """The sender does its work: all that waits goes, as Telegram messages from `begin` on."""
    sent: list[OutboxRow] = []
    while rows := town.database.transact(outbox.lease, "test", town.now, 60, 100):
        outcomes = [Outcome(row, sent_as=begin + place) for place, row in enumerate(rows, len(sent))]
        town.database.transact(settling.settle, outcomes, surroundings(town.now))
        sent += rows
    return sent


def due(town: Town, after: dt.timedelta = dt.timedelta()) -> list[str]:
    return sorted(one.shows for one in town.database.read(exhibits.due, town.now + after))


def standing(town: Town, telegram_id: int = ADMIN) -> list[Exhibit]:
    return town.database.read(exhibits.of_chat, telegram_id)


def report(town: Town, couple: tuple[int, int], reason: str = "rude") -> int:
    her, him = couple
    town.act(her, safety.report, him, reason)
    return town.database.read(cases.open_reports)[-1].id


def test_all_that_shows_a_member_is_an_exhibit_and_what_shows_nobody_is_none(town: Town, couple: tuple[int, int], boss: int) -> None:
    number = report(town, couple)
    town.database.transact(photos.add, couple[1], picture(1), NOW)
    send(town)
    assert standing(town) == [], "the news of a report quotes nobody"
    assert asks(town, boss, moderation.queue) == []
    assert asks(town, boss, moderation.look_evidence, number) == []
    assert asks(town, boss, moderation.look_pictures, number) == []
    assert asks(town, boss, moderation.look, couple[1]) == []
    rows = send(town)
    assert [one.message_id for one in standing(town)] == [500 + place for place in range(len(rows))]
    assert {one.shows for one in standing(town)} == {f"report.{number}", f"member.{couple[1]}"}
    assert all(row.payload["body"].get("protect_content") for row in rows), "nothing of it may be passed on"
    assert due(town, 45 * HOUR) == []
    assert len(due(town, 46 * HOUR)) == len(rows)


def test_a_decision_makes_it_due_at_once_in_all_chats_and_gives_up_what_waits(town: Town, couple: tuple[int, int], boss: int) -> None:
    number = report(town, couple)
    other = town.newcomer("woman", "men")
    town.match(other, couple[1])
    second = report(town, (other, couple[1]), "fake")
    send(town)
    asks(town, boss, moderation.case, number)
    asks(town, boss, moderation.look, couple[1])
    asks(town, boss, moderation.case, second)
    send(town)
    asks(town, boss, moderation.look_evidence, number)
    said = asks(town, boss, decisions.decide_report, number, "warn")
    assert keys(said) == ["admin.done.warn", "admin.record.report"], "the next card waits in the outbox"
    assert set(due(town)) == {f"member.{couple[1]}", f"report.{number}"}
    left = {row.payload["exhibit"] for row in send(town, 900) if "exhibit" in row.payload}
    assert left == {f"report.{second}"}, "the page of evidence that still waited is not sent any more"
    assert f"report.{second}" not in due(town)


def test_a_ban_ends_all_cases_about_a_member(town: Town, couple: tuple[int, int], boss: int) -> None:
    number = report(town, couple)
    town.database.transact(lambda connection: hiding.hide(connection, surroundings(town.now), town.member(couple[1]), "reports"))
    review = town.database.read(cases.reviews_open)[0].id
    send(town)
    for asked in ((moderation.case, number), (moderation.queue, f"report.{number}")):
        asks(town, boss, *asked)
    send(town)
    assert due(town) == []
    asks(town, boss, decisions.ban_command, f"#{couple[1]}")
    assert set(due(town)) == {f"report.{number}", f"review.{review}"}


@pytest.mark.parametrize("who", ["reported", "reporter"])
def test_erasing_oneself_clears_the_admins_chats_and_the_case_stays(town: Town, couple: tuple[int, int], boss: int, who: str) -> None:
    number = report(town, couple)
    send(town)
    asks(town, boss, moderation.case, number)
    asks(town, boss, moderation.look_evidence, number)
    asks(town, boss, moderation.look, couple[1])
    send(town)
    town.act(couple[who == "reported"], privacy.delete, "now")
    assert due(town).count(f"report.{number}") == 2
    assert (f"member.{couple[1]}" in due(town)) == (who == "reported")
    town.database.transact(exhibits.forget, [one.id for one in standing(town)])
    asks(town, boss, moderation.case, number)
    assert [row.payload["exhibit"] for row in send(town) if "exhibit" in row.payload] == [f"report.{number}"], "one tap shows it again"
    assert due(town) == []


def test_an_admin_who_erases_themselves_keeps_nothing_either(town: Town, couple: tuple[int, int], boss: int) -> None:
    number = report(town, couple)
    send(town)
    asks(town, boss, moderation.case, number)
    send(town)
    town.act(boss, privacy.delete, "now")
    assert due(town) == [f"report.{number}"]


def test_a_photo_that_is_taken_away_takes_the_question_about_it(town: Town, couple: tuple[int, int], boss: int) -> None:
    photo = town.database.transact(photos.add, couple[1], b"jpeg", NOW, status="pending")
    review = town.database.transact(cases.open_review, couple[1], "photo", NOW, photo.id)
    asks(town, boss, moderation.queue)
    send(town)
    assert due(town) == []
    town.act(couple[1], own.remove, photo.id)
    assert due(town) == [f"review.{review.id}"]


def test_a_clip_goes_with_the_answer(town: Town, boss: int) -> None:
    her = town.newcomer("woman", "men", face_consent=True)
    town.database.transact(lambda connection: members.set_step(connection, her, verification.PERSON, {}, NOW))
    town.act(her, verification.to_person, 33)
    (review,) = town.database.read(cases.reviews_open)
    send(town)
    assert [one.shows for one in standing(town)] == [f"review.{review.id}"], "the clip; the news of it shows nobody"
    town.act(boss, decisions.decide_review, review.id, approved=False)
    assert due(town) == [f"review.{review.id}"]


def test_an_appeal_still_shows_what_the_ban_rests_on(town: Town, couple: tuple[int, int], boss: int) -> None:
    number = report(town, couple)
    town.act(boss, decisions.decide_report, number, "uphold")
    town.act(couple[1], appeals.ask)
    town.act(couple[1], appeals.receive, "please look again")
    (card,) = town.act(boss, moderation.queue)
    assert isinstance(card, Say | Shown)
    (read,) = [one.press for one in buttons(card) if one.press.do == "evidence"]
    assert read.to == number
    assert asks(town, boss, moderation.look_evidence, number) == []
    send(town)
    (review,) = town.database.read(cases.reviews_open)
    assert due(town) == []
    town.act(boss, decisions.decide_review, review.id, approved=False)
    assert due(town) == [f"report.{number}"]


def test_what_was_on_its_way_when_the_case_was_decided_is_due_as_it_arrives(town: Town, couple: tuple[int, int], boss: int) -> None:
    number = report(town, couple)
    send(town)
    asks(town, boss, moderation.case, number)
    (row,) = town.database.transact(outbox.lease, "test", town.now, 60, 100)
    town.act(boss, decisions.decide_report, number, "dismiss")
    assert due(town) == []
    town.database.transact(settling.settle, [Outcome(row, sent_as=77)], surroundings(town.now))
    assert [one.message_id for one in town.database.read(exhibits.due, town.now)] == [77]


def test_what_was_sent_right_before_a_kill_is_known_by_the_note_of_it(town: Town, couple: tuple[int, int], boss: int) -> None:
    number = report(town, couple)
    send(town)
    asks(town, boss, moderation.case, number)
    (row,) = town.database.transact(outbox.lease, "test", town.now, 60, 100)
    asks(town, boss, decisions.decide_report, number, "warn")  # by another process, while this one is dead
    town.database.transact(settling.recover, [Note(row.id, row.created_at, 78)], surroundings(town.now))
    assert [one.message_id for one in town.database.read(exhibits.due, town.now)] == [78]


@pytest.mark.parametrize("unsure", [True, False])
def test_the_admin_is_asked_to_look_where_a_copy_may_stand_of_which_nobody_knows(
    town: Town, couple: tuple[int, int], boss: int, unsure: bool
) -> None:
    number = report(town, couple)
    send(town)
    asks(town, boss, moderation.case, number)
    (row,) = town.database.transact(outbox.lease, "test", town.now, 60, 100)
    outcome = Outcome(row, retry_at=town.now, unsure=unsure)
    town.database.transact(settling.settle, [outcome, outcome], surroundings(town.now))
    sent = send(town)
    assert [one.payload.get("exhibit") for one in sent] == [f"report.{number}", None][: 1 + unsure], "below the second copy, once"
    assert [one.message_id for one in standing(town)] == [500]


def test_who_was_killed_while_sending_leaves_a_word_for_the_admin(town: Town, couple: tuple[int, int], boss: int) -> None:
    number = report(town, couple)
    send(town)
    asks(town, boss, moderation.case, number)
    asks(town, boss, moderation.look, couple[1])
    town.database.transact(outbox.lease, f"{socket.gethostname()[:40]}:{2**22 + 1}", town.now, 60, 100)
    assert town.database.transact(settling.recover, [], surroundings(town.now)) == 1
    assert [one.payload.get("exhibit") for one in send(town)] == [f"report.{number}", *[f"member.{couple[1]}"] * 2, None]


def test_what_never_arrived_is_not_remembered_for_ever(town: Town, couple: tuple[int, int], boss: int) -> None:
    number = report(town, couple)
    send(town)
    asks(town, boss, moderation.case, number)
    (row,) = town.database.transact(outbox.lease, "test", town.now, 60, 100)
    town.database.transact(settling.settle, [Outcome(row, retry_at=town.now + HOUR)], surroundings(town.now))
    assert town.database.transact(exhibits.sweep, town.now + 72 * HOUR) == 0, "it may still go"
    town.database.transact(settling.settle, [Outcome(row, refused="bad request")], surroundings(town.now))
    assert town.database.transact(exhibits.sweep, town.now + 47 * HOUR) == 0
    assert town.database.transact(exhibits.sweep, town.now + 49 * HOUR) == 1
    assert standing(town) == []


def test_pictures_of_evidence_wait_without_their_bytes(town: Town, couple: tuple[int, int], boss: int) -> None:
    """They would outlive the key under which they are kept."""
    town.database.transact(photos.add, couple[1], picture(1), NOW)
    number = report(town, couple)
    send(town)
    shown = town.act(boss, moderation.look_pictures, number)
    assert any(isinstance(one, Picture) for one in shown)
    asks(town, boss, moderation.look_pictures, number)
    waiting = town.database.transact(outbox.lease, "test", town.now, 60, 100)
    assert waiting[0].payload["prepare"]["kept"]["report"] == number
    assert len(str(waiting[0].payload)) < 1000


# Against a server that behaves as Telegram does.


@pytest.fixture
async def post(database: Database) -> AsyncIterator[Post]:
    made = Post(database)
    await made.open()
    for number in (ADMIN, OTHER):
        await made.server.add_person(number, f"P{number}", "en", started=True)
        made.people[number] = database.transact(admin_of, number)
    yield made
    await made.close()


def admin_of(connection: Connection, number: int) -> Member:
    return person(connection, "other", account=number)


def clearer(post: Post, after: dt.timedelta = dt.timedelta()) -> Clearing:
    post.server.world.clock = (today() + after).timestamp
    return Clearing(post.bot, post.runtime, lambda: surroundings(today() + after))


async def stands(post: Post, number: int, how_many: int = 3, case: str = "report.1") -> list[int]:
    """An admin is shown something; the messages, and one more that shows nobody."""
    if post.sending is None:
        post.start()

    def put(connection: Connection) -> None:
        for place in range(how_many):
            letter = Letter("sendMessage", {"text": f"evidence {case} {place}"}, exhibit=case)
            letters.post(connection, surroundings(today()), post.people[number], letter, f"{case}:{number}:{place}")

    await asyncio.to_thread(post.database.transact, put)
    post.sender.wake()
    await until(lambda: len([one for one in post.database.read(exhibits.of_chat, number) if one.message_id]) >= how_many)
    return [one.message_id or 0 for one in post.database.read(exhibits.of_chat, number)]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110 the server or another thread makes it true
            await asyncio.sleep(0.02)


def over(post: Post, *case: str) -> None:
    post.database.transact(exhibits.over, case or ["report.1"], today())


async def test_one_call_deletes_what_is_due_and_nothing_else(post: Post) -> None:
    await stands(post, ADMIN)
    await stands(post, ADMIN, 5, "report.2")
    await stands(post, OTHER)
    post.say(ADMIN, "news")
    await until(lambda: "news" in post.heard(ADMIN))
    assert await clearer(post).turn() == 0
    over(post)
    assert await clearer(post).turn() == 6
    assert post.heard(ADMIN) == [*(f"evidence report.2 {place}" for place in range(5)), "news"]
    assert post.heard(OTHER) == []
    assert await clearer(post).turn() == 0


async def test_more_than_a_call_may_hold(post: Post) -> None:
    await stands(post, ADMIN, 205)
    over(post)
    assert await clearer(post).turn() == 205
    assert post.heard(ADMIN) == []
    assert post.database.read(exhibits.of_chat, ADMIN) == []


async def test_in_time_though_nobody_decides(post: Post) -> None:
    await stands(post, ADMIN)
    assert await clearer(post, 45 * HOUR).turn() == 0
    assert await clearer(post, 47 * HOUR).turn() == 3
    assert post.heard(ADMIN) == []


async def test_what_the_admin_deleted_already_is_done(post: Post) -> None:
    numbers = await stands(post, ADMIN)
    world = post.server.world
    world.delete(world.person(ADMIN), numbers[:2])
    over(post)
    assert await clearer(post).turn() == 3
    assert post.database.read(exhibits.of_chat, ADMIN) == []


@pytest.mark.parametrize("code", [500, 502, 0])
async def test_a_server_that_is_down_costs_nothing_but_time(post: Post, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "TICK", 0.02)
    await stands(post, ADMIN)
    await stands(post, OTHER)
    over(post)
    fault = post.server.faults.add(Fault("deleteMessages", ADMIN, code=code, times=3))
    running = asyncio.create_task(clearer(post).run())
    await until(lambda: not post.heard(ADMIN) and not post.heard(OTHER))
    await until(lambda: post.database.read(exhibits.of_chat, ADMIN) == [])
    running.cancel()
    assert fault.hits == 3


async def test_a_chat_whose_server_is_down_holds_nobody_else_up(post: Post) -> None:
    await stands(post, ADMIN)
    await stands(post, OTHER)
    over(post)
    post.server.faults.add(Fault("deleteMessages", ADMIN, code=502, times=None))
    with pytest.raises(Exception, match="Bad Gateway"):
        await clearer(post).turn()
    assert (len(post.heard(ADMIN)), post.heard(OTHER)) == (3, [])


async def test_an_answer_that_is_lost_after_the_deletion_is_asked_for_again(post: Post) -> None:
    """As a kill between the two: the rows are there still, and the messages are not."""
    await stands(post, ADMIN)
    over(post)
    post.server.faults.add(Fault("deleteMessages", code=0, after=True))
    with pytest.raises(Exception, match=r"ServerDisconnected|ClientOSError"):
        await clearer(post).turn()
    assert post.heard(ADMIN) == []
    assert len(post.database.read(exhibits.of_chat, ADMIN)) == 3
    assert await clearer(post).turn() == 3
    assert post.database.read(exhibits.of_chat, ADMIN) == []


async def test_too_many_requests_rests_that_chat_alone(post: Post) -> None:
    await stands(post, ADMIN)
    await stands(post, OTHER)
    over(post)
    fault = post.server.faults.add(Fault("deleteMessages", ADMIN, code=429, retry_after=100, times=None))
    made = clearer(post)
    assert await made.turn() == 3
    assert await made.turn() == 0
    assert (fault.hits, len(post.heard(ADMIN)), post.heard(OTHER)) == (1, 3, [])
    post.server.faults.clear()
    made._context = lambda: surroundings(today() + dt.timedelta(seconds=101))
    assert await made.turn() == 3


async def test_an_admin_who_blocked_the_bot_is_tried_each_hour_for_two_days(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    await stands(post, ADMIN)
    over(post)
    fault = post.server.faults.add(Fault("*", ADMIN, code=403, times=None))
    assert await clearer(post).turn() == 0
    assert await clearer(post).turn() == 0
    assert fault.hits == 1
    assert await clearer(post, HOUR).turn() == 0
    assert fault.hits == 2
    post.server.faults.clear()
    assert await clearer(post, 2 * HOUR).turn() == 3, "unblocked"
    assert post.heard(ADMIN) == []
    await stands(post, ADMIN, 3, "report.2")
    post.server.faults.add(Fault("deleteMessages", ADMIN, code=403, times=None))
    post.server.faults.add(Fault("deleteMessage", ADMIN, code=403, times=None))
    with caplog.at_level(logging.WARNING):
        await clearer(post, 49 * HOUR).turn()
    assert post.database.read(exhibits.of_chat, ADMIN) == [], "no row for ever"
    assert "3 messages that show members stay" in caplog.text
    assert str(ADMIN) not in caplog.text


async def test_what_is_too_old_is_told_to_the_admin_and_forgotten(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    """The bot was off for two days."""
    await stands(post, ADMIN)
    await post.stop()
    with caplog.at_level(logging.WARNING):
        assert await clearer(post, 49 * HOUR).turn() == 3
    assert post.database.read(exhibits.of_chat, ADMIN) == []
    assert "3 messages that show members stay" in caplog.text
    assert len(post.heard(ADMIN)) == 3
    post.now = lambda: today() + 49 * HOUR
    post.start()
    await until(lambda: any("직접 지워" in text for text in post.heard(ADMIN)))
    assert len(post.heard(ADMIN)) == 4, "once, not once a message"


async def test_who_is_no_admin_any_more_keeps_nothing(post: Post) -> None:
    """Nothing asks the settings: the rows know the chat."""
    await stands(post, OTHER)
    assert OTHER not in surroundings(today()).admins
    over(post)
    assert await clearer(post).turn() == 3
    assert post.heard(OTHER) == []


async def test_two_bots_that_delete_the_same(post: Post) -> None:
    await stands(post, ADMIN, 30)
    over(post)
    await asyncio.gather(*(clearer(post).turn() for _ in range(4)))
    assert post.heard(ADMIN) == []
    assert post.database.read(exhibits.of_chat, ADMIN) == []
