"""The benchmark reads the same from the summary as by counting, on both databases; a small number of couples here."""

from __future__ import annotations

import pytest

from benchmarks.suites import affinity
from db.session import Database
from db.settings import DatabaseSettings


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def test_summary_and_counting_agree(kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    url = request.getfixturevalue("mariadb_url") if kind == "mariadb" else f"sqlite:///{tmp_path_factory.mktemp('bench') / 'x.db'}"
    taken = affinity.measure(url, 2, couples=3000)
    assert taken.couples == 3000
    assert len(taken.summary) == len(taken.everything) == 2
    rows = affinity.rows_of(kind, taken)
    assert [row.bound for row in rows] == [1.0, None, None, None]
    assert rows[0].baseline_name == "counting 3,000 couples, no index"
    database = Database(DatabaseSettings(url=url))
    database.open()
    assert sum(number for _, _, number in database.read(affinity.affinities.counts, affinity.VERSION)) == 3000
    database.close()


def test_filling_stops_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setattr(affinity, "PATIENCE", 0.0)
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path_factory.mktemp('bench') / 'x.db'}"))
    database.open()
    assert affinity.fill(database, 3000) == 0
    database.close()
