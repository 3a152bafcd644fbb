"""`python -m evaluation.faults`: the relay under faults, on SQLite and MariaDB; writes evaluation/results/faults.{json,md}.

Exits 1 where something was lost, out of order or repeated too often, or where a run could not be made.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import Final

from engine.commands.parsing import Parser
from evaluation.faults.run import Outcome, Plan, runs, say
from evaluation.faults.world import FaultsError
from evaluation.report import Row, Section, facts_of_machine, write
from tests import mariadb

RESULTS: Final = Path(__file__).resolve().parent.parent / "results" / "faults"
REPEATED: Final = 0.001
"""Share of the arrivals that may be repetitions: the Bot API has no way to ask whether a call had its effect before the bot died."""


def main(arguments: list[str] | None = None) -> int:
    """Run, write, and say whether it held."""
    plan = Plan()
    parser = Parser(prog="python -m evaluation.faults", description="The relay while everything round it breaks.")
    parser.add_argument("--database", nargs="+", choices=["sqlite", "mariadb"], default=["sqlite", "mariadb"])
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where the report goes")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the bot's logs here")
    for item in fields(Plan):
        default = getattr(plan, item.name)
        parser.add_argument(
            f"--{item.name.replace('_', '-')}", type=type(default), default=default, metavar="N", help=f"default: {default}"
        )
    given = vars(parser.parse_args(arguments))
    plan = Plan(**{item.name: given[item.name] for item in fields(Plan)})
    if "mariadb" in given["database"] and (reason := mariadb.missing()):
        say(f"evaluation.faults: {reason}, or --database sqlite")
        return 2
    with tempfile.TemporaryDirectory(prefix="inyeon-faults-") as work:
        try:
            found = asyncio.run(runs(plan, given["database"], Path(work)))
        except FaultsError as error:
            say(f"evaluation.faults: {error}")
            return 1
        finally:
            if given["keep"]:
                _keep(work, given["keep"])
        if any(outcome.verdict.lost for outcome in found):  # no run is like another: what happened here is seen here or nowhere
            _keep(work, given["results"] / "lost")
    given["results"].mkdir(parents=True, exist_ok=True)
    sections = [section(plan, outcome) for outcome in found]
    write(given["results"], "The relay under faults", sections, facts_of_machine())
    failed = [row for one in sections for row in one.rows if row.passed is False]
    for one in sections:
        for row in one.rows:
            say(f"  {one.name}: {row.name}: {row.value:g}{'' if row.passed is not False else '  MISSED'}")
    for outcome in found:
        for line in outcome.verdict.examples:
            say(f"  {outcome.kind}: {line}")
    return 1 if failed else 0


def _keep(work: str, folder: Path) -> None:
    """The bot's logs, and the chats of whatever should not be."""
    shutil.copytree(work, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("var"))


def section(plan: Plan, outcome: Outcome) -> Section:
    """What came of it, as a table."""
    verdict = outcome.verdict
    n = verdict.written
    longest = max(outcome.starts, default=0.0)
    rows = (
        Row("messages written", verdict.written, n),
        Row("messages that arrived", verdict.arrived, n),
        Row("messages lost", verdict.lost, n, "", "lower", 0),
        Row("first arrivals out of order", verdict.disordered, n, "", "lower", 0),
        Row("arrivals in another chat", verdict.strayed, n, "", "lower", 0),
        Row("arrivals repeated", verdict.repeated, verdict.arrived, "", "lower"),
        Row("share of arrivals that are repetitions", verdict.repeated / max(1, verdict.arrived), verdict.arrived, "", "lower", REPEATED),
        Row("written before a chat ended by 403, the writer told", verdict.told, n, "", "lower"),
        Row("the same, the writer cut off by 403 as well", verdict.untold, n, "", "lower"),
        Row("killed by SIGKILL", outcome.kills, outcome.kills),
        Row("ended by SIGTERM", outcome.ends, outcome.ends),
        Row("database taken away", outcome.interruptions, outcome.interruptions),
        Row("seconds of the slowest end by SIGTERM", max(outcome.drained, default=0.0), outcome.ends, "s", "lower"),
        Row("seconds of the slowest start", longest, len(outcome.starts), "s", "lower"),
        Row("seconds in all", outcome.seconds, 1, "s", "lower"),
    )
    hits = ", ".join(f"{count} x {name}" for name, count in sorted(outcome.hits.items()))
    note = f"{plan.pairs} pairs, seed {plan.seed}; calls that went wrong on purpose: {hits or 'none'}."
    return Section(outcome.kind, f"On {outcome.kind}", rows, notes=(note,), seconds=round(outcome.seconds, 1))


if __name__ == "__main__":
    sys.exit(main())
