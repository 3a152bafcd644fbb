"""Gates of a candidate beside the version in use: what is worse is caught, on whichever side of the stated bounds it lies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from engine.training import gates
from engine.training.corpus import Corpus, Subject
from engine.training.gates import Gate, Held
from engine.training.rows import Rows, identities_of, rows_of
from engine.training.trial import Trial
from engine.types import GROUPS, STARTER, TypePack
from engine.values import Gender
from tests.crawler.planted import without_models
from tests.engine.training import planted
from tests.engine.training.test_trial import learn

MEMBERS = 500
"""Recent ones."""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> TypePack:
    with pytest.MonkeyPatch.context() as patch:
        without_models(patch)
        return TypePack.load(learn(planted.corpus(), STARTER, tmp_path_factory.mktemp("first")).folder)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    without_models(monkeypatch)


@pytest.fixture(scope="module")
def whole() -> Corpus:
    return planted.corpus(recent=0)


@pytest.fixture(scope="module")
def selfies() -> Corpus:
    """The same couples beside recent men, of whom the faces are known."""
    drawn = planted.corpus(recent=MEMBERS)
    return replace(drawn, recent=tuple(replace(one, fashion=None) for one in drawn.recent if one.gender == "man"))


def tried(candidate: TypePack, active: TypePack, whole: Corpus, **changes: Any) -> dict[str, Gate]:
    """The gates of `candidate` beside `active`, both as they stand."""
    identities = identities_of(whole.subjects)
    rows: dict[str, Rows] = {}
    for group in GROUPS:
        found = rows_of(group, whole.subjects, identities)
        assert found is not None
        rows[group] = found
    told: dict[str, Any] = {
        "settings": planted.SETTINGS,
        "subjects": whole.subjects,
        "identities": identities,
        "rows": rows,
        "views": {group: np.zeros((0, 1, rows[group].vectors.shape[1])) for group in GROUPS},
        "held": {group: Held(0.9, 0.02, 0.8, 0.02, 0.02, 0.05) for group in GROUPS},
        "agreement": dict.fromkeys(GROUPS, 1.0),
        "recent": whole.recent,
        "candidate": candidate,
        "active": active,
        "before": {},
    }
    with threadpool_limits(1):
        return {gate.name: gate for gate in Trial(**{**told, **changes}).judge()}


def turning_away(pack: TypePack, whole: Corpus, group: str, share: float) -> TypePack:
    """The same types with a floor that leaves this share of recent members without one."""
    gender, _, kind = group.partition("_")
    members = [one.face if kind == "face" else one.fashion for one in whole.recent if one.gender == gender]
    likeness = sorted(pack.groups[group].likeness(vector) for vector in members if vector is not None)
    floor = likeness[round(share * len(likeness))] if share else likeness[0] - 1e-6
    return replace(pack, groups={**pack.groups, group: replace(pack.groups[group], floor=floor)})


def of_many(pack: TypePack) -> TypePack:
    """The same types, learned from ten times as many people, so that their floors are surer."""
    return replace(
        pack,
        groups={
            name: replace(group, types=tuple(replace(info, members=10 * info.members) for info in group.types))
            for name, group in pack.groups.items()
        },
    )


def test_types_that_turn_members_away_are_worse(pack: TypePack, selfies: Corpus) -> None:
    """From all of 500 recent members to 93 of 100, where the settings ask for 90."""
    everybody = turning_away(pack, selfies, "man_face", 0.0)
    gate = tried(turning_away(pack, selfies, "man_face", 0.07), everybody, selfies)["shadow_coverage"]
    assert (gate.value, gate.about, gate.passed) == (pytest.approx(0.93, abs=0.003), "man_face", False)
    assert gate.bound > planted.SETTINGS.coverage_min
    # A few more or less are what other people to learn the floor from would make of it.
    assert tried(turning_away(pack, selfies, "man_face", 0.01), everybody, selfies)["shadow_coverage"].passed
    assert tried(everybody, turning_away(pack, selfies, "man_face", 0.07), selfies)["shadow_coverage"].passed


def test_what_is_stated_holds_whatever_the_version_in_use_does(pack: TypePack, selfies: Corpus) -> None:
    poor = turning_away(pack, selfies, "man_face", 0.2)
    assert not tried(poor, poor, selfies)["shadow_coverage"].passed


def test_a_version_that_gives_everybody_a_type_is_not_to_be_matched(pack: TypePack, selfies: Corpus) -> None:
    """The starter has no floors; new types may leave those without a type whom the settings allow to have none."""
    lenient = replace(pack, groups={name: replace(group, floor=-1.0) for name, group in pack.groups.items()})
    outliers, pack = planted.SETTINGS.outliers, of_many(pack)
    assert tried(turning_away(pack, selfies, "man_face", outliers + 0.01), lenient, selfies)["shadow_coverage"].passed
    assert not tried(turning_away(pack, selfies, "man_face", 0.08), lenient, selfies)["shadow_coverage"].passed


@pytest.mark.parametrize(
    ("agreement", "figures", "passed"),
    [
        (0.955, {"classifier_agreement": 1.0, "classifier_people": 400, "people": 900}, False),
        (0.955, {"classifier_agreement": 1.0, "people": 400}, False),  # as older versions have it
        (0.99, {"classifier_agreement": 1.0, "people": 400}, True),
        (0.955, {"classifier_agreement": 0.96, "people": 400}, True),
        (0.955, {"people": 400}, True),  # the starter has no classifier
        (0.94, {"classifier_agreement": 0.94, "people": 400}, False),  # less than the settings ask for
    ],
)
def test_the_classifier_agrees_as_often_as_the_one_in_use(
    pack: TypePack, whole: Corpus, agreement: float, figures: dict[str, Any], passed: bool
) -> None:
    before = {"man_face": {"figures": figures}}
    gate = tried(pack, pack, whole, agreement={**dict.fromkeys(GROUPS, 1.0), "man_face": agreement}, before=before)["classifier_agreement"]
    assert (gate.about, gate.passed) == ("man_face", passed)


@pytest.mark.parametrize(
    ("recovered", "passed"),
    [([0.96], False), ([0.99, 1.0, 1.0, 1.0, 1.0, 1.0], True), ([1.0], True)],
)
def test_affinities_are_found_as_well_as_among_the_types_in_use(
    pack: TypePack, whole: Corpus, monkeypatch: pytest.MonkeyPatch, recovered: list[float], passed: bool
) -> None:
    """Types of which one has taken in all others, where that makes affinities harder to find."""

    def planted_among(rows: np.ndarray, columns: np.ndarray, seed: int) -> float:
        return recovered[seed % len(recovered)] if rows.min() == 1 else 1.0

    monkeypatch.setattr(gates, "planted", planted_among)
    [block] = pack.groups["man_face"].blocks
    one = replace(block, centroids=np.repeat(block.centroids[:1], len(block.centroids), axis=0))
    fallen = replace(pack, groups={**pack.groups, "man_face": replace(pack.groups["man_face"], blocks=(one,))})
    gate = tried(fallen, pack, whole)["planted_affinity"]
    assert gate.passed is passed
    assert tried(fallen, fallen, whole)["planted_affinity"].passed
    other = replace(pack, face_model="another", fashion_model="another")
    assert tried(fallen, other, whole)["planted_affinity"].passed, "a first version has nothing to fall short of"


def of_one_gender(gender: Gender, couples: int) -> tuple[Subject, ...]:
    """Couples of one gender whose faces are mostly of one type; all wear what falls to them."""
    random = np.random.default_rng(7)
    side = planted.GENDERS.index(gender)
    centres = planted.OWN * planted.centres(10 + side, planted.FACE), planted.centres(20 + side, planted.FASHION)
    found = []
    for couple in range(couples):
        for both in range(2):
            own = couple % planted.TYPES if both == 0 or random.random() < 0.9 else int(random.integers(planted.TYPES))
            face, fashion = (planted.near(kind[at], 0.5, random) for kind, at in zip(centres, (own, int(random.integers(4))), strict=True))
            found.append(Subject(5000 + 2 * couple + both, 5000 + couple, gender, 30.0, face, fashion))
    return tuple(found)


@pytest.mark.parametrize("gender", ["woman", "man"])
def test_couples_of_one_gender_have_a_gate_of_their_own(pack: TypePack, whole: Corpus, gender: Gender) -> None:
    """Types by directions that mean nothing lose who goes with whom, for women who seek women as for anybody."""
    random = np.random.default_rng(3)
    [block] = pack.groups[f"{gender}_face"].blocks
    axes = np.linalg.qr(random.normal(size=block.basis.shape))[0].astype(np.float32)
    blurred = replace(pack.groups[f"{gender}_face"], blocks=(replace(block, basis=axes),), floor=-1.0)
    candidate = replace(pack, groups={**pack.groups, f"{gender}_face": blurred})
    subjects = of_one_gender(gender, 80)
    couples = {"subjects": subjects, "identities": np.array([one.id for one in subjects])}
    gate = tried(candidate, pack, whole, **couples)["affinity"]
    assert (gate.about, gate.passed) == (f"{gender}_{gender}_face", False)
    for active in (pack, replace(pack, face_model="another", fashion_model="another")):
        found = tried(pack, active, whole, **couples)
        assert found["affinity"].passed
        assert found["affinity_by_chance"].passed


def test_few_couples_of_one_gender_have_no_gate(pack: TypePack, whole: Corpus) -> None:
    subjects = of_one_gender("woman", gates.FEW - 1)
    assert "affinity" not in tried(pack, pack, whole, subjects=subjects, identities=np.array([one.id for one in subjects]))
