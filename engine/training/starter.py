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
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.backends.runtime import make_runtime
from engine.colours import from_hex, named, to_hex
from engine.embedding import FaceEmbedder
from engine.fashion import KOREAN, LABELS, LOWER_LABELS, OUTER, UPPER_LABELS
from engine.settings import EngineSettings
from engine.training import blend, clusters, describe
from engine.training.collage import collage
from engine.training.garment_data import read
from engine.training.origins import REGIONS
from engine.training.people import Person, Reader, fingerprint
from engine.types import FORMAT, STARTER

SEED = 20261121
VERSION = "starter-1"
FACE_KS = (4, 5, 6)
FASHION_KS = (5, 6, 7)
FACE_DIMS = (5, 8, 12)
FASHION_DIMS = (5, 8, 12)
LEAST_MEMBERS = 8
SEEN = 40
"""Leading dimensions of a fashion embedding that types are made of: kinds and colours of the upper body, which selfies show."""
ALIKE = 0.6
"""Mean cosine of two photos of one person in SFace, in round numbers: the product's photos of a person differ as much."""
FACES = 14
"""Most people in a blended face: more blur it, fewer could be recognised."""
AGES = (20, 55)
"""People outside are left out of the blended pictures where enough remain, so that a picture shows a type and not an age."""
GROUNDS = ("#DCE6EE", "#E9E2EE", "#E4ECDD", "#F0E6DA", "#DDEBE8", "#EFE0E0", "#E3E3EC")
SOURCES = {
    "portraits_ai": ("CC0-1.0", "github.com/faker-js/assets-person-portrait @ 63aef57b5a839aebe3ad913ec7c76469aabbb6c5"),
    "fashion_street_ccp": ("Apache-2.0", "github.com/bearpaw/clothing-co-parsing @ fe34fb77721a9973fbae92c05f7f12b664d10110"),
    "fashion_items": ("CC0-1.0", "github.com/alexeygrigorev/clothing-dataset @ 7ed86a9cc56763b6acb35e41cb35184e43a5d218"),
}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Learned:
    """The types of one group before they have names."""

    group: str
    people: list[Person]
    projection: clusters.Projection
    centroids: NDArray[np.float64]
    labels: NDArray[np.intp]
    anchors: NDArray[np.float64]
    temperature: float
    block: tuple[int, int]
    figures: dict[str, Any]

    def members(self, number: int) -> list[Person]:
        """The people of a type, the most typical first."""
        x = np.stack([_vector(person, self.group) for person in self.people])
        cosine = self.projection.apply(x) @ self.centroids[number]
        return [self.people[at] for at in np.argsort(-cosine, kind="stable") if self.labels[at] == number]


def _vector(person: Person, group: str) -> NDArray[np.float64]:
    """What the types of a group are learned from, of length 1."""
    whole = person.embedding if group.endswith("face") else person.fashion.embedding
    if whole is None:
        raise ValueError(f"{person.file} has no embedding for {group}")
    return clusters.unit(whole[: len(whole) if group.endswith("face") else SEEN].astype(np.float64))


def learn(group: str, people: Sequence[Person], removed: NDArray[np.float64]) -> Learned:
    """Choose K and the dimensions, cluster, calibrate."""
    face = group.endswith("face")
    kept = [person for person in people if len(person.altered if face else person.fashion_altered) > 0]
    x = np.stack([_vector(person, group) for person in kept])
    least = min(len(person.altered if face else person.fashion_altered) for person in kept)
    views = np.stack(
        [np.stack([one[: x.shape[1]] for one in (person.altered if face else person.fashion_altered)[:least]]) for person in kept]
    )
    altered = clusters.unit(views.astype(np.float64))
    if face:
        altered = clusters.farther(x, altered, ALIKE)
    tried = [
        clusters.stability(x, altered, k, one, removed, SEED)
        for one in (FACE_DIMS if face else FASHION_DIMS)
        for k in (FACE_KS if face else FASHION_KS)
    ]
    chosen = clusters.choose(tried, LEAST_MEMBERS)
    log.info("%s: %s", group, chosen)
    projection = clusters.components(x, chosen.dims, removed)
    centroids, labels = clusters.spherical_kmeans(projection.apply(x), chosen.k, SEED)
    order = np.argsort(-np.bincount(labels, minlength=chosen.k), kind="stable")
    centroids, labels = centroids[order], np.argsort(order)[labels].astype(np.intp)
    flat = projection.apply(altered.reshape(-1, x.shape[1]))
    temperature = clusters.temperature(flat @ centroids.T, np.repeat(labels, least))
    aside = (x - x.mean(axis=0)) @ removed
    anchors = clusters.unit(np.stack([aside[labels == number].mean(axis=0) for number in range(chosen.k)]))
    figures = {**asdict(chosen), "people": len(kept), "tried": [asdict(one) for one in tried]}
    return Learned(group, kept, projection, centroids, labels, anchors, temperature, (0, x.shape[1]), figures)


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


def draw_face(members: Sequence[Person], everyone: Sequence[Person], ground: str) -> Image.Image:
    """The blended face of a type, in the mean skin tone of its whole group: types are not told apart by tone."""
    chosen = [person for person in members if AGES[0] <= person.age <= AGES[1]]
    chosen = (chosen if len(chosen) >= 6 else list(members))[:FACES]
    tone = np.mean([person.skin for person in everyone], axis=0)
    points = [one.face.landmarks.astype(np.float64) for one in chosen]
    return Image.fromarray(blend.mean_face([read(one.file) for one in chosen], points, ground, tone))


