"""Make couple photos out of single portraits, with a planted affinity: `python -m engine.training.synthetic --out DIR [--couples N]`.

There are too few real couples to learn from, so what the product does with couples is tested on made ones, always called synthetic.
Each person has two attributes that this script knows and the product is never told: on which side of the first principal component
of the face embedding they are (`high`), and whether their clothes are dark (`dark`).  Men and women of *unlike* faces (against the
resemblance prior, so that the prior cannot pass for learning) and of *alike* clothes are made couples `strength` times as often as
chance would have it.  Beside the pictures lie `truth.csv` (who is on which) and `people.csv` (their attributes, and who was kept
out of all pictures).  With `--shuffled` the same people are drawn with partners at random: nothing is to be found there.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.backends.runtime import make_runtime
from engine.colours import to_lab
from engine.embedding import FaceEmbedder
from engine.faces import FaceDetector
from engine.images import encode_jpeg
from engine.settings import EngineSettings
from engine.training import clusters
from engine.training.cutout import cutout
from engine.training.garment_data import read, rows
from engine.training.montage import montage
from engine.training.origins import REGIONS, region
from engine.training.people import skin_colour
from engine.values import FaceBox, Gender, Image

Kind = Literal["couple", "single", "crowd", "twice"]

STRENGTH = 8.0
SAME_GENDER = 0.1
"""Share of the couples that are of one gender."""
NEGATIVE = 0.1
"""Share of the pictures that show no couple: one person, three people, one person twice."""
HELD = 0.2
"""Share of the people who are on no picture: what is learned is tried on them."""
LEAST_AGE, MOST_AGE = 20, 70
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person to make pictures with."""

    name: str
    gender: Gender
    photo: Image
    mask: NDArray[np.float32]
    face: FaceBox
    high: bool
    dark: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture is to show."""

    kind: Kind
    people: tuple[Portrait, ...]


def portraits(folder: Path, cache: Path) -> list[Portrait]:
    """The adults of `folder` (the layout of ../shared/data/portraits_ai) with their attributes; one portrait a person."""
    runtime = make_runtime(EngineSettings(precision="f32"), cache)
    detector, embedder = FaceDetector(cache, runtime), FaceEmbedder(cache, runtime)
    found = []
    for row in sorted(_smallest(rows(folder)), key=lambda one: one["file"]):
        prompt = json.loads(row["metadata_json"])["prompt"]
        age = int(re.findall(r"(\d+)-year-old", prompt)[0])
        photo = read(folder / row["file"])
        faces = detector.predict(photo)
        if not LEAST_AGE <= age <= MOST_AGE or not faces:
            continue
        gender: Gender = "woman" if row["gender"] == "female" else "man"
        origin = region(re.findall(r"from (.*)$", prompt)[0])
        mask = cutout(photo, faces[0])
        aside = [float(age), *skin_colour(photo, faces[0]), *(float(origin == one) for one in REGIONS[:-1])]
        found.append((Path(row["file"]).stem, gender, photo, mask, faces[0], embedder.predict(photo, faces[0]), aside))
    sides = {}
    for wanted in ("man", "woman"):
        here = [one for one in found if one[1] == wanted]
        vectors = np.stack([one[5] for one in here]).astype(np.float64)
        removed = clusters.without(vectors, np.array([one[6] for one in here]))
        component = clusters.components(vectors, 1, removed).apply(vectors)[:, 0]
        lightness = np.array([_lightness(photo, mask, face) for _, _, photo, mask, face, _, _ in here])
        for one, side, light in zip(here, component > 0, lightness < np.median(lightness), strict=True):
            sides[one[0]] = bool(side), bool(light)
    return [Portrait(name, gender, photo, mask, face, *sides[name]) for name, gender, photo, mask, face, _, _ in found]


def _smallest(listed: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Each person once; the large pictures cost more and gain nothing here."""
    smallest: dict[str, dict[str, str]] = {}
    for row in listed:
        name = Path(row["file"]).stem
        if name not in smallest or int(row["w"]) < int(smallest[name]["w"]):
            smallest[name] = row
    return list(smallest.values())


def _lightness(photo: Image, mask: NDArray[np.float32], face: FaceBox) -> float:
    """Median CIELAB lightness of what is worn below the chin."""
    x, y, width, height = face.box
    top, left, right = int(y + 1.45 * height), max(0, int(x - 0.2 * width)), int(x + 1.2 * width)
    part, inside = photo[top:, left:right], mask[top:, left:right] > 0.9
    return float(np.median(to_lab(part)[inside][:, 0])) if inside.sum() > 50 else 50.0


def weight(one: Portrait, other: Portrait, strength: float) -> float:
    """How many times as often as chance the two are made a couple, up to a common factor."""
    return float((strength if one.high != other.high else 1.0) * (strength if one.dark == other.dark else 1.0))


