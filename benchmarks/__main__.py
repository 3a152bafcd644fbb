"""`python -m benchmarks`: measure speed and memory beside baselines and write benchmarks/results/latest.{json,md}.

Exits 0 when every benchmark ran, also where a figure falls short of its bound (the table says MISSED); 1 when one broke.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from dataclasses import replace
from pathlib import Path

import configuration
from benchmarks.context import Benchmark, Context
from benchmarks.registry import BENCHMARKS
from engine.commands.parsing import Parser
from evaluation.report import Section, facts_of_machine, table, write

RESULTS = Path(__file__).resolve().parent / "results"


def say(line: str) -> None:
    """Progress, for people."""
    print(line, file=sys.stderr, flush=True)


def run(benchmark: Benchmark, context: Context) -> Section:
    """The benchmark's section; an exception becomes its `error`, so that the others still run."""
    started = time.monotonic()
    try:
        section = benchmark.run(context)
    except Exception as error:  # noqa: BLE001 whatever breaks a benchmark belongs in its report
        traceback.print_exc()
        section = Section(benchmark.name, benchmark.title, error=f"{type(error).__name__}: {error}")
        for log in sorted(context.work.glob("*.log")):
            say(f"--- end of {log.name}\n" + "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]))
    return replace(section, seconds=round(time.monotonic() - started, 1))


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks that were asked for; returns the exit status."""
    parser = Parser(prog="python -m benchmarks", description="Measure speed and memory, each figure beside a baseline in the same run.")
    parser.add_argument("--only", nargs="+", metavar="BENCHMARK", choices=[one.name for one in BENCHMARKS], help="run only these")
    parser.add_argument("--rounds", type=int, default=8, metavar="N", help="how often everything is done in turn (default: 8)")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the report goes (default: benchmarks/results)")
    given = parser.parse_args(arguments)
    if given.rounds < 1:
        parser.error("--rounds must be 1 or more")
    try:
        settings = configuration.load()
    except configuration.SettingsError as error:
        say(f"benchmarks: {error}")
        return 2
    given.results.mkdir(parents=True, exist_ok=True)
    sections = []
    for benchmark in BENCHMARKS:
        if given.only and benchmark.name not in given.only:
            continue
        say(f"{benchmark.title} ({benchmark.name})")
        with tempfile.TemporaryDirectory(prefix="inyeon-bench-") as work:
            section = run(benchmark, Context(settings, given.results, Path(work), given.rounds))
        sections.append(section)
        for line in table(section.rows)[2:]:
            say(f"  {line}")
    write(given.results, "Speed and memory", sections, {**facts_of_machine(), "rounds": f"{given.rounds}"})
    say(f"written: {given.results / 'latest.md'}")
    return 1 if any(section.error for section in sections) else 0


if __name__ == "__main__":
    sys.exit(main())
