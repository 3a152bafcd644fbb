"""What members notice while types are learned on the same processors: answers to commands and selfies, without and with training.

The bot itself starts the training, as an admin's /retrain does; windows without and with it take turns, so that whatever else the
machine does falls on both.
"""

from __future__ import annotations

import datetime as dt
import io
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import people
from benchmarks.context import Context
from benchmarks.page import BenchError, Message, Page, Program, free_port
from benchmarks.suites.selfie import one_photo
from benchmarks.suites.serving import answer, card
from db import couples, jobs, pictures
from db.corpus_records import NewPerson, PersonGender, PictureRow
from db.session import Connection, Database
from engine.analysis import CROP
from engine.embedding import FaceEmbedder
from engine.types import STARTER, TypePack
from evaluation.plots import drawing
from evaluation.report import Row, Section

ADMIN, FIRST = 9001, 1001
COUPLES = 700
COMMANDS = ("/profile", "/types", "/likes", "/settings", "/help")
EACH, SELFIES = 8, 3
"""Answers to each command, and selfies, in a window."""
BOUND = 1.3
ROUNDS_MIN = 3
WITHOUT, WITH = "without", "while training"


@dataclass
class Waits:
    """Milliseconds of answers: `commands`, `selfies`."""

    commands: list[float] = field(default_factory=list)
    selfies: list[float] = field(default_factory=list)

    def add(self, more: Waits) -> None:
        """Count these too."""
        self.commands += more.commands
        self.selfies += more.selfies


def run(context: Context) -> Section:
    """Windows in turn, for as many rounds as are asked for."""
    photo = one_photo(context)
    var = context.new_var("training")
    port = free_port()
    environment = {"INYEON_PATHS__VAR": str(var), "INYEON_LOCAL__PORT": str(port), "INYEON_LOCAL__MEMBERS": "0"}
    waits = {WITHOUT: Waits(), WITH: Waits()}
    # One who asks, and somebody new for each selfie: only a first photo is answered with a card.
    number = 1 + SELFIES * (2 * context.rounds + 1)
    others = iter(range(FIRST + 1, FIRST + number))
    with people.database(var) as database:
        for index in range(number):
            database.transact(people.add, FIRST + index, step="edit.photo")
        database.transact(corpus)
        with Program(context.work / "training.log", "run_bot.py", environment=environment) as bot, Page(port) as page:
            page.wait_until_up(bot)
            while len([one for one in page.ask("GET", "/page/state")["people"] if FIRST <= one["id"] < FIRST + number]) < number:
                page.post("/page/people", {"name": "Somebody", "language": "en"})
            page.wait(FIRST, page.say(FIRST, "/help"), patience=120)
            window(page, photo, Waits(), others)
            done = 0
            for _ in range(context.rounds):
                alone, beside = Waits(), Waits()
                window(page, photo, alone, others)
                train(page, database)
                window(page, photo, beside, others)
                if not stop(page, database):
                    break
                waits[WITHOUT].add(alone)
                waits[WITH].add(beside)
                done += 1
    if done < ROUNDS_MIN:
        raise BenchError(f"learning had ended after {done} rounds: more couples are needed")
    return section(context, waits, done)


def window(page: Page, photo: bytes, waits: Waits, others: Iterator[int]) -> None:
    """A few selfies and commands, one at a time."""
    waits.selfies += [card(page, person, photo) for person in islice(others, SELFIES)]
    for _ in range(EACH):
        waits.commands += [answer(page, FIRST, command) for command in COMMANDS]


def train(page: Page, database: Database) -> None:
    """An admin starts learning; returns once it is under way."""
    sent = page.say(ADMIN, "/retrain")
    question = page.wait(ADMIN, sent, lambda message: press_of(message, "retrain_yes") is not None)
    page.post(f"/page/chats/{ADMIN}/callback", {"message_id": question["message_id"], "data": press_of(question, "retrain_yes")})
    end = time.monotonic() + 120
    while time.monotonic() < end:
        running = database.read(jobs.running, "learn")
        # Loading the models counts as well, but what takes long comes after it.
        if running and running[0].progress.get("total", 0) > 1:
            return
        time.sleep(0.2)
    raise BenchError(f"learning did not begin within two minutes: {database.read(jobs.recent, 3)}")


