"""Discovery: who is shown, what a press does and does not do, and what is said when there is nobody."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.replies import Clear, Say, Shown
from bot.usecases import discover, likes, settings
from db import exposures, members, pairs, photos, safety, types
from db import likes as like_queries
from db.records import TypeRow
from db.session import Connection
from tests.bot.meeting import Town, buttons, card, keys, presses, small_pack, texts
from tests.db.people import BUSAN, NOW, SUWON


def dress(connection: Connection, member_id: int, *type_ids: str) -> None:
    """Give a member types of the small pack."""
    pack = small_pack()
    types.sync(connection, [TypeRow(i.id, i.group, i.kind, i.gender, i.name, i.name_ko) for i in pack.types], pack.version, NOW)
    for type_id in type_ids:
        types.assign(connection, member_id, pack.by_id[type_id].kind, type_id, 0.8, "test", NOW)


def test_a_card_tells_about_a_person_and_can_be_answered(town: Town) -> None:
    me = town.newcomer("man", "women")
    her = town.newcomer("woman", "men", about="I <b>like</b> & read", latitude=SUWON[0], longitude=SUWON[1])
    (shown,) = town.act(me, discover.show)
    assert isinstance(shown, Shown)
    assert shown.protect
    assert card([shown]) == her
    text = texts([shown])[0]
    assert "30" in text
    assert "within about 50 km" in text
    assert "I &lt;b&gt;like&lt;/b&gt; &amp; read" in text
    assert str(town.member(her).telegram_id) not in text


def test_all_that_a_card_can_say_fits_a_caption(town: Town) -> None:
    me = town.newcomer("man", "women")
    her = town.newcomer("woman", "men", about="가" * 500, city="나" * 40, demo=True)
    town.database.transact(dress, me, "mf-0", "mo-0")
    town.database.transact(dress, her, "wf-0", "wo-0")
    (shown,) = town.act(me, discover.show)
    for language in ("ko", "en"):
        assert len(texts([shown], language)[0]) < 1024


def test_who_likes_me_comes_first_then_types_then_activity(town: Town) -> None:
    me = town.newcomer("man", "women")
    alike, unlike, fresh, liker = (town.newcomer("woman", "men") for _ in range(4))
    town.database.transact(dress, me, "mf-0", "mo-0")
    town.database.transact(dress, alike, "wf-0", "wo-0")
    town.database.transact(dress, unlike, "wf-1", "wo-1")
    town.database.transact(dress, fresh, "wf-1", "wo-1")
    town.database.transact(members.update, unlike, NOW, last_active_at=NOW - dt.timedelta(days=1))
    town.database.transact(members.update, fresh, NOW, last_active_at=NOW + dt.timedelta(hours=1))
    town.database.transact(like_queries.mark, liker, me, True, NOW)
    order = []
    while (person := town.see(me)) != 0:
        order.append(person)
        town.act(me, discover.answer, person, liked=False)
    assert order == [liker, alike, fresh, unlike]


def test_recommended_types_are_named_with_the_evidence_for_them(town: Town) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    town.database.transact(dress, me, "mf-0")
    town.database.transact(dress, her, "wf-0")
    (shown,) = town.act(me, discover.show)
    assert "Name wf-0" in texts([shown])[0]
    assert "not enough couples have been observed yet" in texts([shown])[0]
    assert "이름 wf-0" in texts([shown], "ko")[0]


def test_a_press_acts_once_however_often_it_comes(town: Town) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    assert town.see(me) == her
    assert keys(town.act(me, discover.answer, her, liked=True))[0] == "discover.liked"
    again = town.act(me, discover.answer, her, liked=True)
    assert keys(again) == ["discover.passed"]
    assert any(isinstance(reply, Clear) for reply in again)
    assert keys(town.act(me, discover.answer, her, liked=False)) == ["discover.passed"]
    assert town.database.read(like_queries.received, her) == [me]
    assert len(town.mail()[her]) == 1


@pytest.mark.parametrize("liked", [True, False])
def test_nobody_can_answer_about_someone_who_was_not_shown(town: Town, liked: bool) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    for forged in (her, me, 10**12, 0):
        assert keys(town.act(me, discover.answer, forged, liked=liked)) == ["discover.passed"]
        assert keys(town.act(me, discover.more, forged)) == ["discover.passed"]
    assert town.see(me) == her
    assert town.mail() == {}


def test_seen_people_do_not_come_back(town: Town) -> None:
    me = town.newcomer("man", "women")
    everyone = {town.newcomer("woman", "men") for _ in range(6)}
    seen = []
    for turn in range(6):
        seen.append(town.see(me))
        town.act(me, discover.answer, seen[-1], liked=bool(turn % 2))
    assert set(seen) == everyone
    assert town.see(me) == 0


def test_both_sides_filters_hold_when_an_old_card_is_answered(town: Town) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    other = town.newcomer("woman", "men", last_active_at=NOW - dt.timedelta(days=1))
    assert town.see(me) == her
    town.database.transact(members.update, her, NOW, age_min=40)
    replies = town.act(me, discover.answer, her, liked=True)
    assert keys(replies)[0] == "discover.gone"
    assert card(replies) == other
    assert town.mail() == {}


@pytest.mark.parametrize("change", ["banned", "paused", "blocked"])
def test_who_left_cannot_be_liked_by_an_old_card(town: Town, change: str) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    town.see(me)
    if change == "blocked":
        town.database.transact(safety.block, her, me, NOW)
    else:
        town.database.transact(members.update, her, NOW, status=change)
    assert keys(town.act(me, discover.answer, her, liked=True))[0] == "discover.gone"
    assert town.database.read(pairs.between, me, her) is None


def test_more_photos_are_shown_only_if_approved(town: Town) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    town.database.transact(photos.add, her, b"two", NOW)
    town.database.transact(photos.add, her, b"hidden", NOW, status="pending")
    (shown,) = town.act(me, discover.show)
    assert "more" in presses([shown])
    (extra,) = town.act(me, discover.more, her)
    assert isinstance(extra, Shown)
    assert extra.protect
    stored = town.database.read(photos.by_id, extra.photo_id)
    assert stored is not None
    assert stored.jpeg == b"two"


def test_nobody_left_names_the_price_of_each_filter_and_widens_on_request(town: Town) -> None:
    me = town.newcomer("man", "women", age_min=29, age_max=31, distance_km=30)
    town.newcomer("woman", "men", latitude=BUSAN[0], longitude=BUSAN[1], distance_km=0)
    older = town.newcomer("woman", "men", birth_date=dt.date(1991, 1, 1))
    (said,) = town.act(me, discover.show)
    assert isinstance(said, Say)
    assert "With a wider distance there is 1 more person" in texts([said])[0]
    assert "With a wider age range there is 1 more person" in texts([said])[0]
    assert [button.press.choice for button in buttons(said)][:2] == ["distance:0", "ages:24-36"]
    replies = town.act(me, discover.widen, "ages:24-36")
    assert (town.member(me).age_min, town.member(me).age_max) == (24, 36)
    assert card(replies) == older


@pytest.mark.parametrize(("status", "key"), [("paused", "access.paused"), ("review", "review.wait"), ("banned", "access.banned")])
def test_who_cannot_meet_people_is_told_what_to_do(town: Town, status: str, key: str) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    town.see(me)
    town.database.transact(members.update, me, NOW, status=status)
    for replies in (
        town.act(me, discover.show),
        town.act(me, discover.answer, her, liked=True),
        town.act(me, discover.widen, "ages:18-99"),
        town.act(me, discover.more, her),
        town.act(me, likes.show),
    ):
        assert keys(replies) == [key]
    assert town.mail() == {}


def test_a_paused_member_starts_again_by_the_button(town: Town) -> None:
    me = town.newcomer("man", "women", status="paused")
    (said,) = town.act(me, discover.show)
    assert isinstance(said, Say)
    press = buttons(said)[0].press
    assert press.do == "pause"
    town.act(me, settings.pause, press.choice)
    assert town.member(me).status == "active"


def test_showing_is_recorded(town: Town) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    assert not town.database.read(exposures.was_shown, me, her)
    town.see(me)
    assert town.database.read(exposures.was_shown, me, her)
    assert not town.database.read(exposures.was_shown, her, me)
