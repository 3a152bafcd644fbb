"""What people type, understood."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import answers
from bot.answers import Refusal

TODAY = date(2026, 11, 21)
BORN = date(1994, 3, 7)


@pytest.mark.parametrize(
    "text",
    [
        "1994-03-07", "1994.3.7", "1994. 3. 7.", "1994/03/07", "1994 3 7", "19940307", "940307", "94.03.07", "94-3-7",
        "1994년 3월 7일", "1994년3월7일생", "94년 3월 7일", "7 March 1994", "7th March 1994", "March 7, 1994", "mar 7 1994",
        "7 Mar 94", "1994 March 7", "１９９４－０３－０７", "  1994-03-07  ",
    ],
)  # fmt: skip
def test_dates_as_people_write_them(text: str) -> None:
    assert answers.birth_date(text, TODAY) == BORN


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("25.12.1994", date(1994, 12, 25)),
        ("12/25/1994", date(1994, 12, 25)),
        ("03.03.1994", date(1994, 3, 3)),
        ("050101", date(2005, 1, 1)),
        ("271231", date(1927, 12, 31)),
        ("2000-02-29", date(2000, 2, 29)),
        ("12/25/01", date(2001, 12, 25)),
        ("25/3/94", date(1994, 3, 25)),
        ("3/3/94", date(1994, 3, 3)),
        ("05.05.05", date(2005, 5, 5)),
        ("03년 7월 1일", date(2003, 7, 1)),
    ],
)  # fmt: skip
def test_dates_with_one_meaning(text: str, born: date) -> None:
    assert answers.birth_date(text, TODAY) == born


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("03/07/1994", Refusal.AMBIGUOUS),
        ("25/12/04", Refusal.AMBIGUOUS),
        ("03-07-01", Refusal.AMBIGUOUS),
        ("03.07.01", Refusal.AMBIGUOUS),
        ("3/7/94", Refusal.AMBIGUOUS),
        ("26-11-22", Refusal.AMBIGUOUS),
        ("30/02/04", Refusal.AMBIGUOUS),
        ("94-02-30", Refusal.FORMAT),
        ("7/3/4", Refusal.FORMAT),
        ("2031-01-01", Refusal.FUTURE),
        ("1890-01-01", Refusal.OLD),
        ("1994-13-07", Refusal.FORMAT),
        ("1994-02-30", Refusal.FORMAT),
        ("2001-02-29", Refusal.FORMAT),
        ("32", Refusal.FORMAT),
        ("", Refusal.FORMAT),
        ("soon", Refusal.FORMAT),
        ("May", Refusal.FORMAT),
        ("1994-03-07; DROP TABLE members", Refusal.FORMAT),
        ("99999999999999999999", Refusal.FORMAT),
    ],
)
def test_dates_that_are_none(text: str, why: Refusal) -> None:
    assert answers.birth_date(text, TODAY) == why


@pytest.mark.parametrize(
    ("text", "born"),
    [
        ("03.07.01", date(2003, 7, 1)),
        ("03. 7. 1.", date(2003, 7, 1)),
        ("94.03.07", BORN),
        ("030701", date(2003, 7, 1)),
        ("03.07.01생", date(2003, 7, 1)),
        ("25.12.04", Refusal.AMBIGUOUS),
        ("03-07-01", Refusal.AMBIGUOUS),
        ("25/12/04", Refusal.AMBIGUOUS),
    ],
)
def test_dots_in_korean_begin_with_the_year_where_that_is_an_adult(text: str, born: object) -> None:
    assert answers.birth_date(text, TODAY, "ko") == born


@given(
    st.dates(date(1927, 1, 1), TODAY),
    st.sampled_from(["%y{0}%m{0}%d", "%d{0}%m{0}%y", "%m{0}%d{0}%y"]),
    st.sampled_from("-/. "),
    st.sampled_from(["ko", "en"]),
)
def test_a_short_date_is_never_taken_for_another_one(born: date, form: str, separator: str, language: str) -> None:
    """In whatever order it is written; with dots a Korean date begins with the year."""
    read = answers.birth_date(born.strftime(form.format(separator)), TODAY, language)
    if (language, separator) != ("ko", ".") or form.startswith("%y"):
        assert read in (born, Refusal.AMBIGUOUS)


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_a_refusal(text: str) -> None:
    found = answers.birth_date(text, TODAY)
    assert isinstance(found, Refusal) or date(1926, 1, 1) <= found <= TODAY


@given(st.dates(date(1927, 1, 1), TODAY), st.sampled_from(["%Y-%m-%d", "%Y.%m.%d", "%Y%m%d", "%d %B %Y", "%B %d, %Y", "%Y년 %m월 %d일"]))
def test_every_date_is_read_back(born: date, form: str) -> None:
    assert answers.birth_date(born.strftime(form), TODAY) == born


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("25-35", (25, 35)), ("25~35", (25, 35)), ("25 to 35", (25, 35)), ("25세부터 35세까지", (25, 35)), ("35-25", (25, 35)),
        ("20대", (20, 29)), ("30s", (30, 39)), ("18-99", (18, 99)), ("30-30", (30, 30)), ("17-30", Refusal.RANGE),
        ("30대~40대", (30, 49)), ("40대 ~ 30대", (30, 49)), ("30 대 ~ 40 대", (30, 49)), ("20~30대", (20, 39)), ("20s-30s", (20, 39)),
        ("20대부터 30대까지", (20, 39)), ("30's to 40’s", (30, 49)), ("25~30대", (25, 39)), ("20 대", (20, 29)), ("90대", (90, 99)),
        ("20대~35", (20, 35)), ("20대 후반", Refusal.FORMAT), ("20대 후반~30대 초반", Refusal.FORMAT), ("late 20s - 30s", Refusal.FORMAT),
        ("10대~20대", Refusal.RANGE), ("25대", Refusal.FORMAT), ("18-100", Refusal.RANGE), ("10대", Refusal.RANGE),
        ("30", Refusal.FORMAT), ("1-2-3", Refusal.FORMAT), ("", Refusal.FORMAT), ("any", Refusal.FORMAT),
    ],
)  # fmt: skip
def test_age_ranges(text: str, expected: object) -> None:
    assert answers.ages(text) == expected


INVISIBLE = [
    "\u3164", "\u115f", "\u1160", "\uffa0", "\u200d", "\u200c", "\u061c", "\u00ad", "\u034f", "\u2800", "\u180e", "\u2061", "\u2065",
    "\ufe0f", "\U000e0100", "\U000e0041", "\u202e", "\ufeff", "\x00",
]  # fmt: skip
"""Nobody sees any of it."""


@pytest.mark.parametrize("sign", [*INVISIBLE, "\u3164\u200d\ufe0f \u2800"], ids=ascii)
def test_what_nobody_sees_is_no_answer(sign: str) -> None:
    assert answers.line(sign, 40) == Refusal.EMPTY
    assert answers.about(f"{sign}\n {sign}") == Refusal.EMPTY


@pytest.mark.parametrize("sign", INVISIBLE, ids=ascii)
def test_what_nobody_sees_is_left_out(sign: str) -> None:
    read = answers.line(f"Se{sign}oul", 40)
    assert read in ("Seoul", "Se oul", f"Se{sign}oul")
    assert read != f"Se{sign}oul" or sign in ("\ufe0f", "\U000e0100"), "only how a visible sign is drawn"


@pytest.mark.parametrize(
    "emoji",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f\u200d\U0001f525", "\U0001f3f3\ufe0f\u200d\U0001f308",
        "\U0001f469\U0001f3fd\u200d\U0001f52c", "\U0001f642\u200d\u2194\ufe0f", "1\ufe0f\u20e3", "\U0001f1f0\U0001f1f7",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "\u845b\U000e0100", "한글 ㅋㅋ é",
    ],
    ids=ascii,
)  # fmt: skip
def test_what_is_seen_stays_as_it_is(emoji: str) -> None:
    assert answers.about(f"hi {emoji}!") == f"hi {emoji}!"
    assert answers.line(emoji, 40) == emoji


@given(st.text(st.sampled_from([*INVISIBLE, "a", " ", "\n", "\U0001f469", "\U0001f3f4", "\U000e007f", "\u2764"]), max_size=12))
def test_cleaning_twice_is_cleaning_once_and_leaves_something_to_see(text: str) -> None:
    once = answers.clean(text)
    assert answers.clean(once) == once
    assert not once.strip() or any(sign in "a\U0001f469\U0001f3f4\u2764" for sign in once)


def test_words_about_oneself_are_cleaned() -> None:
    assert answers.about("  hi\u202e there\x00\n\n\n\n\nbye ") == "hi there\n\nbye"
    assert answers.about("\u200b \n") == Refusal.EMPTY
    assert answers.about("가" * 500) == "가" * 500
    assert answers.about("가" * 501) == Refusal.LONG
    assert answers.line("a\nb\tc", 10) == "a b c"
