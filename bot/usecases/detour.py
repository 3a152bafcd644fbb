"""A question in passing: where the conversation stood is kept beside it and taken up again afterwards.

Steps `edit.…` change an answer of a member who is ready, steps `couple.…` belong to a photo of a couple, which people give who
are in the midst of signing up, or never sign up, `compat.…` to two people who are compared, `verify.…` to a member who shows that they are
the person of their photos.
"""

from __future__ import annotations

from typing import Final

from bot.context import Context
from db import members
from db.records import Member
from db.session import Connection

STEPS: Final = ("edit.", "couple.", "compat.", "verify.")


def begin(connection: Connection, context: Context, member: Member, step: str, **draft: object) -> Member:
    """Go to `step`, with `draft` as what was said so far."""
    before = {name: member.draft[name] for name in ("resume", "kept") if name in member.draft}
    if not member.step.startswith(STEPS):
        before = {"resume": member.step, "kept": dict(member.draft)}
    return members.set_step(connection, member.id, step, {**before, **draft}, context.now)


def end(connection: Connection, context: Context, member: Member) -> Member:
    """Back to where the conversation stood, if this is a detour."""
    if not member.step.startswith(STEPS):
        return member
    return members.set_step(connection, member.id, str(member.draft.get("resume", "")), member.draft.get("kept", {}), context.now)
