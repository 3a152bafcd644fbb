"""What must reach a member though nobody is waiting for it: put into the database with what it tells about, sent by `bot.sender`.

A use case calls `notify` or `relay` in its own transaction, so that the match and the news of it, or a message and its copy,
exist together or not at all.  What waits is a `Letter`: a Bot API call whose message ids in the recipient's chat are still to be
looked up, since a message that is answered may itself be waiting to be sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.context import Context
from bot.render import Call, render
from bot.replies import Clear, Document, Notice, Picture, Replies, Reply, Say, Shown
from db import exhibits, messages, outbox
from db.records import Member, Message, OutboxRow
from db.session import Connection


@dataclass(frozen=True, slots=True)
class Letter:
    """One call that waits: `body` is its payload without chat and message ids.

    Attributes:
        method: as in Telegram's documentation.
        body: JSON payload.
        photo_id: a stored photo that fills the field `photo`.
        answers: our id of the relayed message to which this is the reply.
        edits: our id of the relayed message whose copy this changes.
        prepare: what is to be done before it can be sent (`bot.preparing` knows what it means).
        parts: our ids of the messages of an album, in order; the call answers with as many messages.
        quote: the part of the answered message that is quoted, as `reply_parameters` takes it.
        below: it is about the message that it answers, and goes only where that arrived and stands.
        exhibit: the case of which it shows an admin something; the message is deleted with it (`bot.clearing`).

    """

    method: str
    body: dict[str, Any] = field(default_factory=dict)
    photo_id: int | None = None
    answers: int | None = None
    edits: int | None = None
    prepare: dict[str, Any] | None = None
    parts: tuple[int, ...] = ()
    quote: dict[str, Any] | None = None
    below: bool = False
    exhibit: str = ""

    def payload(self) -> dict[str, Any]:
        """As it lies in the database."""
        more = {
            "photo_id": self.photo_id,
            "answers": self.answers,
            "edits": self.edits,
            "prepare": self.prepare,
            "parts": list(self.parts) or None,
            "quote": self.quote,
            "below": self.below or None,
            "exhibit": self.exhibit or None,
        }
        return {"body": self.body, **{name: value for name, value in more.items() if value is not None}}

    @classmethod
    def read(cls, method: str, payload: Mapping[str, Any]) -> Letter:
        """From a row of the outbox."""
        return cls(
            method,
            dict(payload.get("body", {})),
            payload.get("photo_id"),
            payload.get("answers"),
            payload.get("edits"),
            payload.get("prepare"),
            tuple(payload.get("parts", ())),
            payload.get("quote"),
            bool(payload.get("below")),
            payload.get("exhibit", ""),
        )

    def call(self, target: int | None) -> Call | None:
        """The call, `target` being the message in the recipient's chat that is answered or edited.

        None where there is nothing to do: the message to edit, or to stand below, never arrived.  An answer to one that never
        arrived goes without the reference.
        """
        if self.below and target is None:
            return None
        if self.edits is not None:
            return None if target is None else Call(self.method, {**self.body, "message_id": target})
        body = self.body
        if self.answers is not None and target is not None:
            body = {**body, "reply_parameters": {"message_id": target, "allow_sending_without_reply": True, **(self.quote or {})}}
        return Call(self.method, body, photo_id=self.photo_id)


def target(connection: Connection, letter: Letter, recipient_id: int | None) -> int | None:
    """The message in the recipient's chat that `letter` answers or edits: a copy that arrived, or one that they sent themselves."""
    wanted = letter.edits if letter.edits is not None else letter.answers
    found = None if wanted is None else messages.by_id(connection, wanted)
    if found is None or (letter.below and found.deleted_at is not None):
        return None
    return found.sender_message_id if found.sender_id == recipient_id else found.recipient_message_id


def stopped(connection: Connection, letter: Letter, row: OutboxRow, now: datetime) -> str | None:
    """Why a letter that was worked on for a while must not go any more; None where it still may.

    Whatever ends a chat gives the row up meanwhile; a change writes it anew only once its lease has run out; `/del` finds it out of
    reach and relies on what follows it, but what did not go yet need not be seen at all.
    """
    if not outbox.in_hand(connection, row, now):
        return "not ours any more"
    about = letter.parts or tuple(number for number in (row.message_id, letter.edits) if number is not None)
    return "taken back" if messages.deleted(connection, about) else None


