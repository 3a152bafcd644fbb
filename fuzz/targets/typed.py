"""What people type and press: callback data, answers to questions, texts for a partner; and what operators write into settings."""

from __future__ import annotations

import dataclasses
import datetime as dt
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import configuration
from bot import ages, cities, scams
from bot import answers as typed
from bot.render import pack, unpack
from bot.usecases import anonymity as hiding
from fuzz.mutating import NUMBERS, WORDS, spoilt, text, value
from fuzz.targets import Case, expect

TODAY = dt.date(2026, 11, 21)
VERBS = ("like", "open", "set", "report", "photo_main", "uphold", "ban", "couple_yes", "job_stop", "Á", "", "x" * 80)


def callback_data(random: Random) -> str:
    """Forged callback data."""
    number = random.choice(("", "0", "-1", "007", "٣", "1e5", " 1", *(str(number) for number in NUMBERS), "9" * 18, "9" * 19))
    parts = [random.choice(VERBS), number, random.choice((*WORDS, "men", "man", "Seoul"))]
    if random.random() < 0.2:
        random.shuffle(parts)
    return random.choice((":", ":", ":", "::", "")).join(parts[: random.choice((1, 2, 3, 3, 3))])


def callbacks() -> Case:
    """Forged data is a press that can be packed again, or none."""

    def run(data: Any) -> None:
        press = unpack(data)
        if press is not None:
            expect(0 <= press.to < 10**18, "a number that no database takes")
            if len(data.encode(errors="surrogatepass")) <= 60 and not any("\ud800" <= sign <= "\udfff" for sign in data):
                expect(unpack(pack(press)) == press, "another press than it was")

    return Case(callback_data, run)


def answers() -> Case:
    """Typed answers are understood or refused, and never take long."""

    def run(words: Any) -> None:
        typed.birth_date(words, TODAY)
        typed.ages(words)
        typed.about(words)
        typed.line(words, 40)
        cities.find(words)
        scams.find(words)
        ages.underage(words, TODAY.year)

    return Case(text, run)


def anonymity() -> Case:
    """What goes to a partner is within Telegram's limits and does not name the sender."""

    def make(random: Random) -> Any:
        words = text(random)
        if random.random() < 0.5:
            words += random.choice((" @maru_9", " t.me/MARU_9", "tg://user?id=5", "maru_9.t.me/x"))
        kinds = ("bold", "text_link", "text_mention", "url", "spoiler", "pre", "")
        found = [
            {
                "type": random.choice(kinds),
                "offset": random.choice((0, 1, len(words), *NUMBERS)),
                "length": random.choice((0, 1, len(words), *NUMBERS)),
                "url": random.choice(WORDS),
            }
            for _ in range(random.choice((0, 1, 3, 20)))
        ]
        return [words.encode("utf-16", "surrogatepass").decode("utf-16", "replace"), found, random.choice((4096, 1024, 1, 2))]

    def run(case: Any) -> None:
        words, found, limit = case
        made = hiding.shorten(hiding.clean(words, found, "maru_9"), limit)
        expect(len(made.text.encode("utf-16-le")) // 2 <= limit, "longer than Telegram takes")
        expect("@maru_9" not in made.text.lower(), "it names the sender")
        expect(all(entity.get("type") != "text_mention" for entity in made.entities), "it links to the sender")

    return Case(make, run)


def settings() -> Case:
    """Settings are read, or refused with a sentence."""
    folder = Path(tempfile.mkdtemp(prefix="inyeon-fuzz-"))
    file = folder / "settings.toml"
    known = [
        (name, key) for name, section in configuration.SECTIONS.items() for key in (field.name for field in dataclasses.fields(section))
    ]

    def make(random: Random) -> Any:
        lines = []
        for name, key in random.sample(known, random.choice((1, 3))):
            made = value(random) if random.random() < 0.5 else spoilt(1, random)
            lines.append(f"[{name}]\n{key} = {made!r}")
        if random.random() < 0.2:
            lines.append(text(random, 200))
        names = [f"INYEON_{name}__{key}".upper() for name, key in random.sample(known, random.choice((0, 1, 2)))]
        return ["\n".join(lines), {name: text(random, 100) for name in names}]

    def run(case: Any) -> None:
        written, environment = case
        file.write_text(written, encoding="utf-8", errors="replace")
        try:
            configuration.load(file, environment)
        except configuration.SettingsError:
            return

    def close() -> None:
        file.unlink(missing_ok=True)
        folder.rmdir()

    return Case(make, run, close)
