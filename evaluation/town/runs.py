"""Many lives: policies by name, on the same seeds, two at a time."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from engine.matching.settings import RankingSettings
from engine.types import TypePack
from evaluation.town import outcome, replaying, service, world
from evaluation.town.life import live
from evaluation.town.outcome import Curves
from evaluation.town.parameters import SENSITIVITY, Town
from evaluation.town.people import Floats
from evaluation.town.policies import LikersFirst, PartnerType, Plain, Policy, Popularity, Truthful
from evaluation.town.product import Product
from evaluation.town.world import World

Given = TypeVar("Given")
Result = TypeVar("Result")

STATED = "as stated"
PRODUCT = "the product"
ONE_WAY = "one-way score"
LIKERS = ", likers first"

SHIPPED = RankingSettings()
OTHER_MEAN = "harmonic" if SHIPPED.combine == "product" else "product"

POLICIES: dict[str, Callable[[World], Policy]] = {
    PRODUCT: lambda town: Product(town, SHIPPED),
    "random": Plain,
    "popularity": Popularity,
    ONE_WAY: lambda town: Product(town, SHIPPED, ONE_WAY, one_way=True),
    "most frequent partner type": PartnerType,
    "popularity" + LIKERS: lambda town: LikersFirst(Popularity(town)),
    ONE_WAY + LIKERS: lambda town: LikersFirst(Product(town, SHIPPED, ONE_WAY, one_way=True)),
    f"the product, {OTHER_MEAN}": lambda town: Product(town, replace(SHIPPED, combine=OTHER_MEAN)),
    "the product, no cap or levelling": lambda town: Product(town, replace(SHIPPED, share=1e9, levelling=0.0)),
    f"{PRODUCT}, told everybody's tastes": lambda town: Product(town, SHIPPED, told=True),
    "the product, no newcomers' places": lambda town: Product(town, replace(SHIPPED, newcomer_slots=0.0)),
    "who knows the truth": Truthful,
}


ABLATIONS = tuple(name for name in POLICIES if name.startswith(f"{PRODUCT}, "))
"""The product with other settings."""


@dataclass(frozen=True, slots=True)
class Job:
    """One life."""

    town: str
    """A key of `SENSITIVITY`, or `STATED`."""
    seed: int
    policy: str


@dataclass(frozen=True, slots=True)
class Done:
    """What it came to."""

    job: Job
    figures: dict[str, float]
    curves: Curves | None
    exposure: Floats
    """Cards a day of presence, sorted."""


def run(jobs: Iterable[Job]) -> Iterator[Done]:
    """Jobs in two processes; in the order of the jobs."""
    return _in_two(do, list(jobs))


def replay(seeds: Iterable[int]) -> Iterator[dict[str, float]]:
    """Figures of `evaluation.town.replaying` for each seed, likewise."""
    return _in_two(_replayed, list(seeds))


def by_the_bot(seed: int) -> tuple[dict[str, float], dict[str, float]]:
    """Figures of a small town served by the bot's use cases, and of the same town served by the engine alone."""
    town = service.comparable(_pack(), seed)
    with tempfile.TemporaryDirectory() as folder:
        served = service.serve(town, Path(folder), SHIPPED)
    return outcome.figures(served), outcome.figures(live(town, Product(town, SHIPPED)))


def _in_two(task: Callable[[Given], Result], waiting: list[Given]) -> Iterator[Result]:
    workers = min(2, os.cpu_count() or 1, len(waiting))
    if workers < 2:
        yield from map(task, waiting)
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited: two processes with a thread each, not with one a core
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(task, waiting)


def do(job: Job) -> Done:
    """One job."""
    life = live(_world(job.town, job.seed), POLICIES[job.policy](_world(job.town, job.seed)))
    return Done(job, outcome.figures(life), outcome.curves(life), outcome.exposure(life))


def _replayed(seed: int) -> dict[str, float]:
    return replaying.figures(_world(STATED, seed))


@lru_cache(maxsize=1)
def _pack() -> TypePack:
    return TypePack.load()


@lru_cache(maxsize=2)
def _world(name: str, seed: int) -> World:
    return world.make(SENSITIVITY.get(name, Town()), _pack(), seed)
