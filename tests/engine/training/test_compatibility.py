"""Learning what tells couples from random pairs of their ages: a plant is found and calibrated, without one nothing is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from engine.calibration import PRIOR
from engine.compatibility import Compatibility
from engine.training import compatibility
from engine.training.compatibility import BAND, Learned, Told, auc, ece, figures_of, gather, learn, posterior
from engine.training.corpus import Subject
from engine.training.gates import Gate
from engine.training.rows import typings_of
from engine.types import STARTER, TypePack
from engine.values import Gender
from tests.engine.training import planted

SEED = 7
COUPLES = 500


@cache
def starter() -> TypePack:
    return TypePack.load(STARTER)


def drawn(group: str, dims: int, random: np.random.Generator) -> tuple[int, np.ndarray]:
    """A vector near one of the group's types, and which."""
    block = starter().groups[group].blocks[0]
    number = int(random.integers(len(block.centroids)))
    centre = block.centroids[number] @ block.basis.T
    vector = np.zeros(dims)
    vector[: block.stop] = block.mean + centre / np.linalg.norm(centre) + random.normal(size=block.stop) * 0.5 / np.sqrt(block.stop)
    return number, (vector / np.linalg.norm(vector)).astype(np.float32)


@cache
def people(seed: int, couples: int = COUPLES, *, shuffled: bool = False, by_age: bool = False) -> tuple[Subject, ...]:
    """Couples whose types of faces agree, by number, more often than chance; or only their ages do."""
    random = np.random.default_rng(seed)
    found: list[Subject] = []
    while len(found) < 2 * couples:
        both = []
        kinds: tuple[Gender, Gender] = ("woman", "man")
        age = float(random.uniform(20, 50))
        for gender in kinds:
            face, own = drawn(f"{gender}_face", 128, random)
            _, fashion = drawn(f"{gender}_fashion", 107, random)
            both.append((gender, face, own, fashion))
        if not shuffled and not by_age and both[0][1] != both[1][1] and random.random() < 0.75:
            continue
        ages = (age, age + float(random.normal(0, 2))) if by_age or not shuffled else random.uniform(20, 50, 2).tolist()
        for (gender, _, own, fashion), old in zip(both, ages, strict=True):
            found.append(Subject(len(found) + 1, len(found) // 2 + 1, gender, float(old), own, fashion))
    return tuple(found)


def typed(subjects: tuple[Subject, ...]) -> tuple[np.ndarray, list[tuple[int, int, str | None, str | None]]]:
    identities = np.array([one.id for one in subjects], dtype=np.intp)
    return identities, typings_of(subjects, identities, starter())


@cache
def learned(seed: int, *, shuffled: bool = False, by_age: bool = False) -> Learned:
    subjects = people(seed, shuffled=shuffled, by_age=by_age)
    made = learn(subjects, *typed(subjects), starter(), SEED, 0.1)
    assert made is not None
    return made


def test_a_planted_affinity_is_told_and_calibrated() -> None:
    made = learned(1)
    figures = made.calibration.figures
    assert figures["auc"] > 0.6
    assert figures["auc_interval"][0] > 0.55
    assert figures["ece"] <= 0.1
    assert (figures["n"], made.calibration.couples) == (COUPLES, COUPLES)
    assert made.calibration.weights[1] > 0.5, "the types' lifts count"
    assert all(gate.passed for gate in made.gates)


def test_without_a_plant_nothing_is_told() -> None:
    made = learned(2, shuffled=True)
    assert made.calibration.figures["auc"] == pytest.approx(0.5, abs=0.05)
    assert abs(made.calibration.weights[2]) < 0.15
    assert abs(made.calibration.weights[5]) < 0.15
    assert all(gate.passed for gate in made.gates)


def test_partners_of_like_age_are_not_told_by_their_age() -> None:
    """Ages go together in these couples and nothing else does: random pairs have the same ages, so nothing is to be found."""
    made = learned(3, by_age=True)
    assert made.calibration.figures["auc"] == pytest.approx(0.5, abs=0.05)
    assert made.calibration.usual(0.5) > 0.7
    assert made.calibration.usual(8.0) < 0.05


def test_that_two_types_are_alike_counts_once() -> None:
    """Their lift holds it: a likeness that holds it too made scores err by more than their intervals said, the more couples the more."""
    subjects = people(1)
    material = gather(subjects, *typed(subjects), starter(), SEED)
    calibration = learned(1).calibration
    meter = Compatibility(starter(), compatibility.counts(material, range(material.couples)), calibration)
    found: dict[tuple[str, str], list[float]] = {}
    for pair in material.pairs:
        one, other = material.looks[pair.one], material.looks[pair.other]
        if not pair.observed and one.fashion_type and other.fashion_type:
            x, _ = meter.features(one, other, pair.cosines)
            found.setdefault((one.fashion_type.id, other.fashion_type.id), []).append(float(x[5]))
    usual = [abs(float(np.mean(values))) for values in found.values() if len(values) > 50]
    assert len(usual) > 10
    assert float(np.mean(usual)) < 0.4, "in standard deviations; it is 1.5 where likeness holds it as well"
    assert max(calibration.usual_likeness.values()) > 0.1, "though some types are"


def test_random_pairs_have_the_couples_ages_and_genders() -> None:
    subjects = people(1)
    material = gather(subjects, *typed(subjects), starter(), SEED)
    couples = {frozenset((pair.one, pair.other)) for pair in material.pairs if pair.observed}
    by_couple: dict[int, list[compatibility.Pair]] = {}
    for pair in material.pairs:
        by_couple.setdefault(pair.couple, []).append(pair)
    for pairs in by_couple.values():
        [seen] = [pair for pair in pairs if pair.observed]
        random = [pair for pair in pairs if not pair.observed]
        assert sum(pair.weight for pair in random) == pytest.approx(seen.weight)
        for pair in random:
            assert frozenset((pair.one, pair.other)) not in couples
            assert (pair.one == seen.one) != (pair.other == seen.other)
            for at, instead in ((seen.one, pair.one), (seen.other, pair.other)):
                assert subjects[at].gender == subjects[instead].gender
                assert abs(subjects[at].age - subjects[instead].age) <= BAND


def test_a_couple_counts_once_and_is_read_across_photos_where_it_can_be() -> None:
    subjects = people(1, 40)
    # Each couple on a second photo.
    again = tuple(replace(one, id=one.id + 80, couple=one.couple + 40) for one in subjects)
    both = (*subjects, *again)
    identities = np.array([one.id for one in subjects] * 2, dtype=np.intp)
    typings = typings_of(both, identities, starter())
    material = gather(both, identities, typings, starter(), SEED)
    assert material.couples <= 40
    assert material.apart == 1.0
    for pair in material.pairs:
        if pair.observed:
            assert both[pair.one].couple != both[pair.other].couple
    alone = gather(subjects, identities[:80], typings[:80], starter(), SEED)
    assert alone.apart == 0.0


def test_couples_of_one_gender_are_compared_among_themselves() -> None:
    mixed = people(1, 60)
    women = tuple(
        replace(one, id=one.id + 1000, couple=one.couple + 1000, gender="woman", face=other.face)
        for pair in zip(people(4, 60)[::2], people(5, 60)[::2], strict=True)
        for one, other in ((pair[0], pair[0]), (replace(pair[1], id=pair[1].id + 500, couple=pair[0].couple), pair[1]))
    )
    subjects = (*mixed, *women)
    material = gather(subjects, *typed(subjects), starter(), SEED)
    genders = {frozenset((subjects[pair.one].id > 1000, subjects[pair.other].id > 1000)) for pair in material.pairs}
    assert genders == {frozenset({True}), frozenset({False})}


def test_few_couples_are_left_to_the_prior() -> None:
    subjects = people(1, 20)
    assert learn(subjects, *typed(subjects), starter(), SEED, 0.1) is None


def test_the_same_seed_gives_the_same_bytes() -> None:
    subjects = people(6, 60)
    one, two = (learn(subjects, *typed(subjects), starter(), SEED, 0.1) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.calibration.plain() == two.calibration.plain()


def test_chances_that_are_far_off_are_refused() -> None:
    """A model that is as sure as can be, and knows nothing."""
    random = np.random.default_rng(0)
    observed = np.tile([True, False], 500)
    told = Told(np.where(random.random(1000) < 0.5, 0.97, 0.03), observed, np.ones(1000), np.repeat(np.arange(500), 2))
    material = gather(people(1), *typed(people(1)), starter(), SEED)
    _, gates = figures_of(told, replace(material, types=material.types[:500]), SEED, 0.1)
    assert {gate.name: gate.passed for gate in gates} == {"compatibility_ece": False, "compatibility_auc": True}
    upside_down = Told(np.where(observed, 0.4, 0.6), observed, np.ones(1000), np.repeat(np.arange(500), 2))
    _, gates = figures_of(upside_down, replace(material, types=material.types[:500]), SEED, 0.1)
    assert not {gate.name: gate.passed for gate in gates}["compatibility_auc"]


def told(seed: int, *, apart: float, sure: float = 1.0, couples: int = 500) -> Told:
    """Chances of couples and random pairs whose log odds lie `apart`, stated `sure` times as far from even as they are."""
    random = np.random.default_rng(seed)
    observed = np.tile([True, False], couples)
    odds = np.where(observed, 1, -1) * apart**2 / 2 + random.normal(size=2 * couples) * apart
    return Told(1 / (1 + np.exp(-sure * odds)), observed, np.ones(2 * couples), np.repeat(np.arange(couples), 2))


def judged(now: Told, before: Told | None) -> dict[str, bool]:
    material = gather(people(1), *typed(people(1)), starter(), SEED)
    _, gates = figures_of(now, replace(material, types=material.types[: len(now.chances) // 2]), SEED, 0.1, before)
    return {gate.name: gate.passed for gate in gates}


HELD = {"compatibility_ece": True, "compatibility_auc": True}


def test_couples_must_be_told_as_well_as_under_the_types_in_use() -> None:
    worse, better = told(1, apart=0.1), told(2, apart=0.7)
    assert auc(worse.chances, worse.observed, worse.weights) == pytest.approx(0.53, abs=0.03)
    assert auc(better.chances, better.observed, better.weights) == pytest.approx(0.69, abs=0.03)
    assert judged(worse, None) == HELD, "a first version has nothing to fall short of"
    assert judged(worse, better) == {**HELD, "compatibility_auc": False}
    assert judged(better, worse) == HELD


def test_chances_must_be_as_true_as_under_the_types_in_use() -> None:
    """The error stays below the bound that is stated, and is far above that of the version in use."""
    off, true = told(1, apart=0.7, sure=2.2), told(1, apart=0.7)
    assert judged(off, None) == HELD
    assert judged(off, true) == {**HELD, "compatibility_ece": False}
    assert judged(true, off) == HELD


@pytest.mark.parametrize("couples", [30, 500])
def test_what_differs_by_chance_alone_is_published(couples: int) -> None:
    for seed in range(12):
        now, before = (told(100 * seed + side, apart=0.7, couples=couples) for side in (0, 1))
        assert judged(now, before) == HELD


def blurred() -> TypePack:
    """Types of faces by directions that mean nothing."""
    random = np.random.default_rng(5)
    groups = dict(starter().groups)
    for name in ("woman_face", "man_face"):
        [block] = groups[name].blocks
        axes = np.linalg.qr(random.normal(size=block.basis.shape))[0].astype(np.float32)
        groups[name] = replace(groups[name], blocks=(replace(block, basis=axes),))
    return replace(starter(), groups=groups)


def test_both_versions_are_asked_about_the_same_couples() -> None:
    def verdict(subjects: tuple[Subject, ...], pack: TypePack, active: TypePack) -> Gate:
        identities, _ = typed(subjects)
        made = learn(subjects, identities, typings_of(subjects, identities, pack), pack, SEED, 0.1, active)
        assert made is not None
        return next(gate for gate in made.gates if gate.name == "compatibility_auc")

    assert not verdict(people(1), blurred(), starter()).passed
    assert verdict(people(1), starter(), blurred()).passed
    # Couples who go together by nothing are told by no types; that is not the fault of the new ones.
    assert verdict(people(2, shuffled=True), blurred(), starter()).passed
    # A version of another embedding cannot be asked.
    assert verdict(people(1), blurred(), replace(starter(), face_model="another")).passed


def test_auc_and_ece_by_hand() -> None:
    chances, observed = np.array([0.9, 0.8, 0.3, 0.2]), np.array([True, False, True, False])
    assert auc(chances, observed, np.ones(4)) == 0.75
    assert auc(chances, observed, np.array([1.0, 3.0, 1.0, 1.0])) == pytest.approx((1 + 0.25) / 2)
    assert ece(np.full(100, 0.7), np.repeat([1.0, 0.0], [70, 30]), np.ones(100)) > 0, "bins of one chance differ by lot"
    assert ece(np.repeat([0.1, 0.9], 500), np.concatenate([np.zeros(450), np.ones(50), np.zeros(50), np.ones(450)]), np.ones(1000)) < 0.2


def test_the_posterior_is_the_prior_without_data_and_the_truth_with_much() -> None:
    nothing = np.zeros((0, 6)), np.zeros(0), np.zeros(0)
    weights, covariance = posterior(*nothing, PRIOR)
    assert np.allclose(weights, PRIOR.weights)
    assert np.allclose(covariance, PRIOR.covariance)
    random = np.random.default_rng(0)
    x = random.normal(size=(40_000, 6))
    truth = np.array([0.0, 0.6, -0.4, 0.0, 1.2, 0.1])
    y = (random.random(40_000) < 1 / (1 + np.exp(-x @ truth))).astype(float)
    weights, covariance = posterior(x, y, np.ones(40_000), PRIOR)
    # The constants' prior is narrow and pulls at the first and the fourth.
    assert np.abs(weights - truth)[[1, 2, 4, 5]].max() < 0.06
    assert np.sqrt(np.diag(covariance)).max() < 0.03


def test_planted_corpus_of_learning_is_used() -> None:
    """The corpus that the whole of learning is tested with has enough couples for it."""
    assert len(planted.corpus().subjects) // 2 > compatibility.FEW
