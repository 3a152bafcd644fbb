"""Milvus: what is particular to it."""

from __future__ import annotations

import importlib
import logging
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.index import milvus
from engine.index.exact import ExactIndex
from engine.index.make import make
from engine.index.milvus import MilvusIndex, expression
from engine.index.settings import IndexSettings
from engine.index.values import IndexFault
from tests.engine.index.conftest import KEY, Make
from tests.engine.index.towns import DIMS, crowd, expected, seeker_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def index(make_milvus: Make) -> MilvusIndex:
    made = make_milvus()
    assert isinstance(made, MilvusIndex)
    return made


def test_filters_of_which_milvus_says_too_little_are_fetched_until_proven(index: MilvusIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    """All who score best live where nobody may come from far, which no expression says: more and more must be fetched."""
    town = [
        replace(
            one, seeks=7, latitude=35.2, longitude=129.1, distance_km=50 if one.id < 700 else 0, vector=np.full(DIMS, -one.id, np.float32)
        )
        for one in crowd(900, seed=5)
    ]
    index.clear()
    index.upsert(town)
    asks = replace(seeker_of(town[0]), latitude=37.6, longitude=127.0, distance_km=0, seeks=7)
    query = np.ones(DIMS, np.float32)
    fetched: list[int] = []
    search = index._client.search

    def counting(*given: object, **named: int) -> object:
        fetched.append(named["limit"])
        return search(*given, **named)

    monkeypatch.setattr(index._client, "search", counting)
    want = expected(town, query, asks, 10)
    assert len(want) == 10
    assert index.search(query, asks, 10) == want
    assert fetched == [64, 256, 1024]
    monkeypatch.setattr(milvus, "MOST", 100)  # a server's bound: the rest is walked through
    assert index.search(query, asks, 10) == want


def test_ties_at_the_end_of_what_was_fetched_are_not_cut(index: MilvusIndex) -> None:
    town = [replace(one, seeks=7, vector=np.ones(DIMS, np.float32)) for one in crowd(300, seed=6)]
    index.clear()
    index.upsert(town[::-1])
    asks = replace(seeker_of(town[0]), seeks=7)
    query = np.ones(DIMS, np.float32)
    assert index.search(query, asks, 5) == expected(town, query, asks, 5)


def test_rows_and_stamp_outlive_the_process(tmp_path: Path) -> None:
    file = str(tmp_path / "lite" / "members.db")
    code = (
        "import os, sys; from engine.index.milvus import MilvusIndex; from tests.engine.index.towns import DIMS, crowd\n"
        "index = MilvusIndex(sys.argv[1], '', DIMS).open(); index.upsert(crowd(50)); index.delete([3]); index.flush('seq 9')\n"
        "os._exit(9)"  # as a kill: nothing is closed
    )
    done = subprocess.run([sys.executable, "-c", code, file], cwd=ROOT, check=False, timeout=120)
    assert done.returncode == 9
    again = MilvusIndex(file, "", DIMS).open()
    town = [one for one in crowd(50) if one.id != 3]
    asks = seeker_of(town[0])
    query = np.ones(DIMS, np.float32)
    assert (again.stamp, len(again)) == ("seq 9", 49)
    assert again.search(query, asks, 20) == expected(town, query, asks, 20)
    again.close()
    assert stat.S_IMODE((tmp_path / "lite").stat().st_mode) == 0o700
    # Other dimensions: another embedding; the old vectors are of no use.
    other = MilvusIndex(file, "", DIMS + 1).open()
    assert (other.stamp, len(other)) == ("", 0)
    other.close()


@pytest.mark.parametrize(("uri", "gone"), [("", "pymilvus"), ("", "milvus_lite"), ("http://127.0.0.1:9", "pymilvus")])
def test_without_the_client_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, gone: str) -> None:
    load = importlib.import_module

    def missing(name: str) -> object:
        if name == gone:
            raise ImportError(name)
        return load(name)

    monkeypatch.setattr(milvus.importlib, "import_module", missing)
    with pytest.raises(IndexFault, match="pip install pymilvus milvus-lite") as caught:
        make(IndexSettings(backend="milvus", uri=uri), tmp_path / "index", DIMS)
    assert "\n" not in str(caught.value)


def test_a_server_that_is_not_there_is_one_line_without_the_token() -> None:
    with pytest.raises(IndexFault, match=r"index\.uri") as caught:
        MilvusIndex("http://127.0.0.1:9", "root:SECRET", DIMS).open()
    assert "SECRET" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_refusal_names_nobody(index: MilvusIndex, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(milvus, "expression", lambda _: "id ??? 424242")
    with pytest.raises(IndexFault) as caught:
        index.search(np.ones(DIMS, np.float32), seeker_of(crowd(1)[0]), 1)
    assert "424242" not in str(caught.value)
    assert "424242" not in caplog.text
    assert caught.value.__cause__ is None


def test_who_does_not_choose_it_does_not_load_it(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from engine.index.make import make; from engine.index.settings import IndexSettings\n"
        "make(IndexSettings(), pathlib.Path(sys.argv[1]), 8).close()\n"
        "print([name for name in sys.modules if 'milvus' in name or name in ('pandas', 'faiss', 'grpc')])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_settings_choose(tmp_path: Path) -> None:
    exact = make(IndexSettings(), tmp_path / "a", DIMS)
    assert isinstance(exact, ExactIndex)
    exact.close()
    lite = make(IndexSettings(backend="milvus"), tmp_path / "b", DIMS)
    assert isinstance(lite, MilvusIndex)
    assert (tmp_path / "b" / "milvus.db").exists()
    lite.close()


def test_whoever_sets_no_limit_but_has_no_place_is_matched_by_city_or_anywhere() -> None:
    nowhere = replace(seeker_of(crowd(1)[0]), latitude=float("nan"), distance_km=50, city=0)
    assert (expression(nowhere) or "").endswith("and id < 0"), "no place, no city, a limit: nobody is near"


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_what_the_other_backend_kept_is_gone_once_another_is_chosen(tmp_path: Path) -> None:
    """Nobody takes out of it who leaves: an erased member would lie there for ever, and with Milvus in clear."""
    folder, lite = tmp_path / "index", IndexSettings(backend="milvus")
    index = make(IndexSettings(), folder, DIMS, KEY)
    index.upsert(crowd(50))
    index.flush("seq 9")
    index.close()
    assert {"head", "lock"} < names(folder)
    index = make(lite, folder, DIMS, KEY)
    assert names(folder) == {"lock", "milvus.db"}
    assert (index.stamp, len(index)) == ("", 0)
    index.upsert(crowd(50))
    index.flush("seq 10")
    # Somebody else's settings do not delete what is in use.
    make(IndexSettings(), folder, DIMS).close()
    assert "milvus.db" in names(folder)
    assert len(index) == 50
    index.close()
    index = make(lite, folder, DIMS, KEY)
    assert (index.stamp, len(index)) == ("seq 10", 50), "its own are kept"
    index.close()
    index = make(IndexSettings(), folder, DIMS, KEY)
    assert "milvus.db" not in names(folder)
    with pytest.raises(IndexFault, match="Milvus"):
        make(replace(lite, uri="http://127.0.0.1:9"), folder, DIMS, KEY)
    index.flush("seq 11")
    index.close()
    # A file of an older milvus-lite; and a server, for which nothing is kept here at all.
    (folder / "milvus.db").write_bytes(b"vectors")
    with pytest.raises(IndexFault, match="Milvus"):
        make(replace(lite, uri="http://127.0.0.1:9"), folder, DIMS, KEY)
    assert names(folder) == {"lock"}
