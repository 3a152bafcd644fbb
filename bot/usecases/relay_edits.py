"""Edits: the copy follows what its sender makes of the message, on its way or after it arrived.

While the copy waits in the outbox the row itself is written anew, so that the partner never sees what was taken out; behind a row
that is being sent, and behind a copy that arrived, the change goes as a row of its own, and several changes that wait become one.
What a row holds already stays in it: a new caption below a new file that is not there yet goes with that file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot import outbox
from bot.context import Context
from bot.incoming import Incoming
from bot.outbox import Letter
from bot.replies import Replies, Say, Word, word
from bot.usecases import access, freezing, names, nudges, relay_albums, relay_held, relay_kinds, relay_ways, trust
from db import members, messages, pairs, relays
from db.records import Member, Message, OutboxRow, Pair
from db.session import Connection

MEDIA = frozenset({"photo", "live_photo", "video", "animation", "document", "audio"})
"""What `editMessageMedia` can put in a message."""
LATER: Final = 19
"""Of so many versions before the one that stands what was said is kept, besides the first; of what was refused as well."""


def edited(connection: Connection, context: Context, member: Member, incoming: Incoming) -> Replies:
    """The member edited a message that was relayed: its copy follows; edits of other messages mean nothing."""
    message = messages.by_sender(connection, member.id, incoming.message_id)
    pair = None if message is None else pairs.by_id(connection, message.pair_id)
    partner = None if pair is None else members.by_id(connection, pair.partner(member.id))
    if message is None or pair is None or partner is None or message.deleted_at is not None:
        return []
    held = relay_held.changed(connection, member, pair, message)
    if not pair.open or member.status not in access.TALKING:
        return []
    stopped = freezing.heard(connection, context, member, incoming.text) or held
    if stopped or not relay_ways.talks(partner):
        return stopped
    refused = trust.early(connection, context, member, pair, incoming.kind, relay_ways.links(incoming))
    if refused is not None:
        return _refuse(connection, context, member, pair, message, incoming, refused)
    before: dict[str, Any] = messages.content(connection, message.id) or {}
    row = relay_albums.carrier(connection, message)
    made = None if row is None else _in_place(connection, context, member, message, row, incoming)
    if made is None:
        made = _behind(connection, context, partner, pair, message, incoming, before)
    if isinstance(made, str):
        return _refuse(connection, context, member, pair, message, incoming, word(made, name=names.partner(pair, member.id)))
    if incoming.kind != "location":
        _keep(connection, message, incoming, before)
    nudges.look(connection, context, message, partner, pair, relay_kinds.legible(incoming), addresses=relay_ways.addresses(incoming))
    return [Say(word("relay.masked"))] if made else []


def _refuse(
    connection: Connection, context: Context, member: Member, pair: Pair, message: Message, incoming: Incoming, why: Word
) -> Replies:
    """What was refused goes nowhere: the copy stays, a report shows what was tried, and the writer learns what the partner sees."""
    name = names.partner(pair, member.id)
    _tried(connection, message, incoming)
    row = relay_albums.carrier(connection, message)
    # Telegram would copy what stands there now, and that was refused.  No row is made so any more, but one from before may wait.
    if row is not None and row.method == "copyMessage" and relays.take_back(connection, row.id, context.now):
        return [Say(why), Say(word("relay.undelivered", name=name))]
    seen = row is not None or message.recipient_message_id is not None
    return [Say(why), Say(word("relay.edit_undelivered", name=name))] if seen else [Say(why)]


def _in_place(
    connection: Connection, context: Context, member: Member, message: Message, row: OutboxRow, incoming: Incoming
) -> bool | str | None:
    """Write the waiting row anew: whether words were hidden, why it cannot be, or None where the row is on its way."""
    waiting = Letter.read(row.method, row.payload)
    if message.id in waiting.parts:
        made = relay_kinds.item(incoming)
        if isinstance(made, str):
            return made
        part, masked = made
        written = relay_albums.change(connection, context, row, message, part)
    else:
        draft = relay_kinds.draft(member, incoming)
        if isinstance(draft, str):
            return draft
        tag = {name: waiting.body[name] for name in ("reply_markup",) if name in waiting.body}
        letter = replace(draft.letter, body={**draft.letter.body, **tag}, answers=waiting.answers, quote=waiting.quote)
        masked, written = draft.masked, relays.rewrite(connection, row.id, letter.method, letter.payload(), context.now)
    if not written:
        return None
    # The row may have been under way before and be tried again: changes that wait behind it would bring older words back.
    relays.take_back_changes(connection, row.telegram_id, outbox.changes_of(message.id), context.now)
    return masked


def _behind(
    connection: Connection, context: Context, partner: Member, pair: Pair, message: Message, incoming: Incoming, before: dict[str, Any]
) -> bool | str:
    """A change of the copy as a row of its own; whether words were hidden, or why it cannot be."""
    waiting = relays.waiting_change(connection, partner.telegram_id, outbox.changes_of(message.id))
    made = _change(message, incoming, before, anew=waiting is not None and waiting.method == "editMessageMedia")
    if isinstance(made, str) or made is None:
        return made or False
    letter, masked = made
    tag = {} if message.album is not None and incoming.kind in MEDIA else relay_ways.tag(connection, context, partner, pair)
    letter = replace(letter, body={**letter.body, **tag}, edits=message.id)
    if waiting is None or not relays.rewrite(connection, waiting.id, letter.method, letter.payload(), context.now):
        outbox.correct(connection, context, message, letter, incoming.mark)
    return masked


def _change(message: Message, incoming: Incoming, before: dict[str, Any], *, anew: bool) -> tuple[Letter, bool] | str | None:
    """The call that makes the change; None where Telegram has none for this kind.

    The caption alone changes only below the file that the copy came with.  Where another took its place, and with `anew`, the file
    goes along: its change may still wait, and then be written over, or have been refused.
    """
    cleaned = relay_kinds.cleaned_text(incoming)
    if incoming.kind == "text":
        pages = relay_kinds.shown(incoming, cleaned)
        options = {"link_preview_options": pages} if pages else {}
        return Letter("editMessageText", {"text": cleaned.text, "entities": list(cleaned.entities), **options}), cleaned.masked
    if incoming.kind == "location":
        period = incoming.body.get("live_period")
        if not period:
            return Letter("stopMessageLiveLocation"), False
        # The period goes along: who shares their way for longer than they said first would stand still on the other side.
        return Letter("editMessageLiveLocation", {**relay_kinds.moved(incoming.body), "live_period": period}), False
    if incoming.kind not in relay_kinds.CAPTIONED:
        return None
    same = incoming.file is not None and before.get("unique") == incoming.file.unique != "" and not (anew or before.get("replaced"))
    if incoming.kind not in MEDIA or (same and incoming.kind == message.kind):
        caption = {"caption": cleaned.text, "caption_entities": list(cleaned.entities), "show_caption_above_media": incoming.above}
        return Letter("editMessageCaption", caption), cleaned.masked
    made = relay_kinds.item(incoming)
    if isinstance(made, str):
        return made
    part, masked = made
    return Letter("editMessageMedia", {}, prepare={"media": part}), masked


def _keep(connection: Connection, message: Message, incoming: Incoming, before: dict[str, Any]) -> None:
    """What it says now, and what it said before: an edit must not wipe out what was said to somebody."""
    now = relay_kinds.said(incoming)
    if before.get("replaced") or before.get("unique") != now.get("unique"):
        now["replaced"] = True
    earlier = list(before.get("before", ()))
    if before and _version(before) != _version(now):
        earlier.append(_version(before))
    more = {"before": _some(earlier), "tried": before.get("tried")}
    messages.set_content(connection, message.id, {**now, **{name: versions for name, versions in more.items() if versions}})


def _tried(connection: Connection, message: Message, incoming: Incoming) -> None:
    """Keep what was refused beside what was said: it was written to somebody, though nobody read it."""
    kept = messages.content(connection, message.id)
    if kept is None:
        return  # the hours are over for which a report could show it
    version, tried = _version(relay_kinds.said(incoming)), list(kept.get("tried", ()))
    if version not in tried:
        messages.set_content(connection, message.id, {**kept, "tried": _some([*tried, version])})


def _some(versions: list[Any]) -> list[Any]:
    """The first and the last ones: many quick ones push neither out."""
    return [*versions[:1], *versions[1:][-LATER:]]


def _version(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said.get(name) for name in ("kind", "text", "file_id")}
