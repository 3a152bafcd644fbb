"""Train one candidate to say what clustering said of the people it sees, within a given processor time."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.backends.onnxruntime import OnnxRuntime
from engine.training import export
from engine.training.distil.candidates import CANDIDATES, Candidate, Student
from engine.training.distil.corpus import COMPONENTS, TYPES, Corpus
from engine.types import GROUPS

SIDE = 64
"""Pixels: what paper 000 crops to."""
BATCH = 32
RATE, RATE_TUNED = 1.5e-3, 5e-4
"""Highest learning rates of nets that start from chance and of pretrained ones."""
LEAST_STEPS = 30
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trained:
    """What became of a candidate."""

    epochs: float
    cpu_seconds: float
    parameters: int
    parity: float
    """Largest difference between torch's logits and those of the exported file in ONNX Runtime, over 32 unseen crops; the file's
    weights are stored with 16 bits."""
    same: float
    """Share of these crops for which both say the same type in every group."""
    logits: NDArray[np.float32]
    """(rows of the corpus, TYPES): of each row's own group, for unseen people; 0 else."""


def train(
    candidate: Candidate, corpus: Corpus, seconds: float, seed: int, out: Path, *, download: bool = False, side: int = SIDE
) -> Trained:
    """Distil for `seconds` of processor time and export to `out` (ONNX, pixels N × 3 × side × side of 0–255 → four logits).

    The pupils learn three things of the people they see: the softened likeness with every type, the place among the components
    that clustering worked in (through a layer that is dropped afterwards), and with both the label.  A clock ends the training, so
    that equal cost is compared; two runs therefore differ in their last steps.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    student = Student(candidate.make(download), candidate.features, (TYPES,) * len(GROUPS))
    place = nn.Linear(candidate.features, COMPONENTS * len(GROUPS))
    top = RATE_TUNED if download or candidate.weights == "package" else RATE
    for layer in student.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.1  # MobileNetV3's 0.01 would need more steps than there are
    optimiser = torch.optim.AdamW([*student.parameters(), *place.parameters()], lr=top, weight_decay=0.05)
    crops = np.stack([_shrunk(crop, side) for crop in corpus.crops])
    learned = np.flatnonzero(~corpus.unseen)
    started, steps = time.process_time(), 0
    student.train()
    while True:
        order = random.permutation(learned)
        for at in range(0, len(order) - BATCH + 1, BATCH):
            spent = (time.process_time() - started) / seconds
            if spent >= 1 and steps >= LEAST_STEPS:
                used = time.process_time() - started
                log.info("%s: %.1f epochs in %.0f s of processor time", candidate.name, steps * BATCH / len(learned), used)
                return _finished(candidate, student, corpus, crops, out, (steps * BATCH / len(learned), used))
            for group in optimiser.param_groups:
                group["lr"] = top * _schedule(min(spent, 1.0))
            loss = _loss(student, place, corpus, order[at : at + BATCH], _altered(crops[order[at : at + BATCH]], random))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            steps += 1


def _schedule(spent: float) -> float:
    """Up for the first tenth, then down along a cosine.

    >>> [round(_schedule(one), 2) for one in (0.0, 0.1, 0.55, 1.0)]
    [0.1, 1.0, 0.5, 0.0]
    """
    return 0.1 + 9 * spent if spent < 0.1 else 0.5 * (1 + math.cos(math.pi * (spent - 0.1) / 0.9))


def _loss(student: Student, place: nn.Module, corpus: Corpus, rows: NDArray[np.intp], pixels: torch.Tensor) -> torch.Tensor:
    found = student.features(pixels)
    groups = torch.from_numpy(corpus.group[rows])
    at = torch.arange(len(rows))
    logits = torch.stack([head(found) for head in student.heads], dim=1)[at, groups]
    soft = torch.from_numpy((corpus.soft[rows] + np.eye(TYPES)[corpus.labels[rows]]) / 2).float()
    there = place(found).reshape(len(rows), len(GROUPS), COMPONENTS)[at, groups]
    wanted = torch.from_numpy(corpus.z[rows]).float()
    return nn.functional.cross_entropy(logits, soft) + 1 - nn.functional.cosine_similarity(there, wanted).mean()


def _shrunk(crop: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    import cv2  # noqa: PLC0415

    return np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _altered(crops: NDArray[np.uint8], random: np.random.Generator) -> torch.Tensor:
    """Half of them mirrored; shifted by up to a sixteenth, lit and tinted."""
    reach = max(1, crops.shape[1] // 16)
    moved = [np.roll(crop, tuple(random.integers(-reach, reach + 1, 2)), (0, 1)) for crop in crops]
    pixels = np.stack([one[:, ::-1] if random.random() < 0.5 else one for one in moved]).astype(np.float32)
    lit = (pixels - 128) * random.uniform(0.75, 1.3, (len(crops), 1, 1, 1)) + 128 + random.uniform(-25, 25, (len(crops), 1, 1, 3))
    return _tensor(np.clip(lit, 0, 255))


def _tensor(pixels: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2), np.float32))


def _finished(
    candidate: Candidate, student: Student, corpus: Corpus, crops: NDArray[np.uint8], out: Path, spent: tuple[float, float]
) -> Trained:
    student.eval()
    rows = np.flatnonzero(corpus.unseen)
    logits = np.zeros((len(corpus.group), TYPES), np.float32)
    with torch.inference_mode():
        for at in range(0, len(rows), 64):
            part = rows[at : at + 64]
            logits[part] = torch.stack(student(_tensor(crops[part])), dim=1).numpy()[np.arange(len(part)), corpus.group[part]]
        shown = _tensor(crops[rows[:32]])
        said = [one.numpy() for one in student(shown)]
    export.to_onnx(student, shown[:1], out, ["pixels"], list(GROUPS))
    exported = OnnxRuntime().session(out).run(shown.numpy())
    return Trained(
        epochs=round(spent[0], 2),
        cpu_seconds=round(spent[1], 1),
        parameters=sum(parameter.numel() for parameter in student.parameters()),
        parity=max(float(np.abs(one - other).max()) for one, other in zip(said, exported, strict=True)),
        same=float(
            np.mean(np.all([one.argmax(axis=1) == other.argmax(axis=1) for one, other in zip(said, exported, strict=True)], axis=0))
        ),
        logits=logits,
    )


def features(name: str, crops: NDArray[np.uint8], out: Path) -> NDArray[np.float32]:
    """(crops, features) of a candidate's trunk as it comes; exported to `out` and computed there.

    Args:
        name: of the candidate.
        crops: (N, side, side, 3).
        out: the ONNX file.

    """
    trunk = Student(CANDIDATES[name].make(False), CANDIDATES[name].features, ()).eval()
    network = _Features(trunk)
    export.to_onnx(network, _tensor(crops[:1]), out, ["pixels"], ["features"])
    session = OnnxRuntime().session(out)
    return np.concatenate([session.run(_tensor(crops[at : at + 32]).numpy())[0] for at in range(0, len(crops), 32)])


class _Features(nn.Module):
    """A student without its heads."""

    def __init__(self, student: Student) -> None:
        super().__init__()
        self.student = student

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """N × features."""
        return self.student.features(pixels)
