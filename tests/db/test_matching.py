"""Cards, answers, counts, tastes, what learners know, daily picks."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from db import (
    activity,
    daily,
    erasure,
    export,
    exposures,
    impressions,
    judgements,
    likes,
    matching_states,
    members,
    pairs,
    photos,
    standings,
    tastes,
    types,
)
from db.errors import NotFound
from db.matching_records import Exposed, MatchingState, Standing, StoredTaste
from db.matching_tables import judgements as judgement_table
from db.matching_tables import standings as standing_table
from db.records import Member, TypeRow
from db.session import Connection, Database
from db.settings import DatabaseSettings
from tests.db.people import NOW, people, person

DAY = dt.timedelta(days=1)
TODAY = NOW.date()


def sync_types(connection: Connection) -> None:
    infos = [TypeRow(f"f-{number}", "woman_face", "face", "woman", f"F{number}", f"얼굴{number}") for number in (1, 2)]
    types.sync(connection, infos, "1", NOW)


def at_once(database: Database, database_url: str, functions: list[Callable[[Database], object]]) -> list[BaseException]:
    """Call each with a database of its own at the same moment; what they raised."""
    barrier = threading.Barrier(len(functions), timeout=60)
    failures: list[BaseException] = []

    def run(function: Callable[[Database], object]) -> None:
        own = Database(DatabaseSettings(url=database_url), None if database.vault is None else database.vault.settings)
        own.open()
        try:
            barrier.wait()
            function(own)
        except BaseException as error:  # noqa: BLE001 shown by the test
            failures.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_the_latest_card_is_what_is_answered(database: Database) -> None:
    me, you = people(database, "man", "woman")
    assert database.read(impressions.latest, me.id, you.id) is None
    database.transact(impressions.add, me.id, you.id, NOW, "daily")
    believed = {"p_out": 0.25, "p_back": 0.5, "score": 0.3, "explored": True, "features": b"\0\0\x80\x3f", "model": "likes-1"}
    number = database.transact(impressions.add, me.id, you.id, NOW + DAY, "discover", **believed)
    found = database.read(impressions.latest, me.id, you.id)
    assert found is not None
    assert (found.id, found.at, found.place, found.model) == (number, NOW + DAY, "discover", "likes-1")
    assert (found.p_out, found.p_back, found.score, found.explored, found.features) == (0.25, 0.5, 0.3, True, b"\0\0\x80\x3f")
    assert database.read(impressions.latest, you.id, me.id) is None


def test_exposure_is_counted_within_the_window_and_of_everybody_who_can_be_shown(database: Database) -> None:
    me, often, once, never = people(database, "man", "woman", "woman", "other")
    database.transact(person, "woman", status="paused")
    database.transact(person, "woman", photo=False)
    demo = database.transact(person, "woman", demo=True)
    for shown, at in ((often, NOW), (often, NOW - DAY), (often, NOW - 3 * DAY), (once, NOW - 2 * DAY), (demo, NOW)):
        database.transact(impressions.add, me.id, shown.id, at, "discover")
    since = NOW - 2 * DAY
    ids = [often.id, once.id, never.id]
    assert database.read(impressions.recent_counts, ids, since) == {often.id: 2, once.id: 1}
    assert database.read(impressions.recent_counts, [once.id], since + DAY) == {}
    database.transact(impressions.add, once.id, often.id, NOW, "discover")
    assert database.read(impressions.shown_by, me.id, ids, since) == {often.id: 2, once.id: 1}
    assert database.read(impressions.shown_by, me.id, [often.id], since) == {often.id: 2}
    assert database.read(impressions.shown_by, once.id, ids, since) == {often.id: 1}
    assert database.read(impressions.recent_counts, ids, since) == {often.id: 3, once.id: 1}
    counted = [Exposed(me.id, "man", 0), Exposed(often.id, "woman", 3), Exposed(once.id, "woman", 1), Exposed(never.id, "other", 0)]
    assert database.read(impressions.counts_by_member, since) == counted
    assert database.read(lambda connection: impressions.counts_by_member(connection, since, demo=True)) == [
        *counted,
        Exposed(demo.id, "woman", 1),
    ]


def test_old_cards_go_with_what_was_believed_of_them(database: Database) -> None:
    me, you = people(database, "man", "woman")
    for days in (5, 4, 3, 0):
        database.transact(impressions.add, me.id, you.id, NOW - days * DAY, "discover", features=b"1234", p_out=0.5)
    database.transact(impressions.add, me.id, you.id, NOW - 6 * DAY, "discover")

    def kept(connection: Connection) -> list[int]:
        return [(NOW - row.at).days for row in connection.execute(select(impressions.impressions).order_by(impressions.impressions.c.at))]

    assert database.transact(impressions.forget_before, NOW - 3 * DAY, 2) == 2
    assert database.read(kept) == [4, 3, 0]
    assert database.transact(impressions.forget_before, NOW - 3 * DAY) == 1
    assert database.transact(impressions.forget_before, NOW - 3 * DAY) == 0
    assert database.read(kept) == [3, 0]


def answer(connection: Connection, viewer: Member, shown: Member, liked: bool = True, at: dt.datetime = NOW, p: float | None = 0.5) -> None:
    judgements.add(connection, viewer.id, shown.id, liked, at, p=p, features=b"1234", model="m")


def test_answers_are_read_once_in_the_order_of_commits(database: Database) -> None:
    me, you = people(database, "man", "woman")
    for days in range(3):
        database.transact(answer, me, you, days == 1, NOW + days * DAY, days / 4)
    with pytest.raises(ZeroDivisionError):
        database.transact(lambda connection: (answer(connection, me, you), 1 // 0))
    first = database.read(judgements.after, 0, 2)
    assert [(one.liked, one.at, one.p, one.viewer_id, one.shown_id, one.features) for one in first] == [
        (False, NOW, 0.0, me.id, you.id, b"1234"),
        (True, NOW + DAY, 0.25, me.id, you.id, b"1234"),
    ]
    rest = database.read(judgements.after, first[-1].id, 10)
    assert [one.p for one in rest] == [0.5]
    assert database.read(judgements.after, rest[-1].id, 10) == []
    assert database.read(judgements.last) == rest[-1].id == 3
    assert [one.p for one in database.read(judgements.after, 0, 10, NOW + DAY)] == [0.0]
    assert database.transact(judgements.forget_before, NOW + 2 * DAY, 1) == 1
    assert database.transact(judgements.forget_before, NOW + 2 * DAY) == 1
    assert database.transact(judgements.forget_before, NOW + 2 * DAY) == 0
    assert [one.id for one in database.read(judgements.after, 0, 10)] == [3]


def test_an_answer_about_somebody_who_is_gone_is_refused(database: Database) -> None:
    me, you = people(database, "man", "woman")
    database.transact(members.erase, you.id, NOW)
    with pytest.raises(NotFound):
        database.transact(answer, me, you)
    assert database.read(judgements.after, 0, 10) == []


def test_calibration_is_counted_by_tenths(database: Database) -> None:
    me, you = people(database, "man", "woman")
    for p, liked in ((0.0, False), (0.05, True), (0.1, False), (0.95, True), (1.0, True), (None, True)):
        database.transact(answer, me, you, liked, NOW, p)
    database.transact(answer, me, you, True, NOW - DAY, 0.5)
    found = database.read(judgements.calibration, NOW)
    assert [(tenth, n, round(p, 6), liked) for tenth, n, p, liked in found] == [(0, 2, 0.05, 1), (1, 1, 0.1, 0), (9, 2, 1.95, 2)]


def test_answers_are_counted_for_both(database: Database) -> None:
    me, you = people(database, "man", "woman")
    database.transact(standings.count_answer, me.id, you.id, True, 0.25, 0.75)
    database.transact(standings.count_answer, me.id, you.id, False, 0.5)
    database.transact(standings.count_answer, you.id, me.id, False, 0.125)
    assert database.read(standings.of, [me.id, you.id]) == {
        me.id: Standing(me.id, 1, 0, 0.125, 2, 1, 1.25),
        you.id: Standing(you.id, 2, 1, 0.75, 1, 0, 0.125),
    }
    assert database.read(standings.of, [you.id + 1]) == {}


def test_simultaneous_answers_are_all_counted(database: Database, database_url: str) -> None:
    """Eight processes' worth of connections; pairs of them answer about each other, which must not end in a deadlock for good."""
    one, two, three = people(database, "man", "woman", "woman")
    rounds = 25
    ways = [(one, two), (two, one), (one, three), (three, two)] * 2

    def count(viewer: Member, shown: Member) -> Callable[[Database], object]:
        return lambda own: [own.transact(standings.count_answer, viewer.id, shown.id, True, 0.5) for _ in range(rounds)]

    assert at_once(database, database_url, [count(*way) for way in ways]) == []
    found = database.read(standings.of, [one.id, two.id, three.id])
    assert found[one.id] == Standing(one.id, 50, 50, 25.0, 100, 100, 50.0)
    assert found[two.id] == Standing(two.id, 100, 100, 50.0, 50, 50, 25.0)
    assert found[three.id] == Standing(three.id, 50, 50, 25.0, 50, 50, 25.0)


