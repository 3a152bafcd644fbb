"""How far somebody is trusted, and what they may do a day for it; whoever is stopped learns what helps (`/verify`).

verified  passed the comparison of a video with their photos
known     has been here for some days
new       is neither; whoever is hidden until an admin looked counts as new too

Levels follow from the member's row alone, so that an ordinary message costs no query.  Reports are seen through `hidden_at`: below
the weight from which somebody is hidden, a report that nobody looked at changes nothing for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from bot.context import Context
from bot.replies import Word, word
from db import activity, moderation
from db.records import Member, Pair
from db.session import Connection

Level = Literal["new", "known", "verified"]
DAY: Final = timedelta(days=1)
MINUTE: Final = timedelta(minutes=1)
RECENT: Final = timedelta(days=90)
"""For so long a report that was found true keeps its weight against the trust in whom it was about."""
SEEN: Final = frozenset({"photo", "video", "video_note", "animation", "document", "audio", "live_photo", "paid_media"})
"""Pictures and files, music among them, which shows titles: before both wrote, only verified members may send them."""
LEADING: Final = frozenset({"contact"})
"""Kinds that lead out of the chat as a link does."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one level may do: `likes`, `chats` (begun) and `reports` in 24 hours, messages a minute, and before both wrote."""

    likes: int
    chats: int | None
    rate: int
    reports: int
    first_links: bool
    first_photos: bool


def level(context: Context, member: Member) -> Level:
    """How far a member is trusted, by what their row says."""
    if member.demo:
        return "known"
    if member.hidden_at is not None:
        return "new"
    if member.verified:
        return "verified"
    return "new" if context.now - member.created_at < timedelta(days=context.safety.new_days) else "known"


def limits(context: Context, of: Level) -> Limits:
    """What a level may do."""
    safety, rate = context.safety, context.matching.message_rate
    if of == "new":
        return Limits(
            safety.likes_new,
            safety.chats_new,
            min(rate, safety.rate_new),
            max(1, safety.reports_a_day // 2),
            first_links=False,
            first_photos=False,
        )
    if of == "known":
        return Limits(safety.likes_known, None, rate, safety.reports_a_day, first_links=False, first_photos=False)
    return Limits(safety.likes_verified, None, rate, safety.reports_a_day, first_links=True, first_photos=True)


def weighed(connection: Connection, context: Context, member: Member) -> Level:
    """The level with what admins found lately: who was reported rightly is no better than new for a while."""
    plain = level(context, member)
    if plain != "new" and moderation.upheld_since(connection, member.id, context.now - RECENT):
        return "new"
    return plain


def hurried(connection: Connection, context: Context, member: Member) -> Word | None:
    """Why somebody new writes no more for a moment; None where they may.  Of others no query."""
    own = level(context, member)
    if own != "new":
        return None
    rate = limits(context, own).rate
    last = activity.nth_newest_at(connection, member.id, rate)
    return word("trust.rate", n=rate) if last is not None and context.now - last < MINUTE else None


def refusal(connection: Connection, context: Context, member: Member, pair: Pair, kind: str, links: bool) -> Word | None:
    """Why a message is not passed on, however slowly they come; None where it is.  A known member's text without links costs no query."""
    allowed = limits(context, level(context, member))
    shown = early(connection, context, member, pair, kind, links)
    # A chat is begun with the first message, even where that was lost: it is counted so (`moderation.begun_since`).
    if shown is not None or allowed.chats is None or activity.last_messages(connection, [pair.id]):
        return shown
    begun = moderation.begun_since(connection, member.id, context.now - DAY)
    return word("trust.chats", n=allowed.chats) if begun >= allowed.chats else None


def early(connection: Connection, context: Context, member: Member, pair: Pair, kind: str, links: bool) -> Word | None:
    """Why a picture or a link may not be shown yet; None where it may.  Of edits this is all that counts: they begin no chat."""
    allowed = limits(context, level(context, member))
    shows = kind in SEEN and not allowed.first_photos
    linked = (links or kind in LEADING) and not allowed.first_links
    if not (shows or linked) or len(moderation.wrote(connection, pair.id)) > 1:
        return None
    return word("trust.photos" if shows else "trust.links")


def refuse_like(connection: Connection, context: Context, member: Member) -> Word | None:
    """Why a like does not count today; None where it does."""
    own = weighed(connection, context, member)
    most = limits(context, own).likes
    if moderation.likes_since(connection, member.id, context.now - DAY) < most:
        return None
    return word("trust.likes_verified" if own == "verified" else "trust.likes", n=most)


def refuse_report(connection: Connection, context: Context, member: Member) -> Word | None:
    """Why no more reports are taken today; None where they are."""
    most = limits(context, level(context, member)).reports
    if moderation.reports_since(connection, member.id, context.now - DAY) < most:
        return None
    return word("trust.reports", n=most)
