"""A member in words, as others see them: the same on their own profile and in discovery."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Final, Literal

from bot import answers
from bot.context import Context
from bot.replies import Lines, Named, Word, word
from bot.usecases import persons
from bot.usecases.questions import place_word
from db import photos
from db.records import Member, MemberType, TypeKind
from db.session import Connection

KINDS: Final[tuple[TypeKind, ...]] = ("face", "fashion")
ABOUT_UNITS: Final = 600
"""UTF-16 units of a member's own words that are shown: 500 characters of any script, fewer of those that count twice (emoji), so that
a card, a partner's profile and the news of a match fit a caption."""
Seen = Literal["yes", "no", "hidden", "no_photo", "waiting"]
"""Whether new people are shown a member, or why not: a pause, a review of the profile, no photo, none that was looked at yet."""
_TAG: Final = re.compile(r"<[^<>]*>")


def units(text: str) -> int:
    """Length of Telegram HTML as Telegram counts it against its limits: UTF-16 units once the markup is parsed.

    >>> units("<b>3 &lt; 4</b> &amp; 🎭")
    10
    """
    return len(html.unescape(_TAG.sub("", text)).encode("utf-16-le", errors="surrogatepass")) // 2


def person(context: Context, member: Member, types: Mapping[TypeKind, MemberType]) -> Word:
    """Age, place, types where photos may count, and their own words; nothing that identifies them."""
    lines: list[object] = [word("person.head", age=member.age(context.now) or 0, place=place_word(member))]
    if member.verified:
        lines.append(word("verify.badge_line"))
    named = type_names(context, persons.usable_types(member, types))
    if named:
        lines.append(word("person.types", types=named))
    about = answers.clean(member.about).strip()  # what was stored before such signs were refused may be nothing to be seen
    if about:
        lines.append(word("person.about", about=_short(about)))
    return word("person.card", lines=Lines(tuple(lines)))


def seen(connection: Connection, member: Member) -> Seen:
    """Whether a member is shown to new people now."""
    if member.status == "paused":
        return "no"
    if member.hidden_at is not None:
        return "hidden"
    held = photos.usable(connection, member.id)
    if not held:
        return "no_photo"
    return "yes" if member.status == "active" and any(photo.status == "approved" for photo in held) else "waiting"


def _short(about: str) -> str:
    """A member's own words as far as they are shown, with a mark where they were longer."""
    encoded = about.encode("utf-16-le", errors="surrogatepass")
    if len(encoded) <= 2 * ABOUT_UNITS:
        return about
    # Half of a pair of surrogates at the end is left out.
    return encoded[: 2 * (ABOUT_UNITS - 1)].decode("utf-16-le", errors="ignore").rstrip() + "…"


def named(name: Word, member: Member | None) -> Word:
    """The name of a partner, with the badge of who is verified."""
    return word("verify.named", name=name) if member is not None and member.verified else name


def type_names(context: Context, types: Mapping[TypeKind, MemberType]) -> tuple[Named, ...]:
    """The names of a member's types, face first; types older than those before the types in use are left out."""
    found = (context.type_of(types[kind].type_id) for kind in KINDS if kind in types)
    return tuple(Named(info.name_ko, info.name) for info in found if info is not None)
