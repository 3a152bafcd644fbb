"""`python -m db`: the schema's version, and the keys by which what is personal is closed; for operators and developers."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from functools import partial

import configuration
from db import members, schema, upkeep
from db.errors import BadUrl, DatabaseError
from db.session import Database
from db.vault import Vault
from engine.commands.guarding import guarded
from engine.commands.parsing import Parser


class Unusable(Exception):
    """The arguments name nothing that there is; the message is one line that says which and what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status: 0, 2 for unusable settings, 1 for any other failure."""
    parser = Parser(prog="python -m db", description="Look after the database's schema and its keys.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("upgrade", help="bring the schema to the version of this program (every other command does so too)")
    commands.add_parser("current", help="print the schema's version and the program's")
    commands.add_parser("seal", help="close what older versions stored openly, complete interrupted erasures (the bot does so too)")
    commands.add_parser("unseal", help="before a step back to an older version, with the bot stopped: store everything openly again")
    master = commands.add_parser("rotate-master", help="wrap all keys by a new master key; may be interrupted and repeated")
    master.add_argument("--forget-old", action="store_true", help="then remove older master keys: backups that need them open no more")
    keys = commands.add_parser("rotate-keys", help="give everybody new keys, close everything with them: older backups open no more")
    keys.add_argument("--member", type=int, help="only this member's (the number in this database)")
    revise = commands.add_parser("revise", help="for developers: write a migration from the difference to db/tables.py")
    revise.add_argument("message")
    given = parser.parse_args(arguments)
    try:
        settings = configuration.load()
    except configuration.SettingsError as error:
        print(f"settings: {error}", file=sys.stderr)
        return 2
    stopped = "stopped; the same command goes on from here"
    work = partial(_run, given, settings)
    return guarded("db", work, (BadUrl, Unusable), (DatabaseError,), stopped)


def _run(given: argparse.Namespace, settings: configuration.Settings) -> int:
    database = Database(settings.database, settings.privacy)
    database.open(upgrade=given.command != "current")
    try:
        if given.command == "revise":
            database.revise(given.message)
        elif given.command in ("current", "upgrade") or database.vault is None:
            print(f"database {database.revision() or 'empty'}, program {schema.head()}")
        else:
            print(_keys(given, database, database.vault))
    finally:
        database.close()
    return 0


def _keys(given: argparse.Namespace, database: Database, vault: Vault) -> str:
    """Do what is asked with the keys; what was done, in a line."""
    if given.command == "seal":
        done = upkeep.look_after(database, dt.datetime.now(dt.UTC))
        return ", ".join(f"{name}: {count}" for name, count in done.items())
    if given.command == "unseal":
        return f"rows opened: {upkeep.unseal(database)}"
    if given.command == "rotate-master":
        wrapped, name = vault.rotate_master()
        forgotten = vault.forget_masters() if given.forget_old else 0
        return f"keys wrapped: {wrapped}, master key {name}, older ones removed: {forgotten}"
    if given.member is not None and database.read(members.by_id, given.member) is None:
        raise Unusable(f"there is no member {given.member}: give the number that the table members has for them, or leave --member out")
    print(f"waiting {upkeep.WAIT:.0f} s until no process uses the old keys for anything new", file=sys.stderr)
    destroyed = upkeep.rotate_keys(database, given.member)
    if destroyed:
        print("back up the database anew: what these keys closed in older backups of it opens no more", file=sys.stderr)
    return f"old keys destroyed: {destroyed}"


if __name__ == "__main__":
    sys.exit(main())