def stop(page: Page, database: Database) -> bool:
    """The admin stops the training, and the next one goes on from its checkpoint; False where it had ended before the window did."""
    running = database.read(jobs.running, "learn")
    if not running:
        return False
    page.wait(ADMIN, page.say(ADMIN, "/jobs"))
    shown = page.heard(ADMIN, 0)[-1]
    page.post(f"/page/chats/{ADMIN}/callback", {"message_id": shown["message_id"], "data": f"job_stop:{running[0].id}:"})
    end = time.monotonic() + 60
    while database.read(jobs.running):
        if time.monotonic() > end:
            raise BenchError("learning did not stop within a minute")
        time.sleep(0.2)
    time.sleep(3.0)
    return True


def press_of(message: Message, verb: str) -> str | None:
    """The callback data of a message's button with this verb."""
    rows = (message.get("reply_markup") or {}).get("inline_keyboard", ())
    return next((button["callback_data"] for row in rows for button in row if button["callback_data"].startswith(f"{verb}:")), None)


def corpus(connection: Connection) -> None:
    """Couples round as many centres as there are types, with pixels of blended faces: learning embeds changed copies of them."""
    pack = TypePack.load(STARTER)
    generator = np.random.default_rng(0)
    now = dt.datetime.now(dt.UTC)
    genders: tuple[PersonGender, PersonGender] = ("woman", "man")
    dims = {kind: max(block.stop for block in pack.groups[f"woman_{kind}"].blocks) for kind in ("face", "fashion")}
    centres = {(gender, kind): generator.normal(size=(5, dims[kind])) for gender in genders for kind in dims}
    faces = {gender: [jpeg(info.picture.read_bytes(), CROP) for info in pack.groups[f"{gender}_face"].types] for gender in genders}
    for number in range(COUPLES):
        made = []
        for gender in genders:
            at = int(generator.integers(5))
            vectors = {kind: near(generator, centres[gender, kind][at]) for kind in dims}
            crop = faces[gender][at % len(faces[gender])]
            facts = {"garments": [{"region": "upper", "label": "shirt", "score": 0.9, "colour": "#334455"}], "skin": [60.0, 12.0, 14.0]}
            made.append(
                NewPerson(
                    gender, 0.99, 30.0, crop, crop, facts, vectors["face"], FaceEmbedder.VERSION, vectors["fashion"], pack.fashion_model
                )
            )
        picture = pictures.add(connection, PictureRow("benchmark", str(number), "accepted"), now)
        if picture is not None:
            couples.add(connection, picture, made[0], made[1], now)


def near(generator: np.random.Generator, centre: NDArray[np.float64]) -> bytes:
    """A vector of length 1 nearer to its centre than to others, but too far from its neighbours to be the same person."""
    vector = centre + generator.normal(size=len(centre)) * 1.8
    return np.asarray(vector / np.linalg.norm(vector), dtype="<f4").tobytes()


def jpeg(data: bytes, side: int) -> bytes:
    """A picture as a JPEG of this size."""
    stream = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").resize((side, side)).save(stream, "JPEG", quality=92)
    return stream.getvalue()


def section(context: Context, waits: dict[str, Waits], rounds: int) -> Section:
    """The 99th and 50th percentiles of both, and their ratios."""
    rows = []
    for name, plain, busy in (
        ("a command's answer", waits[WITHOUT].commands, waits[WITH].commands),
        ("a selfie to its type card", waits[WITHOUT].selfies, waits[WITH].selfies),
    ):
        for percent, bound in ((99, BOUND), (50, None)):
            alone, beside = percentile(plain, percent), percentile(busy, percent)
            rows.append(
                Row(f"p{percent} of {name}: with training to without", beside / alone, len(busy), "", "lower", bound, None, 1.0, WITHOUT)
            )
            rows.append(Row(f"p{percent} of {name}, {WITH}", beside, len(busy), "ms", "lower", None, None, alone, WITHOUT))
    with drawing(context.results / "training.png", "Answers while types are learned", "", "milliseconds") as axes:
        lists = [waits[which].commands for which in (WITHOUT, WITH)] + [waits[which].selfies for which in (WITHOUT, WITH)]
        axes.boxplot(lists, whis=(1, 99))
        axes.set_xticks(
            range(1, 5), [f"{what}\n{which}" for what in ("commands", "selfies") for which in (WITHOUT, WITH)], fontsize="small"
        )
        axes.set_yscale("log")
    answers = EACH * len(COMMANDS)
    note = f"Learning from {COUPLES} couples, started by /retrain; {rounds} windows of {answers} answers and {SELFIES} selfies in turn."
    return Section("training", "Serving while types are learned", tuple(rows), ("training.png",), (note,))


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` per cent lie, with linear interpolation."""
    return float(np.percentile(values, percent))
