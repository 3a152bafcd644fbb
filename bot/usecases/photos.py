"""Photos of a member: a selfie comes in, is judged, stored and answered with the type card; photos are added, ordered, removed.

The engine has read the photo before the use case runs; what it may read of the face depends on the member's consent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace as changed
from typing import Any

from bot.context import Context
from bot.keyboards import PHOTOS, PROFILE, button
from bot.replies import Button, Clear, Lines, Notice, Replies, Say, Shown, Word, word
from bot.usecases import appeals, bans, chats, detour, freezing, onboarding, types, verification
from bot.usecases.onboarding import DONE, READ, REVIEW
from db import audit, exhibits, members, moderation, photos, safety
from db import types as member_types
from db.erasure import DOUBTED, MEMORY
from db.records import Member, Photo
from db.session import Connection
from engine.embedding import packed
from engine.values import Analysis

FACE_FREE = frozenset({"not_an_image", "too_large", "nsfw"})


def receive(connection: Connection, context: Context, member: Member, analysis: Analysis, file_id: str | None, album: str = "") -> Replies:
    """A photo arrived and was analysed; `file_id` is Telegram's where it can be shown again by it, `album` what it came with.

    Reading it took a while, so nothing of before is relied on: who was frozen or banned meanwhile, or went on to another question,
    has no photo taken, and what was read of a face is kept only with the consent that holds now.
    """
    now = members.locked(connection, member.id)
    if now is None:
        return []
    member, analysis = now, _consented(now, analysis)
    stopped = _closed(connection, context, member, "photo")
    if stopped:
        return stopped
    held = photos.of(connection, member.id)
    doubtful = analysis.problem is not None and not _cleared(connection, member, analysis)
    stored = None if doubtful else _stored(connection, held, analysis.photo_jpeg)
    replacing = _to_replace(member, held)
    if stored is not None:
        if replacing is None:
            _took(connection, context, member, album)
        return _again(connection, context, member, stored, analysis)
    others = [photo for photo in held if photo.status != "rejected" and photo != replacing]
    if len(others) >= context.matching.photos_max:
        full = "photo.full_signing_up" if member.status == "onboarding" else "photo.full"
        return [Say(word(full, n=context.matching.photos_max), _after(member))]
    if doubtful:
        return _refuse(connection, context, member, analysis)
    if analysis.photo_jpeg is None:
        return [Say(word("photo.problem.not_an_image"))]
    before = verification.main_face(connection, member)
    _took(connection, context, member, album)
    replies = _keep(connection, context, member, analysis, file_id, replacing)
    return [*replies, *verification.photos_changed(connection, context, member, before)]


def _closed(connection: Connection, context: Context, member: Member, step: str = "") -> Replies:
    """Why a photo of this member is not to be read or kept now, as they are told; at sign-up only at `step`, where one is given."""
    if member.status == REVIEW:
        return [Say(word("review.wait"))]
    if member.status not in (*freezing.MEETING, "onboarding"):
        return appeals.stopped(connection, context, member)
    # A question in passing may have come up while the photo was read.
    stands = str(member.draft.get("resume", "")) if member.step.startswith(detour.STEPS) else member.step
    if member.status in freezing.MEETING or step in ("", stands):
        return []
    if member.step not in onboarding.ORDER:
        return [Say(word("start.finish_first"))]
    return onboarding.remind(connection, context, member)


def _took(connection: Connection, context: Context, member: Member, album: str) -> None:
    """From now on only what came with this photo is taken without asking: the next one may be meant for a partner."""
    if member.step == "edit.photo":
        members.set_step(connection, member.id, "edit.photo", {"taken": album}, context.now)


def _consented(member: Member, analysis: Analysis) -> Analysis:
    """What of it may be used: nothing about the face without the consent, which may have been taken back while it was read."""
    if member.face_consent:
        return analysis
    # A problem of the face is none any more where there is a photo to look at: an admin does.
    free = analysis.problem is None or analysis.problem.code in FACE_FREE or analysis.photo_jpeg is None
    problem = analysis.problem if free else None
    return changed(analysis, problem=problem, faces=(), main=None, embedding=None, face_type=None, crop=None)


def _stored(connection: Connection, held: Sequence[Photo], jpeg: bytes | None) -> Photo | None:
    """The photo that is this very file.  Telegram's ids of it are not kept, and change; the pixels do not."""
    for photo in held if jpeg is not None else ():
        kept = photos.by_id(connection, photo.id)
        if kept is not None and kept.jpeg == jpeg:
            return photo
    return None


