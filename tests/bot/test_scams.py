"""Signs of fraud: what must be found however it is written, what must be left alone, and that nobody can make it slow."""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some

from bot import folding, scams


def kinds(text: str) -> list[str]:
    return [sign.kind for sign in scams.find(text)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("제 번호는 010-1234-5678이에요", "phone"),
        ("공일공 이이삼삼 사사오오", "phone"),
        ("ｏ１ｏ-１２３４-５６７８", "phone"),
        ("five five five one two one two call me", "phone"),
        ("카톡 아이디 알려줘요", "messenger"),
        ("카\u200b톡\u200b 아\u200b이\u200b디 주세요", "messenger"),
        ("let's move to Wh\u0430tsApp", "messenger"),
        ("https://hot-date.shop/u/7", "link"),
        ("h t t p s : / / hot - date . com", "link"),
        ("국민은행 123456-78-901234 로 보내줘요", "money"),
        ("can you lend me 200 dollars?", "money"),
        ("원금 보장에 월 10% 수익이에요", "invest"),
        ("send USDT to this wallet and it doubles", "invest"),
        ("구글 기프트카드 사서 번호 보내줘요", "gift"),
        ("buy me a steam g1ft card please", "gift"),
        ("문자로 온 인증번호 알려줘요", "code"),
        ("what is the 6 digit code you got?", "code"),
        ("고수익 알바 소개해줄게요", "job"),
        ("work from home and earn $300 a day", "job"),
        ("오픈채팅으로 넘어가요", "messenger"),
        ("월세 좀 도와주세요", "money"),
        ("could you read me the one time password", "code"),
        ("t9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb", "invest"),
        ("٠١٠-١٢٣٤-٥٦٧٨", "phone"),
    ],
)
def test_signs_are_found_however_they_are_written(text: str, kind: str) -> None:
    assert kind in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "내일 7시 30분에 강남역 11번 출구에서 봐요",
        "카톡 프사 바꿨는데 어때요?",
        "친구 생일이라 기프티콘 보냈어요",
        "https://youtu.be/dQw4w9WgXcQ 이 노래 좋아요",
        "밥값은 제가 낼게요",
        "요즘 보이스피싱 조심하세요",
        "I love Money Heist",
        "see you on 24 December at 7:30",
        "my phone died, sorry",
        "let's talk here a bit more before we swap numbers",
        "people who ask for gift cards are scammers lol",
    ],
)
def test_plain_messages_are_left_alone(text: str) -> None:
    assert kinds(text) == []


def test_a_denial_is_no_warning() -> None:
    assert kinds("this is not a scam, invest with me and double your money") == ["invest"]


def test_a_number_that_is_asked_for_is_the_cards() -> None:
    assert kinds("틴캐시 핀번호 주세요") == ["gift"]


def test_the_span_is_that_of_the_text_as_written() -> None:
    text = "부탁이 있는데 ０１０-１２３４-５６７８ 로 연락 주세요"
    (sign,) = [each for each in scams.find(text) if each.kind == "phone"]
    assert text[sign.start : sign.end] == "０１０-１２３４-５６７８"


def test_graver_signs_come_first() -> None:
    assert kinds("인증번호 알려줘요 010-1234-5678 로") == ["code", "phone"]


def test_no_text_is_slow_or_breaks() -> None:
    made = random.Random(7)
    alphabet = "가카톡번호010-. ab@:/만원줘\u200b٣①ｈЖ\n%$😀ㅇ"
    hostile = ["".join(made.choice(alphabet) for _ in range(4096)) for _ in range(6)]
    hostile += ["0 " * 2048, "a." * 2048, "- " * 2048, "카 " * 2048, "one " * 1024, "01" * 2048, "send me " * 512, "http" * 1024]
    for text in hostile:
        begun = time.process_time()
        for sign in scams.find(text):
            assert 0 <= sign.start <= sign.end <= len(text)
        assert time.process_time() - begun < 1.0, text[:20]


def test_folding_keeps_the_places() -> None:
    folded = folding.numbers(folding.fold("x ⓐ\u200bb 공일공-이이삼삼-사사오오 y"))
    assert folded.text.endswith(" y")
    assert len(folded.places) == len(folded.text) + 1
    assert list(folded.places) == sorted(folded.places)


PATTERNS = [*scams.PATTERNS.items(), ("link", scams.SITE), ("link", scams.SCHEME)]


@pytest.mark.parametrize(("kind", "pattern"), PATTERNS, ids=[*scams.PATTERNS, "site", "scheme"])
def test_what_a_pattern_matches_has_one_of_its_stems(kind: scams.Kind, pattern: re.Pattern[str]) -> None:
    """Texts made from the pattern itself: a stem that is missing would hide a sign without a word."""

    @settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(some.from_regex(pattern))
    def holds(text: str) -> None:
        seen = folding.fold(text).text if kind == "link" else folding.numbers(folding.fold(text)).text
        if pattern.search(seen):
            assert scams.STEMS[kind].search(seen), text

    holds()
