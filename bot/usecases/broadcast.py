"""One message from the admins to all members: written, previewed, confirmed, then sent through the outbox at its pace."""

from __future__ import annotations

import hashlib
from typing import Final

from bot import answers, outbox
from bot.context import Context
from bot.keyboards import button
from bot.replies import Notice, Replies, Say, word
from bot.usecases import detour
from bot.usecases.admin import note
from db import activity
from db.records import Member
from db.session import Connection

STEP: Final = "edit.broadcast"
LIMIT: Final = 3500
CHUNK: Final = 1000
CANCEL: Final = button("admin.broadcast_no", "broadcast_no")


def write(connection: Connection, context: Context, admin: Member, text: str) -> Replies:
    """/broadcast, with the text or without: ask for it, or show what would be sent to how many."""
    note(connection, context, admin, "broadcast.drafted", "all")
    plain = answers.clean(text).strip()
    if not plain:
        detour.begin(connection, context, admin, STEP)
        return [Say(word("admin.broadcast_ask"), ((CANCEL,),))]
    if len(plain) > LIMIT:
        return [Say(word("admin.broadcast_long", n=LIMIT), ((CANCEL,),))]
    detour.begin(connection, context, admin, STEP, text=plain, key=context.now.isoformat())
    size = activity.audience_size(connection)
    send = button(word("admin.broadcast_yes", size), "broadcast_yes", choice=_name(plain))
    return [Say(word("admin.broadcast_preview")), Say(word("broadcast.message", text=plain), ((send,), (CANCEL,)))]


def send(connection: Connection, context: Context, admin: Member, choice: str = "") -> Replies:
    """Confirmed: one row of the outbox for each member, once however often it is pressed.

    `choice` names the text that the button stood below: of several that were previewed the newest alone can be sent.
    """
    text, key = str(admin.draft.get("text", "")), str(admin.draft.get("key", ""))
    if admin.step != STEP or not text or choice != _name(text):
        return [Notice(word("ask.passed"))]
    sent, after = 0, 0
    while batch := activity.audience(connection, after, CHUNK):
        after = batch[-1].id
        sent += sum(
            outbox.notify(connection, context, member, Say(word("broadcast.message", text=text)), f"broadcast:{key}") for member in batch
        )
    detour.end(connection, context, admin)
    note(connection, context, admin, "broadcast.sent", "all", {"members": sent, "characters": len(text)})
    return [Say(word("admin.broadcast_sent", sent), edit=True)]


def cancel(connection: Connection, context: Context, admin: Member) -> Replies:
    """Nothing is sent."""
    note(connection, context, admin, "broadcast.cancelled", "all")
    if admin.step == STEP:
        detour.end(connection, context, admin)
    return [Say(word("admin.broadcast_cancelled"), edit=True)]


def _name(text: str) -> str:
    """What a button calls a text: 12 characters."""
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
