"""Consents: what was agreed to, in which version of the words, and what follows from withdrawing it.

The consent to face processing is separate from the terms and may be refused: matching then works without a face type.  The
consent to learning from a photo of a couple is separate from both, and each of the two gives it for each photo.

**New words** (a version raised in `VERSIONS`): at the next start `lapse` puts what was read from the faces of all who agreed to the
old ones out of use, and everybody is asked again before the next thing that they do (`due`).  The log keeps both answers.  Who says
no has the effects at once: faces are erased, and without the terms nobody is shown to anybody any more.
"""

from __future__ import annotations

from typing import Final, Literal

from bot.context import Context
from bot.keyboards import PRIVACY, button
from bot.replies import Lines, Replies, Say, Word, word
from db import consents, erasure, members
from db.records import Member
from db.session import Connection

VERSIONS: Final = {"terms": "2026-11-21", "face": "2026-11-21", "couple": "2026-11"}
"""Raise a version with every change of its words in `locales`; a test holds both together."""
WORDS: Final = {"terms": "ask.terms", "face": "ask.face", "couple": "couple.consent"}
"""Where the words of each consent stand."""
RENEWED: Final[tuple[Literal["terms", "face"], ...]] = ("terms", "face")
"""Those that are asked again as a whole; a couple's photo keeps what was agreed to for it, and the next photo asks anew."""
PAGE: Final = 200


def record(connection: Connection, context: Context, member: Member, kind: Literal["terms", "face"], *, given: bool) -> Member:
    """Note an answer; a refusal or withdrawal of `face` erases what was read from the face, and what was learned with it."""
    # First of all, so that a photo that is stored at this moment is there before, or knows of the answer.
    members.locked(connection, member.id)
    consents.give(connection, member.id, kind, VERSIONS[kind], given, context.now)
    if kind == "terms":
        return member
    if not given:
        erasure.withdraw_face(connection, member.id)
    return members.update(connection, member.id, context.now, face_consent=given)


def record_couple(connection: Connection, context: Context, member: Member, upload_id: int, *, given: bool) -> None:
    """Note what one of the two in a couple's photo answered; the version says to which photo, since there may be several."""
    consents.give(connection, member.id, "couple", f"{VERSIONS['couple']} photo {upload_id}", given, context.now)


def due(connection: Connection, member_id: int) -> Literal["terms", "face"] | None:
    """The consent that a member must be asked for again, None where all are answered in their present words."""
    newest = {given.kind: given for given in consents.history(connection, member_id)}
    terms, face = newest.get("terms"), newest.get("face")
    if terms is not None and not (terms.given and terms.version == VERSIONS["terms"]):
        return "terms"
    return "face" if face is not None and face.given and face.version != VERSIONS["face"] else None


def ask_again(connection: Connection, context: Context, member: Member) -> Replies:
    """What stands between a member and everything else: the question whose words are new, with both answers."""
    kind = due(connection, member.id)
    if kind is None:
        return []
    yes, no = button(f"ask.{kind}.yes", "renew", choice=f"{kind}:yes"), button(f"ask.{kind}.no", "renew", choice=f"{kind}:no")
    return [Say(word("consent.again", words=word(WORDS[kind])), ((yes,), (no,), (PRIVACY,)))]


def lapse(connection: Connection, context: Context, after: int = 0) -> int:
    """Put the faces of up to `PAGE` members behind id `after` out of use whose consent is to other words; the last id, 0 at the end.

    No photo or vector is erased before they answer: ranking, the index, cards, retyping, learning and new photos go on without faces
    meanwhile.  A face type is left behind by the next retyping, and made anew of the photos after a yes.
    """
    found = consents.outdated(connection, "face", VERSIONS["face"], after, PAGE)
    for member_id in found:
        members.update(connection, member_id, context.now, face_consent=False)
    return found[-1] if found else 0


def history(connection: Connection, member: Member) -> Word:
    """All answers of a member with version and date, newest first."""
    found = consents.history(connection, member.id)[::-1]
    lines = tuple(
        word(
            "consent.line",
            kind=word(f"consent.kind.{given.kind}"),
            answer=word("consent.given" if given.given else "consent.not_given"),
            version=given.version.partition(" ")[0],
            at=f"{given.at:%Y-%m-%d}",
        )
        for given in found
    )
    return word("consent.history", lines=Lines(lines or (word("consent.none"),)))
