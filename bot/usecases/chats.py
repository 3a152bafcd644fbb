"""The chats of a member: which are open, who is on the other side, which one is being written to, and how one ends."""

from __future__ import annotations

from typing import Final

from bot import outbox
from bot.context import Context
from bot.keyboards import DISCOVER, LIKES, MATCHES, button
from bot.replies import Button, Clear, Lines, Notice, Replies, Rows, Say, Shown, Word, word
from bot.usecases import access, names, presenting
from db import activity, members, moderation, pairs, photos
from db import types as type_queries
from db.records import Member, Pair
from db.session import Connection

PAGE: Final = 10


def listing(connection: Connection, context: Context, member: Member, start: int = 0) -> Replies:
    """/matches: the open chats, those with news first, each with a button that leads into it."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    opened = pairs.of_member(connection, member.id)
    if not opened:
        return [Say(word("chats.none"), ((DISCOVER,), (LIKES,)))]
    fresh = activity.unread(connection, member.id)
    fresh.pop(member.active_pair_id or 0, None)  # what comes into the chat that is being written to is read at once
    latest = activity.last_messages(connection, [pair.id for pair in opened])
    opened.sort(key=lambda pair: (-fresh.get(pair.id, 0), -latest.get(pair.id, pair.matched_at).timestamp(), pair.id))
    page = opened[start : start + PAGE] or opened[:PAGE]
    lines = Lines(tuple(_line(member, pair, fresh.get(pair.id, 0)) for pair in page))
    rows: list[tuple[Button, ...]] = [(_entry(member, pair, fresh.get(pair.id, 0)),) for pair in page]
    if start + PAGE < len(opened):
        rows.append((button(word("chats.more", n=len(opened) - start - PAGE), "matches", choice=str(start + PAGE)),))
    return [Say(word("chats.list", len(opened), lines=lines), tuple(rows))]


def current(connection: Connection, context: Context, member: Member) -> Replies:
    """/chat: with whom the member is talking, and what can be done about it."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    pair = active(connection, member)
    if pair is None:
        return listing(connection, context, member)
    return [Say(word("chats.now", name=_header(connection, pair, member)), actions(pair)), *_elsewhere(connection, member, pair)]


def enter(connection: Connection, context: Context, member: Member, pair_id: int) -> Replies:
    """Switch to a chat: from now on what the member writes goes there."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    pair = mine(connection, member, pair_id)
    if pair is None:
        return over()
    if member.active_pair_id not in (None, pair.id):
        activity.mark_read(connection, member.active_pair_id or 0, member.id)
    activity.mark_read(connection, pair.id, member.id)
    members.update(connection, member.id, context.now, active_pair_id=pair.id)
    return [Say(word("chats.entered", name=_header(connection, pair, member)), actions(pair))]


def leave(connection: Connection, context: Context, member: Member) -> Replies:
    """/leave: stop writing to the chat without ending it."""
    pair = active(connection, member)
    if pair is None:
        return access.stop_talking(connection, context, member) or [Say(word("chats.not_in"), ((MATCHES,), (DISCOVER,)))]
    activity.mark_read(connection, pair.id, member.id)
    members.update(connection, member.id, context.now, active_pair_id=None)
    back = button(word("chats.back", name=names.partner(pair, member.id)), "open", pair.id)
    return [Say(word("chats.left", name=names.partner(pair, member.id)), ((back,), (MATCHES, DISCOVER)))]


def profile(connection: Connection, context: Context, member: Member, pair_id: int) -> Replies:
    """The partner's photos and words once more."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    pair = mine(connection, member, pair_id)
    partner = None if pair is None else members.by_id(connection, pair.partner(member.id))
    if pair is None or partner is None:
        return over()
    if partner.status not in access.TALKING:
        return [Say(word("relay.unreachable", name=names.partner(pair, member.id)), ((MATCHES,),))]
    person = presenting.person(context, partner, type_queries.of_member(connection, partner.id))
    text = word("chats.profile", name=names.partner(pair, member.id), person=person)
    shown = photos.of(connection, partner.id, "approved")
    if not shown:
        return [Say(text)]
    rest = [Shown(photo.id, word("discover.photo", n=place, of=len(shown))) for place, photo in enumerate(shown[1:], 2)]
    return [Shown(shown[0].id, text), *rest]


def ask_unmatch(connection: Connection, context: Context, member: Member, pair_id: int = 0) -> Replies:
    """/unmatch, or its button: ask before ending a chat for good."""
    stopped = access.stop_talking(connection, context, member)
    if stopped:
        return stopped
    pair = mine(connection, member, pair_id) if pair_id else active(connection, member)
    if pair is None:
        return over() if pair_id else which(connection, member, "unmatch")
    sure = button("chats.unmatch_yes", "unmatch_yes", pair.id)
    return [Say(word("chats.unmatch_ask", name=names.partner(pair, member.id)), ((sure,), (button("chats.keep", "keep"),)))]


