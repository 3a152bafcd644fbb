"""What a message must not carry to a partner: whom its sender is.

A copy made by the bot has no forward header, but its text can still name the sender: mentions of people without a user name,
links that open somebody's chat by number, phone, contact token or the chat's own token (behind words or written out), and the
sender's own user name or profile link.  Formatting and everything else stays.

A link is compared as browsers and people read it, however it is spelt (`_seen`, `_read`); what is hidden is the text as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final
from urllib.parse import unquote

from bot.folding import unseen

Entity = Mapping[str, Any]

FORMATS: Final = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "custom_emoji",
        "date_time",
    }
)
"""Entities that the sender made; the others (addresses, hashtags) Telegram finds by itself in the text."""
HIDDEN: Final = "•"
_CHAT: Final = r"(?:(?:t|tx|telegram)\.me|(?:t|telegram)\.dog)\.?(?::\d+)?"
"""Sites that open chats; a dot behind the name of a site and a port change nothing."""
_HEAD: Final = re.compile(
    rf"(?<![a-z0-9])(?:(?P<chat>{_CHAT})|(?P<web>web[akz]?\.telegram\.org)|fragment\.com|telesco\.pe)(?=[/?#])|(?P<app>tg:)",
    re.IGNORECASE | re.ASCII,
)
"""How links begin that can lead to a person: those without a group to people by their user name alone."""
_BEFORE: Final = re.compile(r"(?:https?:/{0,9})?(?:www\.)?\Z", re.IGNORECASE | re.ASCII)
_BEFORE_MAX: Final = 24
"""What may stand before the name of a site and belongs to the link, and how much of it is looked for."""
_KEYS: Final = {
    "user": "id",
    "openmessage": "user_id",
    "resolve": "phone",
    "confirmphone": "phone",
    "contact": "token",
    "message": "slug",
}
"""What of a `tg:` link opens somebody's chat, whoever it is."""
_OWN_WAYS: Final = ("/m", "/contact", "+", "phone=")
"""Without one of these no link of a site opens somebody's chat but by a user name."""
_NUMBER = re.compile(r"\+\d{6,}(?![\w-])", re.ASCII)
_PHONE = re.compile(r"[?&]phone=\+?\d{6,}", re.IGNORECASE | re.ASCII)
_WEB_CHAT = re.compile(r"#\d{5,}|[#?&]p=u\d{5,}", re.IGNORECASE | re.ASCII)
_QUERY = re.compile(r"[?#]")
_BEYOND = re.compile(r"[^!-~]")
_BEHIND: Final = ".,;:!?)]}>\"'"
"""Signs that belong to the sentence where a link ends with them."""
_INNER: Final = rf"[^\s{re.escape(_BEHIND)}]"
_FURTHER: Final = ("/", "?", "#", "&", "=")
"""With these a link goes on behind a user name."""
_WORD = re.compile(r"\S+")
_SPACE = re.compile(r"\s")
_PRESSED = re.compile(r"[\t\n\r]")
"""What browsers take out of an address before they read it."""
_ENCODINGS: Final = 3
"""So often a link in a link is written in percent signs."""
_SIGNS = ("tg:", "t.me", "tx.me", "telegram.")
_ESCAPE = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE | re.ASCII)
"""Without a sign, an escape, or the sender's user name, no text needs to be looked through."""
_PLAIN: Final = (
    "\u00b7\u00c0-\u00ff\u0391-\u03a1\u03a3-\u03c9\u0400-\u0482\u05d0-\u05ea\u0621-\u064a\u0904-\u0939\u0e01-\u0e30\u1ea0-\u1ef9"
    "\u2013\u2014\u2018-\u201d\u2022\u2600-\u27bf\u3041-\u3096\u30a1-\u30fa\u3131-\u3163\u4e00-\u9fff\uac00-\ud7a3"
    "\U0001f300-\U0001f6ff\U0001f900-\U0001faff"
)
"""Letters and pictures that stand for nothing else: most languages write with these alone."""
_ODD: Final = re.compile(f"[^\x00-\x7f{_PLAIN}]+")
"""Characters that may be another spelling of an ASCII one, or be there without being seen."""
_JOINERS: Final = ("\u200d", "\ufe0f")
"""Unseen and frequent: emoji are put together with them."""
_ROUNDS: Final = 8
"""Where a link is hidden a name before it can come to stand alone, and so on; texts that are made for it stop here."""


@dataclass(frozen=True, slots=True)
class Clean:
    """Text that names nobody, with its entities (offsets and lengths in UTF-16 code units, as Telegram counts)."""

    text: str
    entities: tuple[Entity, ...]
    changed: bool
    """Whether anything had to be taken out."""
    masked: bool
    """Whether letters of the text were hidden, which the sender should know."""


