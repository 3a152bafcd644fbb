"""Judge a pack on photos that it was not learned from: `python -m engine.training.judge [--data ../shared/data] [--pack FOLDER]`.

Same-person stability on `faces_identity`, and on adults of `faces_age_gender` how far a type gives away the labelled ethnicity and age
(that label is there for such comparisons between groups only).  Measures only: nothing here is learned from or kept.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_mutual_info_score

from engine.backends.runtime import make_runtime
from engine.embedding import FaceEmbedder
from engine.faces import FaceDetector
from engine.settings import EngineSettings
from engine.training.garment_data import read, rows
from engine.types import STARTER, TypePack
from engine.values import Gender, Vector

log = logging.getLogger(__name__)


class Judge:
    """A pack with what makes embeddings for it."""

    def __init__(self, pack: TypePack) -> None:
        cache = Path(tempfile.gettempdir()) / "inyeon-training"
        runtime = make_runtime(EngineSettings(precision="f32"), cache)
        self.pack, self.detector, self.embedder = pack, FaceDetector(cache, runtime), FaceEmbedder(cache, runtime)

    def embedding(self, file: Path) -> Vector | None:
        """Of the largest face."""
        photo = read(file)
        found = self.detector.predict(photo)
        return self.embedder.predict(photo, found[0]) if found else None

    def stability(self, data: Path, each: int = 8) -> dict[str, float]:
        """How often two photos of one person get one type, beside what chance gives, and whether confidences are right."""
        people: dict[tuple[str, Gender], list[tuple[str, float]]] = defaultdict(list)
        for row in rows(data / "faces_identity"):
            gender: Gender = "woman" if row["gender"].startswith("f") else "man"
            if len(people[row["identity"], gender]) < each:
                guess = self.pack.assign_face(self.embedding(data / "faces_identity" / row["file"]), gender)
                if guess is not None:
                    people[row["identity"], gender].append((guess.id, guess.confidence))
        same, main, confidence = [], [], []
        for guesses in people.values():
            ids = [one for one, _ in guesses]
            same += [one == other for at, one in enumerate(ids) for other in ids[:at]]
            usual = max(set(ids), key=lambda name: (ids.count(name), name))
            main += [one == usual for one in ids]
            confidence += [value for _, value in guesses]
        chance = []
        for gender in ("man", "woman"):
            ids = [one for (_, own), guesses in people.items() if own == gender for one, _ in guesses]
            chance.append(sum((ids.count(one) / len(ids)) ** 2 for one in set(ids)))
        return {
            "people": len(people),
            "pairs_of_photos_with_one_type": float(np.mean(same)),
            "pairs_by_chance": float(np.mean(chance)),
            "photos_with_the_person's_usual_type": float(np.mean(main)),
            "mean_confidence": float(np.mean(confidence)),
        }

    def proxies(self, data: Path) -> dict[str, float]:
        """What types say about the labelled ethnicity and age of adults: 0 is nothing, 1 everything."""
        found: dict[Gender, list[tuple[str, str, str]]] = {"man": [], "woman": []}
        for row in rows(data / "faces_age_gender"):
            if not 18 <= int(row["age"]) <= 60:
                continue
            gender: Gender = "woman" if row["gender"].startswith("f") else "man"
            guess = self.pack.assign_face(self.embedding(data / "faces_age_gender" / row["file"]), gender)
            if guess is not None:
                found[gender].append((guess.id, row["ethnicity"], "over" if int(row["age"]) > 35 else "under"))
        made: dict[str, float] = {}
        for gender, people in found.items():
            types, ethnicities, ages = (list(column) for column in zip(*people, strict=True))
            made |= {
                f"{gender}_n": len(people),
                f"{gender}_type_by_ethnicity_v": cramers_v(types, ethnicities),
                f"{gender}_type_by_ethnicity_ami": float(adjusted_mutual_info_score(types, ethnicities)),
                f"{gender}_type_by_age_v": cramers_v(types, ages),
                f"{gender}_ethnicity_guessed_from_type": guessed(types, ethnicities),
                f"{gender}_ethnicity_guessed_blindly": max(ethnicities.count(one) for one in set(ethnicities)) / len(ethnicities),
            }
        return made


def cramers_v(one: Sequence[str], other: Sequence[str]) -> float:
    """Association of two labellings, 0–1, bias-corrected (Bergsma 2013)."""
    rows_, columns = sorted(set(one)), sorted(set(other))
    table = np.array(
        [[sum(a == row and b == column for a, b in zip(one, other, strict=True)) for column in columns] for row in rows_], float
    )
    n = table.sum()
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / n
    r, k = table.shape
    phi = max(0.0, float(((table - expected) ** 2 / expected).sum()) / n - (r - 1) * (k - 1) / (n - 1))
    return float(np.sqrt(phi / max(min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1, 1e-9)))


def guessed(types: Sequence[str], labels: Sequence[str]) -> float:
    """Accuracy of guessing each type's most frequent label."""
    right = 0
    for one in set(types):
        own = [label for kind, label in zip(types, labels, strict=True) if kind == one]
        right += max(own.count(label) for label in set(own))
    return right / len(types)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.judge", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pack", type=Path, default=STARTER)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    judge = Judge(TypePack.load(arguments.pack, FaceEmbedder.VERSION))
    figures = {"stability": judge.stability(arguments.data), "proxies": judge.proxies(arguments.data)}
    log.info("%s", json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
