"""The command line with sources on the network: killed and gone on with, refused in one line, silent about tokens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from db.session import Database
from db.settings import DatabaseSettings, keys_under
from tests.crawler.servers.graph import TOKEN, USER, Graph, error
from tests.crawler.servers.mediawiki import MediaWiki
from tests.crawler.servers.site import Asked, Reply, serving

ROOT = Path(__file__).resolve().parent.parent.parent


class Halting(MediaWiki):
    """Answers the picture of a number no more, until it may go on: whoever is to be killed there is found at work."""

    def __init__(self) -> None:
        super().__init__()
        self.most = sys.maxsize
        self.go_on = threading.Event()

    def stop_at(self, number: int) -> None:
        self.most = number
        self.go_on.clear()

    def answer(self, asked: Asked) -> Reply:
        if "/thumb/" in asked.path and len(self.paths("/thumb/")) >= self.most:
            self.go_on.wait(120)
        return super().answer(asked)


def start(var: Path, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    named = {f"INYEON_CRAWLER__{name.upper()}": value for name, value in settings.items()}
    return subprocess.Popen(
        [sys.executable, "-m", "crawler", "collect", "--json", *arguments],
        cwd=ROOT,
        env={**named, "INYEON_PATHS__VAR": str(var), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.mark.slow
def test_killed_while_collecting_nothing_is_lost_or_doubled(tmp_path: Path, warm: Callable[[Path], Path]) -> None:
    warm(tmp_path)
    with serving(Halting()) as wiki:
        wiki.fill(120)  # pictures that are none: what becomes of them is soon decided
        arguments = ("--source", "commons", "--query", "Category:Couples")
        settings = {"contact": "ops@example.org", "commons_base": f"{wiki.base}/w/api.php", "rate": "50"}
        for seen in (10, 70):
            wiki.stop_at(seen)
            process = start(tmp_path, *arguments, **settings)
            until = time.monotonic() + 120
            while len(wiki.paths("/thumb/")) < seen and time.monotonic() < until:
                time.sleep(0.01)
            assert process.poll() is None
            process.send_signal(signal.SIGKILL)
            finish(process)
            wiki.go_on.set()
        code, out, err = finish(start(tmp_path, *arguments, **settings))
        assert code == 0, err
        fetched = wiki.paths("/thumb/")
    report = json.loads(out)
    assert report["seen"] == report["duplicates"] + report["rejected"]["not_an_image"]
    assert len(set(fetched)) == 120
    assert len(fetched) <= 122, "at most the picture that was just being looked at is fetched again"
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path}/inyeon.db"), keys_under(tmp_path))
    database.open()
    count = "select count(*), count(distinct source_id) from pictures where reason = 'not_an_image'"
    assert database.read(lambda connection: tuple(connection.exec_driver_sql(count).one())) == (120, 120)
    database.close()


def test_a_refusal_is_one_line_without_the_token(tmp_path: Path, warm: Callable[[Path], Path]) -> None:
    warm(tmp_path)
    with serving(Graph()) as graph:
        graph.fail(error(190, f"Error validating access token {TOKEN}: it has expired", subcode=463), times=9)
        settings = {"instagram_base": f"{graph.base}/v23.0", "instagram_token": TOKEN, "instagram_user": USER}
        code, out, err = finish(start(tmp_path, "--source", "instagram", "--tag", "couple", **settings))
        assert len(graph.asked) == 1
    assert code == 1
    assert json.loads(out) == {"seen": 0, "accepted": 0, "duplicates": 0, "rejected": {}}
    assert "renew crawler.instagram_token" in err.strip().splitlines()[-1]
    assert TOKEN not in err
    assert "Traceback" not in err
    assert all(TOKEN.encode() not in path.read_bytes() for path in tmp_path.rglob("inyeon.db*"))
