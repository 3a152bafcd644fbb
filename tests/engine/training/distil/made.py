"""A corpus whose types can be seen: every type has a colour, in the crops as in the vectors."""

from __future__ import annotations

import numpy as np

from engine.fashion import DIMS
from engine.training.distil.corpus import SIDE, Corpus, labelled
from engine.types import GROUPS

COLOURS = np.array([[220, 40, 40], [40, 200, 40], [40, 60, 220], [220, 200, 40], [200, 50, 200], [50, 200, 200]])


def corpus(people: int = 60, seed: int = 0) -> Corpus:
    """`people` in each group, as many of each of six types."""
    random = np.random.default_rng(seed)
    kind = np.tile(np.arange(people) % 6, len(GROUPS))
    crops = np.clip(COLOURS[kind][:, None, None] + random.normal(0, 25, (len(kind), SIDE, SIDE, 3)), 0, 255).astype(np.uint8)
    arrays: dict[str, np.ndarray] = {"crops": crops, "group": np.repeat(np.arange(len(GROUPS)), people)}
    for number, group in enumerate(GROUPS):
        dims = 128 if group.endswith("face") else DIMS
        directions = np.linalg.qr(random.normal(size=(30, 6)))[0].T
        vectors = np.zeros((people, dims))
        vectors[:, :30] = directions[kind[:people]] + 0.05 * random.normal(size=(people, 30))
        arrays[f"vectors_{number}"] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        arrays[f"facenet_{number}"] = arrays[f"vectors_{number}"]
    return labelled(arrays, seed)
