"""Typed answers → values: birth dates, age ranges, free text.  Pure functions, forgiving about form and strict about meaning."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import Enum
from typing import Final

from bot.folding import HIDDEN
from db.records import years

ADULT: Final = 18
OLDEST: Final = 100
ABOUT_LIMIT: Final = 500
CITY_LIMIT: Final = 40


class Refusal(Enum):
    """Why an answer was not taken; the value is the end of its sentence's key."""

    FORMAT = "format"
    AMBIGUOUS = "ambiguous"
    FUTURE = "future"
    OLD = "old"
    RANGE = "range"
    LONG = "long"
    EMPTY = "empty"


MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_JOINER: Final = "\u200d"
_FLAG: Final = "\U0001f3f4"
_TAGS: Final = frozenset(map(chr, range(0xE0020, 0xE0080)))
"""Behind a black flag they spell whose it is (England's, Scotland's, that of Wales); anywhere else they are hidden writing."""
_VARIANTS: Final = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""How the sign before them is drawn: a heart in colour, a character as a name has it."""
_UNASSIGNED: Final = frozenset(map(chr, (0x2065, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)))) - _VARIANTS
"""Kept free for signs that nobody sees; other unassigned ones may be newer emoji than this Python knows."""


def birth_date(text: str, today: date, language: str = "en") -> date | Refusal:
    """A date of birth as people write it.

    Understood: `1994-03-07`, `1994.3.7`, `1994년 3월 7일`, `19940307`, `940307`, `7 March 1994`, `March 7, 1994`, and
    `25.12.1994` or `94-03-07` where only one order of year, month and day makes sense.

    Args:
        text: what was typed.
        today: the last day that is not in the future.
        language: of the conversation, `ko` or `en`; in Korean `03.07.01` begins with the year.

    >>> today = date(2026, 11, 21)
    >>> birth_date("940307", today) == birth_date("1994. 3. 7.", today) == birth_date("7th March 1994", today) == date(1994, 3, 7)
    True
    >>> [birth_date(text, today).value for text in ("03/07/1994", "25/12/04", "soon", "2031-01-01")]
    ['ambiguous', 'ambiguous', 'format', 'future']
    """
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    found = _written_month(plain, today) or _digits(plain, today, language) or Refusal.FORMAT
    if not isinstance(found, date):
        return found
    if found > today:
        return Refusal.FUTURE
    return Refusal.OLD if today.year - found.year > OLDEST else found


def _written_month(text: str, today: date) -> date | Refusal | None:
    """A date with an English month name in it, or None."""
    words = re.findall(r"[a-z]+|\d+", text)
    months = [MONTHS.index(word[:3]) + 1 for word in words if word[:3] in MONTHS and len(word) >= 3]
    numbers = [int(word) for word in words if word.isdigit() and len(word) <= 4]
    if len(months) != 1 or len(numbers) != 2:
        return None
    day, year = numbers if numbers[0] <= 31 else (numbers[1], numbers[0])
    return _date(_century(year, today) if year < 100 else year, months[0], day) or Refusal.FORMAT


def _digits(text: str, today: date, language: str) -> date | Refusal | None:
    """A date of digits only, with or without separators (also 년, 월, 일), or None."""
    if re.search(r"[^\d\s./년월일생,-]", text):
        return None
    parts = re.findall(r"\d+", text)
    if len(parts) == 1 and len(parts[0]) == 8:
        return _date(int(parts[0][:4]), int(parts[0][4:6]), int(parts[0][6:]))
    if len(parts) == 1 and len(parts[0]) == 6:
        # As on a Korean identity card, and as the question's example without its hyphens.
        return _date(_century(int(parts[0][:2]), today), int(parts[0][2:4]), int(parts[0][4:]))
    if len(parts) != 3 or any(len(part) > 4 for part in parts):
        return None
    first, second, third = (int(part) for part in parts)
    if len(parts[0]) == 4:
        return _date(first, second, third)
    if len(parts[2]) == 4:
        return _day_and_month(first, second, third)
    return _short(parts, text, today, language)


def _short(parts: list[str], text: str, today: date, language: str) -> date | Refusal | None:
    """Three parts of one or two digits, of which the first or the last is the year: one meaning, or none is taken.

    A reading counts where month and day are numbers that months and days have, be it a day that this month lacks: 30/02/04 is a slip
    in 2004, no proof of somebody born on the 4th of February 1930.
    """
    first, second, third = (int(part) for part in parts)
    orders = []
    if len(parts[0]) == 2:
        orders.append((first, second, third))
    if len(parts[2]) == 2:
        orders += [(third, second, first), (third, first, second)]
    meant = {(_past(*order, today), order[1], order[2]) for order in orders if 1 <= order[1] <= 12 and 1 <= order[2] <= 31}
    year_first = next(iter(meant & {(_past(first, second, third, today), second, third)}), None) if len(parts[0]) == 2 else None
    if year_first is not None and _is_year_first(text, year_first, today, language):
        return _date(*year_first)
    return Refusal.AMBIGUOUS if len(meant) > 1 else next((_date(*one) for one in meant), None)


def _is_year_first(text: str, reading: tuple[int, int, int], today: date, language: str) -> bool:
    """Whether the form itself says that the year stands first.

    With 년 it is written there.  With dots (`03.07.01`) it is how dates are written in Korea, and somebody who speaks Korean with the
    bot means that, unless it makes a child of them, who are the fewest here: then an adult wrote the day first, as people do abroad.
    Slashes and hyphens are used in every order, also in Korea.
    """
    if "년" in text:
        return True
    dotted = re.fullmatch(r"\d{2}\s*\.\s*\d{1,2}\s*\.\s*\d{1,2}\s*\.?\s*생?", text) is not None
    born = _date(*reading)
    return language == "ko" and dotted and born is not None and years(born, today) >= ADULT


def _day_and_month(first: int, second: int, year: int) -> date | Refusal | None:
    """`25.12.1994` and `12/25/1994` have one meaning, `03/07/1994` has two."""
    readings = {reading for reading in (_date(year, second, first), _date(year, first, second)) if reading is not None}
    return Refusal.AMBIGUOUS if len(readings) > 1 else next(iter(readings), None)


def _century(year: int, today: date) -> int:
    """Two digits of a year: the latest such year that is not in the future."""
    return 2000 + year if 2000 + year <= today.year else 1900 + year


def _past(year: int, month: int, day: int, today: date) -> int:
    """The century of two digits of a year that makes a day of the past (or today)."""
    return 2000 + year if (2000 + year, month, day) <= (today.year, today.month, today.day) else 1900 + year


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def ages(text: str) -> tuple[int, int] | Refusal:
    """An age range: `25-35`, `25~35`, `25 to 35`, `25세부터 35세까지`, `20대`, `30s`, `30대~40대`; turned round where it is backwards.

    A decade is all of it, on either side: `30대~40대` and `30~40대` end with 49.  Parts of a decade (`20대 후반`) are not understood.

    >>> ages("35 ~ 25"), ages("20대"), ages("30대~40대"), ages("17-30")
    ((25, 35), (20, 29), (30, 49), <Refusal.RANGE: 'range'>)
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    if re.search(r"초반|중반|후반|\bearly|\bmid|\blate", plain):
        return Refusal.FORMAT
    numbers = re.findall(r"(\d+)(?:(?<=0)\s*(대|['’]?s\b))?", plain)
    found = [(int(number), bool(decade)) for number, decade in numbers if len(number) <= 4]
    alone = re.fullmatch(r"\s*\d+\s*(?:대|['’]?s)\s*", plain) is not None
    if len(found) != 2 and not (len(found) == 1 and alone and found[0][1]):
        return Refusal.FORMAT
    low = min(number for number, _ in found)
    high = max(number + 9 if decade else number for number, decade in found)
    return (low, high) if low >= ADULT and high <= OLDEST - 1 else Refusal.RANGE


