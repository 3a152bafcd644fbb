"""`python -m fuzz`: hostile input by the million; see docs/security.md."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from engine.commands.parsing import Parser
from fuzz.minimising import smaller
from fuzz.targets import TARGETS, Case, load
from fuzz.watching import Finding, Tally, watch

FOLDER = Path(__file__).resolve().parent.parent / "var" / "fuzz"


def main(arguments: list[str] | None = None) -> int:
    """Run; 0 where nothing was found, 1 where something was, 2 on unusable arguments."""
    options = _options(arguments)
    chosen = [target for target in TARGETS if not options.target or target.name in options.target]
    whole = sum(target.share for target in chosen)
    until = time.monotonic() + (options.seconds or 1e9)
    tallies = []
    for target in chosen:
        count = max(1, options.cases * target.share // whole)
        tally = watch(target.name, options.seed, options.first, options.first + count, until)
        _keep(tally, Path(options.save))
        _tell(tally, as_json=options.json)
        tallies.append(tally)
    if not options.json:
        print(f"{sum(tally.cases for tally in tallies):,} cases, {sum(len(tally.findings) for tally in tallies)} findings")
    return 1 if any(tally.findings for tally in tallies) else 0


def _options(arguments: list[str] | None) -> Any:
    parser = Parser(prog="python -m fuzz", description="Feed hostile input to what reads it, and watch what happens.")
    parser.add_argument("--cases", type=int, default=10_000, help="cases of all targets together (default 10000)")
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so many seconds (default: no limit)")
    parser.add_argument("--target", action="append", choices=[target.name for target in TARGETS], help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="other cases (default 1)")
    parser.add_argument("--first", type=int, default=0, help="number of the first case, to run one again")
    parser.add_argument("--save", default=str(FOLDER), help="folder for findings (default var/fuzz)")
    parser.add_argument("--json", action="store_true", help="one JSON object a target on stdout")
    return parser.parse_args(arguments)


def _tell(tally: Tally, *, as_json: bool) -> None:
    rate = tally.cases / tally.seconds if tally.seconds else 0.0
    if as_json:
        record = {
            "target": tally.target,
            "cases": tally.cases,
            "seconds": round(tally.seconds, 1),
            "rate": round(rate, 1),
            "slowest_s": round(tally.slowest, 3),
            "memory_mb": round(tally.memory / 1e6),
            "findings": [[finding.number, finding.kind, finding.detail] for finding in tally.findings],
        }
        print(json.dumps(record), flush=True)
        return
    line = f"{tally.target:10} {tally.cases:9,} cases {rate:8,.0f}/s  slowest {tally.slowest:.2f} s  memory {tally.memory / 1e6:.0f} MB"
    kinds = Counter(f"{finding.kind}: {finding.detail}" for finding in tally.findings)
    print(line, *(f"    {count} x {kind}" for kind, count in kinds.items()), sep="\n", flush=True)


def _keep(tally: Tally, folder: Path) -> None:
    """Write each finding down, small; those that killed or held up their process as they are."""
    if not tally.findings:
        return
    folder.mkdir(parents=True, exist_ok=True)
    case = load(tally.target)
    for finding in tally.findings:
        small = _small(case, finding)
        body = {"target": finding.target, "seed": finding.seed, "number": finding.number, "kind": finding.kind, "detail": finding.detail}
        body["case"] = {"base64": base64.b64encode(small).decode()} if isinstance(small, bytes) else small
        (folder / f"{finding.target}-{finding.seed}-{finding.number}.json").write_text(json.dumps(body, default=repr), encoding="utf-8")
    case.close()


def _small(case: Case, finding: Finding) -> Any:
    if finding.case is None or finding.kind in {"hang", "death", "memory"} or finding.target == "bot":
        return finding.case

    def fails(candidate: Any) -> bool:
        try:
            case.run(candidate)
        except Exception as error:  # noqa: BLE001 the same kind again is what is looked for
            return type(error).__name__ == finding.kind
        return False

    return smaller(finding.case, fails)


if __name__ == "__main__":
    sys.exit(main())
