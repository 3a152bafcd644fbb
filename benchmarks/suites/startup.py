"""From starting `run_bot.py` in the local mode to its first reply, beside a bare aiogram bot on a server that is up already."""

from __future__ import annotations

import time

from benchmarks.context import Context, spread_row
from benchmarks.page import Page, Program, free_port
from benchmarks.suites.relay import ONE, OTHER, server
from evaluation.report import Section

BOUND = 8.0
BARE = "bare aiogram bot, its server being up"


def run(context: Context) -> Section:
    """A new process and a new database each time."""
    ours: list[float] = []
    page_up: list[float] = []
    theirs: list[float] = []
    cpu: list[float] = []
    for index in range(max(2, context.rounds // 2)):
        up, replied, used = product(context, index)
        cpu.append(used)
        page_up.append(up)
        ours.append(replied)
        theirs.append(bare(context, index))
    rows = (
        spread_row("process start to first reply", ours, "s", BOUND, theirs, BARE),
        spread_row("process start to the chat page", page_up, "s", None),
        spread_row("processor time until the first reply", cpu, "s", None),
    )
    note = "A new database each time; the engine's models were prepared by an earlier start, as at every start but the first."
    return Section("startup", "Cold start", rows, (), (note,))


def product(context: Context, index: int) -> tuple[float, float, float]:
    """Seconds until the chat page answers, until `/start` is answered, and of processor time until then."""
    port = free_port()
    environment = {"INYEON_PATHS__VAR": str(context.new_var(f"startup-{index}")), "INYEON_LOCAL__PORT": str(port)}
    with Program(context.work / f"startup-{index}.log", "run_bot.py", environment=environment) as bot, Page(port) as page:
        page.wait_until_up(bot)
        up = time.monotonic() - bot.started
        asked = page.say(ONE, "/start")
        page.wait(ONE, asked, patience=120)
        return up, time.monotonic() - bot.started, bot.cpu()


def bare(context: Context, index: int) -> float:
    """Seconds until the bare bot answers `/start`."""
    with server(context, f"bare-startup-{index}") as (page, port):
        asked = page.say(ONE, "/start")
        command = ["-m", "benchmarks.bare_bot", f"http://127.0.0.1:{port}", str(ONE), str(OTHER)]
        with Program(context.work / f"bare-startup-{index}.log", *command) as bot:
            page.wait(ONE, asked, patience=60)
            return time.monotonic() - bot.started