def notify(
    connection: Connection,
    context: Context,
    recipient: Member,
    reply: Reply,
    dedup_key: str,
    *,
    answers: int | None = None,
    below: bool = False,
) -> bool:
    """Queue `reply` for a member in the member's language.

    Args:
        connection: of the use case's transaction.
        context: the surroundings.
        recipient: who is told; nothing is queued for those who blocked the bot or are gone.
        reply: `Say`, `Shown` or a `Picture` that is kept; the others need a pressed button, or bytes that a queue should not carry.
        dedup_key: what it is about; a second one with the same key is not queued for this member.
        answers: our id of a relayed message of the member's own or to them, to which this is the reply.
        below: whether it means nothing without that message, and goes only where it arrived.

    Returns:
        Whether it was queued.

    """
    if not recipient.reachable or recipient.status == "deleted":
        return False
    letter = replace(_letter(context, reply, recipient.language), answers=answers, below=below)
    return post(connection, context, recipient, letter, dedup_key)


def answer(connection: Connection, context: Context, member: Member, replies: Replies, update_id: int) -> Replies:
    """Queue what a use case answers to an update, in its order; those from the first on that cannot be queued."""
    for number, reply in enumerate(replies):
        plain = isinstance(reply, Say) and not reply.edit
        if not plain or not notify(connection, context, member, reply, f"update:{update_id}:{number}"):
            return replies[number:]
    return []


def show(connection: Connection, context: Context, admin: Member, replies: Replies, update_id: int) -> Replies:
    """Queue those of an admin's answers that show something of members; the others, which are said at once.

    What is sent without a row of its own would be forgotten by a process that is killed right after it, and stand there for good.
    """
    for number, reply in enumerate(replies):
        if _exhibit(reply):
            notify(connection, context, admin, reply, f"shown:{update_id}:{number}:{context.now.isoformat()}")
    return [reply for reply in replies if not _exhibit(reply)]


def post(
    connection: Connection,
    context: Context,
    recipient: Member,
    letter: Letter,
    key: str,
    message: Message | None = None,
) -> bool:
    """Queue a letter for a member; False where one with this `key` was queued for them already.

    One that carries a `message` is sealed as what its writer said, like `relay` and `correct`.
    """
    queued = outbox.put(
        connection,
        recipient.id,
        letter.method,
        letter.payload(),
        key,
        context.now,
        None if message is None else message.id,
        telegram_id=recipient.telegram_id,
        writer=None if message is None else message.sender_id,
    )
    if queued and letter.exhibit:
        exhibits.expect(connection, recipient.telegram_id, key, letter.exhibit, context.now)
    return queued


def relay(
    connection: Connection,
    context: Context,
    message: Message,
    letter: Letter,
    recipient: Member | None = None,
    not_before: datetime | None = None,
) -> bool:
    """Queue the copy of a relayed message for its recipient, who need not be looked up where given."""
    key, account = f"relay:{message.id}", None if recipient is None else recipient.telegram_id
    return outbox.put(
        connection,
        message.recipient_id,
        letter.method,
        letter.payload(),
        key,
        context.now,
        message.id,
        telegram_id=account,
        not_before=not_before,
        fresh=True,
        writer=message.sender_id,
    )


def correct(connection: Connection, context: Context, message: Message, letter: Letter, mark: str) -> bool:
    """Queue a change of a copy; `mark` tells this change from others of the same message."""
    key = f"{changes_of(message.id)}{mark}"
    return outbox.put(connection, message.recipient_id, letter.method, letter.payload(), key, context.now, writer=message.sender_id)


def changes_of(message_id: int) -> str:
    """How the keys of rows begin that `correct` the copy of a message."""
    return f"edit:{message_id}:"


def _letter(context: Context, reply: Reply, language: str) -> Letter:
    kept = reply.kept if isinstance(reply, Picture) else None
    if isinstance(reply, Document | Notice | Clear) or (isinstance(reply, Picture) and kept is None) or getattr(reply, "edit", False):
        raise TypeError(f"{type(reply).__name__} cannot wait in the outbox")
    call = render(reply, context.words, language)
    return Letter(call.method, call.payload, call.photo_id, prepare=None if kept is None else {"kept": dict(kept)}, exhibit=_exhibit(reply))


def _exhibit(reply: Reply) -> str:
    return reply.exhibit if isinstance(reply, Say | Shown | Picture) else ""
