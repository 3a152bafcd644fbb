"""Fixtures that several packages' tests share: databases of both kinds, the photographs, a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import settings

import configuration
from db.columns import metadata
from db.session import Database
from db.settings import DatabaseSettings, PrivacySettings, keys_under
from tests import mariadb, thrift
from tests import warm as warming

# On a busy machine a single example may take long; what hangs is stopped by pytest-timeout.
settings.register_profile("inyeon", deadline=None)
settings.load_profile("inyeon")

KINDS = ["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)]


@pytest.fixture(scope="session", autouse=True)
def _thrift() -> Iterator[None]:
    with thrift.shared():
        yield


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Path]]:
    """`warm(var)` lays the prepared models below `paths.var` of a program that a test starts; the folder of its cache comes back."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # each worker has a folder of its own below the run's
    with warming.prepared(folder) as models:
        yield partial(warming.seed, models)


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[mariadb.Server]:
    """A MariaDB server of the tests' own."""
    reason = mariadb.missing()
    if reason is not None:
        pytest.skip(reason)
    server = mariadb.Server()
    try:
        server.install()
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def mariadb_url(mariadb_server: mariadb.Server) -> Iterator[str]:
    """`database.url` of a new, empty MariaDB database."""
    name = mariadb_server.make_database()
    yield mariadb_server.url(name)
    mariadb_server.run(f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: migrating anew for each test would take longer than most tests."""
    file = tmp_path_factory.mktemp("template") / "inyeon.db"
    database = Database(DatabaseSettings(url=f"sqlite:///{file}"))
    database.open()
    database.close()
    return file


@pytest.fixture(scope="session")
def _mariadb_migrated(mariadb_server: mariadb.Server) -> str:
    """The name of a migrated MariaDB database that tests use one after the other."""
    name = mariadb_server.make_database()
    database = Database(DatabaseSettings(url=mariadb_server.url(name)))
    database.open()
    database.close()
    return name


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """`database.url` of a migrated database without rows; each test runs on SQLite and on MariaDB."""
    if request.param == "sqlite":
        file = tmp_path / "inyeon.db"
        shutil.copy(request.getfixturevalue("_sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server: mariadb.Server = request.getfixturevalue("mariadb_server")
    name: str = request.getfixturevalue("_mariadb_migrated")
    yield server.url(name)
    tables = [f"DELETE FROM {name}.{table}" for table in metadata.tables]  # noqa: S608 our own names
    server.run("SET foreign_key_checks = 0", *tables)


@pytest.fixture
def privacy(tmp_path: Path) -> PrivacySettings:
    """Where the test's vault and master key are, or will be."""
    return keys_under(tmp_path)


@pytest.fixture
def database(database_url: str, privacy: PrivacySettings) -> Iterator[Database]:
    """An open database without rows, with a vault, on SQLite and on MariaDB."""
    made = Database(DatabaseSettings(url=database_url, pool=4), privacy)
    made.open()
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of photographs with labels that INYEON_EVAL__DATA names; mark the test `shared`."""
    folder = Path(configuration.load().eval.data)
    if not folder.is_dir():
        pytest.skip(f"there are no photographs at {folder} (INYEON_EVAL__DATA)")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; mark the test `browser`."""
    found = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    return found