def _again(connection: Connection, context: Context, member: Member, photo: Photo, analysis: Analysis) -> Replies:
    """The same photo once more: its answer may never have arrived (the bot was killed behind the commit), so it comes again.

    A photo that was not accepted is not tried again by that, and one that was never read for a face is read with the consent.
    """
    if photo.status == "rejected":
        return [Say(word("review.refused"))]
    if analysis.main_face is not None and "face" not in photo.facts:
        return reread(connection, context, member, [(photo.id, analysis)])
    if photos.usable(connection, member.id)[0].id != photo.id:
        return [Say(word("photo.there"), _after(member))]
    card = types.card(connection, context, member, _after(member))
    return [*card, Say(word("photo.pending"))] if photo.status == "pending" else card


def whose(connection: Connection, context: Context, member: Member, message_id: int) -> Replies:
    """A photo for which there are two places: the answer to it asks, and the button finds it by that."""
    rows = ((button("photo.to_profile", "to_profile"),), *chats.entries(connection, member))
    return [Say(word("photo.whose"), rows, answers=message_id)]


def once_more(connection: Connection, context: Context, member: Member) -> Replies:
    """The photo that a button was about is not there any more."""
    return [Notice(word("photo.once_more"), alert=True), Clear()]


def receive_pressed(
    connection: Connection, context: Context, member: Member, analysis: Analysis, file_id: str | None, album: str = ""
) -> Replies:
    """A photo that the member said is for the profile; pressing twice adds it once."""
    if file_id is not None and any(photo.telegram_file_id == file_id for photo in photos.of(connection, member.id)):
        return [Notice(word("photo.there")), Clear()]
    return [*receive(connection, context, member, analysis, file_id, album), Clear()]


def not_a_photo(connection: Connection, context: Context, member: Member) -> Replies:
    """A file that is no photo."""
    return [Say(word("photo.problem.not_an_image"))]


def not_fetched(connection: Connection, context: Context, member: Member) -> Replies:
    """A photo that Telegram did not give out."""
    return [Say(word("photo.not_fetched"))]


def too_large(connection: Connection, context: Context, member: Member) -> Replies:
    """A file that is too large to fetch."""
    return [Say(word("photo.problem.too_large"))]


def show(connection: Connection, context: Context, member: Member) -> Replies:
    """/photo: the member's photos with what can be done with each."""
    held, usable = photos.of(connection, member.id), photos.usable(connection, member.id)
    members.set_step(connection, member.id, "edit.photo", {}, context.now)
    replies: Replies = [
        Shown(photo.id, _caption(photo, place), (_actions(photo, place),), protect=False) for place, photo in enumerate(held, 1)
    ]
    if len(usable) >= context.matching.photos_max:
        return [*replies, Say(word("photo.full", n=context.matching.photos_max), ((PROFILE,),))]
    said = word("photo.overview" if held else "photo.none", n=len(usable), most=context.matching.photos_max)
    read = ((READ,),) if onboarding.unread(connection, member) else ()
    return [*replies, Say(said, (*read, (button("photo.close", "cancel", choice="photo"),)))]


def make_main(connection: Connection, context: Context, member: Member, photo_id: int) -> Replies:
    """Put a photo first; its types become the member's."""
    photo = _own(connection, member, photo_id)
    if photo is None:
        return [Notice(word("photo.gone"))]
    if photo.status == "rejected":
        return [Notice(word("review.refused"), alert=True)]
    before = verification.main_face(connection, member)
    others = [item.id for item in photos.of(connection, member.id) if item.id != photo.id]
    photos.reorder(connection, member.id, [photo.id, *others])
    types.retype(connection, context, member)
    dropped = verification.photos_changed(connection, context, member, before)
    return [Notice(word("photo.is_main")), *show(connection, context, member), *dropped]


def replace(connection: Connection, context: Context, member: Member, photo_id: int) -> Replies:
    """The next photo takes the place of this one."""
    if _own(connection, member, photo_id) is None:
        return [Notice(word("photo.gone"))]
    members.set_step(connection, member.id, "edit.photo", {"replace": photo_id}, context.now)
    return [Say(word("photo.send_new"), ((button("ask.cancel", "cancel", choice="photo"),),))]


def remove(connection: Connection, context: Context, member: Member, photo_id: int) -> Replies:
    """Delete a photo; a member keeps at least one, since nobody likes a blank card."""
    photo = _own(connection, member, photo_id)
    if photo is None:
        return [Notice(word("photo.gone"))]
    if photo.status != "rejected" and len(photos.usable(connection, member.id)) == 1:
        return [Notice(word("photo.last"), alert=True)]
    before = verification.main_face(connection, member)
    _drop(connection, context, photo)
    types.retype(connection, context, member)
    dropped = verification.photos_changed(connection, context, member, before)
    return [Notice(word("photo.removed")), *show(connection, context, member), *dropped]


