"""Versions of the types as admins see them: the list, the pictures, and going back to an older one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.context import Context
from bot.keyboards import button
from bot.replies import Clear, Lines, Notice, Replies, Rows, Say, Word, word
from bot.usecases import figures, steering
from bot.usecases.admin import note
from db import models
from db.records import Member
from db.session import Connection
from engine.types import GROUPS

SHOWN: Final = 8
PICTURES: Final[Rows] = (
    (button("models.gallery", "models_gallery"), button("models.affinity", "models_affinity")),
    (button("models.gates", "models_gates"), button("models.rename", "models_rename")),
    (button("models.rollback", "rollback"),),
)


def listed(connection: Connection, context: Context, admin: Member) -> Replies:
    """/models: the versions, the one in use first, with their figures."""
    note(connection, context, admin, "models.read", "all")
    known = models.versions(connection)
    active = next((row for row in known if row.version == context.pack.version), None)
    lines = [_line(context.pack.version, "published", active.manifest if active else {}, people(context))]
    lines += [_line(row.version, row.state, row.manifest, 0) for row in known if row.version != context.pack.version][:SHOWN]
    return [Say(word("models.list", lines=Lines(tuple(lines))), PICTURES)]


def gallery(connection: Connection, context: Context, admin: Member) -> Replies:
    """What the types in use look like."""
    note(connection, context, admin, "models.gallery", "all")
    return [figures.gallery(context)]


def affinity(connection: Connection, context: Context, admin: Member) -> Replies:
    """Which types are seen together."""
    note(connection, context, admin, "models.affinity", "all")
    return [*figures.heatmap(connection, context)]


def gates(connection: Connection, context: Context, admin: Member) -> Replies:
    """The gates of the newest version that learning made."""
    note(connection, context, admin, "models.gates", "all")
    newest = next((row for row in models.versions(connection) if figures.gates(row.manifest)), None)
    if newest is None:
        return [Say(word("models.no_gates"))]
    return [*figures.learned({"version": newest.version, **newest.manifest}, newest.manifest)]


def rollback(connection: Connection, context: Context, admin: Member, version: str = "") -> Replies:
    """/rollback VERSION: what it will do, and a button that confirms it; without a version the choice of them."""
    note(connection, context, admin, "rollback.opened", "all")
    others = earlier(connection, context)
    if not others:
        return [Say(word("models.no_earlier"))]
    wanted = version.strip()
    if not wanted:
        rows = tuple((button(word("models.version", version=one), "rollback_to", choice=one),) for one in others[:SHOWN])
        return [Say(word("models.choose", version=context.pack.version), rows)]
    if wanted == context.pack.version:
        return [Say(word("models.in_use", version=wanted))]
    if wanted not in others:
        return [Say(word("models.unknown", version=wanted[:60]))]
    rows = ((button("models.rollback_yes", "rollback_yes", choice=wanted),), (button("steering.no", "rollback_no"),))
    return [Say(word("models.confirm", before=context.pack.version, after=wanted), rows)]


def rollback_yes(connection: Connection, context: Context, admin: Member, version: str) -> Replies:
    """Go back."""
    if version not in earlier(connection, context):
        note(connection, context, admin, "rollback.unknown", "all")
        return [Notice(word("models.in_use", version=version[:60])), Clear()]
    return [Clear(), *steering.ask(connection, context, admin, "rollback", {"version": version})]


def earlier(connection: Connection, context: Context) -> list[str]:
    """Versions that can be gone back to, the newest first; the starter pack is always one."""
    known = [row.version for row in models.versions(connection) if row.state in ("published", "retired")]
    return [version for version in dict.fromkeys([*known, context.starter]) if version not in ("", context.pack.version)]


def people(context: Context) -> int:
    """From how many people the types in use were learned."""
    return max(sum(info.members for info in group.types) for group in context.pack.groups.values())


def _line(version: str, state: str, manifest: Mapping[str, Any], learned_from: int) -> Word:
    groups: Mapping[str, Any] = manifest.get("groups") or {}
    chosen = [(groups.get(name) or {}).get("figures") or {} for name in GROUPS]
    ks = "/".join(str(one["k"]) for one in chosen if "k" in one)
    couples = (manifest.get("data") or {}).get("couples")
    about: list[object] = []
    if ks:
        about.append(word("models.ks", ks=ks))
    if isinstance(couples, int):
        about.append(word("models.couples", couples, n=f"{couples:,}"))
    elif learned_from:
        about.append(word("models.people", learned_from, n=f"{learned_from:,}"))
    return word("models.line", version=version, state=word(f"models.state.{state}"), about=tuple(about) or "")