def outfit(members: Sequence[Person], everyone: Sequence[Person]) -> tuple[describe.Outfit, list[tuple[str, str]]]:
    """What is usual in a fashion type, and the garments with colours for its picture."""
    here, usual = _named(members, UPPER_LABELS), _named(everyone, UPPER_LABELS)
    # The square root of the lift makes types differ, the floors keep what is rare from naming a type.
    score = {label: share * np.sqrt(share / max(usual.get(label, 0.0), 0.08)) for label, share in here.items() if share >= 0.12}
    main = max(score or here, key=lambda label: (score.get(label, 0.0), here[label], label))
    rest = sorted(
        (label for label in UPPER_LABELS if label not in (main, "dress") and (label in OUTER) != (main in OUTER)),
        key=lambda label: -here.get(label, 0.0),
    )
    second = rest[0]
    above = _main_colours(members, everyone, ("upper", "full"))
    below = _main_colours(members, everyone, ("lower",))
    garments, shown = [main, second], [(main, above[0]), (second, above[min(1, len(above) - 1)])]
    seen = [person for person in members if _colours(person, ("lower",))]
    legs = _named(seen if len(seen) >= 8 else everyone, LOWER_LABELS[:-1])
    if legs and below and main != "dress":
        lower = max(legs, key=lambda label: (legs[label], label))
        garments.append(lower)
        shown.append((lower, below[0]))
    names = {named(colour).name: colour for colour in reversed([*above[:4], *below[:1]])}
    palette = tuple(colour for colour in above[:4] + below[:1] if names[named(colour).name] == colour)
    return describe.Outfit(tuple(garments), palette), shown


def _colours(person: Person, regions: Sequence[str]) -> list[str]:
    return [garment.colour for garment in person.fashion.garments if garment.region in regions]


def _named(people: Sequence[Person], labels: Sequence[str]) -> dict[str, float]:
    """In which share of the people, among those with any, each of the labels was named."""
    worn = [{garment.label for garment in person.fashion.garments if garment.label in labels} for person in people]
    counts = Counter(label for one in worn for label in sorted(one))
    return {label: count / sum(bool(one) for one in worn) for label, count in counts.items()}


def _main_colours(members: Sequence[Person], everyone: Sequence[Person], regions: Sequence[str]) -> list[str]:
    """The named colours that are frequent in a type and more so than in its group, each in its mean shade among the members.

    Clusters over all colours would not do: a mean of many people's colours is grey.
    """
    found = [
        (garment.colour, named(garment.colour).name)
        for person in members
        for garment in person.fashion.garments
        if garment.region in regions
    ]
    usual = Counter(named(garment.colour).name for person in everyone for garment in person.fashion.garments if garment.region in regions)
    if not found:
        return []
    here = Counter(name for _, name in found)
    score = {name: count / len(found) * (count / len(found)) / ((usual[name] + 5) / usual.total()) for name, count in here.items()}
    best = sorted((name for name in here if here[name] >= 3), key=lambda name: (-score[name], name))[:5]
    return [to_hex(np.mean([from_hex(colour) for colour, own in found if own == name], axis=0)) for name in best or list(here)[:1]]


def write(out: Path, learned: Sequence[Learned], data: Path, face_model: str) -> None:
    """Pictures, centroids and manifest."""
    arrays: dict[str, NDArray[np.float32]] = {}
    rows: list[dict[str, Any]] = []
    groups: dict[str, Any] = {}
    names = iter(describe.NATURE)
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    for old in (out / "pictures").iterdir():
        old.unlink()
    for one in learned:
        arrays[f"{one.group}_mean_0"] = one.projection.mean.astype(np.float32)
        arrays[f"{one.group}_basis_0"] = one.projection.basis.astype(np.float32)
        arrays[f"{one.group}_centroids_0"] = one.centroids.astype(np.float32)
        groups[one.group] = {"blocks": [list(one.block)], "temperature": round(one.temperature, 5), "figures": one.figures}
        for number in range(len(one.centroids)):
            name = f"{one.group[0]}{'f' if one.group.endswith('face') else 'o'}-{number + 1}"
            arrays[f"anchor_{name}"] = one.anchors[number].astype(np.float32)
            make = _face_row if one.group.endswith("face") else _fashion_row
            row = make(
                one, number, out / "pictures" / name, next(names) if one.group.endswith("face") else tuple(row["name"] for row in rows)
            )
            rows.append({"id": name, "group": one.group, "members": int(np.sum(one.labels == number)), **row})
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


def _face_row(one: Learned, number: int, path: Path, name: tuple[str, ...]) -> dict[str, Any]:
    members = one.members(number)
    ground = GROUNDS[number % len(GROUNDS)]
    path = path.with_suffix(".jpg")
    picture = draw_face(members, one.people, ground)
    picture.save(path, quality=90)
    measures = [
        np.stack([describe.proportions(person.face.box, person.face.landmarks) for person in group]) for group in (members, one.people)
    ]
    words = describe.face_words(measures[0], measures[1])
    return _row(name[:2], words, path, (ground,), ())


def _fashion_row(one: Learned, number: int, path: Path, taken: tuple[str, ...]) -> dict[str, Any]:
    usual, shown = outfit(one.members(number), one.people)
    path = path.with_suffix(".png")
    collage(shown, usual.palette).save(path, optimize=True)
    return _row(describe.fashion_name(usual, taken), describe.fashion_words(usual), path, usual.palette, usual.garments)


def _row(name: Sequence[str], words: Sequence[str], path: Path, palette: Sequence[str], garments: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name[0],
        "name_ko": name[1],
        "description": words[0],
        "description_ko": words[1],
        "picture": f"pictures/{path.name}",
        "palette": list(palette),
        "garments": [label for label in garments if label in LABELS],
        "garments_ko": [KOREAN[label] for label in garments],
    }


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
    write(arguments.out, learned, arguments.data, FaceEmbedder.VERSION)


if __name__ == "__main__":
    main()