def test_simultaneous_answers_are_folded_exactly_once(database: Database, database_url: str) -> None:
    """Answering processes and two learners at once: at the end the learned sum is that of all answers."""
    one, two, three, four = people(database, "man", "woman", "man", "woman")
    rounds = 20
    done = threading.Event()

    def give(viewer: Member, shown: Member) -> Callable[[Database], object]:
        def all_of_it(connection: Connection, p: float) -> None:
            answer(connection, viewer, shown, p=p)
            standings.count_answer(connection, viewer.id, shown.id, True, p)
            tastes.save(connection, viewer.id, "face", "1", 1, b"1234")
            members.touch(connection, viewer.id, NOW)

        return lambda own: [own.transact(all_of_it, number) for number in range(rounds)]

    def fold(connection: Connection) -> int:
        state = matching_states.fold(connection, "likes")
        found = judgements.after(connection, state.cursor, 3)
        if found:
            total = int(state.data or b"0") + sum(int(one.p or 0) for one in found)
            matching_states.save(connection, "likes", str(total).encode(), found[-1].id, "1", NOW)
        return len(found)

    def learn(own: Database) -> None:
        while not done.is_set():
            own.transact(fold)

    learners = threading.Thread(target=lambda: failures.extend(at_once(database, database_url, [learn, learn])))
    failures: list[BaseException] = []
    learners.start()
    ways = [(one, two), (two, one), (three, two), (four, one), (one, four)]
    failures += at_once(database, database_url, [give(*way) for way in ways])
    done.set()
    learners.join()
    while database.transact(fold):
        pass
    assert failures == []
    kept = database.read(matching_states.read, "likes")
    assert kept is not None
    assert (int(kept.data), kept.cursor) == (len(ways) * sum(range(rounds)), len(ways) * rounds)
    numbers = database.read(lambda connection: list(connection.scalars(select(judgement_table.c.id).order_by(judgement_table.c.id))))
    assert numbers == list(range(1, len(ways) * rounds + 1))


