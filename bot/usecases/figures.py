"""What of learning can be shown as a picture: gates and curves of a run, the types in use, which types are seen together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from bot import charts
from bot.context import Context
from bot.replies import Named, Picture, Rows, Word, word
from db import affinities, couples, jobs
from db.corpus_records import JobRun
from db.session import Connection
from engine.affinity import CoupleCounts
from engine.errors import PackError
from engine.types import GROUPS, TypeInfo, read_manifest
from engine.values import Gender

KINDS: Final = ("face", "fashion")
SIDES: Final[tuple[tuple[Gender, Gender], ...]] = (("woman", "man"), ("woman", "woman"), ("man", "man"))
"""Whose types stand to the left of a table, and whose above it."""
ONE_GENDER: Final = 30
"""Couples of two women, or of two men, from which on there is a panel about them, as there then is a gate (`engine.training.gates.FEW`);
of fewer it would show chance, and single couples."""
REASONS: Final = (
    "no_face", "one_person", "crowd", "bystander", "minor", "age_out_of_range", "same_person_twice", "too_small", "not_an_image",
    "too_large", "nsfw", "caption", "tag", "collage", "too_dark_or_blurred", "gone", "unreadable",
)  # fmt: skip
"""Why a picture is no couple, as far as there are words for it."""
GATES: Final = (
    "people", "smallest_type", "stability", "bootstrap_jaccard", "same_person", "coverage", "classifier_agreement", "affinity",
    "affinity_by_chance", "planted_affinity", "shadow_changed", "shadow_coverage", "shadow_latency_ms", "compatibility_auc",
    "compatibility_ece",
)  # fmt: skip
"""Gates of learning, as far as there are words for them (`engine.training.gates`)."""

Counts = Sequence[tuple[str, str, int]]
"""(type, other type, couples)"""
STAGES: Final = (
    "collect", "loading_the_models", "reading_couples", "embedding_couples_anew", "typing_couples", "begun", "identities", "classifier",
    "judged", "publishing", "retype", "daily_choices", "daily_pick", "retention", "bans",
)  # fmt: skip
PARTS: Final = ("views", "pictures")
"""Stages of commands and jobs, and parts of what is done for each group, as far as there are words for them."""


def stage_name(stage: str) -> object:
    """What a run is at, in words where there are some."""
    plain = stage.strip().replace(" ", "_")
    if plain in STAGES:
        return word(f"stage.{plain}")
    for group in GROUPS:
        part = plain.removeprefix(group).strip("_")
        if plain.startswith(group) and part in ("", *PARTS):
            return word("stage.of_group", group=word(f"chart.group.{group}"), part=word(f"stage.part.{part or 'types'}"))
    return stage


def reason_name(reason: str) -> object:
    """Why a picture was rejected, in words where there are some."""
    return word(f"reason.{reason}") if reason in REASONS else reason


def gates(result: Mapping[str, Any]) -> tuple[charts.Gate, ...]:
    """The gates in the result of learning, those that failed first."""
    found = [
        charts.Gate(_gate_name(str(name), str(about.get("about", ""))), *_figures(about), bool(about.get("passed")))
        for name, about in (result.get("gates") or {}).items()
    ]
    return tuple(sorted(found, key=lambda gate: gate.passed))


def gate_line(gate: charts.Gate) -> Word:
    """A gate in words."""
    return word("job.gate", name=gate.name, value=charts.figure(gate.value), bound=charts.figure(gate.bound))


def of_run(connection: Connection, context: Context, row: JobRun) -> list[Picture]:
    """What to show at the end of a run."""
    if row.job == "collect" and row.state == "done":
        return collected(row)
    if row.job == "learn" and row.state in ("done", "refused"):
        published = row.result.get("published") and row.result.get("version") == context.pack.version
        shown = learned(row.result, _manifest(context) if published else {})
        return [*shown, gallery(context), *heatmap(connection, context)] if published else shown
    return [gallery(context)] if row.job == "rollback" and row.state == "done" else []


def collected(row: JobRun) -> list[Picture]:
    """Accepted, duplicates and each reason as bars."""
    result = row.result
    counts = [(cast("object", word("chart.accepted")), int(result.get("accepted", 0)))]
    counts.append((word("chart.duplicates"), int(result.get("duplicates", 0))))
    rejected = sorted((result.get("rejected") or {}).items(), key=lambda one: -one[1])
    counts += [(reason_name(reason), int(count)) for reason, count in rejected]
    if not any(count for _, count in counts):
        return []
    bars = charts.Bars(word("chart.collected"), tuple(counts), word("chart.collected_note", seen=f"{int(result.get('seen', 0)):,}"))
    return [Picture(bars, word("chart.collected"))]


def learned(result: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[Picture]:
    """The gates in the result of learning, and the curves in it or in the manifest of the version that it made."""
    found = gates(result)
    if not found:
        return []
    failed = sum(not gate.passed for gate in found)
    note = word("chart.gates_failed", failed, of=len(found)) if failed else word("chart.gates_passed", n=len(found))
    title = word("chart.learning", version=str(result.get("version") or ""))
    return [Picture(charts.Learning(title, found, curves(result, manifest), word("chart.tried"), note), note)]


def curves(result: Mapping[str, Any], manifest: Mapping[str, Any]) -> tuple[charts.Curve, ...]:
    """How steady the types of each group were for each number of types that learning tried."""
    told: Mapping[str, Any] = result.get("curves") or {}
    found = []
    for name in GROUPS:
        about = (manifest.get("groups") or {}).get(name) or {}
        tried = [(one["k"], one["rand"]) for one in (about.get("figures") or {}).get("tried") or ()]
        best: dict[float, float] = {}
        for k, rand in told.get(name) or tried:
            best[float(k)] = max(best.get(float(k), -1.0), float(rand))
        if best:
            found.append(charts.Curve(word(f"chart.group.{name}"), tuple(sorted(best.items()))))
    return tuple(found)


def gallery(context: Context, buttons: Rows = ()) -> Picture:
    """The types in use."""
    groups = []
    for name in GROUPS:
        types = context.pack.groups[name].types
        people = max(1, sum(info.members for info in types))
        shown = tuple(charts.Portrait(named(info), info.picture, info.members / people, info.kind == "fashion") for info in types)
        groups.append((word(f"chart.group.{name}"), shown))
    note = word("chart.gallery_note", version=context.pack.version)
    return Picture(charts.Gallery(tuple(groups), note), note, buttons)


def heatmap(connection: Connection, context: Context, buttons: Rows = ()) -> list[Picture]:
    """Which types are seen together, a panel for faces and one for fashion: women with men, and of one gender where there are enough."""
    counts = {kind: affinities.counts(connection, context.pack.version, "face" if kind == "face" else "fashion") for kind in KINDS}
    pictures = [picture for sides in SIDES if (picture := _together(context, sides, counts)) is not None]
    return [*pictures[:-1], replace(pictures[-1], buttons=buttons)]


def _together(context: Context, sides: tuple[Gender, Gender], counts: Mapping[str, Counts]) -> Picture | None:
    """The panels of couples of these genders; None where there are none."""
    one_gender = sides[0] == sides[1]
    panels, evidence, most = [], set(), 0
    for kind in KINDS:
        couples_seen = sum(number for one, other, number in counts[kind] if _genders(context, one, other) == sorted(sides))
        if one_gender and couples_seen < ONE_GENDER:
            continue
        panel, found = _panel(context, kind, CoupleCounts.of(counts[kind]), sides)
        panels.append(replace(panel, title=word("chart.panel_couples", couples_seen, panel=panel.title, n=f"{couples_seen:,}")))
        evidence |= found
        most = max(most, couples_seen)
    if not panels:
        return None
    seen = {"sides": word(f"chart.sides.{sides[0] if one_gender else 'mixed'}"), "panels": tuple(panel.title for panel in panels)}
    known = word("chart.affinity_observed", **seen) if evidence == {"observed"} else word("chart.affinity_few", **seen)
    note = known if most else word("chart.affinity_prior", sides=seen["sides"])
    title = word(f"chart.affinity_{sides[0]}") if one_gender else word("chart.affinity")
    return Picture(charts.Heatmap(title, tuple(panels), note), note)


def _genders(context: Context, *types: str) -> list[Gender]:
    known = context.pack.by_id
    return sorted(known[one].gender for one in types if one in known)


def corpus(connection: Connection, context: Context) -> Word:
    """What `/stats` says of what types are learned from."""
    found = couples.count(connection)
    running = jobs.running(connection)
    names = tuple(word(f"job.name.{row.job}") for row in running) or (word("steering.none"),)
    return word("steering.corpus", couples=f"{sum(found.values()):,}", version=context.pack.version, running=names)


def _panel(context: Context, kind: str, counts: CoupleCounts, sides: tuple[Gender, Gender] = SIDES[0]) -> tuple[charts.Panel, set[str]]:
    """The table of one kind, and on what evidence its lifts are."""
    left, above = (context.pack.groups[f"{gender}_{kind}"].types for gender in sides)
    lifts, seen = [], []
    evidence: set[str] = set()
    for own in left:
        found = {one.type.id: one for one in context.affinity.partners([own.id], sides[1], counts, None)}
        evidence |= {one.evidence for one in found.values()}
        lifts.append(tuple(found[other.id].lift for other in above))
        seen.append(tuple(found[other.id].couples for other in above))
    rows, columns = (tuple(named(info) for info in types) for types in (left, above))
    return charts.Panel(word(f"chart.panel.{kind}"), rows, columns, tuple(lifts), tuple(seen)), evidence


def named(info: TypeInfo) -> Named:
    """A type's name in both languages."""
    return Named(info.name_ko, info.name)


def _manifest(context: Context) -> Mapping[str, Any]:
    """The manifest of the types in use; without it there are no curves, which is no reason to show nothing."""
    try:
        return read_manifest(context.pack.folder)
    except PackError:
        return {}


def _gate_name(name: str, about: str) -> object:
    """A gate in words, and of which group the figure is."""
    known = word(f"gate.{name}") if name in GATES else name.replace("_", " ")
    of = _about(about)
    return known if of is None else word("chart.gate_of", gate=known, group=of)


def _about(about: str) -> Word | None:
    """Which group, kind, or couples of one gender a gate is about."""
    if about in GROUPS:
        return word(f"chart.group.{about}")
    sides, _, kind = about.rpartition("_")
    if kind not in KINDS:
        return None
    panel = word(f"chart.panel.{kind}")
    if sides in ("woman_woman", "man_man"):
        return word(f"chart.one_gender.{sides.partition('_')[0]}", panel=panel)
    return None if sides else panel


def _figures(about: Mapping[str, Any]) -> tuple[float, float]:
    value, bound = about.get("value"), about.get("bound")
    return (float(value) if isinstance(value, int | float) else 0.0, float(bound) if isinstance(bound, int | float) else 0.0)
