"""Does evening the light, or another alignment, help to tell people apart and to keep their types?  On good photos and on spoilt ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.backends.runtime import make_runtime
from engine.embedding import FaceEmbedder
from engine.faces import FaceDetector
from engine.preprocess import ALIGNMENTS, LIGHTS, Alignment, Light, aligned, lit
from engine.settings import EngineSettings
from engine.training.garment_data import read
from engine.types import STARTER, TypePack
from engine.values import Gender, Image, Vector
from evaluation.context import Context
from evaluation.degrade import CONDITIONS, worse
from evaluation.metrics import Pairs, all_pairs, auc, bootstrap_over_people, modal_share, tar_at_far
from evaluation.plots import drawing
from evaluation.report import Row, Section

EACH = 5
"""Photos a person: enough pairs of strangers to place a threshold at 1e-3, few enough to take minutes."""
FAR = 1e-3
ROUNDS = 200
SLACK = 0.005
"""Of TAR, that a variant may lose where it does not win: a pair or two at the threshold."""
SEED = 20261121
Variant = tuple[Alignment, Light | Literal["photo"]]
BASE: Variant = ("points", "none")
WHOLE: Variant = ("points", "photo")
"""The whole photo is stretched where it is faint, before its face is looked for."""
EVERYWHERE: tuple[Variant, ...] = (*(("points", light) for light in LIGHTS), WHOLE)
AS_TAKEN: tuple[Variant, ...] = (*EVERYWHERE, *((how, "none") for how in ALIGNMENTS if how != "points"))
"""Alignments don't depend on the light, so that they are compared on photos as taken only."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One photo in one condition."""

    person: str
    gender: Gender
    vectors: Mapping[Variant, Vector]
    """By (alignment, light); empty where no face was found."""
    found_faint: bool
    """Whether a face is found where the whole photo is stretched first if it is faint."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One variant in one condition."""

    auc: float
    tar: float
    interval: tuple[float, float]
    kept: float
    """Share of photos with their person's usual type."""
    as_taken: float
    """Share of photos with the type that the untouched photo has in the variant that serves."""
    pairs: int
    photos: int


def run(context: Context) -> Section:
    """Every variant in every condition; the one that serves is the baseline."""
    rows = chosen(context.labels("faces_identity"))
    looked = look(context, rows)
    pack = TypePack.load(Path(context.settings.engine.pack) if context.settings.engine.pack else STARTER)
    found: list[Row] = []
    table: dict[tuple[str, Variant], Figures] = {}
    usual = {at: kind for at, one in enumerate(looked["as taken"]) if one.vectors and (kind := type_of(pack, one, BASE))}
    for condition in CONDITIONS:
        seen = looked[condition]
        share = float(np.mean([bool(one.vectors) for one in seen]))
        found.append(Row(f"{condition}: photos whose face is found", share, len(seen)))
        stretched = float(np.mean([one.found_faint for one in seen]))
        found.append(
            Row(
                f"{condition}: the same where faint photos are stretched first",
                stretched,
                len(seen),
                baseline=share,
                baseline_name="as it is",
            )
        )
        for variant in variants(condition):
            table[condition, variant] = measure(seen, variant, pack, usual)
        base = table[condition, BASE]
        for variant in variants(condition):
            found += rows_of(condition, variant, table[condition, variant], None if variant == BASE else base)
    draw(context, table)
    return Section("preprocess", "Alignment and light before embedding", tuple(found), ("preprocess.png",), (verdict(table), EXPLAINED))


EXPLAINED = (
    f"{EACH} photos of each person. `points` fits five points, `eyes` two, `box` none; lights as in engine/preprocess.py, applied to the "
    "chip that the network sees. Spoilt photos are made from the same ones (evaluation/degrade.py), and their faces are looked for anew. "
    f"Intervals: 95 %, people drawn anew {ROUNDS} times. The baseline is what serves: five points, no change of light."
)


