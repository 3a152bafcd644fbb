"""`python -m evaluation`: measure the engine's quality on INYEON_EVAL__DATA and write evaluation/results/latest.{json,md}.

Exits 0 when every suite ran, also where a figure falls short of its bound (the table says MISSED); 1 when a suite broke.
"""

from __future__ import annotations

import sys
import time
import traceback
from dataclasses import replace
from pathlib import Path

import configuration
from engine.commands.parsing import Parser
from evaluation.context import Context, Suite
from evaluation.registry import SUITES
from evaluation.report import Section, facts_of_machine, table, write
from evaluation.seen import Look

RESULTS = Path(__file__).resolve().parent / "results"


def say(line: str) -> None:
    """Progress, for people."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def run(suite: Suite, context: Context) -> Section:
    """The suite's section; an exception becomes its `error`, so that the other suites still run."""
    missing = [folder for folder in suite.folders if not (context.data / folder / "labels.csv").is_file()]
    if missing:
        return Section(suite.name, suite.title, skipped=f"no {', '.join(missing)} in {context.data}")
    started = time.monotonic()
    try:
        section = suite.run(context)
    except Exception as error:  # noqa: BLE001 whatever breaks a suite belongs in its report
        traceback.print_exc()
        section = Section(suite.name, suite.title, error=f"{type(error).__name__}: {error}")
    return replace(section, seconds=round(time.monotonic() - started, 1))


def main(arguments: list[str] | None = None) -> int:
    """Run the suites that were asked for; returns the exit status."""
    parser = Parser(prog="python -m evaluation", description="Measure the engine's quality on labelled photographs.")
    parser.add_argument("--only", nargs="+", metavar="SUITE", choices=[suite.name for suite in SUITES], help="run only these suites")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="use every N-th photo, for a quick look (default: all)")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the report goes (default: evaluation/results)")
    parser.add_argument("--list", action="store_true", help="name the suites and what data they need, and stop")
    given = parser.parse_args(arguments)
    if given.list:
        print("\n".join(f"{suite.name:10} {suite.title} ({', '.join(suite.folders) or 'any data, or none'})" for suite in SUITES))
        return 0
    if given.every < 1:
        parser.error("--every must be 1 or more")
    try:
        settings = configuration.load()
    except configuration.SettingsError as error:
        say(f"evaluation: {error}")
        return 2
    data = Path(settings.eval.data)
    if not data.is_dir():
        say(f"evaluation: there is no folder {data}; only what needs no photographs is measured (eval.data, INYEON_EVAL__DATA)")
    given.results.mkdir(parents=True, exist_ok=True)
    look = Look(settings.engine, settings.var / "cache")
    context = Context(settings, data, given.results, look, given.every)
    sections = []
    for suite in SUITES:
        if given.only and suite.name not in given.only:
            continue
        say(f"{suite.title} ({suite.name})")
        section = run(suite, context)
        sections.append(section)
        if section.skipped:
            say(f"  skipped: {section.skipped}")
        for line in table(section.rows)[2:]:
            say(f"  {line}")
    look.close()
    facts = {**facts_of_machine(), "data": data.name, "every": f"{given.every}"}
    write(given.results, "Quality", sections, facts)
    say(f"written: {given.results / 'latest.md'}")
    return 1 if any(section.error for section in sections) else 0


if __name__ == "__main__":
    sys.exit(main())
