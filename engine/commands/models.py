"""`python -m engine models [--json] [--types]`: the versions of the types with their figures."""

from __future__ import annotations

import argparse
import json
from typing import Any

from engine.commands.output import answer
from engine.commands.steering import Steering
from engine.compatibility import counted


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("models", help="list the versions of the types", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a version on stdout")
    parser.add_argument("--types", action="store_true", help="list the types of the version in use too")


def run(arguments: argparse.Namespace, steering: Steering) -> int:
    """List, the starter first, then the oldest first."""
    for made in steering.models():
        answer(json.dumps(made, ensure_ascii=False) if arguments.json else as_text(made, types=arguments.types))
    return 0


def as_text(made: dict[str, Any], *, types: bool) -> str:
    """A line or two for people, and the types of the version in use if they are asked for."""
    head = f"{made['version']}  {made['state']}"
    if made["problem"]:
        return f"{head}: {made['problem']}"
    groups = ", ".join(f"{name} {group['k']}" for name, group in made["groups"].items())
    lines = [f"{head}  {counted(made['couples'])}; types: {groups}"]
    failed = [name for name, gate in made["gates"].items() if not gate["passed"]]
    if failed:
        lines.append(f"  gates that failed: {', '.join(failed)}")
    if types and made["state"] == "active":
        lines += [f"  {one['id']:16} {one['group']:14} {one['members']:6}  {one['name']} / {one['name_ko']}" for one in made["types"]]
    return "\n".join(lines)
