"""Files: photos for the engine, everything for the scrubber."""

from __future__ import annotations

import logging
from random import Random

from bot.scrub import Neutral, neutral, sniff
from engine.images import Decoded, decode
from engine.settings import EngineSettings
from engine.values import Problem
from fuzz.mutating import by_grammar, mutated
from fuzz.seeds import documents, films, pictures
from fuzz.targets import Case, expect


def photos() -> Case:
    """A photo decodes within bounds, or is a problem."""
    seeds = list(pictures.pictures().values())
    logging.getLogger("PIL").setLevel(logging.CRITICAL)
    settings = EngineSettings()

    def run(data: bytes) -> None:
        found = decode(data, settings)
        if isinstance(found, Decoded):
            expect(found.image.ndim == 3, "no picture of three colours")
            expect(max(found.image.shape[:2]) <= settings.longest_side, "larger than asked for")
        else:
            expect(isinstance(found, Problem), "neither a photo nor a problem")

    return Case(lambda random: _made(random, seeds), run)


def scrub() -> Case:
    """A file comes back neutral, or as it was."""
    seeds = list({**pictures.pictures(), **films.films(), **documents.documents()}.values())

    def run(data: bytes) -> None:
        made = neutral(data)
        expect(isinstance(made, Neutral), "no file")
        expect("/" not in made.name, "a name with a path")
        if not made.sure:
            expect(made.data == data, "changed, though not sure")
        else:
            expect(sniff(made.data).mime == made.mime, "it became something else")

    return Case(lambda random: _made(random, seeds), run)


def _made(random: Random, seeds: list[bytes]) -> bytes:
    seed = random.choice(seeds)
    return by_grammar(seed, random, seeds) if random.random() < 0.4 else mutated(seed, random, seeds)