def test_tastes_are_kept_by_kind_and_one_version_at_a_time(database: Database) -> None:
    me, you = people(database, "man", "woman")
    database.transact(tastes.save, me.id, "face", "1", 3, b"12345678")
    database.transact(tastes.save, me.id, "fashion", "1", 1, b"1234")
    database.transact(tastes.save, me.id, "face", "2", 4, b"abcd")
    assert database.read(tastes.of, [me.id, you.id], "face") == {me.id: StoredTaste(me.id, "face", "2", 4, b"abcd")}
    assert database.read(tastes.of, [me.id], "face", "1") == {}
    assert database.read(tastes.of, [me.id], "fashion", "1") == {me.id: StoredTaste(me.id, "fashion", "1", 1, b"1234")}
    with pytest.raises(ValueError, match="no float32"):
        database.transact(tastes.save, me.id, "face", "2", 4, b"abc")
    database.transact(tastes.forget, me.id, "face")
    assert database.read(tastes.of, [me.id], "face") == {}
    assert database.read(tastes.of, [me.id], "fashion") != {}
    database.transact(tastes.forget, me.id)
    assert database.read(tastes.of, [me.id], "fashion") == {}


def test_a_locked_taste_loses_no_answer(database: Database, database_url: str) -> None:
    (me,) = people(database, "man")
    database.transact(tastes.save, me.id, "face", "1", 0, b"")

    def step(connection: Connection) -> None:
        held = tastes.of(connection, [me.id], "face", lock=True)[me.id]
        tastes.save(connection, me.id, "face", "1", held.n + 1, b"")

    def steps(own: Database) -> None:
        for _ in range(20):
            own.transact(step)

    assert at_once(database, database_url, [steps] * 4) == []
    assert database.read(tastes.of, [me.id], "face")[me.id].n == 80


