"""Text as it is meant, for looking for patterns: however its letters were disguised, with the way back to where they stood.

Undone are compatibility forms (NFKC: ⓗ, ｈ), invisible and combining characters, letters of other alphabets that look Latin, digits of
other scripts (`٠١٠`), letters spaced out (`w h a t s a p p`, `카 톡`), figures within words (`m0ney`), and numbers written as words
(`공일공`, `five five five`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LOOKALIKES: Final = str.maketrans("авекмнорстухіјѕԁԛԝһ" + "αβεηικνορτυχω", "abekmhopctyxijsdqwh" + "abenikvoptuxw")
"""Cyrillic and Greek small letters, each with the Latin one that it looks like."""
HIDDEN: Final = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2800\u3164\uffa0")
"""Characters without a picture of their own that are not of the categories Cf and Mn."""
SPACED: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .·*_~-]{1,3}){2,}[^\W\d_](?![^\W_])")
"""Three or more letters, each alone; whether of one word or of several."""
SPREAD: Final = re.compile(r"(?<!\S)(?:[^\s\w]*\d[ ]){6,}\d(?!\S)")
"""Seven or more digits, each alone."""
LEET: Final = re.compile(r"(?<=[a-z])[013457$](?=[a-z]{2})|(?<=[a-z]{2})[013457$](?=[a-z])")
FIGURES: Final = str.maketrans("013457$", "oieasts")
KOREAN_DIGITS: Final = {"공": "0", "영": "0", "ㅇ": "0", "일": "1", "이": "2", "삼": "3", "사": "4", "오": "5"} | {
    "육": "6",
    "륙": "6",
    "칠": "7",
    "팔": "8",
    "구": "9",
}
ENGLISH_DIGITS: Final = {
    name: str(value) for value, name in enumerate(("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
}
_SAID = "o" + "".join(KOREAN_DIGITS)
_ONE = rf"(?:[0-9{_SAID}])"
KOREAN_RUN: Final = re.compile(rf"(?<![가-힣a-z0-9]){_ONE}(?:[ \-./]{{0,2}}{_ONE}){{8,11}}")
MOBILE: Final = 11
"""Digits of a Korean mobile number."""
_WORD = rf"(?:{'|'.join(ENGLISH_DIGITS)}|oh|\d)"
ENGLISH_RUN: Final = re.compile(rf"\b{_WORD}(?:[ ,.\-]{{0,3}}{_WORD}){{6,12}}\b")
ENGLISH_ONE: Final = re.compile(_WORD)
ENGLISH_SOME: Final = re.compile(rf"{'|'.join(ENGLISH_DIGITS)}|oh")
KOREAN_SOME: Final = re.compile(f"[{_SAID}]")
"""Without one of these (English, Korean) a run is digits already; looking for runs among many digits is dear."""


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text, and for each of its characters the place in the text as it was written (one more: its end)."""

    text: str
    places: tuple[int, ...] | range

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` to before `end` stood."""
        return self.places[start], self.places[end - 1] + 1 if end > start else self.places[start]

    def without(self, pattern: re.Pattern[str], make: Callable[[re.Match[str]], list[tuple[str, int]]]) -> Folded:
        """Each match replaced by characters with their places within the match."""
        letters: list[str] = []
        places: list[int] = []
        last = 0
        for match in pattern.finditer(self.text):
            letters.append(self.text[last : match.start()])
            places.extend(self.places[last : match.start()])
            made = make(match)
            letters.append("".join(letter for letter, _ in made))
            places.extend(self.places[match.start() + place] for _, place in made)
            last = match.end()
        if not last:
            return self
        letters.append(self.text[last:])
        places.extend(self.places[last:])
        return Folded("".join(letters), tuple(places))


def fold(text: str) -> Folded:
    """The text in small letters of one alphabet, without what cannot be seen, words in one piece.

    >>> fold("ⓦh\\u200bаts W H A T").text
    'whats what'
    >>> fold("카 톡 아 이 디 줘").text, fold("send m0ney").text
    ('카톡아이디줘', 'send money')
    """
    small = text.casefold()
    if len(small) == len(text) and (text.isascii() or _plain(small)):
        folded = Folded(small, range(len(text) + 1))
    else:
        letters: list[str] = []
        places: list[int] = []
        for place, one in enumerate(text):
            for letter in one if "ㄱ" <= one <= "ㅣ" else unicodedata.normalize("NFKC", one).casefold():
                if not unseen(letter):
                    letters.append(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter)
                    places.append(place)
        folded = Folded("".join(letters).translate(LOOKALIKES), (*places, len(text)))
    return folded.without(SPACED, _letters).without(SPREAD, _digits).without(LEET, lambda match: [(match[0].translate(FIGURES), 0)])


def unseen(one: str) -> bool:
    """Whether a character shows nothing, or only changes the one before it."""
    return one in HIDDEN or unicodedata.category(one) in ("Cf", "Mn", "Me")


def numbers(folded: Folded) -> Folded:
    """The same with digits where numbers were said in words, or letters stand for digits.

    >>> numbers(fold("공일공 이이삼삼 사사오오")).text, numbers(fold("call five five five one two one two")).text
    ('01022334455', 'call 5551212')
    """
    said = folded.without(KOREAN_RUN, _korean) if KOREAN_SOME.search(folded.text) else folded
    return said.without(ENGLISH_RUN, _english) if ENGLISH_SOME.search(said.text) else said


def _plain(small: str) -> bool:
    """Whether there is nothing but ASCII and Korean letters, whose folding is themselves."""
    return all("가" <= one <= "힣" or one < "\x7f" or "ㄱ" <= one <= "ㅣ" for one in small)


def _letters(match: re.Match[str]) -> list[tuple[str, int]]:
    return [(one, place) for place, one in enumerate(match[0]) if one.isalpha()]


def _digits(match: re.Match[str]) -> list[tuple[str, int]]:
    return [(one, place) for place, one in enumerate(match[0]) if one.isdecimal()]


def _korean(match: re.Match[str]) -> list[tuple[str, int]]:
    """The run's digits, where words or letters are among them and it is long enough for a number; else as it was."""
    found = match[0]
    words = sum(one in KOREAN_DIGITS or one == "o" for one in found)
    digits = [(KOREAN_DIGITS.get(one, "0" if one == "o" else one), place) for place, one in enumerate(found) if one.isalnum()]
    if words < 2 or len(digits) < 9:
        return list(zip(found, range(len(found)), strict=True))
    if len(digits) > MOBILE and digits[0][0] == "0":
        # What follows a whole number is no more of it: "…구공공이요".
        end = digits[MOBILE - 1][1] + 1
        return digits[:MOBILE] + list(zip(found[end:], range(end, len(found)), strict=True))
    return digits


def _english(match: re.Match[str]) -> list[tuple[str, int]]:
    pieces = [(one[0], one.start()) for one in ENGLISH_ONE.finditer(match[0])]
    if sum(not piece.isdecimal() for piece, _ in pieces) < 3:
        return list(zip(match[0], range(len(match[0])), strict=True))
    return [(ENGLISH_DIGITS.get(piece, "0" if piece == "oh" else piece), place) for piece, place in pieces]