def clean(text: str, entities: Sequence[Entity], username: str | None) -> Clean:
    """The text without what links to a person or names the sender.

    Hidden letters are replaced one for one, so that the offsets of the entities stay right.

    >>> clean("I am @maru_9, t.me/Maru_9", (), "maru_9").text
    'I am •••••••, •••••••••••'
    >>> clean("me", ({"type": "text_mention", "offset": 0, "length": 2, "user": {"id": 7}},), None).entities
    ()
    """
    hidden = _hidden(text, username)
    if not entities and hidden is text:
        return Clean(text, (), False, False)
    kept = tuple(entity for entity in entities if not _points_to_person(entity, username))
    changed = hidden != text or len(kept) != len(entities)
    return Clean(hidden, tuple(entity for entity in kept if entity.get("type") in FORMATS), changed, hidden != text)


def bare(text: str, username: str | None, limit: int, names: Sequence[str] = ()) -> str:
    """A line that takes no entities (a title, an option): cleaned, shortened, and empty where it is one of `names`' own.

    >>> bare("by @maru_9", "maru_9", 100), bare("Recorded by Maru Kim", None, 100, ("Maru", "Kim"))
    ('by •••••••', '')
    """
    folded = _seen(text).casefold()
    if any(len(name) > 1 and _seen(name).casefold() in folded for name in names):
        return ""
    return shorten(clean(text, (), username), limit).text


def shorten(cleaned: Clean, limit: int) -> Clean:
    """At most `limit` UTF-16 code units, ended by an ellipsis where something was cut off."""
    units = cleaned.text.encode("utf-16-le")
    if len(units) <= 2 * limit:
        return cleaned
    text = units[: 2 * (limit - 1)].decode("utf-16-le", errors="ignore") + "…"
    end = len(text.encode("utf-16-le")) // 2
    entities = tuple(
        {**entity, "length": min(int(entity["length"]), end - int(entity["offset"]))}
        for entity in cleaned.entities
        if int(entity["offset"]) < end
    )
    return Clean(text, entities, True, cleaned.masked)


def _hidden(text: str, username: str | None) -> str:
    """The text with dots for what leads to a person; the very same object where there is nothing."""
    for _ in range(_ROUNDS):
        seen = _seen(text)
        spans = _spans(seen, username) if _suspicious(seen, username) else ()
        if not spans:
            break
        text = _covered(text, spans)
    return text


