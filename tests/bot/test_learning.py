"""Learning in the background: every answer once, whatever is killed and however many processes fold; taken over by all of them."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bot import learning
from bot.learning import LearnedInUse, Learner
from bot.runtime import Runtime
from db import consents, erasure, impressions, judgements, likes, matching_states, members
from db.session import Connection, Database
from engine.embedding import packed
from engine.matching.features import FEATURES, PLACE
from engine.matching.model import VERSION, LikeModel
from engine.matching.settings import RankingSettings
from engine.matching.taste import Centre
from tests.bot.looks import look
from tests.bot.meeting import Town, affinity, small_pack, surroundings
from tests.db.people import NOW

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = RankingSettings()


def answers(town: Town, viewers: list[int], shown: list[int], count: int, seed: int = 1) -> None:
    """So many answers, which like those whose type of face goes with the viewer's."""
    chance = np.random.default_rng(seed)

    def add(connection: Connection) -> None:
        for number in range(count):
            features = np.zeros(len(FEATURES), np.float32)
            features[0] = 1
            features[PLACE["lift_face"]] = chance.normal()
            liked = bool(chance.random() < 1 / (1 + np.exp(-2 * features[PLACE["lift_face"]])))
            one, other = viewers[number % len(viewers)], shown[number % len(shown)]
            judgements.add(connection, one, other, liked, NOW, p=0.3, features=packed(features), model=VERSION)

    town.database.transact(add)


@pytest.fixture
def people(town: Town) -> tuple[list[int], list[int]]:
    women = [town.newcomer("woman", "men", face_consent=True) for _ in range(3)]
    men = [town.newcomer("man", "women", face_consent=True) for _ in range(4)]
    for number, one in enumerate((*women, *men)):
        look(town, one, number % 3, noise=number)
    return women, men


def kept(database: Database) -> LikeModel:
    return learning.read(database.read(matching_states.read, learning.NAME), small_pack(), SETTINGS)


def alone(town: Town) -> LikeModel:
    """What folding every answer at once, without anybody else, comes to."""
    model = LikeModel(Centre.start(small_pack()), SETTINGS.memory)
    found = town.database.read(judgements.after, 0, 10**6)
    ids = {one.viewer_id for one in found} | {one.shown_id for one in found}
    known = town.database.read(learning.persons.of, small_pack(), NOW, SETTINGS.window_days, ids)
    for one in found:
        model.update(np.frombuffer(one.features or b"", dtype="<f4"), known[one.viewer_id].gender, one.liked)
        model.observe(known[one.shown_id])
    return model


def test_answers_change_what_is_believed(town: Town, people: tuple[list[int], list[int]]) -> None:
    women, men = people
    answers(town, men, women, 300)
    assert town.database.read(learning.waiting)
    assert town.database.transact(learning.fold, small_pack(), SETTINGS, NOW) == 300
    assert not town.database.read(learning.waiting)
    assert town.database.transact(learning.fold, small_pack(), SETTINGS, NOW) == 0
    model = kept(town.database)
    assert model.seen == 300
    before = LikeModel(Centre.start(small_pack()), SETTINGS.memory)
    place = PLACE["lift_face"]
    assert model.by_gender()[1][place] > before.by_gender()[1][place] + 0.5


def test_what_cannot_be_learned_from_is_passed_over(town: Town, people: tuple[list[int], list[int]]) -> None:
    women, men = people

    def add(connection: Connection) -> None:
        judgements.add(connection, men[0], women[0], True, NOW)  # nothing was believed of that card
        judgements.add(connection, men[0], women[1], True, NOW, features=packed(np.ones(3, np.float32)))  # of an older version
        judgements.add(connection, men[0], women[2], True, NOW, features=packed(np.full(len(FEATURES), np.nan, np.float32)))

    town.database.transact(add)
    answers(town, men, women, 5)
    town.database.transact(erasure.erase, men[1], NOW)
    folded = town.database.transact(learning.fold, small_pack(), SETTINGS, NOW)
    assert folded < 8, "what an erased member answered is gone"
    assert 0 < kept(town.database).seen < 6
    assert not town.database.read(learning.waiting)


def test_nothing_is_learned_of_a_face_whose_consent_lapsed(town: Town, people: tuple[list[int], list[int]]) -> None:
    """What was compared when it was given is in the features of answers that nobody has folded in yet."""
    women, men = people
    town.database.transact(consents.give, women[0], "face", "2020-01", True, NOW)
    town.database.transact(consents.give, women[1], "face", "2020-01", False, NOW)
    for woman in women[:2]:
        town.database.transact(members.update, woman, NOW, face_consent=False)
    answers(town, men[:1], women, 3)
    assert town.database.transact(learning.fold, small_pack(), SETTINGS, NOW) == 3
    assert kept(town.database).seen == 2, "a refusal is none: what was compared then was no face"
    assert not town.database.read(learning.waiting)


