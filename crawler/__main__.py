"""`python -m crawler COMMAND …`: collect couples' photos, and remove them on request."""

from __future__ import annotations

import argparse
import sys

import configuration
from crawler.commands import collect, remove
from crawler.commands.tools import Tools, Unusable
from crawler.errors import CrawlError
from db.errors import BadUrl, DatabaseError
from db.session import Database
from engine.commands.guarding import guarded
from engine.commands.output import progress
from engine.commands.parsing import Parser
from engine.errors import EngineError

COMMANDS = {"collect": collect, "remove": remove}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 success, 2 unusable arguments or settings, 1 anything else that went wrong."""
    parser = Parser(prog="python -m crawler", description="Collect couples' photos, and remove them on request.")
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS.values():
        command.add(parsers)
    chosen = parser.parse_args(arguments)
    try:
        settings = configuration.load()
    except configuration.SettingsError as error:
        progress(f"settings: {error}")
        return 2
    expected = (CrawlError, DatabaseError, EngineError)
    stopped = "stopped; the same command goes on from here"
    return guarded("crawler", lambda: _run(chosen, settings), (Unusable, BadUrl), expected, stopped, terminable=True)


def _run(chosen: argparse.Namespace, settings: configuration.Settings) -> int:
    database = Database(settings.database, settings.privacy)
    database.open()
    try:
        tools = Tools(settings.crawler, settings.engine, settings.var / "cache", database, settings.var / "models")
        status: int = COMMANDS[chosen.command].run(chosen, tools)
    finally:
        database.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
