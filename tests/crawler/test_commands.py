"""`python -m crawler` as operators and scripts use it, in processes of its own; killed in the middle, too."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from db.locks import single_runner
from db.session import Database
from db.settings import DatabaseSettings, keys_under
from tests.crawler.conftest import Cast
from tests.crawler.people import backdrop, couple

ROOT = Path(__file__).resolve().parent.parent.parent


HELD = """
import sys, time
from crawler import ingest
from crawler.__main__ import main

most, store = int(sys.argv.pop(1)), ingest.store

def held(connection, *given):
    if connection.exec_driver_sql("SELECT COUNT(*) FROM pictures").scalar() >= most:
        time.sleep(600)
    return store(connection, *given)

ingest.store = held
sys.exit(main())
"""
"""The command, which stays within the transaction of a picture once there are so many: whoever ends it late finds it at work, too."""


def environment(var: Path, **settings: str) -> dict[str, str]:
    named = {f"INYEON_{name.upper()}": value for name, value in settings.items()}
    return {**named, "INYEON_PATHS__VAR": str(var), "PATH": os.environ["PATH"]}


def start(var: Path, *arguments: str, most: int | None = None, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *(("-m", "crawler") if most is None else ("-c", HELD, str(most))), *arguments],
        cwd=ROOT,
        env=environment(var, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(var: Path, *arguments: str, **settings: str) -> tuple[int, str, str]:
    process = start(var, *arguments, most=None, **settings)
    out, err = process.communicate(timeout=200)
    return process.returncode, out, err


def rows(var: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{var}/inyeon.db?mode=ro", uri=True) as connection:
        return connection.execute(query).fetchall()


def stored(var: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All that a crawl leaves, without the numbers and times that differ between two runs."""
    return {
        "pictures": rows(
            var,
            "SELECT p.source_id, p.status, p.reason, p.sha256, p.phash, p.width, p.height, d.source_id FROM pictures p"
            " LEFT JOIN pictures d ON d.id = p.duplicate_of ORDER BY p.source_id",
        ),
        "people": rows(
            var,
            "SELECT p.source_id, c.genders, w.side, w.gender, w.age, w.facts, w.face_vector, w.fashion_vector, w.face_jpeg, w.body_jpeg"
            " FROM couple_people w JOIN couples c ON c.id = w.couple_id JOIN pictures p ON p.id = c.picture_id"
            " ORDER BY p.source_id, w.side",
        ),
        "crawls": rows(var, "SELECT source, query, cursor, state FROM crawls"),
    }


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, cast: Cast) -> Path:
    """Couples, the same person twice, copies and what is no picture."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(38):
        men, women = cast.men[number % 2], cast.women[number // 2 % 2]
        pair = (men, men) if number % 7 == 3 else (men, women)
        (folder / f"{number:03}.jpg").write_bytes(couple(*pair, number % 20, backdrop(number % 50)))
    (folder / "090.jpg").write_bytes((folder / "000.jpg").read_bytes())
    (folder / "091.jpg").write_bytes(b"no picture")
    return folder


@pytest.fixture
def place(tmp_path: Path, crawler_cache: Path) -> Path:
    """A folder for what is written, where the models are prepared already."""
    (tmp_path / "cache").symlink_to(crawler_cache)
    return tmp_path


def collect(photos: Path, decisions: Path | None = None) -> tuple[str, ...]:
    more = ("--decisions", str(decisions)) if decisions else ()
    return ("collect", "--source", "folder", "--path", str(photos), "--json", *more)


@pytest.mark.slow
def test_killed_again_and_again_nothing_is_lost_or_doubled(photos: Path, tmp_path: Path, crawler_cache: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for place in (whole, killed):
        place.mkdir()
        (place / "cache").symlink_to(crawler_cache)
    code, out, err = run(whole, *collect(photos, tmp_path / "whole.csv"))
    assert code == 0, err
    report = json.loads(out)
    assert report["seen"] == 40 == report["accepted"] + report["duplicates"] + sum(report["rejected"].values())
    assert report["accepted"] > 20
    assert report["duplicates"] >= 1
    for wanted in (1, 13, 30):
        process = start(killed, *collect(photos, tmp_path / "killed.csv"), most=wanted + 4)
        until = time.monotonic() + 120
        while time.monotonic() < until and process.poll() is None:
            try:
                if rows(killed, "SELECT COUNT(*) FROM pictures")[0][0] >= wanted:
                    break
            except sqlite3.OperationalError:
                pass  # the schema is being made
            time.sleep(0.003)
        assert process.poll() is None, "it ended before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert (
            rows(
                killed,
                "SELECT COUNT(*) FROM couples c LEFT JOIN couple_people w ON w.couple_id = c.id GROUP BY c.id HAVING COUNT(w.id) <> 2",
            )
            == []
        )
    code, out, err = run(killed, *collect(photos, tmp_path / "killed.csv"))
    assert code == 0, err
    assert json.loads(out)["seen"] < 40, "it went on from the cursor"
    assert stored(killed) == stored(whole)
    with (tmp_path / "killed.csv").open() as one, (tmp_path / "whole.csv").open() as other:
        assert list(csv.reader(one)) == list(csv.reader(other))


def test_a_second_run_accepts_nothing_and_an_archive_of_the_same_is_known(photos: Path, tmp_path: Path, place: Path) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for name in ("000.jpg", "003.jpg", "091.jpg"):
        (few / name).write_bytes((photos / name).read_bytes())
    with zipfile.ZipFile(tmp_path / "few.zip", "w") as made:
        for file in few.iterdir():
            made.write(file, file.name)
    code, out, err = run(place, *collect(few))
    assert (code, json.loads(out)) == (
        0,
        {"seen": 3, "accepted": 1, "duplicates": 0, "rejected": {"not_an_image": 1, "same_person_twice": 1}},
    )
    assert "collect: 3/3" in err
    # They count at once, under the types in use.
    assert rows(place, "SELECT DISTINCT version FROM person_types") == [("starter-1",)]
    assert json.loads(run(place, *collect(few))[1]) == {"seen": 3, "accepted": 0, "duplicates": 3, "rejected": {}}
    packed = json.loads(run(place, *collect(tmp_path / "few.zip"))[1])
    assert (packed["accepted"], packed["duplicates"]) == (0, 1)
    source_id = rows(place, "SELECT source_id FROM pictures WHERE status = 'accepted'")[0][0]
    code, out, _ = run(place, "remove", "--photo", str(few / "000.jpg"), "--json")
    assert (code, json.loads(out)) == (0, {"source": "folder", "id": source_id, "erased": True})
    assert rows(place, "SELECT COUNT(*) FROM couple_people") == [(0,)]
    code, out, _ = run(place, "remove", "--source", "folder", "--id", source_id)
    assert code == 0
    assert "was not there" in out
    assert run(place, "remove", "--photo", str(few / "000.jpg"))[0] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "COMMAND"),
        (("collect",), "--source"),
        (("collect", "--source", "moon"), "moon"),
        (("collect", "--source", "folder"), "--path"),
        (("collect", "--source", "folder", "--path", "/none/at/all"), "/none/at/all"),
        (("collect", "--source", "member", "--path", "."), "--path"),
        (("collect", "--source", "commons"), "--query"),
        (("collect", "--source", "instagram", "--tag", "x" * 300), "characters"),
        (("collect", "--source", "member", "--limit", "0"), "--limit"),
        (("collect", "--source", "member", "--decisions", "/none/d.csv"), "/none/d.csv"),
        (("collect", "--source", "member", "--limit", "many"), "many"),
        (("collect", "--source", "member", "--tag", "x"), "--tag"),
        (("collect", "--source", "folder", "--path", ".", "--query", "x"), "--query"),
        (("collect", "--source", "commons", "--tag", "x", "--query", "y"), "--tag"),
        (("collect", "--source", "commons", "--query", "x"), "crawler.contact"),
        (("collect", "--source", "instagram", "--tag", "x"), "crawler.instagram_token"),
        (("collect", "--source", "instaloader", "--tag", "x"), "docs/collecting.md"),
        (("collect", "--source", "naver", "--query", "x"), "crawler.naver_id"),
        (("remove",), "--photo"),
        # A slip of the pen must not be answered with "will not be taken again".
        (("remove", "--source", "instagramm", "--id", "17"), "instagramm"),
        (("remove", "--source", "folder", "--id", "17", "--photo", "x.jpg"), "--photo"),
        (("remove", "--source", "commons"), "--id"),
        (("remove", "--photo", "/none.jpg"), "/none.jpg"),
    ],
)
def test_unusable_arguments_are_one_line_and_2(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = run(tmp_path, *arguments)
    assert code == 2
    assert out == ""
    assert [line for line in err.splitlines() if line != "loading the models"] == err.splitlines()[-1:]
    assert says in err.splitlines()[-1]


def test_unusable_settings_are_2_and_a_broken_archive_is_1(place: Path) -> None:
    assert run(place, "collect", "--source", "member", crawler__age_min="3")[0] == 2
    (place / "x.zip").write_bytes(b"no archive")
    code, _, err = run(place, *collect(place / "x.zip"))
    assert code == 1
    assert "no ZIP archive" in err
    assert "Traceback" not in err


def test_two_do_not_collect_at_once(photos: Path, place: Path) -> None:
    elsewhere = Database(DatabaseSettings(url=f"sqlite:///{place}/inyeon.db"), keys_under(place))
    with single_runner(elsewhere, "collect") as lock:
        assert lock.held()
        code, _, err = run(place, *collect(photos))
    assert code == 1
    assert "another process is collecting" in err
    assert "Traceback" not in err


def test_who_is_told_to_stop_says_so(photos: Path, place: Path) -> None:
    first = start(place, *collect(photos), most=4)
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until and not list(place.glob("*collect*lock")):
            time.sleep(0.02)
        first.send_signal(signal.SIGTERM)
        _, err = first.communicate(timeout=120)
        assert first.returncode == 1
        assert "stopped" in err
        assert "Traceback" not in err
    finally:
        first.kill()
        first.communicate()
