"""Typed answers → values: birth dates, age ranges, free text.  Pure functions, forgiving about form and strict about meaning."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import Enum
from typing import Final

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
_INVISIBLE = frozenset("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")


def birth_date(text: str, today: date) -> date | Refusal:
    """A date of birth as people write it.

    Understood: `1994-03-07`, `1994.3.7`, `1994년 3월 7일`, `19940307`, `940307`, `7 March 1994`, `March 7, 1994`, and
    `25.12.1994` where only one order of day and month makes sense.

    >>> today = date(2026, 11, 21)
    >>> birth_date("940307", today) == birth_date("1994. 3. 7.", today) == birth_date("7th March 1994", today) == date(1994, 3, 7)
    True
    >>> [birth_date(text, today).value for text in ("03/07/1994", "soon", "2031-01-01")]
    ['ambiguous', 'format', 'future']
    """
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    found = _written_month(plain, today) or _digits(plain, today) or Refusal.FORMAT
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


def _digits(text: str, today: date) -> date | Refusal | None:
    """A date of digits only, with or without separators (also 년, 월, 일), or None."""
    if re.search(r"[^\d\s./년월일생,-]", text):
        return None
    parts = re.findall(r"\d+", text)
    if len(parts) == 1 and len(parts[0]) == 8:
        return _date(int(parts[0][:4]), int(parts[0][4:6]), int(parts[0][6:]))
    if len(parts) == 1 and len(parts[0]) == 6:
        return _date(_century(int(parts[0][:2]), today), int(parts[0][2:4]), int(parts[0][4:]))
    if len(parts) != 3 or any(len(part) > 4 for part in parts):
        return None
    first, second, third = (int(part) for part in parts)
    if len(parts[0]) == 4:
        return _date(first, second, third)
    if len(parts[2]) == 4:
        return _day_and_month(first, second, third)
    return _date(_century(first, today), second, third) if len(parts[0]) == 2 else None


def _day_and_month(first: int, second: int, year: int) -> date | Refusal | None:
    """`25.12.1994` and `12/25/1994` have one meaning, `03/07/1994` has two."""
    readings = {reading for reading in (_date(year, second, first), _date(year, first, second)) if reading is not None}
    return Refusal.AMBIGUOUS if len(readings) > 1 else next(iter(readings), None)


def _century(year: int, today: date) -> int:
    """Two digits of a year: the latest such year that is not in the future."""
    return 2000 + year if 2000 + year <= today.year else 1900 + year


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def ages(text: str) -> tuple[int, int] | Refusal:
    """An age range: `25-35`, `25~35`, `25 to 35`, `25세부터 35세까지`, `20대`, `30s`; turned round where it is backwards.

    >>> ages("35 ~ 25"), ages("20대"), ages("17-30")
    ((25, 35), (20, 29), <Refusal.RANGE: 'range'>)
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    decade = re.fullmatch(r"\s*(\d)0\s*(?:대|s|'s)\s*", plain)
    numbers = [int(number) for number in re.findall(r"\d+", plain) if len(number) <= 4]
    if decade is not None:
        start = int(decade[1]) * 10
        numbers = [start, start + 9]
    if len(numbers) != 2:
        return Refusal.FORMAT
    low, high = sorted(numbers)
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
    """Text without control signs and signs that turn the reading direction."""
    spaced = text.replace("\t", " ")
    return "".join(sign for sign in spaced if sign == "\n" or (unicodedata.category(sign) != "Cc" and sign not in _INVISIBLE))