def reread(connection: Connection, context: Context, member: Member, found: Sequence[tuple[int, Analysis]]) -> Replies:
    """Stored photos were read again with their faces, after the consent was given: by what is true of the member by now."""
    now = members.locked(connection, member.id)
    if now is None or not now.face_consent:
        return []
    member = now
    stopped = _closed(connection, context, member)
    if stopped:
        return stopped
    for photo_id, analysis in found:
        photo = _own(connection, member, photo_id)
        if photo is None or photo.status == "rejected":
            continue
        if analysis.problem is not None and not _cleared(connection, member, analysis, photo_id):
            if analysis.problem.code == "minor":
                said = _doubt(connection, context, member, photo)
                if not _goes_on(connection, member):
                    return said
            continue
        photos.set_facts(connection, photo.id, facts(analysis))
        store_vectors(connection, photo, analysis)
        if photo.status == "pending":
            photos.approve(connection, photo.id)
        stopped = bans.look(connection, context, member, photo.id, analysis.embedding, analysis.face_model)
        if stopped:
            return stopped
    types.retype(connection, context, member)
    if "face" not in member_types.of_member(connection, member.id):
        return [Say(word("face.reread_nothing"), _after(member) if member.status == "onboarding" else ((PHOTOS,),))]
    return types.card(connection, context, member, _after(member))


def _keep(
    connection: Connection, context: Context, member: Member, analysis: Analysis, file_id: str | None, replacing: Photo | None
) -> Replies:
    jpeg = analysis.photo_jpeg or b""
    # Without a face that was read nobody has looked for how old it is, be the consent given since.
    looked_at = bool(member.face_consent) and analysis.main_face is not None
    photo = photos.add(
        connection,
        member.id,
        jpeg,
        context.now,
        status="approved" if looked_at else "pending",
        facts=facts(analysis),
        nsfw=analysis.nsfw,
        telegram_file_id=file_id,
    )
    store_vectors(connection, photo, analysis)
    if not looked_at:
        safety.open_review(connection, member.id, "photo", context.now, photo.id)
    if replacing is not None:
        _take_place(connection, context, member, photo, replacing)
    held = photos.usable(connection, member.id)
    refused = photos.of(connection, member.id, "rejected")
    if refused:
        photos.reorder(connection, member.id, [item.id for item in (*held, *refused)])
    types.retype(connection, context, member)
    stopped = bans.look(connection, context, member, photo.id, analysis.embedding, analysis.face_model)
    if stopped:
        return stopped
    if held[0].id != photo.id:
        done = word("photo.added" if replacing is None else "photo.replaced", n=len(held), most=context.matching.photos_max)
        said = done if looked_at else word("photo.waiting", lines=Lines((done, word("photo.waits"))))
        return [Say(said, _after(member))]
    replies = types.card(connection, context, member, _after(member))
    if looked_at:
        return replies
    if onboarding.unread(connection, member):
        return [*replies, Say(word("ask.photo.unread"), ((READ,), *_after(member)))]
    return [*replies, Say(word("photo.pending"))]


def _refuse(connection: Connection, context: Context, member: Member, analysis: Analysis) -> Replies:
    """Say what is wrong; a photo on which a minor cannot be excluded goes to the admins, and nothing is read from it yet.

    Whoever signs up, whom nobody sees yet, may try another one first: estimates err, and a photo in better light settles most of it.
    """
    problem = analysis.problem
    if problem is None or problem.code != "minor" or analysis.photo_jpeg is None:
        return [Say(word(f"photo.problem.{problem.code if problem else 'not_an_image'}"))]
    # Not in the draft of the conversation, which any other step empties.
    before = audit.count(connection, DOUBTED, audit.member(member.id), context.now - MEMORY)
    audit.add(connection, "system", DOUBTED, audit.member(member.id), context.now)
    if not before and member.status not in freezing.MEETING:
        return [Say(word("photo.problem.minor"))]
    photo = photos.add(
        connection,
        member.id,
        analysis.photo_jpeg,
        context.now,
        status="pending",
        nsfw=analysis.nsfw,
    )
    return _doubt(connection, context, member, photo)