def test_it_is_learned_who_comes_back_to_answer(town: Town, people: tuple[list[int], list[int]]) -> None:
    """Of likes a week old it is counted whether an answer came in time, once, by how long the other one had been away."""
    women, men = people
    days = dt.timedelta(days=1)
    features = np.zeros(len(FEATURES), np.float32)
    features[PLACE["activity"]] = np.exp(-2 / 7)  # away for two days

    def answer(connection: Connection, who: int, whom: int, at: dt.datetime, *, liked: bool) -> None:
        likes.mark(connection, who, whom, liked, at)
        judgements.add(connection, who, whom, liked, at, features=packed(features))

    def all_of_it(connection: Connection) -> None:
        answer(connection, women[1], men[0], NOW - days, liked=True)  # answered a day later
        answer(connection, men[0], women[1], NOW, liked=True)  # had the answer before
        answer(connection, men[0], women[0], NOW, liked=True)  # answered three days later
        answer(connection, men[1], women[0], NOW, liked=True)  # never answered
        answer(connection, men[2], women[0], NOW, liked=False)  # no like
        answer(connection, men[3], women[2], NOW, liked=True)  # answered too late
        answer(connection, women[0], men[0], NOW + 3 * days, liked=False)  # a skip is an answer too
        answer(connection, women[2], men[3], NOW + 8 * days, liked=True)
        answer(connection, men[2], women[2], NOW + 14 * days, liked=True)  # not due yet

    town.database.transact(all_of_it)
    while town.database.transact(learning.fold, small_pack(), SETTINGS, NOW):
        pass
    assert not town.database.read(learning.due, NOW + 5 * days)
    assert town.database.read(learning.due, NOW + 20 * days)
    while town.database.transact(learning.fold_replies, small_pack(), SETTINGS, NOW + 20 * days):
        pass
    assert not town.database.read(learning.due, NOW + 20 * days)
    model = kept(town.database)
    assert model.replies.counts[1].round(1).tolist() == [2.0, 2.0]
    assert model.replies.counts.sum().round(1) == 4.0
    assert model.seen == 9, "the weights are kept"


def test_several_processes_fold_every_answer_once(town: Town, people: tuple[list[int], list[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    women, men = people
    monkeypatch.setattr(learning, "BATCH", 7)
    answers(town, men, women, 120)

    def work(_: int) -> int:
        folded = 0
        while count := town.database.transact(learning.fold, small_pack(), SETTINGS, NOW):
            folded += count
        return folded

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 120
    assert kept(town.database).seen == 120
    assert kept(town.database).to_bytes() == alone(town).to_bytes()


@pytest.mark.slow
def test_kills_lose_no_answer_and_count_none_twice(
    town: Town, people: tuple[list[int], list[int]], database_url: str, tmp_path: Path
) -> None:
    women, men = people
    answers(town, men, women, 600)
    kills = 0
    for pause in (0.01, 0.03, 0.05, 0.08, 0.0, 0.02):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.bot.folder", database_url, str(tmp_path), "10"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "begun\n"
            time.sleep(pause + 0.05)
            if child.poll() is None:
                child.kill()
                kills += 1
    assert kills > 3
    done = kept(town.database).seen
    assert done < 600, "the kills were too late to tell anything"
    answers(town, men, women, 40, seed=2)
    subprocess.run(
        [sys.executable, "-m", "tests.bot.folder", database_url, str(tmp_path)], cwd=ROOT, check=True, capture_output=True, timeout=120
    )
    assert kept(town.database).seen == 640
    assert kept(town.database).to_bytes() == alone(town).to_bytes()


def test_the_running_bot_takes_over_what_any_process_learned(town: Town, people: tuple[list[int], list[int]]) -> None:
    women, men = people
    first, second = LearnedInUse(SETTINGS), LearnedInUse(SETTINGS)
    runtime = Runtime(town.database, engine_threads=1, database_threads=1)
    one = Learner(runtime, first, small_pack, lambda: NOW)
    other = Learner(runtime, second, small_pack, lambda: NOW)
    assert first.now(affinity()).model.seen == 0
    answers(town, men, women, 30)
    town.database.transact(impressions.add, men[0], women[0], NOW, "discover")
    assert asyncio.run(one.look()) == 30
    assert first.now(affinity()).model.seen == 30
    assert first.now(affinity()).version == f"{VERSION}/30"
    assert first.now(affinity()) == first.now(affinity()), "one model until another one is learned"
    assert first.now(affinity()).fair.shares["woman"] == pytest.approx(1 / 3)
    assert second.now(affinity()).model.seen == 0
    assert asyncio.run(other.look()) == 0
    assert second.now(affinity()).model.seen == 30
    runtime.close()


def test_a_model_of_another_version_begins_anew_and_nothing_breaks(town: Town, people: tuple[list[int], list[int]]) -> None:
    women, men = people

    def spoil(connection: Connection) -> None:
        matching_states.fold(connection, learning.NAME)
        matching_states.save(connection, learning.NAME, b"not a model", 0, "like-0", NOW)

    town.database.transact(spoil)
    assert kept(town.database).seen == 0
    answers(town, men, women, 10)
    town.database.transact(learning.fold, small_pack(), SETTINGS, NOW)
    assert kept(town.database).seen == 10


def test_a_bot_that_learned_ranks_by_it(town: Town, people: tuple[list[int], list[int]]) -> None:
    """What men answered about types that go with theirs decides whom the next man sees."""
    women, men = people
    member = town.database.read(members.by_id, men[0])
    assert member is not None
    before = surroundings().learned.model.seen
    assert before == 0
    answers(town, men, women, 200)
    town.database.transact(learning.fold, small_pack(), SETTINGS, NOW)
    assert kept(town.database).chances(np.eye(len(FEATURES), dtype=np.float32)[0] + _lift(1.0), "man").p[0] > 0.5
    assert kept(town.database).chances(np.eye(len(FEATURES), dtype=np.float32)[0] + _lift(-1.0), "man").p[0] < 0.3


def _lift(value: float) -> np.ndarray:
    features = np.zeros(len(FEATURES), np.float32)
    features[PLACE["lift_face"]] = value
    return features