def _covered(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with a dot for each UTF-16 code unit within `spans`, which are places in the text as it is seen."""
    places: Sequence[int] = range(len(text) + 1)
    if not text.isascii():
        places = [place for place, one in enumerate(text) for _ in (_shape(one) if _ODD.match(one) else one)]
    pieces, last = [], 0
    for start, end in sorted(spans):
        first, behind = max(last, places[start]), places[end - 1] + 1
        if behind > first:
            found = text[first:behind]
            units = len(found) if found.isascii() else len(found.encode("utf-16-le", errors="surrogatepass")) // 2
            pieces += [text[last:first], HIDDEN * units]
            last = behind
    return "".join((*pieces, text[last:]))


def _spans(seen: str, username: str | None) -> list[tuple[int, int]]:
    """Where something stands that leads to a person; of what is written in percent signs the whole word."""
    spans = _links(seen, username)
    words = [word for word in _WORD.finditer(seen) if "%" in word[0]] if _ESCAPE.search(seen) else []
    if words:
        # All at once, since many short texts cost more than one; what was read has no spaces.
        read = [_read(word[0]) for word in words]
        together = " ".join(read)
        if _named_or_signed(together, username):
            ends = list(accumulate(len(one) + 1 for one in read))
            spans += [_body(words[bisect_right(ends, start)]) for start, _ in _links(together, username)]
    return spans


def _body(word: re.Match[str]) -> tuple[int, int]:
    """Where a word stands without the sentence's signs behind it."""
    return word.start(), word.start() + len(word[0].rstrip(_BEHIND))


def _links(seen: str, username: str | None) -> list[tuple[int, int]]:
    """Links to persons, and the sender's user name where it is marked or stands in a link; each character is looked at a few times."""
    if username is not None and username.lower() not in seen.lower():
        username = None
    spans = [] if username is None else [found.span() for found in _called(username).finditer(seen)]
    heads = list(_HEAD.finditer(seen))
    word_end = looked = 0
    for number, head in enumerate(heads):
        start, body = head.span()
        if body > word_end:
            space = _SPACE.search(seen, body)
            word_end = len(seen) if space is None else space.start()
        rest = seen[body : word_end if number + 1 == len(heads) else min(word_end, heads[number + 1].start())]
        if _opens_chat(head.lastgroup, rest):
            spans.append((_start(seen, start), body + len(_BEYOND.split(rest, maxsplit=1)[0].rstrip(_BEHIND))))
        if username is None or start < looked:
            continue
        if head.lastgroup == "app":
            # `tg:name` is no link; one has its parameters behind a question mark.
            found = _alone(username).search(seen, body + rest.index("?"), body + len(rest)) if "?" in rest else None
        else:
            found = _alone(username).search(seen, body, word_end)
            looked = word_end
        if found is not None:
            further = seen[found.end() : word_end].rstrip(_BEHIND)
            looked = found.end() + (len(further) if further.startswith(_FURTHER) else 0)
            spans.append((_start(seen, start), looked))
    return spans


def _start(seen: str, site: int) -> int:
    """Where a link begins of which the name of the site was found."""
    before = _BEFORE.search(seen, max(0, site - _BEFORE_MAX), site)
    return site if before is None else before.start()


def _opens_chat(kind: str | None, rest: str) -> bool:
    """Whether a link opens the chat of a person without any user name: `rest` is what follows the site, or `tg:`."""
    if kind == "web":
        return _WEB_CHAT.search(rest) is not None
    if kind is None or (kind == "chat" and not any(sign in rest.lower() for sign in _OWN_WAYS)):
        return False
    parts = _segments(_QUERY.split(rest, maxsplit=1)[0])
    first = parts[0].lower() if parts else ""
    if kind == "app":
        return first in _KEYS and re.search(rf"[?&]{_KEYS[first]}=[^\s&#]", rest, re.IGNORECASE) is not None
    return (first in ("contact", "m") and len(parts) > 1) or _NUMBER.match(first) is not None or _PHONE.search(rest) is not None


def _segments(path: str) -> list[str]:
    """The parts of a path as browsers walk it (WHATWG URL, 4.4): `.` stays, `..` goes back.

    >>> _segments("/x/.././m//abc")
    ['m', 'abc']
    """
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return parts


@lru_cache(maxsize=512)
def _called(username: str) -> re.Pattern[str]:
    """The user name where it is marked as one, or is part of a site's name."""
    name = re.escape(username)
    return re.compile(rf"@{name}(?!\w)|(?:https?:/*)?(?<![\w.]){name}\.{_CHAT}(?!\w)(?:[/?#]\S*{_INNER}|/)?", re.IGNORECASE | re.ASCII)


@lru_cache(maxsize=512)
def _alone(username: str) -> re.Pattern[str]:
    """The user name as a whole, not as a part of another one."""
    return re.compile(rf"(?<!\w){re.escape(username)}(?!\w)", re.IGNORECASE | re.ASCII)


def _leads_to_person(url: str, username: str | None) -> bool:
    """Whether an address, as a browser understands it, opens the chat of a person."""
    return bool(_links(_read(_PRESSED.sub("", url)), username))


def _read(url: str) -> str:
    """An address without percent signs and with ordinary letters, dots and slashes, as browsers read it (UTS 46); a space is a plus.

    >>> _read("https://ｔ。me/%256Daru"), _read("t.me\\\\%20821012345678")
    ('https://t.me/maru', 't.me/+821012345678')
    """
    for _ in range(_ENCODINGS):
        if "%" not in url:
            break
        url = unquote(url)
    return _SPACE.sub("+", _seen(url))


def _seen(text: str) -> str:
    """The text without what cannot be seen, with ASCII for other spellings of it, and slashes as browsers understand them.

    >>> _seen("＠ma\\u200bru ⓣ․me\\\\x 안녕")
    '@maru t.me/x 안녕'
    """
    if not text.isascii():
        for joiner in _JOINERS:
            text = text.replace(joiner, "")
        text = _ODD.sub(lambda run: "".join(map(_shape, run[0])), text)
    return text.replace("\\", "/")


@lru_cache(maxsize=8192)
def _shape(one: str) -> str:
    """What a character stands for, where that is ASCII; nothing where it cannot be seen; else itself."""
    if unseen(one):
        return ""
    meant = unicodedata.normalize("NFKC", one).replace("。", ".")
    return meant if any("!" <= letter <= "~" for letter in meant) and not any(letter.isspace() for letter in meant) else one


def _suspicious(seen: str, username: str | None) -> bool:
    """Whether a text has to be looked through; nearly all that people write need not."""
    return _named_or_signed(seen, username) or ("%" in seen and _ESCAPE.search(seen) is not None)


def _named_or_signed(seen: str, username: str | None) -> bool:
    lowered = seen.lower()
    return any(sign in lowered for sign in _SIGNS) or bool(username and username.lower() in lowered)


def _points_to_person(entity: Entity, username: str | None) -> bool:
    """Whether an entity shows an account: a mention, a link behind words, or what a piece of code calls its language."""
    if entity.get("type") == "text_mention":
        return True
    return any(_leads_to_person(str(entity[name]), username) for name in ("url", "language") if entity.get(name))
