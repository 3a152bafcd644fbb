"""`python -m engine COMMAND …`: the engine by hand."""

from __future__ import annotations

import argparse
import sys

import configuration
from crawler.errors import CrawlError
from db.errors import BadUrl, DatabaseError
from engine.analysis import Analyser
from engine.commands import analyse, compare, learn, models, name, partners, rollback
from engine.commands.guarding import guarded
from engine.commands.output import progress
from engine.commands.parsing import Parser
from engine.errors import EngineError, NotThereError

COMMANDS = {"analyse": analyse, "partners": partners}
STEERING = {"learn": learn, "models": models, "rollback": rollback, "name": name}
"""Commands about versions of the types, which need the database."""
PAIRS = {"compare": compare}
"""Commands about two people, who may be on one photo."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 success, 2 unusable arguments or settings, 3 where `learn` published nothing, 1 anything else that went wrong."""
    parser = Parser(prog="python -m engine", description="Read faces, garments and types from photos; learn types.")
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (*COMMANDS.values(), *PAIRS.values(), *STEERING.values()):
        command.add(parsers)
    chosen = parser.parse_args(arguments)
    try:
        settings = configuration.load()
    except configuration.SettingsError as error:
        progress(f"settings: {error}")
        return 2
    return guarded("engine", lambda: _run(chosen, settings), (BadUrl, NotThereError), (CrawlError, DatabaseError, EngineError))


def _run(chosen: argparse.Namespace, settings: configuration.Settings) -> int:
    if chosen.command in STEERING:
        return _steer(chosen, settings)
    if chosen.command in PAIRS:
        return _pair(chosen, settings)
    status: int = COMMANDS[chosen.command].run(chosen, settings.engine, settings.var / "cache", settings.var / "models")
    return status


def _pair(chosen: argparse.Namespace, settings: configuration.Settings) -> int:
    # Only here: taking couples' photos apart is the crawler's business, and other commands start without it.
    from crawler.couples import Separator  # noqa: PLC0415
    from crawler.parting import Parted, Parting  # noqa: PLC0415

    cache = settings.var / "cache"

    def part(analyser: Analyser, data: bytes) -> Parted:
        return Parting(Separator(settings.crawler, settings.engine, cache, analyser.readers), analyser).predict(data)

    status: int = PAIRS[chosen.command].run(chosen, settings.engine, cache, settings.var / "models", part)
    return status


def _steer(chosen: argparse.Namespace, settings: configuration.Settings) -> int:
    # Only here: what learning needs takes seconds to import, and the other commands do without it and without the database.
    from crawler.learning import Learning  # noqa: PLC0415
    from db.session import Database  # noqa: PLC0415

    database = Database(settings.database, settings.privacy)
    try:
        database.open()
        steering = Learning(database, settings.engine, settings.learning, settings.var / "cache", settings.var / "models")
        status: int = STEERING[chosen.command].run(chosen, steering)
    finally:
        database.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
