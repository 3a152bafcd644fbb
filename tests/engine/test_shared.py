"""On real photographs: the whole figures come from `make eval`; this notices when something breaks."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.analysis import Analyser
from engine.settings import EngineSettings

pytestmark = [pytest.mark.shared, pytest.mark.slow]


def rows(folder: Path, every: int) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))[::every]


@pytest.fixture(scope="module")
def real(engine_settings: EngineSettings, engine_cache: Path) -> Analyser:
    return Analyser(replace(engine_settings), engine_cache)


def test_people_are_told_apart(real: Analyser, shared_data: Path) -> None:
    folder = shared_data / "faces_identity"
    chosen = rows(folder, 6)
    vectors = [real.analyse((folder / row["file"]).read_bytes()).embedding for row in chosen]
    assert all(vector is not None for vector in vectors)
    likeness = np.stack([vector for vector in vectors if vector is not None])
    likeness = likeness @ likeness.T
    names = np.array([row["identity"] for row in chosen])
    first, second = np.triu_indices(len(names), 1)
    same = names[first] == names[second]
    values = likeness[first, second]
    ranks = np.argsort(np.argsort(values)) + 1
    positives, negatives = int(same.sum()), int((~same).sum())
    auc = (ranks[same].sum() - positives * (positives + 1) / 2) / positives / negatives
    assert auc > 0.985
    assert float((values[same] > np.quantile(values[~same], 0.999)).mean()) > 0.7


def test_ages_genders_and_minors(real: Analyser, shared_data: Path) -> None:
    folder = shared_data / "faces_age_gender"
    seen = [(row, real.analyse((folder / row["file"]).read_bytes())) for row in rows(folder, 8)]
    found = [(int(row["age"]), row["gender"], face) for row, analysis in seen if (face := analysis.main_face) is not None]
    assert len(found) >= len(seen) - 2
    adults = [(age, gender, face) for age, gender, face in found if 18 <= age <= 60]
    named = [(gender == "male") == (face.gender == "man") for _, gender, face in adults if face.gender]
    assert np.mean(named) > 0.94
    assert np.mean([abs(face.age - age) for age, _, face in adults]) < 6.2
    assert np.mean([face.maybe_minor for age, _, face in found if age < 16]) > 0.7
    assert np.mean([face.maybe_minor for age, _, face in found if age >= 25]) < 0.1


def test_portraits_are_usable(real: Analyser, shared_data: Path) -> None:
    folder = shared_data / "portraits_ai"
    chosen = rows(folder, 10)
    seen = [real.analyse((folder / row["file"]).read_bytes()) for row in chosen]
    assert sum(analysis.problem is None for analysis in seen) >= len(seen) - 3
    genders = [analysis.faces[0].gender for analysis in seen]
    assert genders == ["woman" if row["gender"] == "female" else "man" for row in chosen]


def test_pairs_are_several_people(real: Analyser, shared_data: Path) -> None:
    folder = shared_data / "couples"
    pairs = [row for row in rows(folder, 1) if row["pair_label"] in {"man_woman", "same_gender_pair"}][::3]
    codes = [problem.code if (problem := real.analyse((folder / row["file"]).read_bytes()).problem) else None for row in pairs]
    assert codes.count("several_faces") >= len(codes) - 1
