"""`python -m engine analyse PHOTO… [--json] [--embedding]`: what the engine reads from photos."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.analysis import Analyser
from engine.commands import files
from engine.commands.output import answer, progress
from engine.settings import EngineSettings
from engine.values import Analysis, Face, TypeGuess


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("analyse", help="read face, age, garments and types from photos", description=__doc__)
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="JPEG, PNG, WebP or HEIC files")
    parser.add_argument("--json", action="store_true", help="one JSON object a photo on stdout")
    parser.add_argument("--embedding", action="store_true", help="with the vector of the main face (only with --json)")


def run(arguments: argparse.Namespace, settings: EngineSettings, cache: Path, models: Path) -> int:
    """Analyse and print; 0 also where photos have problems, since that is an answer; 2 for unusable arguments.

    Of several files those that cannot be read are answered as no images, so that there is an answer a photo; where there is
    nothing to read at all the call was wrong, as it is of the other commands.
    """
    if _unusable(arguments):
        return 2
    analyser = Analyser(settings, cache, models)
    progress("loading the models")
    for number, name in enumerate(arguments.photos, 1):
        if len(arguments.photos) > 1:
            progress(f"{number}/{len(arguments.photos)} {name}")
        analysis = analyser.analyse(files.read(name, settings.max_bytes))
        if arguments.json:
            answer(json.dumps(as_object(name, analysis, embedding=arguments.embedding), ensure_ascii=False))
        else:
            answer(as_text(name, analysis))
    return 0


def _unusable(arguments: argparse.Namespace) -> bool:
    """Whether nothing can be done, after a line that says why."""
    if arguments.embedding and not arguments.json:
        progress("--embedding is only for --json: add it, or leave --embedding out")
        return True
    names: Sequence[str] = arguments.photos
    return len(files.missing(names)) == len(names)


def as_object(name: str, analysis: Analysis, *, embedding: bool) -> dict[str, Any]:
    """The JSON object of CONTRACT.md."""
    problem = analysis.problem
    made: dict[str, Any] = {
        "photo": name,
        "problem": {"code": problem.code, "message": problem.message} if problem else None,
        "faces": [_face(face) for face in analysis.faces],
        "main": analysis.main,
        "face_type": _type(analysis.face_type),
        "fashion_type": _type(analysis.fashion_type),
        "garments": [
            {"region": one.region, "label": one.label, "score": round(one.score, 4), "colour": one.colour} for one in analysis.garments
        ],
        "palette": list(analysis.palette),
        "style": [{"label": one.label, "score": round(one.score, 4)} for one in analysis.style],
        "nsfw": round(analysis.nsfw, 4),
        "size": list(analysis.size),
        "model_version": analysis.model_version,
        "runtime": analysis.runtime,
        "took_ms": round(analysis.took_ms, 1),
    }
    if embedding:
        made["embedding"] = None if analysis.embedding is None else [float(value) for value in analysis.embedding]
    return made


def _face(face: Face) -> dict[str, Any]:
    return {
        "box": [round(value, 1) for value in face.box],
        "gender": face.gender,
        "gender_confidence": round(face.gender_confidence, 4),
        "age": round(face.age, 1),
        "age_range": [round(face.age_range[0], 1), round(face.age_range[1], 1)],
        "minor_score": round(face.minor_score, 4),
        "quality": round(face.quality, 4),
        "yaw": round(face.details.yaw, 1),
        "pitch": round(face.details.pitch, 1),
        "roll": round(face.details.roll, 1),
    }


def _type(guess: TypeGuess | None) -> dict[str, Any] | None:
    return {"id": guess.id, "name": guess.name, "name_ko": guess.name_ko, "confidence": round(guess.confidence, 4)} if guess else None


def as_text(name: str, analysis: Analysis) -> str:
    """A few lines for people."""
    lines = [name]
    if analysis.problem:
        lines.append(f"  problem     {analysis.problem.code}: {analysis.problem.message}")
    for index, face in enumerate(analysis.faces):
        who = face.gender or "unsure of the gender"
        age = f"about {face.age:.0f} ({face.age_range[0]:.0f}–{face.age_range[1]:.0f})"
        mark = "*" if index == analysis.main and len(analysis.faces) > 1 else " "
        lines.append(f"  face{mark}       {who} ({face.gender_confidence:.0%}), {age}, quality {face.quality:.0%}")
    for title, guess in (("face type", analysis.face_type), ("fashion", analysis.fashion_type)):
        if guess:
            lines.append(f"  {title:11} {guess.name} ({guess.confidence:.0%})")
    lines += [f"  garment     {one.region}: {one.label} {one.colour} ({one.score:.0%})" for one in analysis.garments]
    lines.append(f"  took        {analysis.took_ms:.0f} ms")
    return "\n".join(lines)
