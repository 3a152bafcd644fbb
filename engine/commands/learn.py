"""`python -m engine learn [--scheduled] [--json]`: learn types from the collected couples, and publish them if every gate holds."""

from __future__ import annotations

import argparse
import json
from typing import Any

from engine.commands.output import answer, progress
from engine.commands.steering import Steering, stage
from engine.compatibility import counted

REFUSED = 3
"""Exit code where nothing was published."""


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser(
        "learn", help="learn types from couples and publish them if nothing gets worse; exit 3 if not", description=__doc__
    )
    parser.add_argument("--scheduled", action="store_true", help="not again from what a version was learned from that was rolled back from")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--from-bot", action="store_true", help="asked for in the bot, which has noted in the audit log by whom")


def run(arguments: argparse.Namespace, steering: Steering) -> int:
    """Learn; 0 where the version in use is one of these couples, 3 where a gate failed or there are too few of them."""
    if not arguments.from_bot:
        steering.asked("learn")
    made, why = steering.learn(stage, scheduled=arguments.scheduled)
    if arguments.json:
        answer(json.dumps(made, ensure_ascii=False))
    else:
        answer(as_text(made))
    if why:
        progress(f"nothing was published: {why}")
        return REFUSED
    return 0


def as_text(made: dict[str, Any]) -> str:
    """A few lines for people."""
    head = "unchanged since it was learned" if made.get("unchanged") else "published" if made["published"] else "not published"
    lines = [f"{made['version'] or 'no version'}: {head}, {counted(made['couples'])}"]
    lines += [
        f"  {'ok  ' if gate['passed'] else 'FAIL'} {name}: {gate['value']:g} (bound {gate['bound']:g}) {gate.get('about', '')}".rstrip()
        for name, gate in made["gates"].items()
    ]
    if made["report"]:
        lines.append(f"  report: {made['report']}")
    return "\n".join(lines)