def test_a_state_is_kept_and_dropped(database: Database) -> None:
    assert database.read(matching_states.read, "likes") is None
    with pytest.raises(NotFound):
        database.transact(matching_states.save, "likes", b"x", 1, "1", NOW)
    empty = MatchingState("likes", 0, "", None, b"")
    assert database.transact(matching_states.fold, "likes") == empty
    assert database.read(matching_states.read, "likes") is None
    database.transact(matching_states.save, "likes", b"x", 7, "1", NOW)
    kept = MatchingState("likes", 7, "1", NOW, b"x")
    assert database.read(matching_states.read, "likes") == database.transact(matching_states.fold, "likes") == kept
    database.transact(matching_states.drop, "likes")
    assert database.read(matching_states.read, "likes") is None


def test_daily_picks_are_mutual_and_one_a_day(database: Database) -> None:
    one, two, three, four = people(database, "man", "woman", "man", "woman")
    assert database.transact(daily.give, TODAY, one.id, two.id)
    assert database.transact(daily.give, TODAY, two.id, one.id), "a job that was killed asks again"
    assert not database.transact(daily.give, TODAY, one.id, three.id)
    assert not database.transact(daily.give, TODAY, three.id, two.id)
    assert database.transact(daily.give, TODAY, four.id, three.id)
    assert database.transact(daily.give, TODAY + DAY, one.id, three.id)
    today = {one.id: two.id, two.id: one.id, three.id: four.id, four.id: three.id}
    assert database.read(daily.of_day, TODAY) == today
    assert database.read(daily.of_day, TODAY, [one.id, four.id + 1]) == {one.id: two.id}
    assert database.read(daily.of, three.id, TODAY + DAY) == one.id
    assert database.read(daily.of, two.id, TODAY + DAY) is None
    with pytest.raises(ValueError, match="own pick"):
        database.transact(daily.give, TODAY, one.id, one.id)
    database.transact(members.erase, two.id, NOW)
    assert not database.transact(daily.give, TODAY, one.id, two.id)
    assert database.read(daily.of, one.id, TODAY) is None
    assert database.transact(daily.forget_before, TODAY + DAY) == 2
    assert database.read(daily.of_day, TODAY) == {}
    assert len(database.read(daily.of_day, TODAY + DAY)) == 2


