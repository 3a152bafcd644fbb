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
PEOPLE = tuple(range(ONE, ONE + 22))
"""Eleven pairs of neighbours, who write in turn; all but the first write in bursts."""
BATCH = 300
BURST = 6
"""Messages of each of the twenty in a burst."""
BOUND = 1.5
"""Times the baseline's processor time for a message."""
LOOKED_AT = {"INYEON_CARE__NUDGE_MESSAGES": "10000"}
"""As at the beginning of a chat, for all of its messages."""
BARE = "bare aiogram copyMessage loop"


class Relay:
    """A local server with a bot behind it that passes messages between two people."""

    def __init__(self, page: Page, bot: Program) -> None:
        self.page = page
        self.bot = bot

    def batch(self) -> tuple[float, list[float]]:
        """CPU milliseconds of the bot a message, and the seconds each message took; everybody in turn."""
        cpu = self.bot.cpu()
        seconds = []
        for index in range(BATCH):
            sender = PEOPLE[index % len(PEOPLE)]
            receiver = PEOPLE[(index % len(PEOPLE)) ^ 1]
            after, started = self.page.last(receiver), time.monotonic()
            text = f"message {index} at {started}"
            self.page.say(sender, text)
            self.page.wait(receiver, after, lambda message, text=text: text in message.get("text", ""))  # type: ignore[misc]
            seconds.append(time.monotonic() - started)
        return (self.bot.cpu() - cpu) * 1000 / BATCH, seconds

    def burst(self) -> float:
        """CPU milliseconds of the bot a message where twenty people write at the same time."""
        crowd = PEOPLE[2:]
        before = {person: self.page.last(person) for person in crowd}
        cpu = self.bot.cpu()
        for number in range(BURST):
            for person in crowd:
                self.page.say(person, f"burst {number} of {person}")
        for index, person in enumerate(crowd):
            text = f"burst {BURST - 1} of {crowd[index ^ 1]}"
            self.page.wait(person, before[person], lambda message, text=text: text in message.get("text", ""))  # type: ignore[misc]
        return (self.bot.cpu() - cpu) * 1000 / (BURST * len(crowd))


@contextlib.contextmanager
def server(context: Context, name: str) -> Iterator[tuple[Page, int]]:
    """A Bot API server of its own, in memory, with people."""
    port = free_port()
    with Program(context.work / f"{name}-server.log", "-m", "bot.local", "--port", str(port), "--memory") as program, Page(port) as page:
        page.wait_until_up(program)
        for _ in range(len(PEOPLE) - len(page.ask("GET", "/page/state")["people"])):
            page.post("/page/people", {"name": "Somebody", "language": "en"})
        yield page, port


@contextlib.contextmanager
def product(context: Context, name: str = "product", **settings: str) -> Iterator[Relay]:
    """Our bot as it runs on Telegram: without the local server in its process.  `settings` are environment variables."""
    var = context.new_var(name)
    with people.database(var) as database:
        ids = [database.transact(people.add, person) for person in PEOPLE]
        for one, other in zip(ids[::2], ids[1::2], strict=True):
            database.transact(people.match, one, other)
    with server(context, name) as (page, port):
        environment = {
            "TELEGRAM_BOT_TOKEN": "1:LOCAL",
            "INYEON_TELEGRAM__API_BASE": f"http://127.0.0.1:{port}",
            "INYEON_PATHS__VAR": str(var),
            "INYEON_MATCHING__MESSAGE_RATE": "600",
            "INYEON_SAFETY__NEW_DAYS": "0",
            "INYEON_TELEGRAM__RATE": "1000",
            **settings,
        }
        with Program(context.work / f"{name}.log", "run_bot.py", environment=environment) as bot:
            yield warm(Relay(page, bot))


@contextlib.contextmanager
def bare(context: Context) -> Iterator[Relay]:
    """The baseline."""
    with server(context, "bare") as (page, port):
        command = ["-m", "benchmarks.bare_bot", f"http://127.0.0.1:{port}", *map(str, PEOPLE)]
        with Program(context.work / "bare.log", *command) as bot:
            yield warm(Relay(page, bot))


def warm(relay: Relay) -> Relay:
    """Let everybody write once, since a bot may only write to those who wrote to it, and everything be loaded."""
    for one, other in zip(PEOPLE[::2], PEOPLE[1::2], strict=True):
        after = relay.page.last(one)
        relay.page.say(one, f"first of {one}")
        relay.page.say(other, f"first of {other}")
        relay.page.wait(one, after, lambda message: "first of" in message.get("text", ""), patience=90)
    relay.batch()
    relay.burst()
    return relay


def run(context: Context) -> Section:
    """Batches of both in turn."""
    ours: list[float] = []
    theirs: list[float] = []
    new: list[float] = []
    bursts: tuple[list[float], list[float]] = ([], [])
    waits: tuple[list[float], list[float]] = ([], [])
    with product(context) as mine, bare(context) as other, product(context, "beginnings", **LOOKED_AT) as young:
        for _ in range(context.rounds):
            for relay, cpu, wait, burst in ((mine, ours, waits[0], bursts[0]), (other, theirs, waits[1], bursts[1])):
                used, seconds = relay.batch()
                cpu.append(used)
                wait.extend(seconds)
                burst.append(relay.burst())
            new.append(young.batch()[0])
    rows = (
        ratio_row("CPU of the bot for a relayed message", ours, theirs, BARE, BOUND),
        spread_row("CPU of the bot for a relayed message", ours, "ms", None, theirs, BARE),
        ratio_row("the same at a chat's beginning, where each is looked at for signs of fraud", new, theirs, BARE, BOUND),
        ratio_row("CPU for a message where twenty people write at once", bursts[0], bursts[1], BARE, BOUND),
        spread_row("CPU for a message where twenty people write at once", bursts[0], "ms", None, bursts[1], BARE),
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
