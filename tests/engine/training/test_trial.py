"""New types beside those in use: on the same people, and on recent members' selfies."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.training.checkpoints import Runs
from engine.training.corpus import Corpus
from engine.training.learn import Candidate, Learner
from engine.types import STARTER, TypePack
from tests.crawler.planted import without_models
from tests.engine.training import planted

NOW = dt.datetime(2026, 11, 21, 7, 0, tzinfo=dt.UTC)


def learn(corpus: Corpus, active: Path, work: Path) -> Candidate:
    made = Learner(corpus, active, planted.SETTINGS, Runs(work), now=NOW).run()
    assert isinstance(made, Candidate)
    return made


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Candidate:
    with pytest.MonkeyPatch.context() as patch:
        without_models(patch)
        return learn(planted.corpus(), STARTER, tmp_path_factory.mktemp("first"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    without_models(monkeypatch)


def test_the_first_types_are_not_compared_with_those_of_another_embedding(first: Candidate) -> None:
    assert not first.refused
    assert {gate.name for gate in first.gates}.isdisjoint({"shadow_changed", "shadow_coverage"})


def test_members_keep_their_types_when_the_same_types_are_learned_again(first: Candidate, tmp_path: Path) -> None:
    second = learn(planted.corpus(seed=3), first.folder, tmp_path)
    gates = {gate.name: gate for gate in second.gates}
    assert second.refused == ()
    assert gates["shadow_changed"].value <= 0.2
    assert gates["shadow_coverage"].value >= 0.9
    assert len(second.matches) >= 2 * planted.TYPES
    assert {TypePack.load(first.folder).by_id[old].group for old in second.matches.values()} <= {
        row["group"] for row in second.manifest["types"]
    }


def test_members_who_look_like_nobody_the_types_were_learned_from_stop_it(first: Candidate, tmp_path: Path) -> None:
    """The couples' faces come from elsewhere than the members': new types would turn members away or shuffle them."""
    whole = planted.corpus(seed=3)
    random = np.random.default_rng(4)
    strange = np.linalg.qr(random.normal(size=(planted.FACE, planted.FACE)))[0].astype(np.float32)
    subjects = tuple(replace(one, face=None if one.face is None else strange @ one.face) for one in whole.subjects)
    made = learn(replace(whole, subjects=subjects), first.folder, tmp_path)
    assert {"shadow_changed", "shadow_coverage", "same_person"} & set(made.refused)


def test_couples_who_show_no_affinity_are_not_the_fault_of_new_types(first: Candidate, tmp_path: Path) -> None:
    """Both versions are asked about the same couples."""
    whole = planted.corpus(seed=0)
    order = np.random.default_rng(1).permutation(len(whole.subjects) // 2).tolist()
    women = [one for one in whole.subjects if one.gender == "woman"]
    swapped = {one.couple: women[order[at]] for at, one in enumerate(women)}
    subjects = tuple(
        replace(one, face=swapped[one.couple].face, fashion=swapped[one.couple].fashion) if one.gender == "woman" else one
        for one in whole.subjects
    )
    made = learn(replace(whole, subjects=subjects), first.folder, tmp_path)
    assert "affinity" not in made.refused