def test_two_jobs_at_once_give_nobody_two(database: Database, database_url: str) -> None:
    ids = [member.id for member in people(database, *["man", "woman"] * 5)]

    def job(turn: int) -> Callable[[Database], object]:
        chosen = [(ids[place], ids[(place + turn) % len(ids)]) for place in range(len(ids))]
        return lambda own: [own.transact(daily.give, TODAY, *two) for two in chosen]

    assert at_once(database, database_url, [job(1), job(3), job(5)]) == []
    given = database.read(daily.of_day, TODAY)
    assert given
    assert all(given[other] == member for member, other in given.items())


def test_who_was_here_lately_comes_in_pages(database: Database) -> None:
    here = [database.transact(person, last_active_at=NOW - hours * DAY / 24) for hours in (1, 30, 47, 2)]
    for fields in ({"last_active_at": NOW - 3 * DAY}, {"status": "paused"}, {"photo": False}, {"reachable": False}, {"seeks": None}):
        database.transact(person, **{"last_active_at": NOW, **fields})
    since = NOW - 2 * DAY
    assert database.read(daily.active, since) == here
    assert database.read(daily.active, since, 0, 3) == here[:3]
    assert database.read(daily.active, since, here[2].id, 3) == here[3:]


def test_shown_to_each_other_either_way(database: Database) -> None:
    me, seen, seer, both, neither = people(database, "man", "woman", "woman", "woman", "woman")
    for viewer, shown in ((me, seen), (seer, me), (me, both), (both, me), (seen, neither)):
        database.transact(exposures.add, viewer.id, shown.id, NOW)
    ids = [seen.id, both.id, neither.id, seer.id]
    assert database.read(exposures.between, me.id, ids) == {seen.id, seer.id, both.id}
    assert database.read(exposures.between, me.id, [neither.id]) == set()


def test_who_never_had_a_match_is_counted_by_gender(database: Database) -> None:
    one, two, _, _ = people(database, "man", "woman", "woman", "other")
    database.transact(person, "woman", status="paused")
    database.transact(person, "woman", demo=True)
    database.transact(likes.mark, one.id, two.id, True, NOW)
    pair = database.transact(likes.mark, two.id, one.id, True, NOW).match
    assert pair is not None
    database.transact(pairs.end, pair.id, one.id, "unmatch", NOW)
    assert database.read(activity.matched_by_gender) == {"man": (1, 0), "other": (1, 1), "woman": (2, 1)}


def test_withdrawing_the_face_leaves_nothing_learned_with_it(database: Database) -> None:
    me, you, third = people(database, "man", "woman", "woman")

    def live(connection: Connection) -> None:
        sync_types(connection)
        types.assign(connection, me.id, "face", "f-1", 0.9, "1", NOW)
        photo = photos.add(connection, me.id, b"x", NOW, facts={"face": {"box": [1]}, "palette": ["red"]})
        for kind in ("face", "fashion"):
            photos.add_vector(connection, photo.id, kind, "1", "test", b"\0" * 8, 2)
            tastes.save(connection, me.id, kind, "1", 1, b"1234")
        tastes.save(connection, you.id, "face", "1", 1, b"1234")
        for viewer, shown in ((me, you), (you, me), (you, third)):
            impressions.add(connection, viewer.id, shown.id, NOW, "discover", features=b"1234")
            answer(connection, viewer, shown)

    database.transact(live)
    database.transact(erasure.withdraw_face, me.id)
    assert database.read(photos.vectors, me.id, "face") == []
    assert len(database.read(photos.vectors, me.id, "fashion")) == 1
    assert database.read(types.of_member, me.id) == {}
    assert database.read(tastes.of, [me.id, you.id], "face").keys() == {you.id}
    assert database.read(tastes.of, [me.id], "fashion").keys() == {me.id}
    assert [photo.facts for photo in database.read(photos.of, me.id)][1] == {"palette": ["red"]}
    assert [one.features for one in database.read(judgements.after, 0, 10)] == [None, None, b"1234"]
    shown = [database.read(impressions.latest, *way) for way in ((me.id, you.id), (you.id, me.id), (you.id, third.id))]
    assert [one.features for one in shown if one is not None] == [None, None, b"1234"]


