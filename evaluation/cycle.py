"""`make cycle`: from generated couple photos to recommendations, through the commands that operators use, on real pixels.

Couple photos are made out of single portraits with an affinity planted between attributes that the product is never told
(`engine.training.synthetic`); `crawler collect` separates them, `engine learn` learns types and who pairs with whom, and for people
who were on none of the photos it is measured whether the partner types recommended to them are those that the plant makes likely.
The same once more with the partners shuffled, where nothing may be found.

The share of the attainable affinity: over the people held out, (A(chosen) - A(random)) / (A(best) - A(random)), where A of a type is
the mean planted weight between the person and the people of that type, chosen is the type recommended first among those of its
kind, best the type with the largest mean of A over everybody of the person's own type (no more can be known from types), and random the
mean over all people of the gender sought.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import configuration
from engine.affinity import Affinity, CoupleCounts
from engine.analysis import Analyser
from engine.commands.parsing import Parser
from engine.registry import Registry
from engine.training.synthetic import STRENGTH
from engine.values import Gender
from evaluation.report import Row, Section, facts_of_machine, table, write

ROOT: Final = Path(__file__).resolve().parent.parent
KINDS: Final = {"face": "high", "fashion": "dark"}
"""Kind of type, and the attribute that its affinity was planted on."""
PEOPLE: Final = 40
"""`learning.people_min` here: there are only some seventy portraits a gender, so the product's own bound would be a close run thing."""
REFUSED: Final = 3
"""Exit status of `engine learn` where a gate failed."""


class CycleError(RuntimeError):
    """A step of the cycle failed; the message is one line that says which."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of `people.csv`, with the types that the learned pack gives them."""

    name: str
    gender: Gender
    sides: Mapping[str, bool]
    held: bool
    types: Mapping[str, str]
    """Kind to type id."""


def say(line: str) -> None:
    """Progress, for people."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def command(module: str, *arguments: str, var: Path, allowed: Sequence[int] = (0,)) -> list[dict[str, Any]]:
    """Run one of our commands with its own data under `var`; the JSON objects that it answered.

    Raises:
        CycleError: it failed.

    """
    own = {"INYEON_PATHS__VAR": str(var), "INYEON_DATABASE__URL": "", "INYEON_ENGINE__PACK": "", "INYEON_LEARNING__PEOPLE_MIN": str(PEOPLE)}
    environment = {**os.environ, **own}
    say(f"$ python -m {module} {' '.join(arguments)}")
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode not in allowed:
        raise CycleError(f"python -m {module} {arguments[0]} ended with {done.returncode}: see the lines above")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def learn_from(folder: Path, portraits: Path, pictures: int, seed: int, *, shuffled: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Generate, collect and learn; what `crawler collect` and `engine learn` answered."""
    var = folder / "var"
    drawn = ["--portraits", str(portraits), "--out", str(folder), "--couples", str(pictures), "--seed", str(seed)]
    command("engine.training.synthetic", *drawn, *(["--shuffled"] if shuffled else []), var=var)
    source = ["--source", "folder", "--path", str(folder / "pictures")]
    (collected,) = command("crawler", "collect", *source, "--json", "--decisions", str(folder / "decisions.csv"), var=var)
    (learned,) = command("engine", "learn", "--json", var=var, allowed=(0, REFUSED))
    return collected, learned


def people_of(folder: Path, portraits: Path, analyser: Analyser) -> list[Person]:
    """Everybody with the types of the pack in use; people without any type are left out."""
    files = {file.stem: file for file in sorted((portraits / "256").glob("*.jpg"))}
    found = []
    with (folder / "people.csv").open(encoding="utf-8") as table_:
        for row in csv.DictReader(table_):
            seen = analyser.analyse(files[row["name"]].read_bytes())
            gender: Gender = "woman" if row["gender"] == "woman" else "man"
            pack = analyser.pack
            guesses = {"face": pack.assign_face(seen.embedding, gender), "fashion": pack.assign_fashion(seen.fashion_embedding, gender)}
            types = {kind: guess.id for kind, guess in guesses.items() if guess is not None}
            sides = {name: row[name] == "1" for name in KINDS.values()}
            found.append(Person(row["name"], gender, sides, row["held"] == "1", types))
    return found


def weights(kind: str, person: Person, others: Sequence[Person]) -> NDArray[np.float64]:
    """The planted weight between a person and each of `others`: faces unlike, clothes alike."""
    alike = np.array([person.sides[KINDS[kind]] == other.sides[KINDS[kind]] for other in others])
    return np.where(alike if kind == "fashion" else ~alike, STRENGTH, 1.0)


def recovered(kind: str, people: Sequence[Person], affinity: Affinity, couples: CoupleCounts) -> tuple[NDArray[np.float64], int]:
    """For each person held out (chosen - random, best - random); and to how many of them observed couples spoke."""
    gains, observed = [], 0
    typed = [one for one in people if kind in one.types]
    for person in typed:
        if not person.held:
            continue
        seeking: Gender = "woman" if person.gender == "man" else "man"
        others = [one for one in typed if not one.held and one.gender == seeking]
        alike = [one for one in typed if one.gender == person.gender and one.types[kind] == person.types[kind]]
        found = affinity.partners([person.types[kind]], seeking, couples, None)
        planted = np.stack([weights(kind, one, others) for one in [person, *alike]])
        means = {}
        for one in found:
            here = [other.types[kind] == one.type.id for other in others]
            if any(here):
                means[one.type.id] = planted[:, here].mean(axis=1)
        chosen = next((one for one in found if one.type.id in means), None)
        if chosen is None:
            continue
        observed += chosen.evidence == "observed"
        best = max(means.values(), key=lambda values: float(values[1:].mean()))
        gains.append((means[chosen.type.id][0] - planted[0].mean(), best[0] - planted[0].mean()))
    return np.array(gains).reshape(-1, 2), observed


