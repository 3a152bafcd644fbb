"""From the first /start to a member who is ready: one question after the other, resumable at any of them.

Where the conversation stands is `member.step`, one of `ORDER`; `/start` asks the question of that step again.  Every answer is
taken only at its own step, so a button pressed twice, or one of last week, changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from bot.context import Context
from bot.keyboards import MENU, RESUME, button
from bot.replies import Button, Clear, Notice, Replies, Rows, Say, word
from bot.usecases import births, consent, freezing, questions, storing, withdrawal
from bot.usecases.questions import ask, expects
from db import audit, consents, erasure, exhibits, members, moderation, photos, safety, types
from db.records import Language, Member, Review
from db.session import Connection

ORDER: Final = ("language", "intro", "terms", "face", "birth", "gender", "seeks", "city", "distance", "ages", "photo", "about")
FIRST: Final = ORDER[0]
TYPED: Final = frozenset({"birth", "city", "distance", "ages", "about"})
CONSENTS: Final[Mapping[str, Literal["terms", "face"]]] = {"terms": "terms", "face": "face"}
DONE: Final = button("ask.photo.done", "set", choice="photo:done")
READ: Final = button("review.read", "reread")
UNDERAGE: Final = "underage"
REVIEW: Final = "review"


def start(connection: Connection, context: Context, member: Member) -> Replies:
    """/start: begin, go on where it was left, or show the menu."""
    if not member.reachable:
        member = members.update(connection, member.id, context.now, reachable=True)
    if member.status == "onboarding":
        return _resume_onboarding(connection, context, member)
    if member.status == REVIEW:
        return [Say(word("review.wait"))]
    if member.status == "paused":
        return [Say(word("start.paused"), ((RESUME,), *MENU), plain_keyboard=True)]
    return [Say(word("start.again"), MENU)]


def press(connection: Connection, context: Context, member: Member, field: str, value: str) -> Replies:
    """A button of a question was pressed during onboarding."""
    if member.status != "onboarding" or field not in ORDER or not expects(member, field):
        return _passed(connection, context, member)
    if field == "birth":
        return _confirm_birth(connection, context, member, value)
    shown = Clear() if field == "photo" else questions.answered(field, context, member, value)
    if field == "language":
        if value not in ("ko", "en"):
            return _passed(connection, context, member)
        language: Language = "ko" if value == "ko" else "en"
        members.update(connection, member.id, context.now, language=language)
        return [shown, *_advance(connection, context, member)]
    if field == "terms" and value != "yes":
        consent.record(connection, context, member, "terms", given=False)
        return [Notice(word("ask.terms.needed"), alert=True)]
    if field == "photo" and not photos.usable(connection, member.id):
        key = "review.refused" if photos.of(connection, member.id) else "photo.one_needed"
        return [Notice(word(key), alert=True)]
    if field in CONSENTS:
        consent.record(connection, context, member, CONSENTS[field], given=value == "yes")
    elif field in ("gender", "seeks", "city", "distance", "ages"):
        wrong = storing.store(connection, context, member, field, value)
        if wrong is not None:
            return [Notice(wrong, alert=True)]
    return [shown, *_advance(connection, context, member)]


def text(connection: Connection, context: Context, member: Member, typed: str) -> Replies:
    """The person typed something during onboarding."""
    if member.status == REVIEW:
        return [Say(word("review.wait"))]
    step = member.step or FIRST
    if step not in TYPED:
        return [Say(word("wrong.photo" if step == "photo" else "wrong.buttons")), *_ask(connection, context, member, step)]
    stopped = freezing.heard(connection, context, member, typed, "about") if step == "about" else []
    if stopped:
        return stopped
    if step == "birth":
        return _tell_birth(connection, context, member, typed)
    wrong = storing.store(connection, context, member, step, typed)
    if wrong is not None:
        return [Say(wrong), *_ask(connection, context, member, step)]
    return _advance(connection, context, member)


def _tell_birth(connection: Connection, context: Context, member: Member, typed: str) -> Replies:
    told = births.tell(connection, context, member, typed)
    if isinstance(told, Member):
        return _advance(connection, context, told)
    return [*([] if told is None else [Say(told)]), *_ask(connection, context, members.by_id(connection, member.id) or member, "birth")]


def _confirm_birth(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    said = births.confirm(connection, context, member, choice)
    if isinstance(said, Member):
        shown = questions.answered("birth", context, member, choice)
        # Asked on the day before, the answer may come on the birthday.
        return [shown, *(turn_away if births.minor(context, said) else _advance)(connection, context, said)]
    return [*said, *_ask(connection, context, members.by_id(connection, member.id) or member, "birth")]


def location(connection: Connection, context: Context, member: Member, latitude: float, longitude: float) -> Replies:
    """The person shared a location during onboarding."""
    if member.step != "city" or member.status != "onboarding":
        return remind(connection, context, member)
    storing.store_place(connection, context, member, latitude, longitude)
    return _advance(connection, context, member)


def back(connection: Connection, context: Context, member: Member, step: str) -> Replies:
    """One question back, from the question whose button was pressed."""
    if member.status != "onboarding" or member.step != step or step not in ORDER[1:]:
        return _passed(connection, context, member)
    earlier = ORDER[ORDER.index(step) - 1]
    member = members.set_step(connection, member.id, earlier, member.draft, context.now)
    return [Say(word("ask.back"), edit=True, plain_keyboard=True), *_ask(connection, context, member, earlier)]


def remind(connection: Connection, context: Context, member: Member) -> Replies:
    """Something else arrived before onboarding was finished: say so and ask again."""
    if member.status == REVIEW:
        return [Say(word("review.wait"))]
    if not member.step:
        return start(connection, context, member)
    step = member.step
    return [Say(word("wrong.photo" if step == "photo" else "wrong.kind")), *_ask(connection, context, member, step)]


def edited(connection: Connection, context: Context, member: Member) -> Replies:
    """A message was edited: answers are taken as they were sent, so how to change one is said, and the open question comes again."""
    if member.status == REVIEW or member.step not in ORDER[1:]:
        return []
    return [Say(word("wrong.edited")), *_ask(connection, context, member, member.step)]


def remind_pressed(connection: Connection, context: Context, member: Member) -> Replies:
    """A button of the menu was pressed before onboarding was finished."""
    return [Notice(word("review.wait_short" if member.status == REVIEW else "start.finish_first"))]


def resume(connection: Connection, context: Context, member: Member) -> Replies:
    """Go on after an admin decided in the member's favour (the photo, if any, is approved by the caller).

    Serves members in review (the age check), those turned away who said that their birth date was mistyped, and members whose
    photo waited to be looked at.
    """
    if member.status == "banned" and member.step == UNDERAGE:
        safety.unban(connection, member.id, context.now, "onboarding")
        members.update(connection, member.id, context.now, birth_date=None)
        return [Say(word("underage.again")), *_go_on(connection, context, member, "birth")]
    if member.status != REVIEW:
        # A photo that waited because of an age was not read; with the consent it can be now.
        return [Say(word("review.photo_approved"), ((READ,),) if member.face_consent else ())]
    before = str(member.draft.get("before", "onboarding"))
    step = str(member.draft.get("step", "photo"))
    member = members.update(connection, member.id, context.now, status="active" if before in ("active", "paused") else "onboarding")
    member = members.set_step(connection, member.id, "" if member.status == "active" else step, {}, context.now)
    return [Say(word("review.approved"), ((READ,),))]


def refused(connection: Connection, context: Context, member: Member) -> Replies:
    """An admin did not accept the photo, or could not rule out a minor: another photo is asked for, nothing else is said.

    Who was turned away and asked for their birth date to be looked at has no photo in question: it stays as it is, for good.
    """
    if member.status == "banned" and member.step == UNDERAGE:
        return [Say(word("underage.refused"))]
    if member.status == REVIEW:
        before, step = str(member.draft.get("before", "onboarding")), str(member.draft.get("step", "photo"))
        members.update(connection, member.id, context.now, status="active" if before in ("active", "paused") else "onboarding")
        members.set_step(connection, member.id, step if before == "onboarding" else "edit.photo", {}, context.now)
    elif member.status == "onboarding" and member.step == ORDER[-1] and not photos.usable(connection, member.id):
        # They are past the question for a photo, where none would be taken.
        members.set_step(connection, member.id, "photo", {}, context.now)
    return [Say(word("review.refused"))]


def asks_birth(member: Member, review: Review) -> bool:
    """Whether a case is that of somebody turned away who says that the birth date was a slip."""
    return member.status == "banned" and member.step == UNDERAGE and review.kind == "minor" and review.photo_id is None


def appeal(connection: Connection, context: Context, member: Member) -> Replies:
    """A person who was turned away says that the birth date was a slip: an admin looks, once."""
    if member.status != "banned" or member.step != UNDERAGE:
        return [Notice(word("ask.passed"))]
    if member.draft.get("appealed"):
        waits = any(review.state == "open" and asks_birth(member, review) for review in safety.reviews_of(connection, member.id))
        return [Notice(word("underage.asked_already" if waits else "underage.decided"), alert=True), Clear()]
    members.set_step(connection, member.id, UNDERAGE, {"appealed": True}, context.now)
    safety.open_review(connection, member.id, "minor", context.now)
    return [Say(word("underage.asked"), edit=True)]


def _ask(connection: Connection, context: Context, member: Member, step: str) -> Replies:
    first = ORDER.index(step) if step in ORDER else 0
    back = button("ask.back.button", "back", choice=step) if first > 1 else None
    if step == "photo" and back is not None and photos.of(connection, member.id):
        return _ask_another_photo(connection, member, back)
    return ask(step, context, member, back=back)


def _ask_another_photo(connection: Connection, member: Member, back: Button) -> Replies:
    """The question for a photo where there is one: another is wanted only if it was not accepted; it is read if it never was."""
    held = photos.usable(connection, member.id)
    if not held:
        return [Say(word("review.refused"), ((back,),))]
    if unread(connection, member):
        return [Say(word("ask.photo.unread"), ((READ,), (DONE,), (back,)))]
    return [Say(word("ask.photo.there", len(held)), ((DONE,), (back,)))]


def unread(connection: Connection, member: Member) -> bool:
    """Whether there are photos that may be read for a face by now, but were sent without the consent to it."""
    held = bool(member.face_consent) and bool(photos.usable(connection, member.id))
    return held and not photos.vectors(connection, member.id, "face")


def _passed(connection: Connection, context: Context, member: Member) -> Replies:
    """A button of a question that is answered already.

    The open question comes with it: the bot may have been killed between taking the answer and asking on, and then nobody would
    know what it waits for.
    """
    said: Replies = [Notice(word("ask.passed"))]
    if member.status != "onboarding" or member.step not in ("", *ORDER):
        return said
    return [*said, *(_ask(connection, context, member, member.step) if member.step else _resume_onboarding(connection, context, member))]


def _resume_onboarding(connection: Connection, context: Context, member: Member) -> Replies:
    if member.step in ORDER[1:]:
        return [Say(word("start.resume"), plain_keyboard=True), *_ask(connection, context, member, member.step)]
    member = members.set_step(connection, member.id, FIRST, {}, context.now)
    return _ask(connection, context, member, FIRST)


def _advance(connection: Connection, context: Context, member: Member) -> Replies:
    """Ask the question after the one that was just answered, or finish."""
    position = ORDER.index(member.step) + 1
    if position == len(ORDER):
        return _finish(connection, context, member)
    fresh = members.set_step(connection, member.id, ORDER[position], {}, context.now)
    said: Replies = []
    if member.step == "city":
        said.append(Say(word("ask.city.saved", place=questions.place_word(fresh)), plain_keyboard=True))
    return [*said, *_ask(connection, context, fresh, ORDER[position])]


def _finish(connection: Connection, context: Context, member: Member) -> Replies:
    if not photos.usable(connection, member.id):
        # An admin did not accept it while they wrote about themselves: as a member they would wait for ever.
        return _ask(connection, context, members.set_step(connection, member.id, "photo", {}, context.now), "photo")
    member = members.update(connection, member.id, context.now, status="active")
    members.set_step(connection, member.id, "", {}, context.now)
    waiting = not photos.of(connection, member.id, "approved")
    read: Rows = ((READ,),) if unread(connection, member) else ()
    return [Say(word("start.ready_waiting" if waiting else "start.ready"), (*read, *MENU))]


def turn_away(connection: Connection, context: Context, member: Member) -> Replies:
    """Under 18: the account is frozen with its birth date, so that another date cannot simply be tried.

    Nothing else is kept, as they are told: who went back to the question may have answered the others, and sent photos of a child.
    """
    withdrawal.take_back_all(connection, context, member)
    erasure.withdraw_face(connection, member.id)
    for photo in photos.of(connection, member.id):
        moderation.detach(connection, photo.id)
        exhibits.over_photo(connection, photo.id, context.now)
        photos.remove(connection, photo.id)
    types.clear(connection, member.id, "fashion")
    members.update(connection, member.id, context.now, **dict.fromkeys(("gender", "seeks", "city", "latitude", "longitude")), about="")
    safety.ban(connection, member.id, context.now)
    members.set_step(connection, member.id, UNDERAGE, {}, context.now)
    audit.add(connection, "system", "underage", audit.member(member.id), context.now)
    return [Say(word("underage.turned_away"), ((button("underage.mistyped", "appeal"),),))]


def come_of_age(connection: Connection, context: Context, member: Member) -> Replies:
    """Someone who was turned away writes again: still too young, or 18 by now and welcome."""
    if births.minor(context, member):
        once = () if member.draft.get("appealed") else ((button("underage.mistyped", "appeal"),),)
        return [Say(word("underage.still"), once)]
    safety.unban(connection, member.id, context.now, "onboarding")
    return [Say(word("underage.welcome_back")), *_go_on(connection, context, member, "gender")]


def _go_on(connection: Connection, context: Context, member: Member, step: str) -> Replies:
    """Ask the question of `step`, or the first of all where the terms were never agreed to (a couple's photo asks for the age alone)."""
    given = consents.latest(connection, member.id, "terms")
    step = step if given is not None and given.given else FIRST
    return _ask(connection, context, members.set_step(connection, member.id, step, {}, context.now), step)
