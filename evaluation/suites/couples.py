"""Separating couples: are two people in each other's company told from one person with bystanders?

The rule has no fitted weights, but its limits were chosen while these photos were known; so it is also tried on photos that played no
part in that: single people (faces_identity) as false alarms, and made couples (portraits_ai), whose truth is known.  And the limits
of company are moved, to show how much hangs on them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crawler import readings
from crawler.couples import OCTAVE, STEP, Decision, Separator
from engine.attributes import AttributeReader
from engine.faces import FaceDetector
from engine.images import decode, encode_jpeg
from engine.training.cutout import cutout
from engine.training.montage import montage
from engine.values import FaceBox, Gender, Image, Problem
from evaluation.context import Context
from evaluation.metrics import wilson
from evaluation.plots import drawing
from evaluation.report import Row, Section

PAIRS = ("man_woman", "same_gender_pair")
PRECISION, RECALL, RIGHT = 0.92, 0.85, 0.97
"""What was promised."""
ALIKE = 0.55
"""Of the plain rule: how wide the second largest face must be against the largest."""
PLAIN = "two largest faces alike"
MOVED = (0.7, 0.8, 0.9, 1.1, 1.25)
"""Factors by which all limits of company are moved at once."""
MADE, CAST = 60, 12
"""Made pictures of each kind, and people of each gender in them."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A photo with its label and what was decided."""

    label: str
    plain: bool
    decision: Decision

    @property
    def pair(self) -> bool:
        """Whether it shows a pair."""
        return self.label in PAIRS


def run(context: Context) -> Section:
    """Precision and recall beside the plain rule, genders, reasons, false alarms, made couples."""
    cache = context.settings.var / "cache"
    separator = Separator(context.settings.crawler, context.settings.engine, cache)
    separator.load()
    detector = FaceDetector(cache, separator.runtime)
    rows = [row for row in context.labels("couples") if row["pair_label"] != "ambiguous"]
    judged = [_judge(separator, detector, context, row) for row in rows]
    found = [*figures(judged), *moved(judged), *genders(judged)]
    if (context.data / "faces_identity" / "labels.csv").is_file():
        found += [*strangers(separator, detector, context), alarms(separator, context)]
    if (context.data / "portraits_ai" / "labels.csv").is_file():
        found += made(separator, detector, context)
    draw(context.results / "couples.png", judged)
    reasons = Counter(one.decision.reason or "accepted" for one in judged)
    lost = Counter(one.decision.reason for one in judged if one.pair and not one.decision.accepted)
    notes = (
        "Decisions: " + ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()) + ".",
        "Pairs that are not taken: " + (", ".join(f"{reason} {count}" for reason, count in lost.most_common()) or "none") + ".",
        "Labels were given by eye from one contact sheet and are approximate. Photos labelled ambiguous are left out.",
        "The limits stand for distances between people and properties of lenses, none is fitted; they were chosen with these photos "
        "known, so the figures are somewhat flattered. Moving all limits of company together shows how much hangs on them; what wider "
        "limits would let in is counted as accepted without the other checks.",
    )
    return Section("couples", "Telling couples from bystanders", tuple(found), ("couples.png",), notes)


def _judge(separator: Separator, detector: FaceDetector, context: Context, row: dict[str, str]) -> Judged:
    data = (context.data / row["file"]).read_bytes()
    photo = decode(data, context.settings.engine)
    widths = [] if isinstance(photo, Problem) else sorted((face.box[2] for face in detector.predict(photo.image)), reverse=True)
    plain = len(widths) > 1 and widths[1] >= ALIKE * widths[0]
    return Judged(row["pair_label"], plain, separator.predict(data))


