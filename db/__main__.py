"""`python -m db`: the schema's version, for operators and developers."""

from __future__ import annotations

import argparse
import sys

import configuration
from db import schema
from db.errors import BadUrl, DatabaseError
from db.session import Database


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status: 0, 2 for unusable settings, 1 for any other failure."""
    parser = argparse.ArgumentParser(prog="python -m db", description="Look at the database's schema and bring it up to date.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("upgrade", help="bring the schema to the version of this program (every other command does so too)")
    commands.add_parser("current", help="print the schema's version and the program's")
    revise = commands.add_parser("revise", help="for developers: write a migration from the difference to db/tables.py")
    revise.add_argument("message")
    given = parser.parse_args(arguments)
    try:
        return _run(given, Database(configuration.load().database))
    except (configuration.SettingsError, BadUrl) as error:
        print(error, file=sys.stderr)
        return 2
    except DatabaseError as error:
        print(error, file=sys.stderr)
        return 1


def _run(given: argparse.Namespace, database: Database) -> int:
    database.open(upgrade=given.command != "current")
    try:
        if given.command == "revise":
            database.revise(given.message)
        else:
            print(f"database {database.read(schema.current) or 'empty'}, program {schema.head()}")
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
