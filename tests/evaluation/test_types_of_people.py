"""The suites about preprocessing, identities and types: planted material whose right figures are known; no photograph is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import configuration
from engine.training.tradeoff import tradeoff
from engine.values import FaceBox
from evaluation import compared, degrade, material
from evaluation.compared import PAPER, SERVED, Group, means_of_photos
from evaluation.context import Context
from evaluation.report import Row, Section
from evaluation.suites import clustering, identities, preprocess
from evaluation.suites.preprocess import BASE, EVERYWHERE, Figures
from tests.engine.training.test_clusters import planted
from tests.evaluation.test_suites import face, seen
from tests.evaluation.test_suites import make as _make

make = _make
FACE = FaceBox((40, 30, 60, 80), np.float32([[55, 60], [85, 60], [70, 78], [58, 92], [82, 92]]), 1.0)


def row(section: Section, name: str) -> Row:
    (found,) = [one for one in section.rows if one.name.startswith(name)]
    return found


def context(tmp_path: Path) -> Context:
    return Context(configuration.load(environment={}), tmp_path / "data", tmp_path / "results", lambda paths, what: [])


def group(name: str, seed: int, *, photos: bool) -> Group:
    """Four planted types; pixels are noise, so that only the embedding can find them again."""
    random = np.random.default_rng(seed)
    x, truth = planted(seed, k=5, each=12, dims=16, noise=0.1)
    views = x[:, None] + random.normal(size=(len(x), 2, 16)) * 0.05
    noise = {one: random.normal(size=(len(x), 30)) for one in (("pixels", "outline", "geometry") if photos else ("pixels",))}
    of_others = {"embedding": np.repeat(x[::4], 4, axis=0) + random.normal(size=(60, 16)) * 0.05}
    of_others |= {one: random.normal(size=(60, 30)) for one in noise}
    nuisances = {"age": ["over" if one % 2 else "under" for one in range(len(x))], "same": [str(one) for one in truth]}
    person = [f"p{number // 4}" for number in range(60)]
    return Group(name, {"embedding": x, **noise}, views, None, nuisances, of_others if photos else {}, person if photos else [])


@pytest.mark.slow
def test_the_report_on_types_finds_what_was_planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "SAMPLES", 3)
    monkeypatch.setattr(clustering, "KS", (4, 5))
    monkeypatch.setattr(clustering, "AVERAGED", (1, 2))
    monkeypatch.setattr(clustering, "tradeoff", lambda z, k, seed: k / 10)  # has a test of its own
    monkeypatch.setattr(compared, "ROUNDS", 1)
    monkeypatch.setattr(compared, "TIMED", 2)
    section = clustering.report(context(tmp_path), [group("man_face", 1, photos=True), group("woman_fashion", 2, photos=False)])
    assert row(section, "man_face: K chosen").value == 5
    found = row(section, "man_face: bootstrap Rand index")
    assert found.value is not None
    assert found.baseline is not None
    assert found.value > 0.9 > found.baseline, "types of noise are not found again"
    assert (row(section, "man_face: photos of a person agree").value or 0) > 0.9
    assert (row(section, "faces: usual type kept, single photos").value or 0) > 0.9
    assert row(section, "woman_fashion: newcomers").value == pytest.approx(1, abs=0.1)
    table = next(note for note in section.notes if note.startswith("| man_face"))
    assert PAPER in table
    assert SERVED in table
    served = next(line for line in table.splitlines() if SERVED in line)
    assert "| 1.00 |" in served, "the nuisance that is the type itself"
    for plot in section.plots:
        assert (tmp_path / "results" / plot).stat().st_size > 1000


def test_means_are_of_one_person_s_photos_and_people_with_few_are_left_out() -> None:
    vectors = np.eye(7)
    found, whose = means_of_photos(vectors, ["a", "a", "a", "a", "b", "b", "b"], 2, 0)
    assert whose == ["a", "a"]
    np.testing.assert_allclose((found > 0).sum(axis=1), 2)
    assert not found[:, 4:].any()


def test_the_trade_off_is_best_at_the_planted_number() -> None:
    x, _ = planted(0, k=4, each=30, dims=8, noise=0.1)
    values = {k: tradeoff(x, k, 0, copies=2, noises=(0.3, 0.6), restarts=2) for k in (2, 4, 8)}
    assert max(values, key=lambda k: values[k]) == 4


def test_identities_are_held_against_who_is_who(make: Callable[..., Context], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identities, "MANY", 500)
    random = np.random.default_rng(0)
    people = [index // 6 for index in range(60)]
    centres = random.normal(size=(10, 32))
    given = [
        seen(face(), vectors={"served": (centres[one] + 0.3 * random.normal(size=32)).astype(np.float32)})
        if at
        else seen(problem="no_face")
        for at, one in enumerate(people)
    ]
    rows = [{"identity": f"p{one}", "gender": "male", "subset": "s"} for one in people]
    section = identities.run(make("faces_identity", rows, given))
    found = row(section, "cosine 0.363: BCubed F1")
    assert found.value == pytest.approx(1)
    assert found.n == 59
    assert found.passed is True
    assert row(section, "500 made-up faces").value is not None


def figures(tar: float) -> Figures:
    return Figures(0.99, tar, (tar - 0.05, tar + 0.05), 0.7, 0.8, 1000, 50)


def test_only_what_wins_somewhere_and_loses_nowhere_is_recommended() -> None:
    everything = {(condition, variant): figures(0.8) for condition in degrade.CONDITIONS for variant in preprocess.AS_TAKEN}
    assert "none, so that serving stays" in preprocess.verdict(everything)
    better = EVERYWHERE[-1]
    everything["hazy", better] = figures(0.95)
    assert f"nowhere worse: {preprocess.title(better)}." in preprocess.verdict(everything)
    everything["as taken", better] = figures(0.7)
    assert "none, so that serving stays" in preprocess.verdict(everything)
    assert BASE in EVERYWHERE


@pytest.mark.parametrize("condition", degrade.CONDITIONS)
def test_photos_are_spoilt_the_same_way_each_time(condition: str) -> None:
    photo = np.random.default_rng(0).integers(30, 220, (120, 140, 3)).astype(np.uint8)
    once = degrade.worse(photo, FACE, condition, 3)
    np.testing.assert_array_equal(once, degrade.worse(photo, FACE, condition, 3))
    assert once.shape == photo.shape
    if condition == "as taken":
        assert once is photo
    elif condition == "hazy":
        assert np.ptp(once.astype(int)) < np.ptp(photo.astype(int)) / 2
    else:
        assert once.mean() < photo.mean()


def test_the_material_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("portraits_ai", "fashion_street_ccp", "faces_identity"):
        (tmp_path / "data" / folder).mkdir(parents=True)
        (tmp_path / "data" / folder / "labels.csv").write_text("file\n", encoding="utf-8")
    asked = []
    made = material.Material({"gender": np.array(["man"])}, {"age": np.array([30.0])}, {"person": np.array(["a"])})

    def look(one: Context) -> material.Material:
        asked.append(one)
        return made

    monkeypatch.setattr(material, "look", look)
    settings = configuration.load(environment={"INYEON_PATHS__VAR": str(tmp_path / "var")})
    given = replace(context(tmp_path), settings=settings)
    for _ in range(2):
        found = material.gather(given)
        assert found.faces["gender"].tolist() == ["man"]
        assert found.photos["person"].tolist() == ["a"]
    assert len(asked) == 1


def test_what_is_seen_of_the_body_is_grey_where_it_is_not_on_the_photo() -> None:
    low = FaceBox((40, 60, 60, 60), FACE.landmarks, 1.0)
    assert (material.body(np.zeros((121, 140, 3), np.uint8), low) == 0.5).all()
    assert material.body(np.zeros((400, 300, 3), np.uint8), FACE).shape == (64, 64)
