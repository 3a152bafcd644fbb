"""Which transactions run on the event loop itself, and which in a thread."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from bot.runtime import REST, SLOW, Brisk, Runtime
from db import engines
from db.session import Connection, Database


@pytest.fixture
def runtime(database: Database) -> Iterator[Runtime]:
    made = Runtime(database, engine_threads=1)
    yield made
    made.close()


def where(_: Connection) -> str:
    return threading.current_thread().name


async def test_a_small_transaction_of_an_embedded_database_needs_no_thread(runtime: Runtime) -> None:
    here = threading.current_thread().name
    assert (await runtime.relay_small(where) == here) is runtime.database.embedded
    assert (await runtime.relay(where)).startswith("relay")


async def test_it_waits_for_nobody_on_the_loop(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    url = runtime.database.url
    if not runtime.database.embedded:
        pytest.skip("a server is always asked from a thread")
    other = sqlite3.connect(url.database or "", isolation_level=None, check_same_thread=False)
    monkeypatch.setattr("bot.runtime.time", SimpleNamespace(monotonic=lambda: 0.0, thread_time=lambda: 0.0))  # nothing here is slow
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(runtime.relay_small(where))
    began = time.monotonic()
    await asyncio.sleep(0)  # it finds the other one writing
    assert time.monotonic() - began < engines.BUSY_SECONDS / 2, "the loop did not wait until the other one is given up"
    other.execute("ROLLBACK")
    assert (await waiting).startswith("relay")
    assert await runtime.relay_small(where) == threading.current_thread().name
    other.close()


def test_a_slow_disk_is_left_to_the_thread_for_a_while() -> None:
    now = 0.0
    brisk = Brisk(lambda: now)
    for _ in range(100):
        brisk.waited(SLOW / 2)
    assert brisk.now()
    brisk.waited(0.02)
    assert brisk.now(), "one slow write is none"
    for _ in range(5):
        brisk.waited(0.02)
    assert not brisk.now()
    now += REST
    assert brisk.now()
