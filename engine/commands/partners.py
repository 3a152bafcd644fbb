"""`python -m engine partners PHOTO --seeking man|woman [--json] [--top N]`: partner types for the person on a photo."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from engine.affinity import Affinity, CoupleCounts, PartnerType
from engine.analysis import Analyser
from engine.commands import files
from engine.commands.output import answer, progress
from engine.compatibility import counted
from engine.settings import EngineSettings


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("partners", help="recommend partner types for the person on a photo", description=__doc__)
    parser.add_argument("photo", metavar="PHOTO", help="a photo of one adult's face")
    parser.add_argument("--seeking", required=True, choices=("man", "woman"), help="whose types to recommend")
    parser.add_argument("--top", type=int, default=6, metavar="N", help="how many types (default 6)")
    parser.add_argument("--json", action="store_true", help="one JSON object a type on stdout")


def run(arguments: argparse.Namespace, settings: EngineSettings, cache: Path, models: Path) -> int:
    """Recommend; 1 where the photo cannot be used, 2 where there is no such file."""
    if arguments.top < 1:
        progress(f"--top is {arguments.top}: give 1 or more")
        return 2
    if files.missing([arguments.photo]):
        return 2
    data = files.read(arguments.photo, settings.max_bytes)
    progress("loading the models")
    analyser = Analyser(settings, cache, models)
    analysis = analyser.analyse(data)
    if analysis.problem is not None:
        progress(f"{analysis.problem.code}: {analysis.problem.message}")
        return 1
    own = [guess.id for guess in (analysis.face_type, analysis.fashion_type) if guess is not None]
    couples = CoupleCounts.of(analyser.pack.couples)
    for partner in Affinity(analyser.pack).partners(own, arguments.seeking, couples, arguments.top):
        answer(json.dumps(as_object(partner), ensure_ascii=False) if arguments.json else as_text(partner))
    return 0


def as_object(partner: PartnerType) -> dict[str, Any]:
    """The JSON object of CONTRACT.md."""
    info = partner.type
    return {
        "type": {"id": info.id, "name": info.name, "name_ko": info.name_ko, "kind": info.kind},
        "lift": round(partner.lift, 4),
        "interval": [round(partner.interval[0], 4), round(partner.interval[1], 4)],
        "couples": partner.couples,
        "evidence": partner.evidence,
        "reason": partner.reason,
        "reason_ko": partner.reason_ko,
    }


def as_text(partner: PartnerType) -> str:
    """Two lines for people."""
    low, high = partner.interval
    head = f"{partner.type.name} ({partner.type.kind}): {partner.lift:.2f} times chance ({low:.2f}–{high:.2f}), {counted(partner.couples)}"
    return f"{head}\n  {partner.reason}"
