"""Make the starter pack: `python -m engine.training.starter [--data ../shared/data] [--out engine/starter]`.

Learns face types and fashion types of men and women from the rows that may ship, draws their pictures, and writes the manifest
with the data's hashes, licences, seeds and figures.  Needs `garments.onnx` in the folder (`python -m engine.training.garments`).
Deterministic for given data, seed, packages and processor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.runtime import make_runtime
from engine.embedding import FaceEmbedder
from engine.settings import EngineSettings
from engine.training import clusters, describe
from engine.training.garment_data import read
from engine.training.grouping import FACE_REMOVED, SEEN, Bounds, Found, arrays_of, axes_of, block_of, described, find, short_name
from engine.training.origins import REGIONS
from engine.training.people import Person, Reader, fingerprint
from engine.training.portrayal import Look, face_row, fashion_row
from engine.types import FORMAT, STARTER
from engine.values import Image

SEED = 20261121
VERSION = "starter-1"
BOUNDS = {"face": Bounds((4, 5, 6), (5, 8, 12), 8, 0.0), "fashion": Bounds((5, 6, 7), (5, 8, 12), 8, 0.0)}
"""Of so few people none is left without a type."""
SOURCES = {
    "portraits_ai": ("CC0-1.0", "github.com/faker-js/assets-person-portrait @ 63aef57b5a839aebe3ad913ec7c76469aabbb6c5"),
    "fashion_street_ccp": ("Apache-2.0", "github.com/bearpaw/clothing-co-parsing @ fe34fb77721a9973fbae92c05f7f12b664d10110"),
    "fashion_items": ("CC0-1.0", "github.com/alexeygrigorev/clothing-dataset @ 7ed86a9cc56763b6acb35e41cb35184e43a5d218"),
}
log = logging.getLogger(__name__)


def learn(group: str, people: Sequence[Person], removed: NDArray[np.float64]) -> tuple[Found, list[Person]]:
    """Choose K and the dimensions, cluster, calibrate; the types and the people that they are made of, in the order of the labels."""
    face = group.endswith("face")
    kept = [person for person in people if len(person.altered if face else person.fashion_altered) > 0]
    x = np.stack([_vector(person, group) for person in kept])
    least = min(len(person.altered if face else person.fashion_altered) for person in kept)
    views = np.stack(
        [np.stack([one[: x.shape[1]] for one in (person.altered if face else person.fashion_altered)[:least]]) for person in kept]
    )
    found = find(group, x, clusters.unit(views.astype(np.float64)), removed, BOUNDS["face" if face else "fashion"], SEED)
    log.info("%s: %s", group, {key: value for key, value in found.figures.items() if key != "tried"})
    return found, kept


def _vector(person: Person, group: str) -> NDArray[np.float64]:
    """What the types of a group are learned from, of length 1."""
    whole = person.embedding if group.endswith("face") else person.fashion.embedding
    if whole is None:
        raise ValueError(f"{person.file} has no embedding for {group}")
    return clusters.unit(whole[slice(*block_of(group, len(whole)))].astype(np.float64))


def face_removed(people: Sequence[Person]) -> NDArray[np.float64]:
    """Takes age, origin, and the light and colour of the skin out of face embeddings, over both genders, each about its own mean."""
    x = np.stack([_vector(person, "any_face") for person in people])
    nuisances = np.stack([[person.age, *person.skin, *(float(person.origin == region) for region in REGIONS[:-1])] for person in people])
    return clusters.without(*_within_gender(people, x, nuisances))


def fashion_removed(people: Sequence[Person]) -> NDArray[np.float64]:
    """Takes out of fashion embeddings whether a photo is a portrait or a street photo."""
    x = np.stack([_vector(person, "any_fashion") for person in people])
    return clusters.without(*_within_gender(people, x, np.array([[float(person.source == "street")] for person in people])))


def _within_gender(people: Sequence[Person], *tables: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    women = np.array([person.gender == "woman" for person in people])
    means = [np.where(women[:, None], table[women].mean(axis=0), table[~women].mean(axis=0)) for table in tables]
    return [table - mean for table, mean in zip(tables, means, strict=True)]


def look(person: Person) -> Look:
    """What a person adds to the picture and the words of their type."""

    def picture() -> tuple[Image, NDArray[np.float64]]:
        return read(person.file), person.face.landmarks.astype(np.float64)

    measures = describe.proportions(person.face.box, person.face.landmarks)
    return Look(person.age, person.skin, measures, person.fashion.garments, picture)


def write(out: Path, learned: Sequence[tuple[Found, list[Person]]], data: Path, face_model: str, face_removed: NDArray[np.float32]) -> None:
    """Pictures, centroids and manifest; `face_removed` goes along for types that are learned later."""
    arrays: dict[str, NDArray[np.float32]] = {FACE_REMOVED: face_removed}
    rows: list[dict[str, Any]] = []
    groups: dict[str, Any] = {}
    names = iter(describe.NATURE)
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    for old in (out / "pictures").iterdir():
        old.unlink()
    for found, people in learned:
        ids = [f"{short_name(found.group)}-{number + 1}" for number in range(len(found.centroids))]
        arrays |= arrays_of(found, ids)
        groups[found.group] = described(found)
        everyone = [look(person) for person in people]
        for number, name in enumerate(ids):
            members = [everyone[at] for at in found.members(number)]
            path = out / "pictures" / name
            if found.group.endswith("face"):
                row = face_row(members, everyone, number, path, next(names))
            else:
                row = fashion_row(members, everyone, path, {one["name"] for one in rows})
            rows.append({"id": name, "group": found.group, "members": len(members), **row})
    np.savez_compressed(out / "centroids.npz", **arrays)  # type: ignore[arg-type]
    files = sorted(file for file in out.rglob("*") if file.is_file() and file.name not in {"manifest.json", "README.md"})
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "face_model": face_model,
        "fashion_model": "garments-" + hashlib.sha256((out / "garments.onnx").read_bytes()).hexdigest()[:12],
        "script": "python -m engine.training.starter",
        "seed": SEED,
        "licence": "CC0-1.0 for pictures and centroids; Apache-2.0 for garments.onnx",
        "learned_from": {
            name: {"licence": licence, "origin": origin, "sha256": fingerprint(data / name)} for name, (licence, origin) in SOURCES.items()
        },
        "groups": groups,
        "types": rows,
        "files": {file.relative_to(out).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files},
    }
    (out / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Read the people, learn the four groups, write the pack."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.starter", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=STARTER)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cache = Path(tempfile.gettempdir()) / "inyeon-training"
    # float32 everywhere: the pack shall not depend on whether the processor that learned it has bfloat16.
    reader = Reader(arguments.out / "garments.onnx", cache, make_runtime(EngineSettings(precision="f32"), cache))
    portraits = list(reader.portraits(arguments.data, SEED))
    log.info("%d portraits", len(portraits))
    street = list(reader.street(arguments.data, SEED))
    log.info("%d street photos", len(street))
    dressed = [person for person in [*portraits, *street] if person.fashion.embedding is not None and person.fashion.embedding[:SEEN].any()]
    removed = {"face": face_removed(portraits), "fashion": fashion_removed(dressed)}
    learned = [
        learn(f"{gender}_{kind}", [person for person in people if person.gender == gender], removed[kind])
        for gender in ("man", "woman")
        for kind, people in (("face", portraits), ("fashion", dressed))
    ]
    write(arguments.out, learned, arguments.data, FaceEmbedder.VERSION, axes_of(removed["face"]))


if __name__ == "__main__":
    main()