def plan(people: Sequence[Portrait], count: int, seed: int, strength: float = STRENGTH, *, shuffled: bool = False) -> list[Scene]:
    """At most `count` scenes, couples and others, in random order; popularity differs between people, and no couple comes twice.

    The product counts a couple once however many photos it has, so that repeated ones would only blur what was planted.
    """
    random = np.random.default_rng(seed)
    popularity = random.gamma(4.0, 1.0, len(people)) + 0.5
    free = ~np.eye(len(people), dtype=np.bool_)
    scenes = [_no_couple(people, random) for _ in range(round(count * NEGATIVE))]
    drawn: dict[bool, list[tuple[int, int]]] = {True: [], False: []}
    for _ in range(count - len(scenes)):
        same = bool(random.random() < SAME_GENDER)
        first = int(random.choice(len(people), p=popularity / popularity.sum()))
        mate = [free[first, at] and (one.gender == people[first].gender) == same for at, one in enumerate(people)]
        fit = [popularity[at] * weight(people[first], one, strength) * mate[at] for at, one in enumerate(people)]
        if sum(fit) > 0:
            second = int(random.choice(len(people), p=np.array(fit) / sum(fit)))
            free[first, second] = free[second, first] = False
            drawn[same].append((first, second))
    for same, pairs in drawn.items():
        # Women against men, so that shuffling leaves who is on how many pictures as it was.
        ordered = [pair if same or people[pair[0]].gender == "woman" else pair[::-1] for pair in pairs]
        firsts, seconds = [pair[0] for pair in ordered], [pair[1] for pair in ordered]
        if shuffled:
            seconds = [seconds[at] for at in random.permutation(len(seconds))]
        for first, second in zip(firsts, seconds, strict=True):
            if first != second:
                both = (people[first], people[second])
                scenes.append(Scene("couple", both if random.random() < 0.5 else both[::-1]))
    return [scenes[at] for at in random.permutation(len(scenes))]


def _no_couple(people: Sequence[Portrait], random: np.random.Generator) -> Scene:
    kind: Kind = ("single", "crowd", "twice")[int(random.integers(3))]
    chosen = [people[at] for at in random.permutation(len(people))[:3]]
    if kind == "crowd":
        return Scene(kind, tuple(chosen))
    return Scene(kind, (chosen[0], chosen[0]) if kind == "twice" else (chosen[0],))


def write(scenes: Sequence[Scene], everyone: Sequence[Portrait], out: Path, seed: int) -> None:
    """Pictures, `truth.csv` and `people.csv` under `out`; the same seed gives the same bytes."""
    pictures = out / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    with (out / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["file", "kind", "a", "b", "gender_a", "gender_b"])
        for number, scene in enumerate(scenes):
            name = f"synthetic_{number:05d}.jpg"
            image = montage([(one.photo, one.mask, one.face) for one in scene.people], np.random.default_rng((seed, number)))
            (pictures / name).write_bytes(encode_jpeg(image, 90))
            names, genders = [one.name for one in scene.people], [str(one.gender) for one in scene.people]
            table.writerow([name, scene.kind, *([*names, *genders] if scene.kind == "couple" else [""] * 4)])
            if number % 50 == 0:
                log.info("generate: %d/%d pictures", number, len(scenes))
    used = {one.name for scene in scenes for one in scene.people}
    with (out / "people.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["name", "gender", "high", "dark", "held"])
        for one in everyone:
            table.writerow([one.name, one.gender, int(one.high), int(one.dark), int(one.name not in used)])


def split(people: Sequence[Portrait], seed: int) -> tuple[list[Portrait], list[Portrait]]:
    """People for the pictures, and people who are kept out of them."""
    held = set(np.random.default_rng(seed).permutation(len(people))[: round(len(people) * HELD)].tolist())
    return [one for at, one in enumerate(people) if at not in held], [one for at, one in enumerate(people) if at in held]


def main() -> None:
    """Draw the couples and their pictures."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.synthetic", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--portraits", type=Path, default=Path("../shared/data/portraits_ai"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--couples", type=int, default=600, help="pictures, of which a tenth shows no couple")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strength", type=float, default=STRENGTH, help="of the planted affinity; 1 plants none")
    parser.add_argument("--shuffled", action="store_true", help="draw partners at random")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    everyone = portraits(arguments.portraits, Path(tempfile.gettempdir()) / "inyeon-training")
    shown, _ = split(everyone, arguments.seed)
    scenes = plan(shown, arguments.couples, arguments.seed, arguments.strength, shuffled=arguments.shuffled)
    write(scenes, everyone, arguments.out, arguments.seed)
    log.info("generate: %d/%d pictures", len(scenes), len(scenes))


if __name__ == "__main__":
    main()