def row(name: str, gains: NDArray[np.float64], observed: int, *, bound: float | None) -> Row:
    """The share of the attainable, as a ratio of sums, with its bootstrap interval over people."""

    def share(drawn: NDArray[np.float64]) -> float:
        return float(drawn[:, 0].sum() / max(drawn[:, 1].sum(), 1e-9))

    if not len(gains):
        return Row(name, None, 0, bound=bound, note="nobody who was held out has a type")
    random = np.random.default_rng(0)
    draws = [share(gains[random.integers(0, len(gains), len(gains))]) for _ in range(1000)]
    interval = float(np.quantile(draws, 0.025)), float(np.quantile(draws, 0.975))
    note = f"observed couples speak to {observed} of {len(gains)}"
    return Row(name, share(gains), len(gains), interval=interval, bound=bound, baseline=0.0, baseline_name="a random type", note=note)


def measure(folder: Path, portraits: Path, settings: configuration.Settings, label: str, *, bounded: bool) -> list[Row]:
    """What the learned pack recommends to people it has never seen."""
    pack = Registry(folder / "var" / "models").active()
    analyser = Analyser(replace(settings.engine, pack=str(pack)), settings.var / "cache")
    analyser.load()
    people = people_of(folder, portraits, analyser)
    couples = CoupleCounts.of(analyser.pack.couples)
    affinity = Affinity(analyser.pack)
    rows = []
    for kind in KINDS:
        gains, observed = recovered(kind, people, affinity, couples)
        rows.append(row(f"{label}: share of the attainable {kind} affinity", gains, observed, bound=0.5 if bounded else None))
    return rows


def facts(label: str, collected: Mapping[str, Any], learned: Mapping[str, Any], folder: Path) -> list[Row]:
    """How many photos were taken, rightly, and what was learned."""
    with (folder / "truth.csv").open(encoding="utf-8") as file:
        couples = {one["file"] for one in csv.DictReader(file) if one["kind"] == "couple"}
    with (folder / "decisions.csv").open(encoding="utf-8") as file:
        taken = {Path(one["file"]).name for one in csv.DictReader(file) if one["accepted"] == "1"}
    right = len(taken & couples)
    agreements = [group["classifier_agreement"] or 0.0 for group in learned["groups"].values()]
    return [
        Row(f"{label}: of the photos taken, couples", right / max(len(taken), 1), len(taken), bound=0.92),
        Row(f"{label}: of the couples, taken", right / max(len(couples), 1), len(couples), bound=0.85),
        Row(f"{label}: couples learned from", float(learned["couples"]), int(collected["seen"])),
        *compatibility(label, learned.get("compatibility")),
        Row(f"{label}: least agreement of the classifier with the types", float(min(agreements, default=0.0)), len(agreements)),
    ]


def compatibility(label: str, figures: Mapping[str, Any] | None) -> list[Row]:
    """How well held-out couples were told from random pairs of the same ages while learning; nothing where it had too few couples."""
    if figures is None:
        return []
    name = f"{label}: compatibility of held-out couples"
    area, error = tuple(figures["auc_interval"]), tuple(figures["ece_interval"])
    note = f"{figures['pairs']:,} random pairs; likeness read across two photos for {figures['apart']:.0%} of the couples"
    return [
        Row(f"{name}: AUC", figures["auc"], figures["n"], interval=area, baseline=0.5, baseline_name="guessing", note=note),
        Row(f"{name}: expected calibration error", figures["ece"], figures["n"], better="lower", interval=error),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the cycle twice; 0 where it came to recommendations, 1 where a step failed, 2 where there are no portraits."""
    parser = Parser(prog="python -m evaluation.cycle", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=900, help="couple photos to generate for each of the two runs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only-planted", action="store_true", help="leave the shuffled control out")
    parser.add_argument("--results", type=Path, default=ROOT / "evaluation" / "results" / "cycle", metavar="DIR")
    given = parser.parse_args(arguments)
    try:
        settings = configuration.load()
    except configuration.SettingsError as error:
        say(f"cycle: {error}")
        return 2
    portraits = Path(settings.eval.data) / "portraits_ai"
    if not (portraits / "labels.csv").is_file():
        say(f"cycle: there are no portraits in {portraits}: name a folder that holds portraits_ai (INYEON_EVAL__DATA)")
        return 2
    started, rows = time.monotonic(), []
    try:
        for label, shuffled in (("planted", False), ("shuffled", True)):
            if shuffled and given.only_planted:
                continue
            folder = settings.var / "cycle" / f"{label}-{given.pictures}-{given.seed}"
            collected, learned = learn_from(folder, portraits, given.pictures, given.seed, shuffled=shuffled)
            rows += facts(label, collected, learned, folder)
            if not learned["published"]:
                failed = [name for name, gate in learned["gates"].items() if not gate["passed"]]
                say(f"cycle: {label}: nothing was published, gates that failed: {', '.join(failed)}")
                continue
            rows += measure(folder, portraits, settings, label, bounded=not shuffled)
    except CycleError as error:
        say(f"cycle: {error}")
        return 1
    notes = (f"{given.pictures} generated photos a run, {time.monotonic() - started:.0f} s in all. Synthetic couples: no real ones.",)
    section = Section("cycle", "From generated couple photos to recommendations", tuple(rows), (), notes)
    write(given.results, "The learning cycle", [section], facts_of_machine())
    say("\n".join(table(section.rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
