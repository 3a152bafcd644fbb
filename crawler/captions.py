"""What tags and captions say about a picture, before a byte of it is fetched.

Instagram describes photos for people who cannot see them: "Photo by … on …. May be an image of 2 people, beard and text that
says '…'", in Korean "사람 2명, 사람들이 서 있음의 이미지일 수 있음".  Such a sentence is a second opinion only: it sorts out what is
plainly no couple, and our own detector decides about the rest.  People's own words count only where they plainly say whom a picture
shows: "with 3 people" may be about a dinner, and "baby" about a lover.

Captions are also cleared of what names people (`without_names`) before they are stored.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

CAPTION_MAX = 1000
"""Characters of a caption that are kept."""

UNWANTED_TAGS = frozenset(
    {
        "ad", "advertisement", "sponsored", "광고", "협찬", "family", "familyphoto", "가족", "가족사진", "가족여행", "baby", "newborn",
        "kids", "children", "momlife", "아기", "육아", "육아스타그램", "아들", "딸", "toddler", "meme", "memes", "짤", "illustration",
        "drawing", "fanart", "일러스트", "그림", "anime", "애니", "pets", "dogsofinstagram", "catsofinstagram", "반려견", "반려묘",
        "foodporn", "먹스타그램", "quote", "quotes", "글스타그램", "nsfw", "친구", "우정", "friends", "group", "단체사진",
    }
)  # fmt: skip
"""Tags with which a picture is hardly ever of two people in love: advertising, children, drawings, animals, groups."""

_SENTENCES = re.compile(r"(?<=[.!?])\s+|\n+")
_DEPICTIONS = "image|photo|picture|selfie|close-?up|portrait|illustration|drawing|cartoon|meme|screenshot"
_MACHINE = re.compile(
    rf"\bmay be (?:an? (?:[\w'-]+ ){{0,4}}?(?:{_DEPICTIONS})|art)\b|\b(?:image|photo|this) may contain\b",
    re.IGNORECASE,
)
_MACHINE_KOREAN = re.compile(r"(?:이미지|사진)일 수 있(?:음|습니다)|포함(?:될|하고 있을) 수 있(?:음|습니다)")
_QUOTED = re.compile(r"\btext(?:s)? that says\b.*|(?:텍스트:|문구:|라는 (?:텍스트|문구)).*", re.IGNORECASE | re.DOTALL)
_WORDS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_KOREAN = {"한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
_NUMBER = rf"(\d{{1,3}}|{'|'.join(_WORDS)})"
_NUMBER_KOREAN = rf"(\d{{1,3}}|{'|'.join(_KOREAN)})"
_MORE = re.compile(r"\b(?:one|1) or more (?:people|persons)\b|한 명 이상|1명 이상", re.IGNORECASE)
_ENGLISH_COUNT = re.compile(rf"(?<![\w.,'-]){_NUMBER}\s+(?:other\s+)?(?:people|persons?|adults)\b", re.IGNORECASE)
_KOREAN_COUNT = re.compile(rf"(?:사람|인물)(?:들)?(?:이)?\s*{_NUMBER_KOREAN}\s?명|(두|세|네)\s?사람")
_STATED = re.compile(
    r"(?:(?:(?:an?|the|our|my)\s+)?(?:photo|picture|image|portrait|selfie)s?\s+of\s+(?:a\s+group\s+of\s+)?"
    rf"{_NUMBER}\s+(?:people|persons?|adults)\b.*|{_NUMBER}\s+(?:people|persons?|adults))",
    re.IGNORECASE | re.DOTALL,
)
_STATED_KOREAN = re.compile(rf"(?:사람|인물)(?:들)?\s*{_NUMBER_KOREAN}\s?명(?:(?:의|이 (?:있는|나온|찍힌))?\s*(?:사진|이미지))?")
_CHILD = re.compile(
    r"\b(?:child|children|baby|babies|toddler|infant|newborn|kids?)\b|어린이|아이(?:들)?(?=[\s,.와과의]|$)|아기|유아|신생아", re.IGNORECASE
)
_TAG = re.compile(r"[#＃]([\w·]{1,150})")
_NAMED = re.compile(
    r"\b(?:photo(?:s)?|image|video) (?:shared )?by .{1,120}?(?: on \w+ \d{1,2}, \d{4}| in .{1,80}?)?(?=\. |\.$|$)", re.IGNORECASE
)
_NAMED_KOREAN = re.compile(r"(?:\w{1,30} )?\w{1,30}님(?:이|의|과|께서)?(?=\s|$)|사진: [^.\n]{1,80}\.")
_CONTACT = re.compile(r"https?://\S+|www\.\S+|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.]{1,64}|(?<!\w)@[\w.]+|\+?\d[\d\s().-]{7,}\d")


def machine(text: str) -> str:
    """The sentences of `text` that a machine wrote of a picture, "" where there are none.

    In English such a sentence has a beginning of its own, so that words before it without a full stop are not taken for its; in
    Korean its words for it come last.

    >>> machine("lovely day with my baby May be an image of 2 people."), machine("사람 2명의 이미지일 수 있음"), machine("it may be love")
    ('May be an image of 2 people.', '사람 2명의 이미지일 수 있음', '')
    """
    found = []
    for part in _SENTENCES.split(unicodedata.normalize("NFC", text)):
        english = None if _MACHINE_KOREAN.search(part) else _MACHINE.search(part)
        if english is not None:
            found.append(part[english.start() :])
        elif _MACHINE_KOREAN.search(part):
            found.append(part)
    return "\n".join(found)


def people(caption: str) -> int | None:
    """How many people a caption says there are, or None where it does not say.

    Where a machine's sentence is among the text, only that sentence counts; text quoted from within the picture never does.

    >>> people("Photo by Min on May 1, 2021. May be an image of 2 people, beard and text that says '5 people'")
    2
    >>> people("사람 2명, 사람들이 서 있음의 이미지일 수 있음"), people("두 사람의 이미지일 수 있음")
    (2, 2)
    >>> people("May be a selfie of 1 person."), people("May be an image of one or more people"), people("our 2 cats")
    (1, None, None)
    >>> people("Image may contain: 3 people, people smiling"), people("10,000 people like this")
    (3, None)
    """
    text = machine(caption) or unicodedata.normalize("NFC", caption[: 4 * CAPTION_MAX])
    text = _QUOTED.sub("", text)
    if _MORE.search(text):
        return None
    counts = [_number(match[1]) for match in _ENGLISH_COUNT.finditer(text)]
    counts += [_number(match[1] or match[2]) for match in _KOREAN_COUNT.finditer(text)]
    return counts[0] if counts and len(set(counts)) == 1 else None


def stated(caption: str) -> int | None:
    """How many people a picture shows by somebody's own words, None where they do not plainly say so, or say different things.

    >>> stated("3 people"), stated("Us! A photo of three people at the sea. #love"), stated("사람 3명 사진")
    (3, 3, 3)
    >>> stated("dinner with 3 people"), stated("3 people said hi"), stated("사람 3명이 축하해 줌"), stated("2 people. 3 people.")
    (None, None, None, None)
    """
    text = _QUOTED.sub("", _TAG.sub("", unicodedata.normalize("NFC", caption[: 4 * CAPTION_MAX])))
    counts = set()
    for part in (re.sub(r"^\W+|\W+$", "", each) for each in _SENTENCES.split(text)):
        match = _STATED.fullmatch(part) or _STATED_KOREAN.fullmatch(part)
        if match is not None:
            counts.add(_number(next(filter(None, match.groups()))))
    return counts.pop() if len(counts) == 1 else None


def child(caption: str) -> bool:
    """Whether a machine's sentence names a child; people write "baby" to adults too, so their words do not count.

    >>> child("May be an image of 2 people, baby and people smiling"), child("my baby and me")
    (True, False)
    """
    return any(_CHILD.search(_QUOTED.sub("", part)) for part in machine(caption).splitlines())


def hashtags(caption: str) -> tuple[str, ...]:
    """The tags in a caption, in lower case and once each.

    >>> hashtags("우리 #커플 #Couple #couple #데이트스냅!")
    ('커플', 'couple', '데이트스냅')
    """
    found = (unicodedata.normalize("NFC", match[1]).lower() for match in _TAG.finditer(caption))
    return tuple(dict.fromkeys(found))


def unwanted(tags: Iterable[str]) -> str:
    """The first tag that speaks against a couple, "" where none does.

    >>> unwanted(["커플", "가족"]), unwanted(["커플"])
    ('가족', '')
    """
    return next((tag for tag in tags if tag.lower().removeprefix("#") in UNWANTED_TAGS), "")


def without_names(caption: str) -> str:
    """A caption without the names, handles, addresses and numbers of people, at most `CAPTION_MAX` characters.

    >>> without_names("Photo by Kim Min on May 1, 2021. May be an image of 2 people.")
    'May be an image of 2 people.'
    >>> without_names("#커플 with @someone.kr call +82 10-1234-5678 or a@b.kr")
    '#커플 with call or'
    """
    text = unicodedata.normalize("NFC", caption[: 4 * CAPTION_MAX])
    for pattern in (_NAMED, _NAMED_KOREAN, _CONTACT):
        text = pattern.sub(" ", text)
    # A sentence that was nothing but a name leaves its full stop behind.
    return " ".join(word for word in text.split() if word not in {".", ","})[:CAPTION_MAX]


def kept(description: str, caption: str) -> str:
    """What is stored of a description and a caption, without names; the machine's sentence first, since the end may be cut off.

    >>> kept("Photo by Kim Min on May 1, 2021. May be an image of 2 people.", "our day with @min")
    'May be an image of 2 people. our day with'
    """
    return " ".join(filter(None, (without_names(machine(description) or description), without_names(caption))))[:CAPTION_MAX]


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else _WORDS.get(word.lower()) or _KOREAN[word]
