"""What captions and tags say, and what of them is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler import captions


@pytest.mark.parametrize(
    ("caption", "count"),
    [
        ("May be an image of 2 people", 2),
        ("May be an image of two people and ocean", 2),
        ("May be a black-and-white image of 2 people", 2),
        ("May be a selfie of 2 people, people smiling and the Eiffel Tower.", 2),
        ("Photo by 2 people on May 1, 2021. May be an image of 1 person.", 1),
        ("May be an image of 12 people", 12),
        ("May be an image of flower and text that says '2 people'", None),
        ("Image may contain: one or more people and text", None),
        ("사람 2명의 이미지일 수 있음", 2),
        ("사진: 홍길동. 사람 3명, 실외의 이미지일 수 있음", 3),
        ("사람 두 명의 이미지일 수 있음", 2),
        ("2 people", 2),
        ("사람 2명", 2),
        ("2 people or 3 people?", None),
        ("우리 둘", None),
        ("1.2 people a household", None),
        ("", None),
    ],
)
def test_people_are_counted_as_stated(caption: str, count: int | None) -> None:
    assert captions.people(caption) == count


@pytest.mark.parametrize(
    ("caption", "kept"),
    [
        ("Photo shared by Kim 김 on May 1, 2021 tagging @a. May be an image of 2 people.", "May be an image of 2 people."),
        ("사진: 홍길동. 사람 2명", "사람 2명"),
        ("홍길동님이 2021년 3월 1일에 공유한 사람 2명의 이미지일 수 있음.", "2021년 3월 1일에 공유한 사람 2명의 이미지일 수 있음."),
        ("전화 010-1234-5678 주세요 https://example.com/x", "전화 주세요"),
        ("x" * 5000, "x" * captions.CAPTION_MAX),
    ],
)
def test_names_are_not_kept(caption: str, kept: str) -> None:
    assert captions.without_names(caption) == kept


@pytest.mark.parametrize("machine", ["May be an image of 2 people.", "사람 2명의 이미지일 수 있음."])
@pytest.mark.parametrize("before", ["", "Photo by Kim Min on May 1, 2021. ", "홍길동님이 공유한 ", "사진: 홍길동. ", "오늘 #커플 @min\n"])
def test_what_is_kept_still_says_how_many(before: str, machine: str) -> None:
    kept = captions.without_names(before + machine)
    assert captions.people(kept) == 2
    assert "홍길동" not in kept
    assert "Kim" not in kept


@given(st.text())
def test_any_text_is_borne(text: str) -> None:
    captions.people(text)
    captions.stated(text)
    captions.child(text)
    assert len(captions.kept(text, text)) <= captions.CAPTION_MAX
    captions.hashtags(text)
    assert len(captions.without_names(text)) <= captions.CAPTION_MAX
    assert captions.unwanted([text]) in ("", text)
