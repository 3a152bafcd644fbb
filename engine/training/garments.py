"""Learn to read garments: `python -m engine.training.garments [--data ../shared/data] [--out engine/starter/garments.onnx]`.

Fine-tunes the last third of EfficientNet-Lite0 (ImageNet, Apache-2.0) on the rows that may ship (`engine.training.garment_data`),
calibrates its scores, and writes one ONNX file with 16-bit weights and, beside it, `garments.json` with the figures on held-out
photos.  About 12 minutes on one core; deterministic for given seeds, packages and processor.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, f1_score
from torch import nn

from engine.backends.runtime import make_runtime
from engine.fashion import LABELS, LOWER_LABELS, TEXTURE, UPPER_LABELS
from engine.regions import SIDE
from engine.settings import EngineSettings
from engine.training import export
from engine.training.garment_data import ITEMS, Sample, items, portraits, street
from engine.training.garment_net import FEATURES, Garments, Lower, Upper, normalised, pretrained

SEED = 20261121
EPOCHS = 3
BATCH = 32
RATE, RATE_HEAD = 4e-4, 3e-3
SELFIES = 3
"""How often a portrait is shown for each time that another crop is: portraits look like selfies, and there are few."""
NAMED = Path(__file__).with_name("portrait_garments.csv")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Corpus:
    """All crops as the frozen part of the network sees them."""

    samples: list[Sample]
    activations: NDArray[np.float16]
    """(crops, 2, 112, 14, 14): as they are, and mirrored."""

    @property
    def labels(self) -> NDArray[np.int8]:
        """(crops, labels): 1, 0 or -1."""
        return np.stack([sample.labels for sample in self.samples])

    def where(self, *, held_out: bool, source: str = "", part: str = "") -> NDArray[np.intp]:
        """Indices of the crops of one side of the split."""
        return np.array(
            [
                at
                for at, sample in enumerate(self.samples)
                if sample.held_out == held_out and source in ("", sample.source) and part in ("", sample.part)
            ],
            dtype=np.intp,
        )


def gather(data: Path, lower: Lower) -> Corpus:
    """Cut every photo and run the frozen blocks over the crops once, in OpenVINO: it takes a quarter of eager torch's time."""
    samples, found = [], []
    with tempfile.TemporaryDirectory() as name:
        export.to_onnx(lower, torch.zeros(1, 3, SIDE, SIDE), Path(name) / "lower.onnx", ["pixels"], ["found"])
        session = make_runtime(EngineSettings(precision="f32"), Path(name)).session(Path(name) / "lower.onnx", (1, 3, SIDE, SIDE))
        for sample in chain(portraits(data, NAMED), street(data), items(data)):
            pair = [session.run(normalised([crop]))[0][0] for crop in (sample.crop, sample.crop[:, ::-1])]
            found.append(np.stack(pair).astype(np.float16))
            samples.append(sample)
            if len(samples) % 1000 == 0:
                log.info("%d crops", len(samples))
    return Corpus(samples, np.stack(found))


