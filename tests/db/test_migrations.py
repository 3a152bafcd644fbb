"""One history for both databases: up, no difference to the tables, down to nothing, up again; safe when several start at once."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect, select, text

from db import engines, logs, schema
from db.errors import SchemaTooNew
from db.session import Database
from db.settings import DatabaseSettings
from db.tables import members, metadata
from tests.conftest import KINDS
from tests.db.people import person

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """`database.url` of a database without tables, of both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'with % and space' / 'inyeon.db'}"
    url: str = request.getfixturevalue("mariadb_url")
    return url


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    """An engine on a database without tables."""
    settings = DatabaseSettings(url=empty_url)
    url = engines.parse(empty_url)
    engines.make_folder(url)
    engine = engines.make(url, settings, read_only=False)
    yield engine
    engine.dispose()


def tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return schema.current(connection)


def test_up_check_down_up(empty: Engine) -> None:
    schema.upgrade(empty)
    assert tables(empty) == set(metadata.tables)
    assert revision(empty) == schema.head()
    schema.check(empty)
    schema.downgrade(empty, "base")
    assert tables(empty) == set()
    schema.upgrade(empty)
    schema.check(empty)
    schema.upgrade(empty)


def test_every_step_can_be_taken_back_with_rows_in_the_tables(empty: Engine) -> None:
    schema.upgrade(empty)
    with empty.begin() as connection, logs.collecting(connection):
        made = person(connection)
    # The first migration is the beginning of everything: below it there is nothing that could keep rows.
    for step in [script.revision for script in ScriptDirectory.from_config(schema.config()).walk_revisions()][1:]:
        schema.downgrade(empty, step)
        assert revision(empty) == step
    schema.upgrade(empty)
    with empty.connect() as connection:
        assert connection.scalars(select(members.c.id)).all() == [made.id]
        assert _foreign_keys(connection)


def _foreign_keys(connection: Connection) -> bool:
    return connection.dialect.name != "sqlite" or connection.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_check_notices_a_difference(empty: Engine) -> None:
    schema.upgrade(empty)
    with empty.begin() as connection:
        connection.execute(text("DROP INDEX ix_audit_at" + ("" if connection.dialect.name == "sqlite" else " ON audit")))
    with pytest.raises(Exception, match="New upgrade operations detected"):
        schema.check(empty)


def test_a_newer_schema_is_refused(empty_url: str) -> None:
    database = Database(DatabaseSettings(url=empty_url))
    database.open()
    database.transact(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    database.close()
    with pytest.raises(SchemaTooNew, match="schema 9999, which this version of Inyeon does not know"):
        database.open()


def test_a_failed_migration_leaves_sqlite_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'inyeon.db'}"))
    database.open(upgrade=False)
    engine = database._writer
    assert engine is not None

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("alembic.operations.Operations.create_index", fail)
    with pytest.raises(ZeroDivisionError):
        schema.upgrade(engine)
    assert tables(engine) == set()
    monkeypatch.undo()
    schema.upgrade(engine)
    assert tables(engine) == set(metadata.tables)
    database.close()


def test_processes_that_start_at_once_migrate_once(empty_url: str, tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from db.session import Database\n"
        "from db.settings import DatabaseSettings\n"
        "from db import schema\n"
        "sys.stdin.readline()\n"
        "database = Database(DatabaseSettings(url=sys.argv[2]))\n"
        "database.open()\n"
        "assert database.read(schema.current) == schema.head()\n"
        "database.close()\n"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(ROOT), empty_url],
            cwd=tmp_path,  # the migrations are found from anywhere
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=200)[1] for process in started]
    assert [process.returncode for process in started] == [0] * 4, errors


def test_migrating_leaves_logging_alone(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("sqlalchemy.engine").level, logging.getLogger("db").disabled)
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path / 'inyeon.db'}"))
    database.open()
    database.close()
    assert before == (root.level, list(root.handlers), logging.getLogger("sqlalchemy.engine").level, logging.getLogger("db").disabled)


def command(folder: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "INYEON_DATABASE__URL": url, "INYEON_PATHS__VAR": str(folder / "var")}
    return subprocess.run(
        [sys.executable, "-m", "db", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_command_says_and_changes_the_version(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'inyeon.db'}"
    assert command(tmp_path, url, "current").stdout == f"database empty, program {schema.head()}\n"
    assert command(tmp_path, url, "upgrade").stdout == f"database {schema.head()}, program {schema.head()}\n"
    done = command(tmp_path, "oracle://x/y", "current")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("db: database.url starts with 'oracle'")
    (tmp_path / "file").write_text("")
    blocked = command(tmp_path, f"sqlite:///{tmp_path / 'file' / 'inyeon.db'}", "upgrade")
    assert blocked.returncode == 2
    assert blocked.stderr.count("\n") == 1
    unreachable = command(tmp_path, "mysql+pymysql://root:secret@127.0.0.1:1/x", "upgrade")
    assert unreachable.returncode == 1
    assert unreachable.stderr.count("\n") == 1
    assert "secret" not in unreachable.stderr
