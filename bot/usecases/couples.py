"""Photos of couples, the giver's side: what it is for, the consent, the photo, what was given, and taking it back.

Nobody has to be a member in full for it: couples have no use for meeting people.  The other side is `bot.usecases.couple_links`.
A photo is used only after both agreed, and is erased wherever they do not; either of the two can take it back at any time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from bot.context import Context
from bot.judging import Verdict
from bot.keyboards import button
from bot.replies import Button, Clear, Lines, Notice, Replies, Say, Word, word
from bot.usecases import births, consent, detour, onboarding, withdrawal
from db import members, uploads
from db.corpus_records import Upload
from db.records import Member
from db.session import Connection

STEP: Final = "couple."
PHOTO: Final = "couple.photo"
BIRTH: Final = "couple.birth"
PREFIX: Final = "couple_"
"""Of a deep link's payload, which may have 64 characters; the token takes 22."""
SHOWN: Final = 8
DAY: Final = timedelta(days=1)
CLOSE: Final = button("couple.close", "couple_close")


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/couple: what the member gave, with what can be done about each, and how to give more."""
    stopped = stop(member)
    if stopped:
        return stopped
    given = [upload for upload in uploads.of_member(connection, member.id) if upload.state != "withdrawn"][:SHOWN]
    lines = tuple(
        word("couple.entry", id=upload.id, date=f"{upload.created_at:%Y-%m-%d}", state=_state(context, member, upload)) for upload in given
    )
    rows = [row for upload in given for row in _actions(context, member, upload)]
    photos = word("couple.entries", lines=Lines(lines)) if lines else word("couple.none")
    return [Say(word("couple.overview", photos=photos), (*rows, (button("couple.give", "couple_give"),)))]


def ask(connection: Connection, context: Context, member: Member) -> Replies:
    """A photo is to be given: what it is for, and the question."""
    refused = stop(member) or _too_many(connection, context, member)
    return refused or [Say(consent_text(context), ((button("couple.agree", "couple_agree"),), (CLOSE,)))]


def agree(connection: Connection, context: Context, member: Member) -> Replies:
    """Agreed: now the photo, after the age where it is not known.  The consent is noted once there is a photo that it is for."""
    refused = stop(member) or _too_many(connection, context, member)
    if refused:
        return refused
    if member.birth_date is None:
        detour.begin(connection, context, member, BIRTH)
        return [Say(word("couple.birth"), ((CLOSE,),))]
    detour.begin(connection, context, member, PHOTO)
    return [Say(word("couple.send"), ((CLOSE,),))]


def close(connection: Connection, context: Context, member: Member) -> Replies:
    """Rather not (leaving the step is the desk's: any button ends it)."""
    return [Say(word("couple.closed"), edit=True)]


def remind(connection: Connection, context: Context, member: Member) -> Replies:
    """Something else arrived than what was asked for."""
    if member.step != BIRTH:
        return [Say(word("couple.need_photo"), ((CLOSE,),))]
    choices = births.choices(member)
    return [Say(births.question(member) if choices else word("couple.birth"), (*choices, (CLOSE,)))]


def adult(connection: Connection, context: Context, member: Member, typed: str) -> Replies | Member:
    """The typed date of birth: the member, who is of age, or what is said instead."""
    told = births.tell(connection, context, member, typed)
    if isinstance(told, Member):
        return told
    return [*([] if told is None else [Say(told)]), *remind(connection, context, members.by_id(connection, member.id) or member)]


def confirmed(connection: Connection, context: Context, member: Member, choice: str) -> Replies | Member:
    """What was answered about a date that makes a minor: the member, who is of age by now, or what is said instead."""
    said = births.confirm(connection, context, member, choice)
    if isinstance(said, Member):
        return [Clear(), *onboarding.turn_away(connection, context, said)] if births.minor(context, said) else said
    return [*said, *remind(connection, context, members.by_id(connection, member.id) or member)]


def receive(connection: Connection, context: Context, member: Member, verdict: Verdict) -> Replies:
    """A photo arrived and was judged."""
    if member.step != PHOTO:
        return [Say(word("couple.one_photo"))]
    if verdict.jpeg is None:
        return _not_taken(context, verdict.reason)
    refused = stop(member) or _too_many(connection, context, member)
    if refused:
        return refused
    member = detour.end(connection, context, member)
    upload = uploads.create(connection, member.id, verdict.jpeg, consent.VERSIONS["couple"], context.now)
    consent.record_couple(connection, context, member, upload.id, given=True)
    said = word("couple.accepted", id=upload.id, hours=context.couples.link_hours)
    return [Say(said, ((button(word("couple.stop", id=upload.id), "couple_stop", upload.id),),)), invitation(context, upload)]


def not_a_photo(connection: Connection, context: Context, member: Member) -> Replies:
    """A file that is no photo."""
    return _not_taken(context, "not_an_image")


def too_large(connection: Connection, context: Context, member: Member) -> Replies:
    """A file that is too large to fetch."""
    return _not_taken(context, "too_large")


def not_fetched(connection: Connection, context: Context, member: Member) -> Replies:
    """A photo that Telegram did not give out."""
    return [Say(word("couple.not_fetched"), ((CLOSE,),))]


def one_photo(connection: Connection, context: Context, member: Member) -> Replies:
    """The rest of an album of which one photo was taken."""
    return [Say(word("couple.one_photo"))]


def link(connection: Connection, context: Context, member: Member, upload_id: int) -> Replies:
    """The link of a photo that still waits, once more."""
    upload = uploads.by_id(connection, upload_id)
    if upload is None or upload.sender_id != member.id or upload.state != "waiting" or expired(context, upload):
        return [Notice(word("couple.gone"))]
    return [invitation(context, upload)]


def ask_stop(connection: Connection, context: Context, member: Member, upload_id: int) -> Replies:
    """Take a photo back? Asked once."""
    if _own(connection, member, upload_id) is None:
        return [Notice(word("couple.gone"))]
    rows = ((button("couple.stop_yes", "couple_stop_yes", upload_id),), (button("ask.keep", "couple_keep"),))
    return [Say(word("couple.stop_ask", id=upload_id), rows)]


def keep(connection: Connection, context: Context, member: Member) -> Replies:
    """Not taken back after all."""
    return [Say(word("ask.kept"), edit=True)]


def withdraw(connection: Connection, context: Context, member: Member, upload_id: int) -> Replies:
    """Take a photo back: it and all that was read from it are erased, and the other one is told."""
    upload = _own(connection, member, upload_id)
    if upload is None or not withdrawal.take_back(connection, context, member, upload):
        return [Notice(word("couple.gone"))]
    return [Say(word("couple.stopped"), edit=True)]


def stop(member: Member) -> Replies:
    """What is said to those who cannot give photos or consents now: it is not settled whether they are of age."""
    return [Say(word("review.wait"))] if member.status == onboarding.REVIEW else []


def consent_text(context: Context) -> Word:
    """The words that are agreed to."""
    return word("couple.consent", version=consent.VERSIONS["couple"], hours=context.couples.link_hours)


def invitation(context: Context, upload: Upload) -> Say:
    """What the giver passes on to the other one."""
    payload = PREFIX + upload.token
    if not context.username:
        return Say(word("couple.invite_here", command=f"/start {payload}"))
    return Say(word("couple.invite", link=f"https://t.me/{context.username}?start={payload}"))


def expired(context: Context, upload: Upload) -> bool:
    """Whether nobody agreed in time."""
    return upload.state == "waiting" and upload.created_at < oldest(context)


def oldest(context: Context) -> datetime:
    """Photos that were given before and still wait are not waited for any longer."""
    return context.now - timedelta(hours=context.couples.link_hours)


def _own(connection: Connection, member: Member, upload_id: int) -> Upload | None:
    """A photo by the id in a button, if it is the member's to take back."""
    upload = uploads.by_id(connection, upload_id)
    if upload is None or upload.state not in uploads.HELD or member.id not in (upload.sender_id, upload.partner_id):
        return None
    return upload


def _too_many(connection: Connection, context: Context, member: Member) -> Replies:
    most = context.couples.photos_a_day
    if uploads.made_since(connection, member.id, context.now - DAY) < most:
        return []
    return [Say(word("couple.too_many", n=most))]


def _not_taken(context: Context, reason: str) -> Replies:
    key = f"couple.no.{reason}"
    why = word(key) if key in context.words.keys("ko") else word("couple.no.other")
    return [Say(word("couple.not_taken", why=why), ((CLOSE,),))]


def _state(context: Context, member: Member, upload: Upload) -> Word:
    state: str = "duplicate" if upload.reason == "duplicate" else upload.state
    if state == "waiting" and upload.partner_id == member.id:
        state = "asked"
    if expired(context, upload) or upload.reason == "expired":
        state = "expired"
    return word(f"couple.state.{state}")


def _actions(context: Context, member: Member, upload: Upload) -> list[tuple[Button, ...]]:
    if upload.state not in uploads.HELD or expired(context, upload):
        return []
    if upload.state == "waiting" and upload.partner_id == member.id:
        return [(button(word("couple.look", id=upload.id), "couple_open", upload.id),)]
    taking_back = button(word("couple.stop", id=upload.id), "couple_stop", upload.id)
    if upload.state == "waiting":
        return [(button(word("couple.link_again", id=upload.id), "couple_link", upload.id),), (taking_back,)]
    return [(taking_back,)]
