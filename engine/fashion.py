"""Read what somebody wears: garments of the upper and lower body, their colours, and a fashion embedding.

One network (EfficientNet-Lite0, fine-tuned by `engine.training.garments`) looks at one crop per body region.  The embedding is
built from parts that can be named, so that types made of it can be explained:

    upper block = [kinds 13 | colours 27 | texture 24],  lower block = [kinds 6 | colours 27 | texture 24]

kinds: square roots of the region's label probabilities; colours: square roots of the shares of the named colours (Hellinger
distance); texture: principal components of the network's features.  Each part has the length given by `WEIGHTS`; the block of a
region that the photo does not show is zero; the whole has length 1.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine.backends.runtime import Runtime, Session
from engine.colours import NAMED, dominant, soft_names
from engine.errors import PackError
from engine.regions import GREY, SIDE, Box, cloth_weights, letterbox, lower_box, upper_box
from engine.values import FaceBox, Garment, Image, Region, StyleScore, Vector

LABELS = (
    "t-shirt",
    "longsleeve",
    "shirt",
    "polo",
    "blouse",
    "top",
    "sweater",
    "hoodie",
    "vest",
    "jacket",
    "coat",
    "blazer",
    "pants",
    "jeans",
    "shorts",
    "skirt",
    "leggings",
    "dress",
)
UPPER_LABELS = (*LABELS[:12], "dress")
LOWER_LABELS = LABELS[12:]
OUTER = ("vest", "jacket", "coat", "blazer")
"""Worn over another garment of the upper body."""
KOREAN = {
    "t-shirt": "티셔츠",
    "longsleeve": "긴팔 티",
    "shirt": "셔츠",
    "polo": "폴로 셔츠",
    "blouse": "블라우스",
    "top": "탑",
    "sweater": "니트",
    "hoodie": "후디",
    "vest": "조끼",
    "jacket": "재킷",
    "coat": "코트",
    "blazer": "블레이저",
    "pants": "바지",
    "jeans": "청바지",
    "shorts": "반바지",
    "skirt": "치마",
    "leggings": "레깅스",
    "dress": "원피스",
}
TEXTURE = 24
UPPER_BLOCK = (0, len(UPPER_LABELS) + len(NAMED) + TEXTURE)
LOWER_BLOCK = (UPPER_BLOCK[1], UPPER_BLOCK[1] + len(LOWER_LABELS) + len(NAMED) + TEXTURE)
DIMS = LOWER_BLOCK[1]
WEIGHTS = (1.0, 1.0, 0.7)
"""Lengths of the parts kinds, colours and texture within a block."""
SURE = 0.25
"""Score below which no garment is named: less than a quarter sure is a guess."""
SURE_ALONE = 0.5
"""The same for a photo without a face, which may show anything."""
LAYERED = 0.45
"""Score from which a second garment of the upper body (a shirt under a blazer) is named too."""
PALETTE = 5


@dataclass(frozen=True, slots=True)
class FashionReading:
    """What the clothes on a photo look like; empty where no body is seen."""

    garments: tuple[Garment, ...] = ()
    embedding: Vector | None = None
    """(DIMS,), length 1."""
    palette: tuple[str, ...] = ()
    style: tuple[StyleScore, ...] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    """One region as the network and the colour counter saw it."""

    scores: dict[str, float]
    texture: NDArray[np.float32]
    names: NDArray[np.float32]
    colours: list[tuple[str, float]]


class FashionReader:
    """Garments, colours and embedding of the person with a given face."""

    def __init__(self, model: Path, runtime: Runtime) -> None:
        """`model` is a pack's `garments.onnx` (`TypePack.garments`)."""
        self.model = model
        self.runtime = runtime
        self._session: Session | None = None
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load the network; further calls do nothing.

        Raises:
            PackError: the file is missing or has other outputs than this code reads.
            BackendError: the runtime refuses it.

        """
        with self._loading:
            if self._session is not None:
                return
            if not self.model.is_file():
                raise PackError(f"the type pack has no {self.model.name} in {self.model.parent}; get the pack again")
            # In bfloat16 one vector in a hundred keeps only a cosine of 0.99 (docs/adr/0010); it would save 2 ms.
            session = self.runtime.session(self.model, (1, 3, SIDE, SIDE), exact=True)
            outputs = session.run(np.zeros((1, 3, SIDE, SIDE), dtype=np.float32))
            if [output.shape for output in outputs] != [(1, len(LABELS)), (1, TEXTURE)]:
                raise PackError(
                    f"{self.model} gives {[output.shape for output in outputs]}; it was made for another version of this engine"
                )
            self._session = session

    def predict(self, image: Image, face: FaceBox | None) -> FashionReading:
        """Read the clothes of the person whose face is `face` (pixels of `image`).

        Without a face the whole photo is taken for one garment, named only where the network is surer of it.
        """
        self.load()
        return self._predict(image, face)

    def _predict(self, image: Image, face: FaceBox | None) -> FashionReading:
        size = (image.shape[1], image.shape[0])
        if face is None:
            return _alone(self._look(image, Box(0, 0, *size), None))
        upper, lower = upper_box(size, face), lower_box(size, face)
        if upper is None:
            return FashionReading()
        above = self._look(image, upper, face)
        below = self._look(image, lower, face) if lower is not None else None
        return FashionReading(
            _garments(above, below), embed(_block(above, UPPER_LABELS), _block(below, LOWER_LABELS)), _palette(above, below)
        )

    def _look(self, image: Image, box: Box, face: FaceBox | None) -> _Look:
        scores, texture = self._run(letterbox(box.cut(image)))
        lab, weights = cloth_weights(image, box, face)
        colours = dominant(lab, weights) or dominant(lab, np.ones(len(lab), dtype=np.float32))
        return _Look(dict(zip(LABELS, scores.tolist(), strict=True)), texture, soft_names(lab, weights), colours)

    def _run(self, crop: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Label probabilities (18,) and texture (24,) of a square crop."""
        if self._session is None:
            raise RuntimeError("load() comes before _run()")
        pixels = np.ascontiguousarray(((crop.astype(np.float32) - np.float32(GREY)) / np.float32(128)).transpose(2, 0, 1)[None])
        logits, texture = self._session.run(pixels)
        return cast("NDArray[np.float32]", 1 / (1 + np.exp(-logits[0]))), texture[0]


