"""/likes where nobody of those who like the member can be shown: who is gone is not spoken of, and the filter named is the true one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from bot.replies import Say
from bot.usecases import likes
from db import likes as like_queries
from db import members, photos, safety
from tests.bot.meeting import Town, buttons, card, keys, texts
from tests.db.people import BUSAN, NOW

FAR = {"latitude": BUSAN[0], "longitude": BUSAN[1], "distance_km": 0}
LINES = {
    "distance": ("your distance", "내 거리"),
    "age": ("your age range", "내 나이 범위"),
    "language": ("your wish for a shared language", "통하는 언어"),
    "verified": ("“verified only”", "‘확인된 분만’"),
    "their_distance": ("others’ distance", "상대방의 거리"),
    "their_age": ("others’ age range", "상대방의 나이 범위"),
    "their_language": ("others’ wish for a shared language", "상대방이 원하는 언어"),
    "their_verified": ("others’ wish for verified people", "확인된 분만 보려는 상대방"),
    "gender": ("other settings", "그 밖의 조건"),
}


def liked(town: Town, me: int, **fields: Any) -> int:
    """Somebody who likes `me`."""
    her = town.newcomer("woman", "men", **fields)
    town.database.transact(like_queries.mark, her, me, True, NOW)
    return her


@pytest.mark.parametrize("gone", ["unreachable", "photo", "paused", "blocked"])
def test_a_liker_who_is_shown_to_nobody_is_not_counted_and_no_filter_is_blamed(town: Town, gone: str) -> None:
    me = town.newcomer("man", "women")
    her = liked(town, me)
    if gone == "unreachable":
        town.database.transact(members.update, her, NOW, reachable=False)
    elif gone == "photo":
        [photo] = town.database.read(photos.of, her)
        town.database.transact(photos.reject, photo.id)
    elif gone == "paused":
        town.database.transact(members.update, her, NOW, status="paused")
    else:
        town.database.transact(safety.block, her, me, NOW)
    assert keys(town.act(me, likes.show)) == ["likes.none"]
    if gone == "unreachable":
        town.database.transact(members.update, her, NOW, reachable=True)
        assert card(town.act(me, likes.show)) == her


@pytest.mark.parametrize(
    ("mine", "theirs", "name"),
    [
        ({"distance_km": 30}, FAR, "distance"),
        ({"age_max": 29}, {}, "age"),
        ({"same_language": True}, {"languages": "fr"}, "language"),
        ({"verified_only": True}, {}, "verified"),
        ({}, {**FAR, "distance_km": 30}, "their_distance"),
        ({}, {"age_min": 40}, "their_age"),
        ({}, {"languages": "fr", "same_language": True}, "their_language"),
        ({}, {"verified_only": True}, "their_verified"),
        ({"seeks": "men"}, {}, "gender"),
    ],
)
def test_the_filter_that_costs_a_like_is_named_and_no_other_one(
    town: Town, mine: dict[str, Any], theirs: dict[str, Any], name: str
) -> None:
    me = town.newcomer("man", **{"seeks": "women", "distance_km": 0, **mine})
    her = liked(town, me, **theirs)
    replies = town.act(me, likes.show)
    own = not name.startswith("their") and name != "gender"
    english, korean = texts(replies)[0], texts(replies, "ko")[0]
    assert english.startswith("1 person likes you, but right now you can’t be shown to each other.")
    for other, words in LINES.items():
        assert (f"• {words[0]} (1)" in english) == (other == name)
        assert (f"• {words[1]}(1명)" in korean) == (other == name)
    assert ("/settings" in english) == ("/settings" in korean) == own, "what others set nobody can change"
    [said] = replies
    assert isinstance(said, Say)
    assert her not in {button.press.to for button in buttons(said)}


def test_several_are_counted_by_filter(town: Town) -> None:
    me = town.newcomer("man", "women", distance_km=30, age_max=35)
    for fields in (FAR, {**FAR, "birth_date": dt.date(1980, 1, 1)}, {"age_min": 40}):
        liked(town, me, **fields)
    [text] = texts(town.act(me, likes.show))
    assert text.startswith("3 people like you")
    assert [line for line in text.splitlines() if line.startswith("•")] == [
        "• your distance (2)", "• your age range (1)", "• others’ age range (1)"
    ]  # fmt: skip
