"""Compare what could assign types: `python -m engine.training.distil.compare [--data ../shared/data] [--folder DIR] [--seconds 30]`.

Writes `outcomes.json` into the folder.  Every candidate is kept there as soon as it is done, so that a run that was killed goes on
with the next one.  Nets that are trained here have seen `faces_age_gender` and are for measuring only: none of them ships.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from engine import weights
from engine.training.distil.corpus import Corpus, gather
from engine.training.distil.frozen import SEED, frozen, lite, neighbours, priced, strangers
from engine.training.distil.outcome import Outcome, judged, read, revived, shares, table, write
from engine.training.distil.weigh import weigh
from engine.types import GROUPS, STARTER

FOLDER = Path("var/cache/distil")
SECONDS = 30.0
"""Processor time that each net is trained for."""
NETS = (
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "efficientnet_lite0",
    "efficientnet_b0",
    "resnet18",
    "resnet34",
    "googlenet",
    "vgg11_bn",
)
"""What a whole comparison trains (`engine.training.distil.candidates`, which needs torch)."""
QUICK = ("mobilenet_v3_small", "efficientnet_lite0", "resnet18")
QUICK_SECONDS, QUICK_STEP = 12.0, 3
"""What a quick comparison trains, for how long, and on which part of the people."""
log = logging.getLogger(__name__)


def trained(corpus: Corpus, folder: Path, seconds: float, names: Sequence[str], *, download: bool) -> Iterator[Outcome]:
    """The candidates that are trained on pixels; kept one by one in `folder`."""
    from engine.training.distil import candidates, students  # noqa: PLC0415 torch is wanted only here

    for name in names:
        candidate = candidates.CANDIDATES[name]
        kept, file = folder / f"{name}.json", folder / f"{name}.onnx"
        before = read(kept) if kept.is_file() and file.is_file() else None
        if before is not None and before.cpu_seconds >= seconds:
            yield before
            continue
        found = students.train(candidate, corpus, seconds, SEED, file, download=download)
        rows = np.flatnonzero(corpus.unseen)
        outcome = Outcome(
            name,
            candidate.title,
            "ImageNet" if download or candidate.weights == "package" else "chance",
            *shares(found.logits[rows].argmax(axis=1), corpus.labels[rows], corpus.group[rows]),
            side=students.SIDE,
            parameters=found.parameters,
            epochs=found.epochs,
            cpu_seconds=found.cpu_seconds,
        )
        outcome = priced(outcome, file, (1, 3, students.SIDE, students.SIDE), found.parity)
        write(kept, asdict(outcome))
        log.info("%s: agreement %.3f, %.2f ms", name, outcome.agreement or 0, outcome.extra_ms or 0)
        yield outcome


def anyway(folder: Path) -> dict[str, float]:
    """Processor milliseconds in ONNX Runtime of the trunks that serving computes for every selfie."""
    found = {
        "sface": weigh(weights.graph(weights.SFACE, folder), (1, 3, 112, 112)).ms,
        "garments": weigh(STARTER / "garments.onnx", (1, 3, 224, 224)).ms,
    }
    return {name: round(value, 2) for name, value in found.items()}


def compare(data: Path, folder: Path, seconds: float, names: Sequence[str], *, download: bool = False, step: int = 1) -> dict[str, Any]:
    """Everything; nets that are in `folder` from before are used where data and code are the same and they were trained as long.

    The outcome is also written to `outcomes.json` in the folder that `fingerprint` names.

    Returns:
        `outcomes` (see `Outcome`), `people` (seen and unseen per group), `strangers` (see there), `anyway`, `seconds`.

    """
    folder.mkdir(parents=True, exist_ok=True)
    corpus = gather(data, folder, SEED, step)
    work = folder / fingerprint(data, download=download, step=step)
    work.mkdir(exist_ok=True)
    outcomes = [*neighbours(corpus), *frozen(corpus, folder, download=download), lite(corpus, work)]
    outcomes += trained(corpus, work, seconds, names, download=download)
    people = {group: [len(corpus.rows(number, unseen=side)) for side in (False, True)] for number, group in enumerate(GROUPS)}
    new = dict(zip(("faces", "outfits"), [asdict(one) for one in strangers(corpus)[:2] if one], strict=True))
    seconds = min((one.cpu_seconds for one in outcomes if one.cpu_seconds), default=0.0)
    facts = {"people": people, "strangers": new, "anyway": anyway(folder), "seconds": seconds}
    result = {"outcomes": [asdict(one) for one in judged(outcomes)], **facts}
    if step > 1 or {*names} >= {*NETS}:
        write(work / "outcomes.json", result)
    return result


def fingerprint(data: Path, *, download: bool = False, step: int = 1) -> str:
    """Names what the training of the nets depends on, but for how long it takes: the data's labels and the code that trains."""
    digest = hashlib.sha256(f"{download} {step}".encode())
    code = [Path(__file__).with_name(f"{name}.py") for name in ("candidates", "corpus", "students")]
    for path in [*code, *sorted(data.glob("*/labels.csv"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def outcomes(result: dict[str, Any]) -> list[Outcome]:
    """The outcomes of what `compare` returned or wrote."""
    return [revived(one) for one in result["outcomes"]]


def main() -> None:
    """Compare and say where the outcome lies."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.distil.compare", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what is kept (default: var/cache/distil)")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="processor seconds that each net is trained for (default: 30)")
    parser.add_argument("--only", nargs="*", metavar="NET", choices=NETS, help="train only these; none: no training (default: all)")
    parser.add_argument(
        "--quick", action="store_true", help=f"every {QUICK_STEP}rd person, {QUICK_SECONDS:.0f} s for each of {', '.join(QUICK)}"
    )
    parser.add_argument(
        "--weights", choices=("package", "downloaded"), default="package", help="what the nets start from (default: package)"
    )
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    os.nice(max(0, 10 - os.nice(0)))
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    download = given.weights == "downloaded"
    if given.quick:
        found = compare(given.data, given.folder, QUICK_SECONDS, QUICK, download=download, step=QUICK_STEP)
    else:
        found = compare(given.data, given.folder, given.seconds, list(NETS) if given.only is None else given.only, download=download)
    log.info("%s", table(outcomes(found)))


if __name__ == "__main__":
    main()