def figures(judged: list[Judged]) -> list[Row]:
    """Precision and recall with their intervals, beside the plain rule's."""
    pairs = sum(one.pair for one in judged)
    taken, hits = _counts(judged, [one.decision.accepted for one in judged])
    plain_taken, plain_hits = _counts(judged, [one.plain for one in judged])
    return [
        Row(
            "precision: accepted photos that show a pair",
            hits / max(taken, 1),
            taken,
            bound=PRECISION,
            interval=wilson(hits, taken),
            baseline=plain_hits / max(plain_taken, 1),
            baseline_name=PLAIN,
        ),
        Row(
            "recall: photos of pairs that are accepted",
            hits / max(pairs, 1),
            pairs,
            bound=RECALL,
            interval=wilson(hits, pairs),
            baseline=plain_hits / max(pairs, 1),
            baseline_name=PLAIN,
        ),
    ]


def moved(judged: list[Judged]) -> list[Row]:
    """Precision and recall with the limits of company moved by each of `MOVED`."""
    found = []
    pairs = sum(one.pair for one in judged)
    for factor in MOVED:
        taken, hits = _counts(judged, [_accepted(one.decision, factor) for one in judged])
        found += [
            Row(f"precision, limits of company × {factor:g}", hits / max(taken, 1), taken, interval=wilson(hits, taken)),
            Row(f"recall, limits of company × {factor:g}", hits / max(pairs, 1), pairs, interval=wilson(hits, pairs)),
        ]
    return found


def _accepted(decision: Decision, factor: float) -> bool:
    """Whether a photo would be accepted with the limits moved."""
    near_enough = 2 * (1 - decision.score) <= factor
    return near_enough and (decision.accepted or decision.reason == "bystander")


def _counts(judged: list[Judged], accepted: list[bool]) -> tuple[int, int]:
    """Photos that are accepted, and how many of them show a pair."""
    return sum(accepted), sum(one.pair and yes for one, yes in zip(judged, accepted, strict=True))


def genders(judged: list[Judged]) -> list[Row]:
    """Of accepted pairs: whether a man and a woman are named so, and whether two of a gender stay that."""
    mixed = [_named(one) for one in judged if one.label == "man_woman" and one.decision.accepted]
    same = [_named(one) for one in judged if one.label == "same_gender_pair" and one.decision.accepted]
    answered = [both for both in mixed if None not in both]
    right = sum(set(both) == {"man", "woman"} for both in answered)
    kept = [both for both in same if None not in both]
    found = [
        Row(
            "man and woman: both right where both are named",
            right / max(len(answered), 1),
            len(answered),
            bound=RIGHT,
            interval=wilson(right, len(answered)),
            note="one photo labelled man_woman shows two women",
        ),
        Row("man and woman: a gender is left open", 1 - len(answered) / max(len(mixed), 1), len(mixed), better="lower"),
    ]
    if kept:
        alike = sum(len(set(both)) == 1 for both in kept)
        found.append(Row("pairs of one gender that are named so", alike / len(kept), len(kept), interval=wilson(alike, len(kept))))
    return found


def strangers(separator: Separator, detector: FaceDetector, context: Context) -> list[Row]:
    """The same for every man beside every woman of `faces_identity`, each photo read as a subject's: there are few couples."""
    attributes = AttributeReader(detector.cache, separator.runtime)
    named: dict[str, list[Gender | None]] = {"male": [], "female": []}
    for row in context.labels("faces_identity"):
        photo = decode((context.data / row["file"]).read_bytes(), context.settings.engine)
        if isinstance(photo, Problem):
            continue
        faces = detector.predict(photo.image)
        if faces:
            named[row["gender"]].append(readings.read(attributes, photo.image, faces[0]).gender)
    men, women = ([one for one in named[gender] if one is not None] for gender in ("male", "female"))
    right = [sum(one == wanted for one in given) / max(len(given), 1) for given, wanted in ((men, "man"), (women, "woman"))]
    count = len(men) + len(women)
    everybody = len(named["male"]) + len(named["female"])
    return [
        Row(
            "every man beside every woman of well-known people: both right where both are named",
            right[0] * right[1],
            count,
            bound=RIGHT,
            note=f"men {right[0]:.3f} of {len(men)}, women {right[1]:.3f} of {len(women)}; labels by identity",
        ),
        Row("well-known people: the gender is left open", 1 - count / max(everybody, 1), everybody, better="lower"),
    ]


