"""Where a crawl goes on: nothing that a file is called and nothing that a server answers ends it for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crawler.couples import Decision
from crawler.ingest import Ingest, Report
from crawler.sources.base import Source
from crawler.sources.folder import BATCH, Folder
from db import crawls
from db.session import Database
from engine.images import Decoded
from engine.settings import EngineSettings

LIMIT = 1000


class Nobody:
    """In place of the models: no picture shows anybody."""

    def predict(self, data: bytes) -> Decision:
        return Decision(False, "no_face")

    def separate(self, photo: Decoded) -> Decision:
        return Decision(False, "no_face")


@pytest.fixture
def ingest(database: Database) -> Ingest:
    return Ingest(database, Nobody(), None, EngineSettings())  # type: ignore[arg-type]


def state(database: Database, source: Source, query: str = "q") -> tuple[str, str]:
    (crawl,) = [one for one in database.read(crawls.everything) if (one.source, one.query) == (source.name, query)]
    return crawl.state, crawl.cursor


def rejected(report: Report) -> int:
    return sum(report.rejected.values())


def test_a_file_name_that_is_no_text_ends_no_crawl(ingest: Ingest, database: Database, tmp_path: Path) -> None:
    """It is the last of its batch, so that the crawl is stopped and gone on from there."""
    for number in range(BATCH - 1):
        (tmp_path / f"{number:03}.jpg").write_bytes(b"x%d" % number)
    for name in (b"a\xff.jpg", b"b\xff\n.jpg"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    assert ingest.run(Folder(tmp_path, LIMIT), "q", limit=BATCH).seen == BATCH
    assert state(database, Folder(tmp_path, LIMIT))[1] != "", "or this shows nothing"
    report = ingest.run(Folder(tmp_path, LIMIT), "q")
    assert (report.seen, rejected(report)) == (1, 1)
    assert state(database, Folder(tmp_path, LIMIT)) == ("done", "")
