"""The running product: memory after twenty selfies, how long a selfie's answer takes, and how long every other answer takes."""

from __future__ import annotations

import statistics
import time

from benchmarks import people
from benchmarks.context import Context, spread_row
from benchmarks.page import BenchError, Page, Program, free_port
from benchmarks.suites.relay import OTHER, server
from benchmarks.suites.selfie import ONE_THREAD, PLAIN, one_photo
from evaluation.plots import drawing
from evaluation.report import Row, Section
from evaluation.worker import Worker, memory_mb

SELFIES = 20
FIRST = 1001
MEMORY, PHOTO, OTHERS = 700.0, 2000.0, 1000.0
COMMANDS = ("/profile", "/types", "/discover", "/likes", "/matches", "/settings", "/privacy", "/help", "/photo")


def run(context: Context) -> Section:
    """Twenty people send one selfie each; then one of them tries the commands."""
    photo = one_photo(context)
    var = context.new_var("serving")
    with people.database(var) as database:
        for index in range(SELFIES):
            database.transact(people.add, FIRST + index, step="edit.photo")
    port = free_port()
    environment = {"INYEON_PATHS__VAR": str(var), "INYEON_LOCAL__PORT": str(port)}
    with Program(context.work / "serving.log", "run_bot.py", environment=environment) as bot, Page(port) as page:
        page.wait_until_up(bot)
        while len([one for one in page.ask("GET", "/page/state")["people"] if FIRST <= one["id"] < FIRST + SELFIES]) < SELFIES:
            page.post("/page/people", {"name": "Somebody", "language": "en"})
        page.wait(FIRST, page.say(FIRST, "/help"), patience=120)
        before = bot.memory()
        waits = [card(page, FIRST + index, photo) for index in range(SELFIES)]
        after = bot.memory()
        answers = {command: [answer(page, FIRST, command) for _ in range(3)] for command in COMMANDS}
        peak = memory_mb("VmHWM", bot.process.pid)
    plain_memory, plain_wait = plain(context, photo)
    bare = bare_answers(context)
    slowest = max(answers, key=lambda command: statistics.median(answers[command]))
    every = [value for values in answers.values() for value in values]
    rows = (
        Row(
            "resident memory after 20 selfies",
            after,
            SELFIES,
            "MB",
            "lower",
            MEMORY,
            None,
            plain_memory,
            PLAIN,
            "with the local server and chat page in it",
        ),
        Row("resident memory before", before, 1, "MB", "lower"),
        Row("highest resident memory", peak, 1, "MB", "lower"),
        spread_row("a selfie to its type card", waits, "ms", PHOTO, plain_wait, f"{PLAIN}, analysis alone"),
        spread_row(f"slowest command, {slowest}", answers[slowest], "ms", OTHERS, bare, "bare aiogram bot, /start"),
        spread_row("all commands", every, "ms", OTHERS, bare, "bare aiogram bot, /start"),
    )
    with drawing(context.results / "serving.png", "Answers of the bot", "", "milliseconds") as axes:
        axes.boxplot([waits, *answers.values()], vert=True)
        axes.set_xticks(range(1, len(answers) + 2), ["selfie", *answers], rotation=45, fontsize="small")
        axes.set_yscale("log")
    return Section(
        "serving", "The running product", rows, ("serving.png",), ("One photo at a time, from sending it to seeing the answer.",)
    )


def card(page: Page, person: int, photo: bytes) -> float:
    """Milliseconds from sending a selfie to the picture of the type card."""
    started = time.monotonic()
    sent = page.send_photo(person, photo)
    page.wait(person, sent, lambda message: "photo" in message, patience=60)
    return (time.monotonic() - started) * 1000


def answer(page: Page, person: int, command: str) -> float:
    """Milliseconds from a command to the first message that answers it."""
    page.settle(person)
    started = time.monotonic()
    page.wait(person, page.say(person, command))
    return (time.monotonic() - started) * 1000


def plain(context: Context, photo: bytes) -> tuple[float, list[float]]:
    """Resident megabytes of the plain chain after the same number of selfies, and the milliseconds of each."""
    path = context.work / "plain.jpg"
    path.write_bytes(photo)
    worker = Worker("benchmarks.plain_chain", patience=300, environment=ONE_THREAD)
    try:
        found = [worker.ask(str(path)) for _ in range(min(SELFIES, 2 + context.rounds))]
    finally:
        worker.stop()
    if not found[-1]["found"]:
        raise BenchError("the plain chain found no face")
    return float(found[-1]["memory_mb"]), [float(one["ms"]) for one in found[2:]]


def bare_answers(context: Context) -> list[float]:
    """Milliseconds of a bare bot's answers to /start."""
    with server(context, "bare-answers") as (page, port):
        command = ["-m", "benchmarks.bare_bot", f"http://127.0.0.1:{port}", str(FIRST), str(OTHER)]
        with Program(context.work / "bare-answers.log", *command):
            page.wait(FIRST, page.say(FIRST, "/start"), patience=60)
            return [answer(page, FIRST, "/start") for _ in range(10)]
