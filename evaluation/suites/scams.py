"""Are signs of fraud found in messages, and plain messages left alone?  On the half of the set that no pattern was tuned on.

Whoever wrote the patterns wrote the messages too, one after the other: the figures say how the patterns do on what that author could
think of, not on what fraudsters write next.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot import scams
from evaluation import signs
from evaluation.context import Context
from evaluation.report import Row, Section

FOLDER = Path(__file__).resolve().parent.parent / "scams"
PRECISION = 0.9
SHOWN = 12
"""Confusions that the notes quote, at most."""


@dataclass(frozen=True, slots=True)
class Message:
    """A labelled message, and what was found in it."""

    language: str
    text: str
    kinds: frozenset[str]
    found: frozenset[str]


def run(context: Context) -> Section:
    """Precision and recall: of messages, of each kind, in each language."""
    held_out, train = read("test"), read("train")
    rows = [
        *both("messages with any sign, held-out half", held_out, PRECISION),
        *both("messages with any sign, half that was tuned on", train, None),
    ]
    for language in ("ko", "en"):
        rows += both(f"messages in {language}", [one for one in held_out if one.language == language], PRECISION)
    for language in ("ko", "en"):
        for kind in scams.KINDS:
            rows += both(f"{kind} in {language}", [one for one in held_out if one.language == language], PRECISION, kind)
    pace = signs.pace(scams.find, [one.text for one in held_out if not one.kinds])
    rows.append(Row("microseconds a message", pace, len(held_out), better="lower"))
    wrong = [one for one in held_out if one.kinds != one.found]
    quoted = "; ".join(f"“{one.text}”: {said(one.kinds)} → {said(one.found)}" for one in wrong[:SHOWN])
    notes = (
        f"{len(held_out)} messages held out, {len(train)} tuned on; the halves were drawn by lot within each kind and language before any "
        "pattern was written. The author of the patterns wrote the messages too, so these figures flatter.",
        f"Confusions in the held-out half ({len(wrong)}): {quoted}",
    )
    return Section("scams", "Signs of fraud in messages", tuple(rows), notes=notes)


def read(part: str) -> list[Message]:
    """One half of the set."""
    lines = (FOLDER / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        Message(row["language"], row["text"], frozenset(row["kinds"]), frozenset(sign.kind for sign in scams.find(row["text"])))
        for row in rows
    ]


def both(name: str, messages: Sequence[Message], bound: float | None, kind: str | None = None) -> list[Row]:
    """Precision and recall for any sign, or for one kind."""
    told = [(bool(one.found), bool(one.kinds)) if kind is None else (kind in one.found, kind in one.kinds) for one in messages]
    return signs.both(name, told, bound)


def said(kinds: frozenset[str]) -> str:
    """Kinds in words."""
    return ", ".join(sorted(kinds)) or "none"
