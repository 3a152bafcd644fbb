"""The benchmarks' way of using the product, against the real local server and the bare bot."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

import configuration
from benchmarks import people
from benchmarks.context import Context
from benchmarks.page import BenchError, Page, Program, free_port
from benchmarks.suites import relay
from db import members, pairs


@pytest.fixture
def context(tmp_path: Path) -> Context:
    environment = {"INYEON_PATHS__VAR": str(tmp_path / "var")}
    (tmp_path / "work").mkdir()
    return Context(configuration.load(environment=environment), tmp_path, tmp_path / "work", 1)


@pytest.fixture
def page(context: Context) -> Iterator[Page]:
    with relay.server(context, "test") as (page, _):
        yield page


def test_people_write_and_read(page: Page) -> None:
    sent = page.say(relay.ONE, "hello")
    assert page.last(relay.ONE) == sent
    assert page.heard(relay.ONE, 0) == [], "no bot is there to answer"
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(out, "JPEG")
    photo = page.send_photo(relay.OTHER, out.getvalue())
    assert photo > 0


def test_an_answer_that_does_not_come_is_named(page: Page) -> None:
    started = time.monotonic()
    with pytest.raises(BenchError, match="did not answer"):
        page.wait(relay.ONE, page.say(relay.ONE, "hello"), patience=0.2)
    assert time.monotonic() - started < 25  # without that patience it would be thirty


def test_refusals_are_named(page: Page) -> None:
    with pytest.raises(BenchError, match="40"):
        page.say(424242, "nobody")


def test_a_program_that_ends_is_noticed_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    made = Program(tmp_path / "log", "-c", "raise SystemExit(3)")
    with made as program, Page(free_port()) as page, pytest.raises(BenchError, match="ended with 3"):
        page.wait_until_up(program)
    assert time.monotonic() - started < 60


def test_cpu_and_memory_of_a_program_are_read(tmp_path: Path) -> None:
    busy = "import time\nx = bytearray(60_000_000)\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass\ntime.sleep(600)"
    with Program(tmp_path / "log", "-c", busy) as program:
        end = time.monotonic() + 120
        while program.cpu() < 0.45 and time.monotonic() < end:
            time.sleep(0.05)
        assert program.cpu() >= 0.45
        assert program.memory() > 60


@pytest.mark.slow
def test_the_bare_bot_relays_and_its_cpu_is_measured(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BATCH", 10)
    with relay.bare(context) as bare:
        cpu, seconds = bare.batch()
    assert len(seconds) == 10
    assert 0 <= cpu < 500


def test_seeded_members_are_active_and_matched(tmp_path: Path) -> None:
    with people.database(tmp_path) as database:
        one, other = (database.transact(people.add, person) for person in (relay.ONE, relay.OTHER))
        database.transact(people.match, one, other)
        member = database.read(members.by_id, one)
        assert member is not None
        assert member.status == "active"
        (pair,) = database.read(pairs.of_member, one)
        assert member.active_pair_id == pair.id