def unmatch(connection: Connection, context: Context, member: Member, pair_id: int) -> Replies:
    """End a chat for good; the partner learns only that it ended."""
    pair = mine(connection, member, pair_id)
    if pair is None or not pairs.end(connection, pair.id, member.id, "unmatch", context.now):
        return over()
    moderation.silence(connection, pair.id, context.now)
    tell_ended(connection, context, pair, pair.partner(member.id))
    after: Rows = ((MATCHES, DISCOVER), (button("chats.report", "report_pair", pair.id),))
    return [Say(word("chats.unmatched", name=names.partner(pair, member.id)), after, edit=True)]


def keep(connection: Connection, context: Context, member: Member) -> Replies:
    """The question whether to end something was answered with no."""
    return [Say(word("chats.kept"), edit=True)]


def tell_ended(connection: Connection, context: Context, pair: Pair, partner_id: int, *, erased: bool = False) -> None:
    """Tell the other one that a chat is over: the same words whoever ended it and why, and a way to report what happened.

    With an `erased` member the pair goes, and a button about it would lead nowhere.
    """
    partner = members.by_id(connection, partner_id)
    if partner is None:
        return
    after: Rows = () if erased else ((MATCHES, DISCOVER), (button("chats.report", "report_pair", pair.id),))
    outbox.notify(connection, context, partner, Say(word("chats.ended", name=names.partner(pair, partner_id)), after), f"ended:{pair.id}")


def over() -> Replies:
    """The button of a chat that is over or gone: said so, and never answered with another chat in its place."""
    return [Notice(word("chats.over")), Clear()]


def which(connection: Connection, member: Member, do: str) -> Replies:
    """Ask about which of the open chats it is."""
    rows = entries(connection, member, do)
    return [Say(word("chats.which"), rows) if rows else Say(word("chats.none"), ((DISCOVER,), (LIKES,)))]


def entries(connection: Connection, member: Member, do: str = "open") -> Rows:
    """A button for each of the open chats; none where there are none."""
    opened = pairs.of_member(connection, member.id)[:PAGE]
    return tuple((button(word("chats.entry", name=names.partner(pair, member.id)), do, pair.id),) for pair in opened)


def active(connection: Connection, member: Member) -> Pair | None:
    """The open pair to which the member is writing."""
    return None if member.active_pair_id is None else mine(connection, member, member.active_pair_id)


def mine(connection: Connection, member: Member, pair_id: int) -> Pair | None:
    """An open pair of the member, by an id that nobody vouches for."""
    pair = mine_ever(connection, member, pair_id)
    return pair if pair is not None and pair.open else None


def mine_ever(connection: Connection, member: Member, pair_id: int) -> Pair | None:
    """A pair of the member, open or ended, by an id that nobody vouches for."""
    pair = pairs.by_id(connection, pair_id)
    return pair if pair is not None and member.id in (pair.lo, pair.hi) else None


def actions(pair: Pair) -> Rows:
    """What can be done about a chat."""
    return (
        (button("chats.profile_button", "whois", pair.id), MATCHES),
        (button("chats.leave", "leave"), button("chats.unmatch", "unmatch", pair.id)),
        (button("chats.block", "block", pair.id), button("chats.report", "report_pair", pair.id)),
    )


def _elsewhere(connection: Connection, member: Member, here: Pair) -> list[Say]:
    """What is new in the other chats, each a tap away; nothing where nothing is."""
    fresh = {pair_id: n for pair_id, n in activity.unread(connection, member.id).items() if pair_id != here.id}
    if not fresh:
        return []
    opened = [pair for pair in pairs.of_member(connection, member.id) if pair.id in fresh]
    opened.sort(key=lambda pair: (-fresh[pair.id], pair.id))
    rows = tuple((_entry(member, pair, fresh[pair.id]),) for pair in opened[:PAGE])
    return [Say(word("chats.elsewhere", sum(fresh.values())), rows)]


def _header(connection: Connection, pair: Pair, member: Member) -> Word:
    """Who is on the other side, with the badge of who is verified."""
    return presenting.named(names.partner(pair, member.id), members.by_id(connection, pair.partner(member.id)))


def _line(member: Member, pair: Pair, unread: int) -> Word:
    state = "now" if pair.id == member.active_pair_id else "unread" if unread else "quiet"
    return word(f"chats.line.{state}", unread, name=names.partner(pair, member.id))


def _entry(member: Member, pair: Pair, unread: int) -> Button:
    name = names.partner(pair, member.id)
    text = word("chats.entry_unread", name=name, n=unread) if unread else word("chats.entry", name=name)
    return button(text, "open", pair.id)