def line(text: str, limit: int) -> str | Refusal:
    """One line of free text without invisible signs."""
    plain = " ".join(clean(text).split())
    if not plain:
        return Refusal.EMPTY
    return Refusal.LONG if len(plain) > limit else plain


def about(text: str) -> str | Refusal:
    """A member's words about themselves: at most 500 characters, at most one empty line in a row."""
    plain = re.sub(r"\n{3,}", "\n\n", clean(text)).strip()
    if not plain:
        return Refusal.EMPTY
    return Refusal.LONG if len(plain) > ABOUT_LIMIT else plain


def clean(text: str) -> str:
    """Text without signs that nobody sees: control and format signs, those that turn the reading direction, fillers of Hangul.

    Emoji keep what holds them together (joiners, variants, the tags of flags), so that a family stays one picture.  What is left has
    something to be seen in it wherever it is not white space.

    >>> clean("\\u3164\\u200d a\\u00adb \\U0001f469\\u200d\\U0001f52c") == " ab \\U0001f469\\u200d\\U0001f52c"
    True
    """
    kept: list[str] = []
    spaced = re.sub("[\u2028\u2029]", "\n", text.replace("\t", " "))
    for place, sign in enumerate(spaced):
        before = kept[-1] if kept else ""
        if sign == _JOINER:
            seen = (before == "\ufe0f" or _is_pictured(before)) and _is_pictured(spaced[place + 1 : place + 2])
        elif sign in _TAGS:
            seen = before == _FLAG or before in _TAGS
        elif sign in _VARIANTS:
            seen = bool(before.strip()) and before != _JOINER and before not in _VARIANTS
        else:
            seen = sign == "\n" or not (sign in HIDDEN or sign in _UNASSIGNED or unicodedata.category(sign) in ("Cc", "Cf"))
        if seen:
            kept.append(sign)
    return "".join(kept)


def _is_pictured(sign: str) -> bool:
    """Whether this may be a part of an emoji: a picture, a colour of skin, the arrow of a shaken head, or an emoji newer than Python."""
    if sign in HIDDEN or sign in _UNASSIGNED:
        return False
    return bool(sign) and (sign == "\u2194" or "\U0001f3fb" <= sign <= "\U0001f3ff" or unicodedata.category(sign) in ("So", "Cn"))
