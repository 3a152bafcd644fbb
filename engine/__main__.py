"""`python -m engine COMMAND …`: the engine by hand."""

from __future__ import annotations

import argparse
import os
import sys

import configuration
from engine.commands import analyse, partners
from engine.errors import EngineError

COMMANDS = {"analyse": analyse, "partners": partners}


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 success, 2 unusable arguments or settings, 1 anything else that went wrong."""
    parser = argparse.ArgumentParser(prog="python -m engine", description="Read faces, garments and types from photos.")
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS.values():
        command.add(parsers)
    chosen = parser.parse_args(arguments)
    try:
        settings = configuration.load()
    except configuration.SettingsError as error:
        print(f"settings: {error}", file=sys.stderr)
        return 2
    try:
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


if __name__ == "__main__":
    sys.exit(main())