def chosen(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """EACH photos of every person, drawn with a seed."""
    random = np.random.default_rng(SEED)
    by: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by[row["identity"]].append(row)
    return [own[at] for own in by.values() for at in sorted(random.permutation(len(own))[:EACH])]


def look(context: Context, rows: Sequence[dict[str, str]]) -> dict[str, list[Looked]]:
    """The photos in each condition, through every variant."""
    cache = context.settings.var / "cache"
    runtime = make_runtime(EngineSettings(backend=context.settings.engine.backend, precision=context.settings.engine.precision), cache)
    detector, embedder = FaceDetector(cache, runtime), FaceEmbedder(cache, runtime)
    detector.load()
    embedder.load()

    def one(job: tuple[int, dict[str, str]]) -> list[Looked]:
        number, row = job
        photo = read(context.data / row["file"])
        gender: Gender = "woman" if row["gender"].startswith("f") else "man"
        face = detector.predict(photo)
        made = []
        for condition in CONDITIONS:
            spoilt: Image = worse(photo, face[0], condition, number) if face else photo
            again = face if condition == "as taken" else detector.predict(spoilt)
            vectors: dict[Variant, Vector] = {}
            if face and again:
                for how, light in variants(condition):
                    if light != "photo":
                        vectors[how, light] = embed(embedder, lit(aligned(spoilt, again[0], 112, how), light))
            other = lit(spoilt, "faint")
            faint = again if other is spoilt else detector.predict(other)
            if vectors and faint:
                vectors[WHOLE] = embed(embedder, aligned(other, faint[0], 112))
            found_faint = bool(faint)
            made.append(Looked(row["identity"], gender, vectors, found_faint))
        return made

    with ThreadPoolExecutor(2) as pool:
        everything = list(pool.map(one, enumerate(rows)))
    return {condition: [seen[at] for seen in everything] for at, condition in enumerate(CONDITIONS)}


def embed(embedder: FaceEmbedder, chip: Image) -> Vector:
    """The vector of a 112 × 112 chip, whatever made it."""
    (vectors,) = embedder.sface.load().run(np.ascontiguousarray(chip.transpose(2, 0, 1)[None], dtype=np.float32))
    return np.asarray(vectors[0] / max(float(np.linalg.norm(vectors[0])), 1e-12), dtype=np.float32)


def type_of(pack: TypePack, one: Looked, variant: Variant) -> str | None:
    """The face type that the pack in use gives."""
    guess = pack.assign_face(one.vectors[variant], one.gender)
    return guess.id if guess else None


def measure(seen: Sequence[Looked], variant: Variant, pack: TypePack, usual: Mapping[int, str]) -> Figures:
    """One variant's figures; photos without a face are left out."""
    there = [at for at, one in enumerate(seen) if variant in one.vectors]
    pairs = all_pairs(np.stack([seen[at].vectors[variant] for at in there]), [seen[at].person for at in there])
    types = {at: type_of(pack, seen[at], variant) for at in there}
    people: dict[str, list[str]] = defaultdict(list)
    for at, kind in types.items():
        if kind is not None:
            people[seen[at].person].append(kind)
    same = [types[at] == usual[at] for at in there if at in usual]
    return Figures(
        auc(pairs.genuine, pairs.impostor),
        tar_at_far(pairs.genuine, pairs.impostor, FAR),
        interval_of_tar(pairs),
        modal_share([kinds for kinds in people.values() if len(kinds) >= 3]),
        float(np.mean(same)),
        len(pairs.scores),
        len(there),
    )


def interval_of_tar(pairs: Pairs) -> tuple[float, float]:
    """95 % of TAR at FAR, people drawn anew."""
    ends: NDArray[Any] = bootstrap_over_people(pairs, (FAR,), ROUNDS, seed=0)
    return float(ends[0, 1]), float(ends[1, 1])


def title(variant: Variant) -> str:
    """`points, clahe` and so on."""
    return ", ".join(variant)


def rows_of(condition: str, variant: Variant, one: Figures, base: Figures | None) -> list[Row]:
    """The rows of a variant beside the one that serves."""
    name = f"{condition}: {title(variant)}"

    known = base is not None
    return [
        Row(
            f"{name}: TAR at FAR 1e-3",
            one.tar,
            one.pairs,
            interval=one.interval,
            baseline=base.tar if base else None,
            baseline_name=title(BASE) if known else "",
            note=f"AUC {one.auc:.4f}",
        ),
        Row(
            f"{name}: photos with the type of the untouched photo",
            one.as_taken,
            one.photos,
            baseline=base.as_taken if base else None,
            baseline_name=title(BASE) if known else "",
            note=f"with their person's usual type {one.kept:.3f}",
        ),
    ]


def variants(condition: str) -> tuple[Variant, ...]:
    """What is tried in a condition."""
    return AS_TAKEN if condition == CONDITIONS[0] else EVERYWHERE


def verdict(table: Mapping[tuple[str, Variant], Figures]) -> str:
    """Which variant is best in each condition and whether serving should change: only for what loses nothing on photos as taken."""
    said = []
    for condition in CONDITIONS:
        best = max(variants(condition), key=lambda variant: table[condition, variant].tar)
        said.append(f"{condition}: {title(best)} ({table[condition, best].tar:.3f}, serving {table[condition, BASE].tar:.3f})")
    better = [
        variant
        for variant in EVERYWHERE
        if variant != BASE
        and all(table[condition, variant].tar >= table[condition, BASE].tar - SLACK for condition in CONDITIONS)
        and any(table[condition, variant].tar > table[condition, BASE].interval[1] for condition in CONDITIONS)
    ]
    names = ", ".join(map(title, better)) or "none, so that serving stays as it is"
    end = f"Better in one condition beyond noise and nowhere worse: {names}."
    return f"Best TAR at FAR 1e-3 by condition: {'; '.join(said)}. {end}"


def draw(context: Context, table: Mapping[tuple[str, Variant], Figures]) -> None:
    """TAR of each variant in each condition."""
    with drawing(context.results / "preprocess.png", "Light and alignment before embedding", "", "TAR at FAR 1e-3") as axes:
        width = 0.8 / len(EVERYWHERE)
        for number, variant in enumerate(EVERYWHERE):
            across = np.arange(len(CONDITIONS)) + (number - (len(EVERYWHERE) - 1) / 2) * width
            axes.bar(across, [table[condition, variant].tar for condition in CONDITIONS], width, label=variant[1])
        axes.set_xticks(range(len(CONDITIONS)), CONDITIONS)