def fit(corpus: Corpus, upper: Upper) -> nn.Linear:
    """Fine-tune `upper` in place with a multi-label head; labels that are not known take no part in the loss."""
    random = np.random.default_rng(SEED)
    torch.manual_seed(SEED)
    head = nn.Linear(FEATURES, len(LABELS))
    nn.init.constant_(head.bias, -2.5)
    # BatchNorm keeps ImageNet's statistics: batches of mixed sources would disturb them.
    upper.eval()
    optimiser = torch.optim.AdamW(
        [{"params": upper.parameters(), "lr": RATE}, {"params": head.parameters(), "lr": RATE_HEAD}], weight_decay=0.02
    )
    train = corpus.where(held_out=False)
    repeats = [SELFIES if corpus.samples[at].source == "portraits" else 1 for at in train]
    order = np.repeat(train, repeats)
    labels = torch.from_numpy(corpus.labels.astype(np.float32))
    steps = EPOCHS * (len(order) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [RATE, RATE_HEAD], total_steps=steps, pct_start=0.15)
    started = time.monotonic()
    for epoch in range(EPOCHS):
        random.shuffle(order)
        total = 0.0
        for number in range(len(order) // BATCH):
            batch = order[number * BATCH : (number + 1) * BATCH]
            seen = torch.from_numpy(corpus.activations[batch, random.integers(0, 2, len(batch))].astype(np.float32))
            logits = head(nn.functional.dropout(upper(seen), 0.25))
            wanted = labels[batch]
            known = (wanted >= 0).float()
            loss = (
                nn.functional.binary_cross_entropy_with_logits(logits, wanted.clamp(0, 1), reduction="none") * known
            ).sum() / known.sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        log.info("epoch %d: loss %.4f after %.0f s", epoch + 1, total / (len(order) // BATCH), time.monotonic() - started)
    return head


def features(corpus: Corpus, upper: Upper, which: Sequence[int] | NDArray[np.intp]) -> NDArray[np.float32]:
    """(len(which), 1280), of the crops that are not mirrored."""
    with torch.inference_mode():
        parts = [
            upper(torch.from_numpy(corpus.activations[which[at : at + 64], 0].astype(np.float32))).numpy()
            for at in range(0, len(which), 64)
        ]
    return np.concatenate(parts)


def measure(corpus: Corpus, logits: NDArray[np.float32], held: NDArray[np.intp]) -> dict[str, float]:
    """Figures on the held-out crops; `logits` are those of `held`."""
    position = {int(at): row for row, at in enumerate(held)}
    figures: dict[str, float] = {}
    single = [at for at in corpus.where(held_out=True, source="items") if ITEMS[corpus.samples[at].whole_label]]
    truth = [ITEMS[corpus.samples[at].whole_label] for at in single]
    # A single garment's label does not tell coats from jackets nor jeans from pants.
    same = {"coat": "jacket", "jeans": "pants", "leggings": "pants"}
    guess = [same.get(label, label) for label in (LABELS[int(logits[position[int(at)]].argmax())] for at in single)]
    figures["items_accuracy"] = float(np.mean([one == other for one, other in zip(truth, guess, strict=True)]))
    figures["items_macro_f1"] = float(f1_score(truth, guess, average="macro", labels=sorted(set(truth)), zero_division=0))
    figures["items_n"] = len(single)
    small = [row for row, at in enumerate(single) if corpus.samples[at].held_out and corpus.samples[at].whole_label]
    figures["items_chance"] = float(np.max(np.unique([truth[row] for row in small], return_counts=True)[1]) / len(small))
    for part, names in (("upper", UPPER_LABELS), ("lower", LOWER_LABELS)):
        crops = corpus.where(held_out=True, source="street", part=part)
        scores, rates = [], []
        for name in names:
            column = LABELS.index(name)
            known = [at for at in crops if corpus.samples[at].labels[column] >= 0]
            wanted = [int(corpus.samples[at].labels[column]) for at in known]
            if sum(wanted) >= 3:
                scores.append(average_precision_score(wanted, [logits[position[int(at)], column] for at in known]))
                rates.append(np.mean(wanted))
        figures[f"street_{part}_map"], figures[f"street_{part}_map_chance"] = float(np.mean(scores)), float(np.mean(rates))
        figures[f"street_{part}_n"] = len(crops)
    faces = corpus.where(held_out=True, source="portraits")
    columns = [LABELS.index(name) for name in UPPER_LABELS]
    best = [columns[int(logits[position[int(at)]][columns].argmax())] for at in faces]
    figures["portraits_top1"] = float(np.mean([corpus.samples[at].labels[column] == 1 for at, column in zip(faces, best, strict=True)]))
    figures["portraits_n"] = len(faces)
    nothing = corpus.where(held_out=True, source="nothing")
    figures["nothing_named"] = float(np.mean([logits[position[int(at)]].max() > 0 for at in nothing]))
    return {name: round(value, 4) for name, value in figures.items()}


def best_temperature(logits: NDArray[np.float32], labels: NDArray[np.int8]) -> float:
    """The temperature with the least log loss over the known labels (Guo et al. 2017)."""
    known = labels >= 0
    value, wanted = logits[known].astype(np.float64), labels[known].astype(np.float64)
    choices = np.geomspace(0.5, 4, 40)
    return float(choices[int(np.argmin([np.mean(np.logaddexp(0, value / one) - wanted * value / one) for one in choices]))])


def texture_layer(found: NDArray[np.float32]) -> nn.Linear:
    """Principal components of the features, whitened by half a power so that the first one does not drown the others."""
    mean = found.mean(axis=0)
    _, spread, axes = np.linalg.svd(found - mean, full_matrices=False)
    # SVD leaves signs open: the largest entry of each axis is made positive so that versions agree.
    signs = np.sign(axes[np.arange(TEXTURE), np.abs(axes[:TEXTURE]).argmax(axis=1)])
    basis = axes[:TEXTURE] * signs[:, None] / np.sqrt(spread[:TEXTURE, None])
    layer = nn.Linear(FEATURES, TEXTURE)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(basis.astype(np.float32)))
        layer.bias.copy_(torch.from_numpy((-basis @ mean).astype(np.float32)))
    return layer


def main() -> None:
    """Learn, measure, export."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.garments", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("engine/starter/garments.onnx"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    lower, upper = pretrained()
    corpus = gather(arguments.data, lower)
    head = fit(corpus, upper)
    train, held = corpus.where(held_out=False), corpus.where(held_out=True)
    learned, unseen = features(corpus, upper, train), features(corpus, upper, held)
    with torch.inference_mode():
        logits = head(torch.from_numpy(unseen)).numpy()
    # The held-out half with even numbers sets the one temperature; the figures do not depend on it.
    temperature = best_temperature(logits[::2], corpus.labels[held[::2]])
    report = {"temperature": round(temperature, 3), **measure(corpus, logits, held)}
    network = Garments(lower, upper, head, texture_layer(learned), temperature).eval()
    export.to_onnx(network, torch.zeros(1, 3, SIDE, SIDE), arguments.out, ["pixels"], ["labels", "texture"])
    arguments.out.with_suffix(".json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    log.info("%s", json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