def _garments(above: _Look, below: _Look | None) -> tuple[Garment, ...]:
    """The best label of each region, a second one of the upper body where it is layered, a dress instead of both."""
    found: list[Garment] = []
    upper = sorted(((above.scores[label], label) for label in UPPER_LABELS[:-1]), reverse=True)
    dress = above.scores["dress"] if below is None else (above.scores["dress"] + below.scores["dress"]) / 2
    lower = max((below.scores[label], label) for label in LOWER_LABELS[:-1]) if below is not None else (0.0, "")
    inner = max(score for score, label in upper if label not in OUTER)
    dressed = dress >= SURE and dress > inner and (dress > lower[0] if below is not None else dress > 2 * inner)
    colour = above.colours[0][0]
    if dressed:
        found.append(Garment("full", "dress", dress, colour))
        upper = [pair for pair in upper if pair[1] in OUTER]
    best = upper[0]
    if best[0] >= (LAYERED if dressed else SURE):
        found.insert(0, Garment("upper", best[1], best[0], colour))
        other = next(pair for pair in [*upper[1:], (0.0, "")] if not pair[1] or (pair[1] in OUTER) != (best[1] in OUTER))
        if other[0] >= LAYERED:
            found.append(Garment("upper", other[1], other[0], above.colours[min(1, len(above.colours) - 1)][0]))
    if below is not None and not dressed and lower[0] >= SURE:
        found.append(Garment("lower", lower[1], lower[0], below.colours[0][0]))
    return tuple(found)


def _alone(look: _Look) -> FashionReading:
    """A photo without a person: at most one garment."""
    score, label = max((score, label) for label, score in look.scores.items())
    if score < SURE_ALONE:
        return FashionReading()
    region: Region = "full" if label == "dress" else "upper" if label in UPPER_LABELS else "lower"
    embedding = embed(None, _block(look, LOWER_LABELS)) if region == "lower" else embed(_block(look, UPPER_LABELS), None)
    return FashionReading((Garment(region, label, score, look.colours[0][0]),), embedding, _palette(look, None))


def _palette(above: _Look, below: _Look | None) -> tuple[str, ...]:
    """The colours that are more than a trace, the most present first."""
    shares = above.colours + ([] if below is None else below.colours)
    return tuple(colour for colour, share in sorted(shares, key=lambda pair: -pair[1])[:PALETTE] if share >= 0.08)


def _block(look: _Look | None, labels: tuple[str, ...]) -> NDArray[np.float32] | None:
    if look is None:
        return None
    kinds = np.sqrt(np.array([look.scores[label] for label in labels], dtype=np.float32))
    parts = (kinds, np.sqrt(look.names), look.texture)
    return np.concatenate([part * (weight / max(float(np.linalg.norm(part)), 1e-9)) for part, weight in zip(parts, WEIGHTS, strict=True)])


def embed(upper: NDArray[np.float32] | None, lower: NDArray[np.float32] | None) -> Vector:
    """The embedding (DIMS,) of length 1 from the blocks of the regions that are seen."""
    whole = np.zeros(DIMS, dtype=np.float32)
    if upper is not None:
        whole[slice(*UPPER_BLOCK)] = upper
    if lower is not None:
        whole[slice(*LOWER_BLOCK)] = lower
    return (whole / max(float(np.linalg.norm(whole)), 1e-9)).astype(np.float32)
