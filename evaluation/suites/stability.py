"""Do the photos of one person get the same type?  Beside types that are dealt out at random, and for each embedding that could serve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.cluster import KMeans

from evaluation.context import Context
from evaluation.metrics import bootstrap, modal_share, unit
from evaluation.report import Row, Section
from evaluation.seen import Seen

EMBEDDINGS = {"served": "served embedding", "facenet": "FaceNet", "sface": "SFace"}
TYPES = 6
"""Types a gender in the comparison of embeddings; the starter pack's own number is of this order."""
FEWEST = 3
"""Photos below which a person says nothing about stability."""
SHUFFLES = 200


def run(context: Context) -> Section:
    """The starter pack's types, then types made anew in each embedding by one recipe."""
    rows = context.labels("faces_identity")
    seen = context.seen(rows, "identity")
    people = [row["identity"] for row in rows]
    men = {row["identity"]: row["gender"] == "male" for row in rows}
    found = [figure("face type of the type pack", [one.face_type for one in seen], people, men, bounded=True)]
    notes = []
    if (context.data / "portraits_ai" / "labels.csv").is_file():
        portraits = context.labels("portraits_ai")
        material = context.seen(portraits, "portraits")
        for name, title in EMBEDDINGS.items():
            types = assign(name, portraits, material, rows, seen)
            found.append(figure(f"{TYPES} types by k-means on portraits_ai, {title}", types, people, men))
        notes.append(f"The last rows compare embeddings: {TYPES} types a gender, learned alike from portraits_ai in each of them.")
    notes.append(
        "Value: mean over people of the share of their photos that get their most frequent type; intervals over people. "
        "Corrected for chance: 0 for types dealt out at random, 1 where everybody keeps theirs."
    )
    return Section("stability", "Does a person keep their type?", tuple(found), (), tuple(notes))


def assign(
    name: str, portraits: list[dict[str, str]], material: list[Seen], rows: list[dict[str, str]], seen: list[Seen]
) -> list[str | None]:
    """The type of each of `seen` among TYPES k-means centres a gender, learned from `material` in the embedding `name`."""
    types: list[str | None] = [None] * len(seen)
    for of_portraits, of_rows in (("female", "female"), ("male", "male")):
        learn = np.stack(
            [one.vectors[name] for row, one in zip(portraits, material, strict=True) if usable(one, name) and row["gender"] == of_portraits]
        )
        mean = learn.mean(axis=0)
        centres = KMeans(TYPES, n_init=10, random_state=0).fit(unit(learn - mean)).cluster_centers_
        for index, (row, one) in enumerate(zip(rows, seen, strict=True)):
            if usable(one, name) and row["gender"] == of_rows:
                types[index] = f"{of_rows}-{int(np.argmax(unit(centres) @ unit(one.vectors[name] - mean)))}"
    return types


def usable(one: Seen, name: str) -> bool:
    """Whether the photo has the embedding."""
    return name in one.vectors


def figure(title: str, types: Sequence[str | None], people: Sequence[str], men: dict[str, bool], *, bounded: bool = False) -> Row:
    """The modal share of `types` by person beside the same types dealt out anew among the photos of each gender."""
    pairs = [(person, kind) for person, kind in zip(people, types, strict=True) if kind is not None]
    groups: dict[str, list[str]] = {}
    for person, kind in pairs:
        groups.setdefault(person, []).append(kind)
    groups = {person: kinds for person, kinds in groups.items() if len(kinds) >= FEWEST}
    if not groups:
        return Row(title, None, 0, note="no person has enough photos with a type")
    shares = np.array([modal_share([kinds]) for kinds in groups.values()])
    chance = np.mean([modal_share(deal(groups, men, seed)) for seed in range(SHUFFLES)])
    corrected = (float(shares.mean()) - float(chance)) / max(1 - float(chance), 1e-9)
    return Row(
        title,
        float(shares.mean()),
        len(groups),
        interval=bootstrap(shares),
        bound=float(chance) if bounded else None,
        baseline=float(chance),
        baseline_name="the same types dealt out at random",
        note=f"{len({kind for kinds in groups.values() for kind in kinds})} types occur; corrected for chance {corrected:.2f}",
    )


def deal(groups: dict[str, list[str]], men: dict[str, bool], seed: int) -> list[list[str]]:
    """Each person gets as many types as before, drawn without return from those of all people of their gender."""
    generator = np.random.default_rng(seed)
    dealt: list[list[str]] = []
    for gender in (True, False):
        own = [kinds for person, kinds in groups.items() if men[person] is gender]
        pool = generator.permutation([kind for kinds in own for kind in kinds]).tolist()
        dealt.extend([pool.pop() for _ in kinds] for kinds in own)
    return dealt