def _doubt(connection: Connection, context: Context, member: Member, photo: Photo) -> Replies:
    """Whether this is a minor is for an admin to say; nothing goes on before that."""
    if _goes_on(connection, member):
        safety.open_review(connection, member.id, "minor", context.now, photo.id)
        return [Say(word("photo.minor_waits"), _after(member))]
    if member.status in freezing.MEETING:
        return freezing.freeze(connection, context, member, "photo", photo_id=photo.id)
    safety.open_review(connection, member.id, "minor", context.now, photo.id)
    draft = {"before": member.status, "step": member.step}
    members.update(connection, member.id, context.now, status=REVIEW)
    members.set_step(connection, member.id, REVIEW, draft, context.now)
    return [Say(word("photo.minor_review"))]


def _goes_on(connection: Connection, member: Member) -> bool:
    """Whether a doubt about a photo stops nothing until it is settled.

    For nobody who signs up, and where more than an estimate speaks for their age: the verification video, or an admin who looked
    because of another sign.
    """
    return member.status in freezing.MEETING and (member.verified or freezing.of_age(connection, member))


def _cleared(connection: Connection, member: Member, analysis: Analysis, photo_id: int = 0) -> bool:
    """Whether the only problem is a young face of which an admin said already that it is of age.

    Whoever is cleared is seen by others without anybody having looked, so it takes more than `freezing.of_age`: an admin overruled
    the estimate of a photo (what a report or words asked is another question), and this is that photo, or the same face.
    """
    problem = analysis.problem
    if problem is None or problem.code != "minor":
        return False
    overruled = {review.photo_id for review in freezing.looked_at(connection, member) if review.photo_id is not None}
    if photo_id in overruled:
        return True
    return bool(overruled) and freezing.shows_whom_they_saw(connection, member, analysis.embedding, analysis.face_model)


def facts(analysis: Analysis) -> dict[str, Any]:
    """What is kept of an analysis beside its vectors: enough to draw the card again. All about the face is under `face`."""
    kept: dict[str, Any] = {
        "garments": [
            {"region": item.region, "label": item.label, "score": round(item.score, 3), "colour": item.colour} for item in analysis.garments
        ],
        "palette": list(analysis.palette),
    }
    face, (width, height) = analysis.main_face, analysis.size
    if face is not None and width and height:
        left, top, wide, high = face.box
        kept["face"] = {
            "box": [round(left / width, 4), round(top / height, 4), round(wide / width, 4), round(high / height, 4)],
            "age": round(face.age, 1),
            "quality": round(face.quality, 3),
        }
    return kept


def store_vectors(connection: Connection, photo: Photo, analysis: Analysis) -> None:
    """Store the embeddings of a photo, each under the version of what read it: vectors of other versions are never compared with it."""
    read = (("face", analysis.embedding, analysis.face_model), ("fashion", analysis.fashion_embedding, analysis.fashion_model))
    for kind, vector, version in read:
        if vector is not None:
            photos.add_vector(
                connection,
                photo.id,
                "face" if kind == "face" else "fashion",
                version or analysis.model_version,
                analysis.runtime,
                packed(vector),
                len(vector),
            )


def _take_place(connection: Connection, context: Context, member: Member, photo: Photo, old: Photo) -> None:
    """The new photo stands where the old one stood."""
    order = [item.id for item in photos.of(connection, member.id) if item.id != photo.id]
    order[order.index(old.id)] = photo.id
    _drop(connection, context, old)
    photos.reorder(connection, member.id, order)


def _drop(connection: Connection, context: Context, photo: Photo) -> None:
    """Delete a photo and what was asked about it, but for what was asked about the person: whether they are somebody else or themselves."""
    moderation.detach(connection, photo.id)
    exhibits.over_photo(connection, photo.id, context.now)
    photos.remove(connection, photo.id)


def _to_replace(member: Member, held: list[Photo]) -> Photo | None:
    wanted = member.draft.get("replace") if member.step == "edit.photo" else None
    return next((photo for photo in held if photo.id == wanted), None)


def _own(connection: Connection, member: Member, photo_id: int) -> Photo | None:
    """A photo by the id in a button, if it is this member's own."""
    return next((photo for photo in photos.of(connection, member.id) if photo.id == photo_id), None)


def _after(member: Member) -> tuple[tuple[Button, ...], ...]:
    return ((DONE,),) if member.status == "onboarding" else types.NEXT


def _caption(photo: Photo, place: int) -> Word:
    state = "" if photo.status == "approved" else word(f"photo.state.{photo.status}")
    return word("photo.main" if place == 1 else "photo.nth", n=place, state=state)


def _actions(photo: Photo, place: int) -> tuple[Button, ...]:
    actions = (button("photo.replace", "photo_replace", photo.id), button("photo.remove", "photo_remove", photo.id))
    return actions if place == 1 or photo.status == "rejected" else (button("photo.make_main", "photo_main", photo.id), *actions)
