"""`python -m engine rollback [VERSION] [--json]`: put an older version of the types into use again."""

from __future__ import annotations

import argparse
import json

from engine.commands.output import answer
from engine.commands.steering import Steering, stage


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("rollback", help="put an older version of the types into use again", description=__doc__)
    parser.add_argument("version", nargs="?", metavar="VERSION", help="default: the one that was in use before")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--from-bot", action="store_true", help="asked for in the bot, which has noted in the audit log by whom")


def run(arguments: argparse.Namespace, steering: Steering) -> int:
    """Go back; running bots follow within seconds."""
    if not arguments.from_bot:
        steering.asked("rollback", arguments.version or "before")
    before = steering.registry.active_version()
    version = steering.rollback(arguments.version, stage)
    made = {"version": version, "before": before}
    answer(json.dumps(made) if arguments.json else f"{version} is in use now; before it was {before}")
    return 0
