"""`python -m engine compare A [B] [--json]`: how much two people resemble observed couples, on two photos or on one of both."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from engine.analysis import Analyser
from engine.commands import files
from engine.commands.output import answer, progress
from engine.compatibility import Comparison, Compatibility, Problem, refused
from engine.settings import EngineSettings
from engine.values import Analysis


class Apart(Protocol):
    """`crawler.parting.Parted`: the two of a couple's photo, or why there are none."""

    @property
    def people(self) -> tuple[Analysis, Analysis] | None:
        """Left to right."""

    @property
    def problem(self) -> Problem | None:
        """Why not."""


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("compare", help="how much two people resemble observed couples", description=__doc__)
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="a photo of each of two adults, or one photo of both")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(
    arguments: argparse.Namespace, settings: EngineSettings, cache: Path, models: Path, part: Callable[[Analyser, bytes], Apart]
) -> int:
    """Compare and print; 0 also where two people are not compared, since that is an answer; 2 for unusable arguments.

    `part` takes one photo of two people apart.
    """
    if len(arguments.photos) > 2:
        progress(f"{len(arguments.photos)} photos were given: give one or two")
        return 2
    if files.missing(arguments.photos):
        return 2
    data = [files.read(name, settings.max_bytes) for name in arguments.photos]
    progress("loading the models")
    analyser = Analyser(settings, cache, models)
    made = compared(analyser, data, part)
    answer(json.dumps(as_object(made), ensure_ascii=False) if arguments.json else as_text(made))
    return 0


def compared(analyser: Analyser, data: list[bytes], part: Callable[[Analyser, bytes], Apart]) -> Comparison:
    """The people of one photo, or of two."""
    if len(data) == 1:
        apart = part(analyser, data[0])
        if apart.people is None:
            return refused(apart.problem or Problem("no_couple", "No two people were found."))
        return Compatibility(analyser.pack).compare(*apart.people)
    identical = hashlib.sha256(data[0]).digest() == hashlib.sha256(data[1]).digest()
    one, other = (analyser.analyse(each) for each in data)
    return Compatibility(analyser.pack).compare(one, other, identical=identical)


def as_object(made: Comparison) -> dict[str, Any]:
    """The JSON object of CONTRACT.md."""
    problem = made.problem
    return {
        "same_person": made.same_person,
        "similarity": _rounded(made.similarity, 4),
        "score": _rounded(made.score),
        "interval": None if made.interval is None else [round(bound, 1) for bound in made.interval],
        "parts": {"face": _rounded(made.parts.face), "fashion": _rounded(made.parts.fashion), "age": _rounded(made.parts.age)},
        "couples": made.couples,
        "evidence": made.evidence,
        "types": [
            {
                "kind": found.one.kind,
                "ids": [found.one.id, found.other.id],
                "couples": found.couples,
                "of": found.of,
                "lift": round(found.lift, 4),
                "interval": [round(bound, 4) for bound in found.interval],
            }
            for found in made.together
        ],
        "reason": made.reason,
        "reason_ko": made.reason_ko,
        "problem": {"code": problem.code, "message": problem.message, "photo": problem.photo} if problem else None,
    }


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)


def as_text(made: Comparison) -> str:
    """A few lines for people."""
    if made.problem is not None or made.score is None or made.interval is None:
        return made.reason
    parts = [(name, getattr(made.parts, name)) for name in ("face", "fashion", "age")]
    said = ", ".join(f"{name} {value:.0f}" for name, value in parts if value is not None)
    return f"{made.score:.0f} of 100 (80 % interval {made.interval[0]:.0f}–{made.interval[1]:.0f}); {said}\n  {made.reason}"
