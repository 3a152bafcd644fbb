"""Nothing of people gets into the log, whoever logs and whatever is thrown."""

from __future__ import annotations

import ast
import asyncio
import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot import logs
from db.errors import Unavailable

ROOT = Path(__file__).resolve().parents[2]
PLANTED = (
    "김민지",
    "Zanzibar",
    "minji_secret",
    "010-9876-5432",
    "7012345678",
    "37.566535",
    "1997-03-07",
    "AAE-planted-token-0123456789abcdef",
)
NO_ARGUMENT = {
    "text", "caption", "name", "first_name", "last_name", "username", "about", "telegram_id", "birth_date", "latitude", "longitude",
    "reason", "payload", "draft", "phone_number", "file_name", "data", "token", "message", "said", "body", "content",
}  # fmt: skip


@contextmanager
def logging_here() -> Iterator[io.StringIO]:
    """As `configure` does; within the test, since pytest puts handlers of its own into the root when the test begins."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers, root.level
    handler = logs.Handler(stream)
    handler.setFormatter(logs.Reticent())
    handler.addFilter(logs.Quiet())
    root.handlers = [handler]
    root.setLevel(logging.DEBUG)  # not by assignment: loggers remember which levels they have been asked for
    try:
        yield stream
    finally:
        root.handlers = before
        root.setLevel(level)


class Person(Exception):
    """Somebody's own exception, with somebody's words in it."""


def fall(words: str) -> None:
    raise Person(words)


@pytest.mark.parametrize("name", ["bot.sender", "db.session", "aiogram.event", "aiohttp.server", "sqlalchemy.engine", "asyncio", "root"])
@pytest.mark.parametrize("words", PLANTED)
def test_no_way_of_logging_lets_it_through(name: str, words: str) -> None:
    with logging_here() as written:
        log_everything(name, words)
    said = written.getvalue()
    assert words not in said
    assert said.count("Person at") >= 2
    assert "test_logs.py" in said


def log_everything(name: str, words: str) -> None:
    log = logging.getLogger(name)
    sentence = f"Hello I am {words} of Seoul, call me"
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        log.log(level, "something was %s", sentence)
        log.log(level, "something was %(a)s", {"a": [sentence]})
        log.log(level, "broken %s %d", sentence)
        log.log(level, "an update of %s", Person(sentence))
        log.log(level, "an update of %s", {"text": words}, stack_info=True)
        try:
            fall(sentence)
        except Person:
            log.log(level, "it broke", exc_info=True)
    if not logs.ours(name):
        log.error(sentence)  # as asyncio does: words that were put together before


def test_what_is_ours_stays_readable() -> None:
    with logging_here() as written:
        say_usual_things()
    lines = [line.split(" ", 3)[3] for line in written.getvalue().splitlines()]
    assert lines == [
        "row 12 (sendMessage) again in 2.5 s: bad request: chat not found",
        "jobs wait for the database: the database stayed locked: try later",
        "update message failed: ValueError at relay.py:12 > desk.py:140",
        "98765 members are in the index after 1.2 s (built)",
    ]


def say_usual_things() -> None:
    log = logging.getLogger("bot.sender")
    log.info("row %d (%s) again in %.1f s: %s", 12, "sendMessage", 2.5, "Bad Request: chat not found")
    log.warning("jobs wait for the database: %s", Unavailable("the database stayed locked: try later"))
    log.error("update %s failed: %s at %s", "message", "ValueError", "relay.py:12 > desk.py:140")
    log.info("%d members are in the index after %.1f s (%s)", 98_765, 1.25, "built")


def test_the_event_loop_says_kind_and_place() -> None:
    async def nobody_waits() -> None:
        loop = asyncio.get_running_loop()
        logs.watch(loop)
        loop.call_soon(fall, "Zanzibar")
        await asyncio.sleep(0.01)

    with logging_here() as written:
        asyncio.run(nobody_waits())
    assert "nobody caught Person at" in written.getvalue()
    assert "Zanzibar" not in written.getvalue()


@pytest.mark.parametrize("verbose", [True, False])
def test_a_process_that_ends_by_an_exception_says_kind_and_place(verbose: bool) -> None:
    code = (
        f"from bot import logs; logs.configure(verbose={verbose}); import threading, warnings\n"
        "t = threading.Thread(target=lambda: int('Zanzibar 1')); t.start(); t.join()\n"
        "warnings.warn('Zanzibar 2')\n"
        "raise ValueError('Zanzibar 3')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.count("nobody caught ValueError") == 2
    assert "Zanzibar" not in done.stderr
    assert "Traceback" not in done.stderr


def test_our_own_calls_hand_over_nothing_of_people() -> None:
    """Discipline, held: no call of a logger in the bot or the database names an attribute or a variable that holds words of people."""
    found = []
    for file in [*ROOT.glob("bot/**/*.py"), *ROOT.glob("db/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                if node.func.value.id not in ("log", "logger") or node.func.attr not in dir(logging.Logger):
                    continue
                for argument in node.args[1:]:
                    names = {part.attr for part in ast.walk(argument) if isinstance(part, ast.Attribute)}
                    names |= {part.id for part in ast.walk(argument) if isinstance(part, ast.Name)}
                    found += [f"{file.name}:{node.lineno} {name}" for name in names & NO_ARGUMENT if not _harmless(argument)]
    assert found == []


def _harmless(argument: ast.expr) -> bool:
    """Telegram's words, which `bot.logs.known` reduces to known phrases, and names of locks."""
    return ast.unparse(argument) in ("error.message", "reason", "self.name") or isinstance(argument, ast.Constant)
