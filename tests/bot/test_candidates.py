"""The bot's index of members: it proposes exactly whom SQL lets through, follows every change, and steps aside when it cannot."""

from __future__ import annotations

import datetime as dt
import logging
import random
import secrets
import shutil
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot import candidates
from bot.candidates import Candidates, facts, version
from bot.context import Context
from bot.usecases import discover, ranking
from db import changes, erasure, likes, members, photos, safety, search
from db.records import Member
from db.session import Connection
from engine.index.exact import ExactIndex
from engine.index.settings import IndexSettings
from engine.index.values import IndexFault
from engine.values import Vector
from tests.bot.meeting import Town, card, surroundings
from tests.db.people import BUSAN, NOW, SUWON, person

ALL = 10_000


class Keys:
    """A vault of one key."""

    def __init__(self) -> None:
        self.now, self.made = b"", 0

    def key(self, scope: str) -> bytes:
        assert scope == candidates.SCOPE
        if not self.now:
            self.now, self.made = secrets.token_bytes(32), self.made + 1
        return self.now

    def destroy(self, scopes: Collection[str], *, final: bool = False) -> None:
        assert list(scopes) == [candidates.SCOPE]
        assert not final
        self.now = b""


class Bench:
    """A town, and the index that follows it."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town, self.folder = town, folder
        self.context = surroundings()
        self.asked = 0
        self.keys = Keys()
        self.made: list[Candidates] = []
        self.start()

    def start(self, **settings: object) -> Candidates:
        chosen = replace(IndexSettings(members=1), **settings)  # type: ignore[arg-type]
        self.candidates = Candidates(self.town.database, chosen, self.folder, lambda: self.context, self.keys)
        self.made.append(self.candidates)
        return self.candidates

    def query(self) -> Vector:
        self.asked += 1
        index = self.candidates._index
        assert index is not None
        return np.ones(index.dims, np.float32)

    def ids(self, member_id: int) -> list[int] | None:
        member = self.town.member(member_id)
        return self.town.database.read(lambda c: self.candidates.ids(c, member, self.query, ALL, NOW))

    def sql(self, member_id: int) -> set[int]:
        found = self.town.database.read(search.candidates, self.town.member(member_id), NOW, ALL)
        return {one.member.id for one in found}

    def agrees(self, *member_ids: int) -> None:
        for member_id in member_ids:
            found = self.ids(member_id)
            assert found is not None
            assert len(found) == len(set(found))
            assert set(found) == self.sql(member_id)


@pytest.fixture
def bench(town: Town, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(town, tmp_path / "index")
    yield made
    for one in made.made:
        one.close()


def townspeople(count: int, seed: int) -> list[dict[str, object]]:
    lot = random.Random(seed)
    made: list[dict[str, object]] = []
    for _ in range(count):
        place = lot.choice([(37.5665, 126.978), SUWON, BUSAN, (None, None)])
        low = lot.choice([18, 18, 25, 30])
        made.append(
            {
                "gender": lot.choice(["woman", "man", "other"]),
                "seeks": lot.choice(["women", "men", "everyone", "everyone"]),
                "birth_date": dt.date(lot.choice([1970, 1990, 1996, 2001, 2008]), *lot.choice([(2, 28), (11, 21), (11, 22)])),
                "age_min": low,
                "age_max": lot.choice([low + 1, 40, 99, 99]),
                "latitude": place[0],
                "longitude": place[1],
                "city": lot.choice(["서울", "부산", None]),
                "distance_km": lot.choice([0, 0, 30, 50, 400]),
                "languages": lot.choice(["", "en", "ko en", "vi", "ru"]),
                "same_language": lot.random() < 0.3,
                "verified": lot.random() < 0.5,
                "verified_only": lot.random() < 0.2,
                "status": lot.choice(["active"] * 9 + ["paused"]),
                "photo": lot.random() < 0.95,
                "photo_based": lot.random() < 0.9,
            }
        )
    return made


def settle(town: Town, people: list[dict[str, object]]) -> list[int]:
    def work(connection: Connection) -> list[int]:
        return [person(connection, **fields).id for fields in people]  # type: ignore[arg-type]

    return town.database.transact(work)


@pytest.mark.parametrize("seed", range(3))
def test_it_proposes_exactly_whom_sql_lets_through(bench: Bench, seed: int) -> None:
    everybody = settle(bench.town, townspeople(60, seed))
    bench.candidates.look()
    lot = random.Random(seed)

    def live(connection: Connection) -> None:
        for _ in range(40):
            one, other = lot.sample(everybody, 2)
            likes.mark(connection, one, other, lot.random() < 0.5, NOW)
        for _ in range(5):
            safety.block(connection, *lot.sample(everybody, 2), NOW)

    bench.town.database.transact(live)
    active = [one for one in everybody if bench.town.member(one).status == "active"]
    bench.agrees(*active)
    assert sum(len(bench.ids(one) or ()) for one in active) > 60, "towns in which nobody meets prove nothing"


def test_every_kind_of_change_is_seen_by_the_next_request(bench: Bench) -> None:
    town = bench.town
    her, him, third = town.newcomer("woman", "men"), town.newcomer("man", "women"), town.newcomer("man", "everyone")
    bench.candidates.look()
    assert set(bench.ids(her) or ()) == {him, third}
    steps = [
        ("paused", lambda c: members.update(c, him, NOW, status="paused"), {third}),
        ("back", lambda c: members.update(c, him, NOW, status="active"), {him, third}),
        ("seeks", lambda c: members.update(c, third, NOW, seeks="men"), {him}),
        ("seeks again", lambda c: members.update(c, third, NOW, seeks="women"), {him, third}),
        ("moved", lambda c: members.update(c, him, NOW, latitude=BUSAN[0], longitude=BUSAN[1], distance_km=20), {third}),
        ("moved back", lambda c: members.update(c, him, NOW, latitude=SUWON[0], longitude=SUWON[1], distance_km=50), {him, third}),
        ("her filter", lambda c: members.update(c, her, NOW, verified_only=True), set()),
        ("verified", lambda c: members.update(c, him, NOW, verified=True), {him}),
        ("her filter off", lambda c: members.update(c, her, NOW, verified_only=False), {him, third}),
        ("photo gone", lambda c: photos.remove(c, photos.of(c, third)[0].id), {him}),
        ("newcomer", lambda c: person(c, "man", "women"), None),
        ("skipped", lambda c: likes.mark(c, her, him, liked=False, now=NOW), None),
        ("blocked", lambda c: safety.block(c, third + 1, her, NOW), None),
    ]  # fmt: skip
    for name, change, left in steps:
        town.database.transact(change)
        bench.agrees(her)
        if left is not None:
            assert set(bench.ids(her) or ()) == left, name


def test_what_was_rolled_back_never_gets_in(bench: Bench) -> None:
    her = bench.town.newcomer("woman", "men")
    bench.candidates.look()

    class Refused(Exception):
        pass

    def work(connection: Connection) -> None:
        person(connection, "man", "women")
        member = members.by_id(connection, her)
        assert isinstance(member, Member)
        assert bench.candidates.ids(connection, member, bench.query, ALL, NOW) == []
        raise Refused

    with pytest.raises(Refused):
        bench.town.database.transact(work)
    him = bench.town.newcomer("man", "women")
    assert bench.ids(her) == [him]


def test_a_restart_follows_the_log_from_where_it_was(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    her, him = bench.town.newcomer("woman", "men"), bench.town.newcomer("man", "women")
    bench.candidates.look()
    assert "(built)" in caplog.text
    bench.candidates.close()
    second = bench.town.newcomer("man", "women")
    bench.town.database.transact(members.update, him, NOW, status="paused")
    caplog.clear()
    bench.start().look()
    assert "in the index" in caplog.text
    assert "(built)" not in caplog.text
    assert bench.ids(her) == [second]
    bench.agrees(her)


def test_a_log_that_was_cut_and_another_database_mean_building_anew(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    her = bench.town.newcomer("woman", "men")
    bench.candidates.look()
    bench.candidates.close()
    him = bench.town.newcomer("man", "women")
    bench.town.database.transact(changes.forget_before, dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    caplog.clear()
    bench.start().look()
    assert "(built)" in caplog.text
    assert bench.ids(her) == [him]
    # Cut while the bot runs and is behind:
    other = bench.town.newcomer("man", "women")
    bench.town.database.transact(changes.forget_before, dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    assert bench.ids(her) is None
    bench.candidates.look()
    assert set(bench.ids(her) or ()) == {him, other}


def test_other_types_mean_building_anew(bench: Bench) -> None:
    her, him = bench.town.newcomer("woman", "men"), bench.town.newcomer("man", "women")
    bench.candidates.look()
    assert bench.ids(her) == [him]
    before = version(bench.context)
    bench.context = replace(bench.context, pack=replace(bench.context.pack, version="test-2"))
    assert version(bench.context) != before
    assert bench.ids(her) is None, "rows of the old types must not be asked with the new ones"
    bench.candidates.look()
    bench.candidates.look()
    assert bench.ids(her) == [him]


def test_a_small_town_asks_sql_and_leaves_no_vectors_lying_about(bench: Bench) -> None:
    her = bench.town.newcomer("woman", "men")
    bench.candidates.look()
    bench.candidates.close()
    assert (bench.folder / "head").exists()
    bench.start(members=3).look()
    assert bench.ids(her) is None
    assert bench.asked == 0, "nobody needs a query that is not asked"
    assert not bench.folder.exists()


def test_an_erased_member_is_gone_from_memory_at_once_and_from_the_disk_with_the_next_flush(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    her, him = bench.town.newcomer("woman", "men"), bench.town.newcomer("man", "women")
    bench.candidates.look()
    index = bench.candidates._index
    assert isinstance(index, ExactIndex)
    assert sorted(index._slots) == [her, him]
    row = index.matrix[index._slots[her]].tobytes()
    assert any(row), "there is something to be erased"
    bench.town.database.transact(erasure.erase, her, NOW)
    monkeypatch.setattr(candidates, "FLUSH_GONE", 0.0)
    bench.candidates.look()
    assert sorted(index._slots) == [him]
    assert row not in index.matrix.tobytes()
    bench.candidates.close()
    again = ExactIndex(bench.folder, index.dims, bench.keys.now).open()
    assert sorted(again._slots) == [him]
    again.close()


def test_a_day_after_somebody_left_copies_of_the_files_are_noise(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    her, him = bench.town.newcomer("woman", "men"), bench.town.newcomer("man", "women")
    bench.candidates.look()
    index = bench.candidates._index
    assert index is not None
    first = bench.keys.now
    shutil.copytree(bench.folder, tmp_path / "copy")
    monkeypatch.setattr(candidates, "FLUSH_GONE", 0.0)
    monkeypatch.setattr(candidates, "RENEW", 0)
    bench.town.database.transact(erasure.erase, her, NOW)
    bench.candidates.look()
    assert bench.keys.now != first
    bench.candidates.close()
    for folder, left in ((bench.folder, [him]), (tmp_path / "copy", [])):
        again = ExactIndex(folder, index.dims, bench.keys.now).open()
        assert sorted(again._slots) == left
        again.close()
    bench.start().look()
    assert bench.ids(him) == []
    assert bench.keys.made == 2


def test_who_withdraws_face_consent_is_another_row(bench: Bench) -> None:
    """What is derived from the face goes from the index with the vectors that it was derived from."""
    her = bench.town.newcomer("woman", "men", face_consent=True)
    mark = np.array([0.6, 0.0, -0.8, 0.0], "<f4")

    def store(connection: Connection) -> None:
        [photo] = photos.of(connection, her)
        photos.add_vector(connection, photo.id, "face", bench.context.pack.face_model, "test", mark.tobytes(), 4)

    bench.town.database.transact(store)
    bench.candidates.look()
    index = bench.candidates._index
    assert isinstance(index, ExactIndex)
    before = index.matrix[index._slots[her]].copy()
    bench.town.database.transact(erasure.withdraw_face, her)
    bench.candidates.look()
    after = index.matrix[index._slots[her]]
    assert not np.array_equal(before, after)
    assert np.count_nonzero(after) < np.count_nonzero(before)


def test_when_it_breaks_sql_goes_on_and_it_comes_back(
    bench: Bench, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    her, him = bench.town.newcomer("woman", "men"), bench.town.newcomer("man", "women")
    bench.candidates.look()
    index = bench.candidates._index
    assert index is not None

    def broken(*_: object) -> None:
        raise IndexFault("the disk is full")

    monkeypatch.setattr(index, "search", broken)
    caplog.clear()
    assert bench.ids(her) is None
    assert bench.ids(her) is None
    assert caplog.text.count("the disk is full") == 1
    bench.candidates.look()
    assert bench.ids(her) is None, "it is not tried again at once"
    monkeypatch.setattr(candidates, "COUNT", 0.0)
    bench.candidates._next_try = 0.0
    bench.candidates.look()
    assert bench.ids(her) == [him]


def test_a_request_that_began_before_other_types_does_not_take_down_the_index_of_these(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    her, him = bench.town.newcomer("woman", "men"), bench.town.newcomer("man", "women")
    bench.candidates.look()
    member = bench.town.member(her)

    def query() -> Vector:
        vector = bench.query()
        bench.context = replace(bench.context, pack=replace(bench.context.pack, version="test-2"))
        bench.candidates.look()
        bench.candidates.look()
        return vector

    assert bench.town.database.read(lambda c: bench.candidates.ids(c, member, query, ALL, NOW)) is None
    assert bench.candidates.ready
    assert "SQL proposes" not in caplog.text
    assert bench.ids(her) == [him]


def test_a_request_far_behind_asks_sql_instead_of_waiting(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    her = bench.town.newcomer("woman", "men")
    bench.candidates.look()
    monkeypatch.setattr(candidates, "PAGE", 5)
    settle(bench.town, [{"gender": "man", "seeks": "women"} for _ in range(12)])
    assert bench.ids(her) is None
    bench.candidates.look()
    bench.agrees(her)
    assert len(bench.ids(her) or ()) == 12


def test_cards_come_from_the_index_and_sql_has_the_last_word(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    town = bench.town
    her, him = town.newcomer("woman", "men"), town.newcomer("man", "women")
    bench.candidates.look()
    with_index: Context = replace(surroundings(), candidates=bench.candidates)
    asked: list[object] = []
    original = ranking.query
    monkeypatch.setattr(ranking, "query", lambda *given: asked.append(given) or original(*given))

    def show(connection: Connection) -> int:
        member = members.by_id(connection, her)
        assert member is not None
        return card(discover.show(connection, with_index, member))

    assert town.database.transact(show) == him
    assert asked, "the index was asked"
    # An index that is wrong cannot show anybody who does not fit.
    town.database.transact(members.update, him, NOW, age_min=50)
    monkeypatch.setattr(bench.candidates, "ids", lambda *_: [him, her, 999_999])
    assert town.database.transact(show) == 0


def test_incomplete_members_are_left_to_sql(bench: Bench) -> None:
    nobody = bench.town.newcomer("woman", "men")
    bench.town.database.transact(members.update, nobody, NOW, gender=None)
    bench.candidates.look()
    assert bench.candidates.ready
    assert bench.ids(nobody) is None


def test_facts_of_a_member_in_the_index_s_terms(town: Town) -> None:
    one = town.member(town.newcomer("other", "everyone", languages="de ru", distance_km=0, latitude=None, longitude=None))
    found = facts(one)
    assert (found["gender"], found["seeks"], found["distance_km"]) == (4, 7, 0)
    assert found["latitude"] != found["latitude"]
    assert found["languages"] == 0b11_0000_0000
    assert found["born"] == (dt.date(1996, 3, 1) - dt.date(1970, 1, 1)).days