def test_a_copy_holds_ones_own_side_of_the_answers(database: Database) -> None:
    me, you = people(database, "man", "woman")

    def live(connection: Connection) -> None:
        for viewer, shown in ((me, you), (you, me)):
            impressions.add(connection, viewer.id, shown.id, NOW, "discover", p_out=0.5, p_back=0.9, features=b"1234")
            answer(connection, viewer, shown)
            standings.count_answer(connection, viewer.id, shown.id, True, 0.5)
            tastes.save(connection, viewer.id, "face", "1", 1, b"1234")
        daily.give(connection, TODAY, me.id, you.id)

    database.transact(live)
    copy = database.read(export.company, me.id)
    assert copy["cards"] == [{"shown_id": you.id, "at": NOW, "place": "discover", "p_out": 0.5, "explored": False, "model": ""}]
    assert copy["answers"] == [{"shown_id": you.id, "at": NOW, "liked": True, "p": 0.5, "model": "m"}]
    assert copy["tastes"] == [{"kind": "face", "version": "1", "n": 1, "data": b"1234"}]
    assert copy["counts"] == [{"shown": 1, "liked": 1, "expected": 0.5, "given": 1, "given_liked": 1, "given_expected": 0.5}]
    assert copy["daily_picks"] == [{"day": TODAY, "other_id": you.id}]
    assert database.read(lambda connection: connection.scalar(select(func.count()).select_from(standing_table))) == 2


def held(database: Database, function: Callable[[Connection], object]) -> tuple[threading.Event, threading.Thread]:
    """A transaction that did `function` and commits once the event is set."""
    done, go_on = threading.Event(), threading.Event()

    def run(connection: Connection) -> None:
        function(connection)
        done.set()
        assert go_on.wait(150)

    thread = threading.Thread(target=database.transact, args=(run,), daemon=True)
    thread.start()
    assert done.wait(60)
    return go_on, thread


def test_a_second_learner_waits_and_finds_what_the_first_kept(database: Database, database_url: str) -> None:
    database.transact(matching_states.fold, "likes")

    def first(connection: Connection) -> None:
        cursor = matching_states.fold(connection, "likes").cursor
        matching_states.save(connection, "likes", b"x", cursor + 7, "1", NOW)

    go_on, thread = held(database, first)
    second = Database(DatabaseSettings(url=database_url))
    second.open(upgrade=False)
    found: list[MatchingState] = []
    other = threading.Thread(target=lambda: found.append(second.transact(matching_states.fold, "likes")), daemon=True)
    other.start()
    other.join(0.5)
    assert other.is_alive(), "the second one did not wait"
    go_on.set()
    thread.join(60)
    other.join(60)
    second.close()
    assert [state.cursor for state in found] == [7]


def test_an_answer_about_somebody_who_is_busy_holds_nobody_else_up(database: Database, database_url: str) -> None:
    if database.embedded:
        pytest.skip("SQLite has one writer at a time")
    busy, one, two, three = people(database, "woman", "man", "man", "woman")
    second = Database(DatabaseSettings(url=database_url))
    second.open(upgrade=False)
    go_on, thread = held(database, lambda connection: members.update(connection, busy.id, NOW, about="writing"))
    waiting = threading.Thread(target=second.transact, args=(answer, one, busy), daemon=True)
    waiting.start()
    waiting.join(0.5)
    free = threading.Thread(target=second.transact, args=(answer, two, three), daemon=True)
    free.start()
    free.join(60)
    assert (waiting.is_alive(), free.is_alive()) == (True, False)
    go_on.set()
    for other in (thread, waiting):
        other.join(60)
    second.close()
    assert [given.viewer_id for given in database.read(judgements.after, 0, 10)] == [two.id, one.id]
