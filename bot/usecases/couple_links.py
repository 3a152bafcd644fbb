"""Photos of couples, the other one's side: a link is opened, the photo and the words are shown, and they agree or not.

A link is good for one account: the first that opens it, other than the giver's own.  It ends with the answer, with its time, or
when the giver takes the photo back.  Every press is checked anew, since tokens and ids in buttons may be anybody's.
"""

from __future__ import annotations

from typing import Final

from bot.context import Context
from bot.keyboards import COUPLE, button
from bot.replies import Clear, Notice, Picture, Replies, Say, Word, word
from bot.usecases import consent, couples, detour, withdrawal
from bot.usecases.couples import BIRTH, CLOSE
from db import safety, uploads
from db.corpus_records import Upload
from db.records import Member
from db.session import Connection

OPEN: Final = "open"
"""Key of the draft at the question for the date of birth: the photo that waits for the answer."""


def open_link(connection: Connection, context: Context, member: Member, token: str) -> Replies:
    """`/start couple_…`: by somebody who may never have written to the bot before."""
    return _open(connection, context, member, uploads.by_token(connection, token))


def look(connection: Connection, context: Context, member: Member, upload_id: int) -> Replies:
    """The photo again, for the one whom it already waits for."""
    upload = uploads.by_id(connection, upload_id)
    return _open(connection, context, member, upload if upload is not None and upload.partner_id == member.id else None)


def birth(connection: Connection, context: Context, member: Member, typed: str) -> Replies:
    """The date of birth was typed, by the giver or by the other one."""
    return _born(connection, context, member, couples.adult(connection, context, member, typed))


def birth_pressed(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """One of the buttons below a date that was asked back: `birth:…`; another question's button is none of it."""
    field, _, value = choice.partition(":")
    if field != "birth":
        return [Notice(word("ask.passed"))]
    outcome = couples.confirmed(connection, context, member, value)
    return [*([Clear()] if isinstance(outcome, Member) else []), *_born(connection, context, member, outcome)]


def _born(connection: Connection, context: Context, member: Member, outcome: Replies | Member) -> Replies:
    """Go on with what the date was asked for."""
    if not isinstance(outcome, Member):
        return outcome
    waiting = member.draft.get(OPEN)
    member = detour.end(connection, context, outcome)
    if waiting is None:
        return couples.agree(connection, context, member)
    return look(connection, context, member, int(waiting))


def confirm(connection: Connection, context: Context, member: Member, token: str) -> Replies:
    """Yes, that is me, and I agree."""
    upload = uploads.by_token(connection, token)
    refusal = _refusal(connection, context, member, upload)
    if refusal is not None or upload is None:
        return [Notice(refusal or word("couple.link.unknown"), alert=True)]
    # The age is asked for before the photo is shown; a forged press gets the question, not the consent.
    if member.birth_date is None:
        return _open(connection, context, member, upload)
    if not uploads.confirm(connection, upload.id, member.id, context.now):
        return [Notice(word("couple.link.used"), alert=True)]
    consent.record_couple(connection, context, member, upload.id, given=True)
    withdrawal.tell(connection, context, upload.sender_id, "confirmed", upload)
    # The words that were agreed to stay where they are.
    replies: Replies = [Clear(), Say(word("couple.confirmed"), ((COUPLE,),))]
    return [*replies, Say(word("couple.guest"))] if member.status == "onboarding" else replies


def refuse(connection: Connection, context: Context, member: Member, token: str) -> Replies:
    """No: the photo is erased."""
    upload = uploads.by_token(connection, token)
    refusal = _refusal(connection, context, member, upload)
    if refusal is not None or upload is None:
        return [Notice(refusal or word("couple.link.unknown"), alert=True)]
    if not uploads.refuse(connection, upload.id, partner_id=member.id):
        return [Notice(word("couple.link.used"), alert=True)]
    consent.record_couple(connection, context, member, upload.id, given=False)
    withdrawal.tell(connection, context, upload.sender_id, "refused", upload)
    return [Clear(), Say(word("couple.declined"))]


def _open(connection: Connection, context: Context, member: Member, upload: Upload | None) -> Replies:
    stopped = couples.stop(member)
    if stopped:
        return stopped
    refusal = _refusal(connection, context, member, upload)
    if refusal is not None or upload is None:
        return [Say(refusal or word("couple.link.unknown"))]
    if not uploads.claim(connection, upload.id, member.id):
        return [Say(word("couple.link.taken"))]
    if member.birth_date is None:
        detour.begin(connection, context, member, BIRTH, **{OPEN: upload.id})
        return [Say(word("couple.birth"), ((CLOSE,),))]
    text = word("couple.asked", consent=couples.consent_text(context))
    rows = ((button("couple.yes", "couple_yes", choice=upload.token),), (button("couple.no_thanks", "couple_no", choice=upload.token),))
    return [Picture(upload.jpeg or b"", word("couple.asked_photo"), protect=True), Say(text, rows)]


def _refusal(connection: Connection, context: Context, member: Member, upload: Upload | None) -> Word | None:
    """Why this member cannot answer for this photo; a link whose time is over takes its photo with it."""
    if upload is None:
        return word("couple.link.unknown")
    if upload.sender_id == member.id:
        return word("couple.link.own")
    if safety.blocked_between(connection, upload.sender_id, member.id):
        return word("couple.link.unknown")
    if upload.state == "waiting" and upload.partner_id not in (None, member.id):
        return word("couple.link.taken")
    if couples.expired(context, upload):
        uploads.expire(connection, couples.oldest(context))
        return word("couple.link.expired")
    if upload.state != "waiting":
        return word("couple.link.expired" if upload.reason == "expired" else "couple.link.used")
    return None
