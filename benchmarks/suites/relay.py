"""Processor time of the bot for a relayed message, beside a bare aiogram loop that calls copyMessage, on the same server program."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from benchmarks import people
from benchmarks.context import Context, ratio_row, spread_row
from benchmarks.page import Page, Program, free_port
from evaluation.plots import drawing
from evaluation.report import Section

ONE, OTHER = 1001, 1002
BATCH = 100
BARE = "bare aiogram copyMessage loop"


class Relay:
    """A local server with a bot behind it that passes messages between two people."""

    def __init__(self, page: Page, bot: Program) -> None:
        self.page = page
        self.bot = bot

    def batch(self) -> tuple[float, list[float]]:
        """CPU milliseconds of the bot a message, and the seconds each message took; both directions in turn."""
        cpu = self.bot.cpu()
        seconds = []
        for index in range(BATCH):
            sender, receiver = (ONE, OTHER) if index % 2 else (OTHER, ONE)
            after, started = self.page.last(receiver), time.monotonic()
            text = f"message {index} at {started}"
            self.page.say(sender, text)
            self.page.wait(receiver, after, lambda message, text=text: text in message.get("text", ""))  # type: ignore[misc]
            seconds.append(time.monotonic() - started)
        return (self.bot.cpu() - cpu) * 1000 / BATCH, seconds


@contextlib.contextmanager
def server(context: Context, name: str) -> Iterator[tuple[Page, int]]:
    """A Bot API server of its own, in memory, with two people."""
    port = free_port()
    with Program(context.work / f"{name}-server.log", "-m", "bot.local", "--port", str(port), "--memory") as program, Page(port) as page:
        page.wait_until_up(program)
        for _ in range(2 - len(page.ask("GET", "/page/state")["people"])):
            page.post("/page/people", {"name": "Somebody", "language": "en"})
        yield page, port


@contextlib.contextmanager
def product(context: Context) -> Iterator[Relay]:
    """Our bot as it runs on Telegram: without the local server in its process."""
    var = context.new_var("relay")
    with people.database(var) as database:
        ids = [database.transact(people.add, person) for person in (ONE, OTHER)]
        database.transact(people.match, *ids)
    with server(context, "product") as (page, port):
        environment = {
            "TELEGRAM_BOT_TOKEN": "1:LOCAL",
            "INYEON_TELEGRAM__API_BASE": f"http://127.0.0.1:{port}",
            "INYEON_PATHS__VAR": str(var),
            "INYEON_MATCHING__MESSAGE_RATE": "600",
        }
        with Program(context.work / "product.log", "run_bot.py", environment=environment) as bot:
            yield warm(Relay(page, bot))


@contextlib.contextmanager
def bare(context: Context) -> Iterator[Relay]:
    """The baseline."""
    with server(context, "bare") as (page, port):
        command = ["-m", "benchmarks.bare_bot", f"http://127.0.0.1:{port}", str(ONE), str(OTHER)]
        with Program(context.work / "bare.log", *command) as bot:
            yield warm(Relay(page, bot))


def warm(relay: Relay) -> Relay:
    """Let both people write once, since a bot may only write to those who wrote to it, and everything be loaded."""
    for person, partner in ((ONE, OTHER), (OTHER, ONE)):
        after = relay.page.last(partner)
        relay.page.say(person, f"first of {person}")
        if person == OTHER:
            relay.page.wait(partner, after, lambda message: "first of" in message.get("text", ""), patience=90)
    relay.batch()
    return relay


def run(context: Context) -> Section:
    """Batches of both in turn."""
    ours: list[float] = []
    theirs: list[float] = []
    waits: tuple[list[float], list[float]] = ([], [])
    with product(context) as mine, bare(context) as other:
        for _ in range(context.rounds):
            for relay, cpu, wait in ((mine, ours, waits[0]), (other, theirs, waits[1])):
                used, seconds = relay.batch()
                cpu.append(used)
                wait.extend(seconds)
    rows = (
        ratio_row("CPU of the bot for a relayed message", ours, theirs, BARE, None),
        spread_row("CPU of the bot for a relayed message", ours, "ms", None, theirs, BARE),
        spread_row(
            "time from sending to arriving", [value * 1000 for value in waits[0]], "ms", 1000, [value * 1000 for value in waits[1]], BARE
        ),
    )
    with drawing(context.results / "relay.png", "CPU of the bot for a relayed message", "round", "milliseconds") as axes:
        axes.plot(range(1, len(ours) + 1), ours, "o-", label="the product")
        axes.plot(range(1, len(theirs) + 1), theirs, "x-", label=BARE)
        axes.set_ylim(bottom=0)
    note = (
        f"{BATCH} messages a round, each sent when the last one has arrived. The product stores a message and its delivery before it sends."
    )
    return Section("relay", "A relayed message", rows, ("relay.png",), (note,))