def _named(one: Judged) -> tuple[str | None, str | None]:
    left, right = one.decision.subjects or (None, None)
    return (left.gender if left else None, right.gender if right else None)


def alarms(separator: Separator, context: Context) -> Row:
    """Photos of single people that are taken for couples."""
    rows = context.labels("faces_identity")
    wrong = sum(separator.predict((context.data / row["file"]).read_bytes()).accepted for row in rows)
    return Row(
        "photos of well-known people taken for couples",
        wrong / max(len(rows), 1),
        len(rows),
        better="lower",
        interval=wilson(wrong, len(rows)),
        note="nearly all show one person",
    )


def made(separator: Separator, detector: FaceDetector, context: Context) -> list[Row]:
    """Synthetic pictures: two different people are a couple, one person, one twice and three are none."""
    people = _cast(detector, context)
    random = np.random.default_rng(7)
    outcomes: dict[str, Counter[str]] = {"couple": Counter(), "none": Counter()}
    for number in range(2 * MADE):
        chosen = [people[at] for at in random.permutation(len(people))[:3]]
        couple = number % 2 == 0
        scene = chosen[:2] if couple else ([chosen[0]], [chosen[0], chosen[0]], chosen)[number // 2 % 3]
        decision = separator.predict(encode_jpeg(montage(scene, np.random.default_rng((7, number))), 90))
        outcomes["couple" if couple else "none"][decision.reason or "accepted"] += 1
    couples, none = outcomes["couple"], outcomes["none"]
    grown = couples.total() - couples["minor"]
    return [
        Row(
            "synthetic couples accepted",
            couples["accepted"] / max(grown, 1),
            grown,
            interval=wilson(couples["accepted"], grown),
            note=f"without {couples['minor']} turned away as perhaps minors",
        ),
        Row(
            "synthetic pictures of no couple accepted",
            none["accepted"] / max(none.total(), 1),
            none.total(),
            better="lower",
            interval=wilson(none["accepted"], none.total()),
            note=", ".join(f"{reason} {count}" for reason, count in none.most_common()),
        ),
    ]


def _cast(detector: FaceDetector, context: Context) -> list[tuple[Image, np.ndarray[tuple[int, ...], np.dtype[np.float32]], FaceBox]]:
    """Portraits with their masks and faces, as many men as women."""
    found = []
    for gender in ("male", "female"):
        taken = 0
        for row in context.labels("portraits_ai"):
            if row["gender"] != gender or taken == CAST:
                continue
            photo = decode((context.data / row["file"]).read_bytes(), context.settings.engine)
            faces = () if isinstance(photo, Problem) else detector.predict(photo.image)
            if not isinstance(photo, Problem) and faces:
                found.append((photo.image, cutout(photo.image, faces[0]), faces[0]))
                taken += 1
    return found


def draw(path: Path, judged: list[Judged]) -> None:
    """How far one stands behind the other, by size and by focus, with the limit."""
    with drawing(path, "Who stands behind?", "metres behind, by size", "octaves of detail lacking") as axes:
        for label, marker in ((PAIRS[0], "o"), (PAIRS[1], "s"), ("not_clean_pair", "x")):
            here = [one.decision.details for one in judged if one.label == label and "depth" in one.decision.details]
            axes.scatter([min(one["depth"], 4) for one in here], [one["blur"] for one in here], marker=marker, s=22, label=label)
        turn = np.linspace(0, np.pi / 2, 60)
        axes.plot(STEP * np.cos(turn), OCTAVE * np.sin(turn), color="grey", linestyle=":", label="limit")
