"""The score of two people: what raises it, what it rests on, who is not compared, and that it is honest about knowing little."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.affinity import CoupleCounts
from engine.calibration import PRIOR
from engine.compatibility import SAME, Comparison, Compatibility, Look
from engine.types import TypePack
from engine.values import Analysis, Face, Gender, Problem, ProblemCode, Quality, Vector
from tests.engine.packs import write_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> TypePack:
    return TypePack.load(write_pack(tmp_path_factory.mktemp("pack") / "pack"))


def towards(*axes: float) -> Vector:
    vector = np.array(axes, np.float32)
    return vector / np.linalg.norm(vector)


def person(gender: Gender | None = "woman", face: Vector | None = None, age: float = 30.0, **changes: object) -> Analysis:
    own = towards(1, 0.2, 0, 0.4 if gender == "woman" else -1) if face is None else face
    quality = Quality(0.9, 0.9, 0.9, 0.9, 0.9, 0.0, 0.0, 0.0)
    seen = Face(
        (1, 1, 9, 9), np.zeros((5, 2), np.float32), 0.9, gender, 0.9, age, (age - 4, age + 4), 0.9, 0.1, maybe_minor=False, details=quality
    )
    made = Analysis(
        faces=(seen,), main=0, embedding=own, fashion_embedding=np.concatenate([towards(1, 0, 0, 0), towards(1, 0, 0, 0)]) / np.sqrt(2)
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def scored(made: Comparison) -> float:
    assert made.problem is None
    assert made.score is not None
    assert made.interval is not None
    assert 0 <= made.interval[0] <= made.score <= made.interval[1] <= 100
    return made.score


def width(made: Comparison) -> float:
    assert made.interval is not None
    return made.interval[1] - made.interval[0]


def test_without_couples_it_is_the_prior_wide_and_it_says_so(pack: TypePack) -> None:
    made = Compatibility(pack).compare(person(), person("man"))
    scored(made)
    assert (made.evidence, made.couples) == ("prior", 0)
    assert width(made) > 25
    assert "No couples" in made.reason
    assert "assumption" in made.reason
    assert "no forecast" in made.reason
    assert "가정" in made.reason_ko
    assert "앞날" in made.reason_ko


def test_the_prior_rises_with_likeness_of_faces(pack: TypePack) -> None:
    scores = [
        scored(Compatibility(pack).score(*(Look(gender, face, None) for gender, face in (("woman", a), ("man", b)))))  # type: ignore[arg-type]
        for a, b in ((towards(1, 0, 0, 0), towards(b, 1, 0, 0)) for b in (-0.3, 0.0, 0.15, 0.3))
    ]
    assert scores == sorted(scores)
    assert scores[0] < 50 < scores[-1]


def test_it_does_not_matter_who_is_named_first(pack: TypePack) -> None:
    meter = Compatibility(pack, CoupleCounts.of([("wf-0", "mf-0", 400), ("wf-1", "mf-1", 90), ("wf-0", "wf-1", 12)]))
    people = [person(), person("man"), person("woman", towards(0, 1, 0.3, 0))]
    for one in people:
        for other in people:
            if one is not other:
                there, back = meter.compare(one, other), meter.compare(other, one)
                assert (there.score, there.interval, there.parts) == (back.score, back.interval, back.parts)


def test_types_that_are_seen_together_raise_it_and_the_reason_counts_them(pack: TypePack) -> None:
    counts = CoupleCounts.of([(f"wf-{one}", f"mf-{other}", 90 if one == other else 10) for one in range(3) for other in range(3)])
    meter = Compatibility(pack, counts, replace(PRIOR, couples=330))
    woman = Look("woman", None, None, pack.by_id["wf-0"])
    together, apart = (meter.score(woman, Look("man", None, None, pack.by_id[name])) for name in ("mf-0", "mf-1"))
    assert scored(together) > 60 > 40 > scored(apart)
    assert together.together[0].couples == 90
    assert together.together[0].of == 330
    assert "90 of 330 couples" in together.reason
    assert "330쌍 중 90쌍" in together.reason_ko
    assert "“" not in together.reason
    assert together.parts.fashion is None


def test_few_couples_leave_it_wide(pack: TypePack) -> None:
    few, many = (
        CoupleCounts.of([("wf-0", "mf-0", 3 * times), ("wf-0", "mf-1", times), ("wf-1", "mf-0", times), ("wf-1", "mf-1", 3 * times)])
        for times in (2, 2000)
    )
    sure = replace(PRIOR, covariance=PRIOR.covariance / 1000, couples=16_000)
    woman, man = Look("woman", None, None, pack.by_id["wf-0"]), Look("man", None, None, pack.by_id["mf-0"])
    made = [Compatibility(pack, counts, sure).score(woman, man) for counts in (few, many)]
    assert width(made[0]) > 4 * width(made[1])
    assert scored(made[0]) < scored(made[1])
    assert scored(made[1]) == pytest.approx(60, abs=1), "three to two against chance: odds of 1.5"


def test_the_gap_of_ages_is_no_part_of_the_score(pack: TypePack) -> None:
    meter = Compatibility(pack)
    near, far = meter.compare(person(age=30), person("man", age=31)), meter.compare(person(age=30), person("man", age=55))
    assert near.score == far.score
    assert near.parts.age is not None
    assert far.parts.age is not None
    assert near.parts.age > 70 > 5 > far.parts.age


def test_what_is_not_seen_says_nothing(pack: TypePack) -> None:
    meter = Compatibility(pack)
    bare = meter.compare(person(fashion_embedding=None), person("man"))
    assert bare.parts.fashion is None
    assert bare.score == pytest.approx(bare.parts.face)
    nothing = meter.score(Look(None, None, None), Look("man", None, None))
    assert (nothing.score, nothing.interval) == (50, (50, 50))


def test_one_person_twice_is_refused(pack: TypePack) -> None:
    meter = Compatibility(pack)
    turned = towards(SAME + 0.01, np.sqrt(1 - (SAME + 0.01) ** 2), 0, 0)
    other = towards(SAME - 0.01, np.sqrt(1 - (SAME - 0.01) ** 2), 0, 0)
    made = meter.compare(person(face=towards(1, 0, 0, 0)), person(face=turned))
    assert made.same_person
    assert made.problem is not None
    assert made.problem.code == "same_person"
    assert (made.score, made.interval, made.parts.face) == (None, None, None)
    assert not meter.compare(person(face=towards(1, 0, 0, 0)), person(face=other)).same_person
    faceless = person(embedding=None, problem=Problem("no_face", "words"))
    assert meter.compare(faceless, faceless, identical=True).same_person


@pytest.mark.parametrize("code", ["minor", "no_face", "several_faces", "nsfw", "face_too_small", "too_dark_or_blurred", "not_an_image"])
@pytest.mark.parametrize("side", [1, 2])
def test_photos_that_cannot_be_used_are_refused(pack: TypePack, code: ProblemCode, side: int) -> None:
    bad, good = person("man", problem=Problem(code, "Words.")), person()
    made = Compatibility(pack).compare(*((bad, good) if side == 1 else (good, bad)))
    assert made.problem is not None
    assert (made.problem.code, made.problem.photo) == (code, side)
    assert made.score is None
    assert made.parts.age is None


def test_a_minor_comes_before_all_else(pack: TypePack) -> None:
    dark, child = person(problem=Problem("no_face", "Words.")), person("man", problem=Problem("minor", "Words."))
    made = Compatibility(pack).compare(dark, child, identical=True)
    assert made.problem is not None
    assert (made.problem.code, made.problem.photo, made.similarity) == ("minor", 2, None)


def test_faces_are_compared_without_what_types_are_not_about(tmp_path: Path) -> None:
    """A direction that stands for age, skin or origin moves nothing."""
    whole = TypePack.load(write_pack(tmp_path / "pack"))
    aside = replace(whole, removed=np.array([[0.0], [0.0], [0.0], [2.0]], np.float32))
    woman = Look("woman", towards(1, 0.4, 0, 0.9), None)
    men = [Look("man", towards(0.3, 0.2, 0, last), None) for last in (-2.0, 0.0, 2.0)]
    assert len({round(Compatibility(aside).cosine(woman, man, "face") or 0, 5) for man in men}) == 1
    assert len({round(Compatibility(whole).cosine(woman, man, "face") or 0, 5) for man in men}) == 3
