"""What becomes of a source's pictures in the database: once each, with their provenance, and gone when somebody asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from crawler.decisions import COLUMNS, Decisions
from crawler.dedupe import DISTANCE, distance, phash
from crawler.errors import Broken, Gone, Refused, SourceError, Throttled
from crawler.ingest import FAILURES_MAX, Ingest, Report
from crawler.sources.base import Batch, Item
from crawler.sources.member import Member
from db import couples, crawls, members, pictures, uploads
from db.corpus_records import Picture
from db.session import Database
from engine.analysis import CROP
from engine.images import decode
from engine.settings import EngineSettings
from tests.crawler.conftest import Cast
from tests.crawler.people import couple

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


@dataclass
class Made:
    """A source of what a test puts in it; an error in place of bytes is raised."""

    content: dict[str, bytes | SourceError]
    name: str = "commons"
    size: int = 2
    stop_after: int | None = None
    shapes: dict[str, Item] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def batches(self, cursor: str) -> Iterator[Batch]:
        names = sorted(name for name in self.content if name > cursor)
        for number, start in enumerate(range(0, len(names), self.size)):
            if number == self.stop_after:
                raise Throttled("enough for now", 60)
            chunk = names[start : start + self.size]
            yield Batch(tuple(self.shapes.get(name, Item(self.name, name)) for name in chunk), chunk[-1], len(self.content))

    def read(self, item: Item) -> bytes:
        self.reads.append(item.source_id)
        found = self.content[item.source_id]
        if isinstance(found, SourceError):
            raise found
        return found


@pytest.fixture
def two(cast: Cast) -> bytes:
    return couple(cast.men[0], cast.women[0])


def picture(database: Database, name: str, source: str = "commons") -> Picture:
    found = database.read(pictures.by_source, source, name)
    assert found is not None
    return found


def hash_of(data: bytes) -> str:
    return phash(decode(data, EngineSettings()).image)  # type: ignore[union-attr]


def counts(report: Report) -> tuple[int, int, int, dict[str, int]]:
    assert report.seen == report.accepted + report.duplicates + sum(report.rejected.values())
    return report.seen, report.accepted, report.duplicates, dict(report.rejected)


def test_a_couple_is_stored_with_provenance_people_and_vectors(ingest: Ingest, database: Database, two: bytes) -> None:
    item = Item("commons", "a", "https://x.test/a.jpg", "https://x.test/a", "CC BY 4.0", "Kim", ("커플",), "Photo by Kim Min. 2 people")
    assert counts(ingest.run(Made({"a": two}, shapes={"a": item}), "q")) == (1, 1, 0, {})
    row = picture(database, "a")
    assert (row.status, row.licence, row.author, row.url, row.page) == ("accepted", "CC BY 4.0", "Kim", item.url, item.page)
    assert row.tags == ("커플",)
    assert "Kim" not in row.caption
    assert (row.width, row.height) == (800, 500)
    assert len(row.sha256 or "") == 64
    left, right = database.read(couples.people)
    assert (left.side, left.gender, right.side, right.gender) == ("a", "man", "b", "woman")
    for one in (left, right):
        vector = np.frombuffer(one.face_vector or b"", "<f4")
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert np.linalg.norm(np.frombuffer(one.fashion_vector or b"", "<f4")) == pytest.approx(1, abs=1e-5)
        assert one.face_version
        assert one.fashion_version
        head, body = decode(one.face_jpeg, EngineSettings()), decode(one.body_jpeg, EngineSettings())
        assert head.size == (CROP, CROP)  # type: ignore[union-attr]
        assert max(body.size) <= 384  # type: ignore[union-attr]
        x, y, width, height = one.facts["face"]["box"]
        assert x >= -1
        assert y >= -1
        assert x + width <= body.size[0] + 1  # type: ignore[union-attr]
        assert y + height <= body.size[1] + 1  # type: ignore[union-attr]
        assert len(one.facts["face"]["landmarks"]) == 5
        assert len(one.facts["skin"]) == 3


def test_the_face_crop_can_be_embedded_again(ingest: Ingest, database: Database, two: bytes) -> None:
    """The five points stand where `engine.analysis.CROP_POINTS` says: the vector from there is nearly the stored one."""
    from engine.analysis import CROP_POINTS
    from engine.values import FaceBox

    ingest.run(Made({"a": two}), "q")
    embedder = ingest.separator._loaded().embedder
    for one in database.read(couples.people):
        crop = decode(one.face_jpeg, EngineSettings())
        again = embedder.predict(crop.image, FaceBox((60.0, 60.0, 130.0, 160.0), np.asarray(CROP_POINTS, np.float32), 1.0))  # type: ignore[union-attr]
        assert float(again @ np.frombuffer(one.face_vector or b"", "<f4")) > 0.9


def test_what_is_rejected_leaves_provenance_and_hashes_only(ingest: Ingest, database: Database, cast: Cast) -> None:
    source = Made({"a": couple(cast.men[0], cast.men[0]), "b": b"no picture", "c": Gone("gone")})
    assert counts(ingest.run(source, "q")) == (3, 0, 0, {"same_person_twice": 1, "not_an_image": 1, "gone": 1})
    assert {picture(database, name).status for name in "abc"} == {"rejected"}
    assert picture(database, "a").phash
    assert database.read(couples.people) == []


def test_tags_and_captions_are_looked_at_before_a_byte_is_read(ingest: Ingest, database: Database, two: bytes) -> None:
    shapes = {
        "a": Item("commons", "a", tags=("커플", "가족")),
        "b": Item("commons", "b", caption="May be an image of 3 people."),
        "c": Item("commons", "c", caption="May be an image of 2 people and baby."),
        "d": Item("commons", "d", caption="with 3 people " * 200, description="사람 2명, 사람들이 서 있음의 이미지일 수 있음"),
    }
    source = Made(dict.fromkeys("abcd", two), shapes=shapes)
    assert counts(ingest.run(source, "q")) == (4, 1, 0, {"tag": 1, "caption": 2})
    assert source.reads == ["d"]
    assert picture(database, "d").caption.startswith("사람 2명, 사람들이 서 있음의 이미지일 수 있음 with 3 people")


def test_copies_are_taken_once(ingest: Ingest, database: Database, two: bytes, cast: Cast) -> None:
    pixels = cv2.imdecode(np.frombuffer(two, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    smaller = cv2.imencode(".jpg", cv2.resize(pixels, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA))[1].tobytes()
    source = Made({"a": two, "b": two, "c": smaller, "d": couple(cast.men[1], cast.women[1], 50, 90)})
    assert counts(ingest.run(source, "q")) == (4, 2, 2, {})
    first = picture(database, "a")
    assert [picture(database, name).duplicate_of for name in "bc"] == [first.id, first.id]
    assert len(database.read(couples.people)) == 4


def test_other_people_before_the_same_backdrop_are_no_copies(ingest: Ingest, database: Database, two: bytes, cast: Cast) -> None:
    others = [couple(man, woman) for man in cast.men for woman in cast.women][1:]
    nearest = min(others, key=lambda data: distance(hash_of(two), hash_of(data)))
    assert distance(hash_of(two), hash_of(nearest)) <= DISTANCE, "or this shows nothing"
    assert counts(ingest.run(Made({"a": two, "b": nearest}), "q")) == (2, 2, 0, {})
    assert [one.side for one in database.read(couples.pair, picture(database, "b").id)] == ["a", "b"]


def test_a_second_run_takes_nothing_twice_and_reads_nothing_again(ingest: Ingest, database: Database, two: bytes, cast: Cast) -> None:
    source = Made({"a": two, "b": couple(cast.men[0], cast.men[0]), "c": b"x"})
    assert ingest.run(source, "q").accepted == 1
    source.reads.clear()
    assert counts(ingest.run(source, "q")) == (3, 0, 3, {})
    assert source.reads == []


def test_it_goes_on_where_it_was_stopped(ingest: Ingest, database: Database, cast: Cast) -> None:
    photos: dict[str, bytes | SourceError] = {name: couple(cast.men[0], cast.men[0], 9 * number) for number, name in enumerate("abcdefg")}
    with pytest.raises(Throttled):
        ingest.run(Made(photos, stop_after=2), "q")
    assert database.read(crawls.cursor, "commons", "q") == "d"
    source = Made(photos)
    assert counts(ingest.run(source, "q"))[0] == 3
    assert source.reads == ["e", "f", "g"]
    assert database.read(crawls.cursor, "commons", "q") == ""
    (crawl,) = database.read(crawls.everything)
    assert crawl.state == "done"


def test_a_limit_is_kept_and_gone_on_from(ingest: Ingest, database: Database, cast: Cast) -> None:
    photos: dict[str, bytes | SourceError] = {name: couple(cast.men[0], cast.men[0], 9 * number) for number, name in enumerate("abcde")}
    seen = []
    report = ingest.run(Made(photos), "q", limit=3, progress=lambda report, total: seen.append((report.seen, total)))
    assert report.seen == 3
    assert seen[-1] == (3, 5)
    # "c" was the first of a batch that was not finished: it is recognised by its id.
    assert counts(ingest.run(Made(photos), "q")) == (3, 0, 1, {"same_person_twice": 2})


def test_what_could_not_be_read_is_tried_again(ingest: Ingest, database: Database, two: bytes) -> None:
    for error in (Broken("half a picture"), Refused("forbidden")):
        assert counts(ingest.run(Made({"a": error}), "q")) == (1, 0, 0, {"unreadable": 1})
    assert database.read(pictures.by_source, "commons", "a") is None
    assert ingest.run(Made({"a": two}), "q").accepted == 1


def test_a_source_that_gives_nothing_is_given_up(ingest: Ingest) -> None:
    source = Made({f"{number:03}": Broken("down") for number in range(3 * FAILURES_MAX)})
    with pytest.raises(Broken, match="in a row"):
        ingest.run(source, "q")
    assert len(source.reads) == FAILURES_MAX


def test_a_pause_that_is_asked_for_ends_the_run_at_once(ingest: Ingest, two: bytes) -> None:
    source = Made({"a": two, "b": Throttled("slow down", 30), "c": two})
    with pytest.raises(Throttled):
        ingest.run(source, "q")
    assert source.reads == ["a", "b"]


def test_what_was_removed_on_request_never_comes_back(ingest: Ingest, database: Database, two: bytes) -> None:
    ingest.run(Made({"a": two}), "q")
    assert database.transact(pictures.remove, "commons", "a", NOW)
    assert database.read(couples.people) == []
    assert counts(ingest.run(Made({"a": two, "copy": two}), "q")) == (2, 0, 2, {})
    assert database.read(couples.people) == []


def test_the_file_of_decisions_has_a_row_a_picture(ingest: Ingest, tmp_path: Path, two: bytes, cast: Cast) -> None:
    file = tmp_path / "d.csv"
    shapes = {name: Item("commons", name, file=f"{name}.jpg") for name in "abcd"}
    source = Made({"a": two, "b": two, "c": couple(cast.men[0], cast.men[0]), "d": b"x"}, shapes=shapes)
    with Decisions(file, resume=False) as decisions:
        ingest.run(source, "q", decisions=decisions)
    lines = file.read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    cells = lines[1].split(",")
    assert cells[:3] == ["a.jpg", "1", ""]
    assert (cells[4], cells[6]) == ("man", "woman")
    assert [len(cells[place].split()) for place in (3, 5)] == [4, 4]
    assert [line.split(",")[:3] for line in lines[2:]] == [
        ["b.jpg", "0", "duplicate"],
        ["c.jpg", "0", "same_person_twice"],
        ["d.jpg", "0", "not_an_image"],
    ]
    with Decisions(file, resume=False) as decisions:
        ingest.run(source, "q", decisions=decisions)
    again = file.read_text().splitlines()
    assert again == lines, "what was looked at before is told as it was"


def test_rows_of_decisions_survive_a_cut_and_are_not_written_twice(tmp_path: Path) -> None:
    from crawler.couples import Decision

    file = tmp_path / "d.csv"
    file.write_text(",".join(COLUMNS) + '\na.jpg,1,,1 2 3 4,man,5 6 7 8,\n"b, c.jpg",0,no_fa')
    with Decisions(file, resume=True) as decisions:
        decisions.note("a.jpg", Decision(False, "no_face"))
        decisions.note("b, c.jpg", Decision(False, "no_face"))
    assert file.read_text().splitlines()[1:] == ["a.jpg,1,,1 2 3 4,man,5 6 7 8,", '"b, c.jpg",0,no_face,,,,']


def test_uploads_of_couples_are_taken_in_and_their_photos_go(ingest: Ingest, database: Database, two: bytes, cast: Cast) -> None:
    ids = [database.transact(members.create, 900 + number, "ko", NOW).id for number in range(2)]
    good, bad, waiting = (
        database.transact(uploads.create, ids[0], data, "2026-11", NOW)
        for data in (two, couple(cast.men[0], cast.men[0]), couple(cast.men[1], cast.women[1], 20))
    )
    for upload in (good, bad):
        assert database.transact(uploads.confirm, upload.id, ids[1], NOW)
    assert counts(ingest.run(Member(database), "")) == (2, 1, 0, {"same_person_twice": 1})
    after = [database.read(uploads.by_id, upload.id) for upload in (good, bad, waiting)]
    assert [(one.state, one.jpeg is None) for one in after if one] == [("ingested", True), ("rejected", True), ("waiting", False)]
    row = picture(database, str(good.id), "member")
    assert (row.licence, row.upload_id) == ("consent:couple-2026-11", good.id)
    assert len(database.read(couples.people)) == 2
    assert database.transact(uploads.withdraw, good.id, NOW)
    assert database.read(couples.people) == []
    assert database.read(pictures.by_source, "member", str(good.id)) is None


def test_an_upload_withdrawn_while_it_is_looked_at_is_not_stored(ingest: Ingest, database: Database, two: bytes) -> None:
    ids = [database.transact(members.create, 910 + number, "ko", NOW).id for number in range(2)]
    upload = database.transact(uploads.create, ids[0], two, "2026-11", NOW)
    database.transact(uploads.confirm, upload.id, ids[1], NOW)

    class Hesitant(Member):
        def read(self, item: Item) -> bytes:
            data = super().read(item)
            database.transact(uploads.withdraw, upload.id, NOW)
            return data

    ingest.run(Hesitant(database), "")
    assert database.read(couples.people) == []
    assert database.read(pictures.by_source, "member", str(upload.id)) is None


def test_items_of_any_source_are_told_apart(ingest: Ingest, database: Database, cast: Cast) -> None:
    for number, name in enumerate(("commons", "naver")):
        photo = couple(cast.men[0], cast.women[0], 30 * number, 90 + 60 * number)
        assert ingest.run(Made({"1": photo}, name=name), "q").accepted == 1
    assert replace(picture(database, "1", "naver"), source="commons").source_id == "1"
