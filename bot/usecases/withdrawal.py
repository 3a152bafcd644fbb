"""Photos of couples taken back: by one of the two, or because one of them erases themselves, is banned, or is too young.

The photo goes, the crops go, and what was read from them goes with their part in the counts; what is learned next is learned
without them.  The other one learns only that it was taken back.
"""

from __future__ import annotations

from bot import outbox
from bot.context import Context
from bot.keyboards import COUPLE
from bot.replies import Say, word
from bot.usecases import consent
from db import members, safety, uploads
from db.corpus_records import Upload
from db.records import Member
from db.session import Connection


def take_back(connection: Connection, context: Context, member: Member, upload: Upload) -> bool:
    """`member`, one of the two, takes a photo back; False where there is nothing to take back any more."""
    if not uploads.withdraw(connection, upload.id, context.now):
        return False
    consent.record_couple(connection, context, member, upload.id, given=False)
    # Whoever opened the link and never agreed has nothing to be told of.
    if upload.sender_id != member.id:
        tell(connection, context, upload.sender_id, "withdrawn", upload)
    elif upload.state != "waiting":
        tell(connection, context, upload.partner_id, "withdrawn", upload)
    return True


def take_back_all(connection: Connection, context: Context, member: Member) -> None:
    """Everything that a member gave or agreed to, or was asked to agree to."""
    for upload in uploads.of_member(connection, member.id):
        if upload.state in uploads.HELD:
            take_back(connection, context, member, upload)


def part(connection: Connection, context: Context, member: Member, other_id: int) -> None:
    """`member` blocked somebody: photos of the two that nothing was learned from yet go, and nobody is told."""
    for upload in uploads.of_member(connection, member.id):
        theirs = {upload.sender_id, upload.partner_id} == {member.id, other_id}
        if theirs and upload.state in ("waiting", "confirmed") and uploads.withdraw(connection, upload.id, context.now):
            consent.record_couple(connection, context, member, upload.id, given=False)


def tell(connection: Connection, context: Context, member_id: int | None, what: str, upload: Upload) -> None:
    """Tell the other one of the two what became of the photo: "confirmed", "refused" or "withdrawn"."""
    other = None if member_id is None else members.by_id(connection, member_id)
    apart = upload.partner_id is not None and safety.blocked_between(connection, upload.sender_id, upload.partner_id)
    if other is not None and not apart:
        said = Say(word(f"couple.told.{what}", id=upload.id), ((COUPLE,),))
        outbox.notify(connection, context, other, said, f"couple:{upload.id}:{what}")
