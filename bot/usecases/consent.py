"""Consents: what was agreed to, in which version of the words, and what follows from withdrawing it.

The consent to face processing is separate from the terms and may be refused: matching then works without a face type.  The
consent to learning from a photo of a couple is separate from both, and each of the two gives it for each photo.
"""

from __future__ import annotations

from typing import Final, Literal

from bot.context import Context
from db import consents, erasure, members
from db.records import Member
from db.session import Connection

VERSIONS: Final = {"terms": "2026-11", "face": "2026-11", "couple": "2026-11"}
"""Raise a version with every change of its words in `locales`."""


def record(connection: Connection, context: Context, member: Member, kind: Literal["terms", "face"], *, given: bool) -> Member:
    """Note an answer; a refusal or withdrawal of `face` erases what was read from the face, and what was learned with it."""
    consents.give(connection, member.id, kind, VERSIONS[kind], given, context.now)
    if kind == "terms":
        return member
    if not given:
        erasure.withdraw_face(connection, member.id)
    return members.update(connection, member.id, context.now, face_consent=given)


def record_couple(connection: Connection, context: Context, member: Member, upload_id: int, *, given: bool) -> None:
    """Note what one of the two in a couple's photo answered; the version says to which photo, since there may be several."""
    consents.give(connection, member.id, "couple", f"{VERSIONS['couple']} photo {upload_id}", given, context.now)
