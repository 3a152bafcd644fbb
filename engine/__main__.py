"""`python -m engine COMMAND …`: the engine by hand."""

from __future__ import annotations

import argparse
import os
import sys

import configuration
from engine.commands import analyse, learn, models, name, partners, rollback
from engine.errors import EngineError

COMMANDS = {"analyse": analyse, "partners": partners}
STEERING = {"learn": learn, "models": models, "rollback": rollback, "name": name}
"""Commands about versions of the types, which need the database."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 success, 2 unusable arguments or settings, 3 where `learn` published nothing, 1 anything else that went wrong."""
    parser = argparse.ArgumentParser(prog="python -m engine", description="Read faces, garments and types from photos; learn types.")
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (*COMMANDS.values(), *STEERING.values()):
        command.add(parsers)
    chosen = parser.parse_args(arguments)
    try:
        settings = configuration.load()
    except configuration.SettingsError as error:
        print(f"settings: {error}", file=sys.stderr)
        return 2
    try:
        if chosen.command in STEERING:
            return _steer(chosen, settings)
        status: int = COMMANDS[chosen.command].run(chosen, settings.engine, settings.var / "cache", settings.var / "models")
    except EngineError as error:
        print(f"engine: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who read our output has seen enough; nothing more may be written, not even by the interpreter at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


def _steer(chosen: argparse.Namespace, settings: configuration.Settings) -> int:
    # Only here: what learning needs takes seconds to import, and the other commands do without it and without the database.
    from crawler.errors import CrawlError  # noqa: PLC0415
    from crawler.learning import Learning  # noqa: PLC0415
    from db.errors import BadUrl, DatabaseError  # noqa: PLC0415
    from db.session import Database  # noqa: PLC0415

    database = Database(settings.database)
    try:
        database.open()
        steering = Learning(database, settings.engine, settings.learning, settings.var / "cache", settings.var / "models")
        status: int = STEERING[chosen.command].run(chosen, steering)
    except BadUrl as error:
        print(f"engine: {error}", file=sys.stderr)
        return 2
    except (CrawlError, DatabaseError) as error:
        print(f"engine: {error}", file=sys.stderr)
        return 1
    finally:
        database.close()
    return status


if __name__ == "__main__":
    sys.exit(main())
