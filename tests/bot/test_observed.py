"""Couples that were observed decide, with the words for it, until they withdraw; for members who seek their own gender too."""

from __future__ import annotations

import pytest

from bot.usecases import discover, matching, types
from db import couples, members, pictures
from db import types as member_types
from db.corpus_records import PersonGender
from db.records import TypeRow
from db.session import Connection
from tests.bot.meeting import Town, keys, small_pack, surroundings, texts
from tests.db.corpus import picture, someone
from tests.db.people import NOW

VERSION = small_pack().version


def dress(connection: Connection, member_id: int, face: str) -> None:
    member_types.sync(connection, [TypeRow(face, "g", "face", "x", face, face)], VERSION, NOW)
    member_types.assign(connection, member_id, "face", face, 0.9, VERSION, NOW)


def observe(connection: Connection, *seen: tuple[str, str, int], version: str = VERSION) -> None:
    """Couples with these face types, so many of each."""
    genders: dict[str, PersonGender] = {"m": "man", "w": "woman"}
    rows = []
    for one, other, number in seen:
        for _ in range(number):
            made = pictures.add(connection, picture(), NOW)
            assert made is not None
            couples.add(connection, made, someone(genders[one[0]]), someone(genders[other[0]]), NOW)
            rows.append((one, other))
    people = couples.untyped(connection, version, 0, 10**6, pixels=False)
    typed = zip(people, [face for row in rows for face in row], strict=True)
    couples.retype(connection, version, [(person.id, None, face, None) for person, face in typed], NOW)


def test_observed_couples_take_the_place_of_the_prior_and_leave_with_it(town: Town) -> None:
    me, alike, other = town.newcomer("man", "women"), town.newcomer("woman", "men"), town.newcomer("woman", "men")
    for person, face in ((me, "mf-0"), (alike, "wf-0"), (other, "wf-2")):
        town.database.transact(dress, person, face)
    assert town.see(me) == alike, "the prior: who is alike"
    town.database.transact(observe, ("mf-0", "wf-2", 60), ("mf-0", "wf-0", 10), ("mf-1", "wf-0", 40), ("mf-1", "wf-1", 40))
    assert town.see(me) == other, "what was observed"
    (shown,) = town.act(me, discover.show)
    assert "Your face type is seen with hers in 60 of 70 couples, 1." in texts([shown])[0]
    assert "커플 70쌍 중 60쌍" in texts([shown], "ko")[0]
    town.database.transact(lambda connection: [pictures.remove(connection, "folder", name, NOW) for name in _first(connection, 60)])
    assert town.see(me) == alike
    (shown,) = town.act(me, discover.show)
    assert "not enough couples have been observed yet" in texts([shown])[0]


def _first(connection: Connection, number: int) -> list[str]:
    ids = sorted({person.couple_id for person in couples.people(connection, 0, 10**6, pixels=False)})[:number]
    found = []
    for couple_id in ids:
        stored = pictures.by_id(connection, couples.picture_of(connection, couple_id) or 0)
        assert stored is not None
        found.append(stored.source_id)
    return found


def test_couples_of_another_version_say_nothing(town: Town) -> None:
    town.database.transact(observe, ("mf-0", "wf-2", 60), version="older")
    assert town.database.read(matching.couples, surroundings()) is None


@pytest.mark.parametrize(("gender", "own", "best"), [("man", "mf-0", "mf-2"), ("woman", "wf-1", "wf-1")])
def test_same_gender_couples_teach_members_who_seek_their_own(town: Town, gender: str, own: str, best: str) -> None:
    me = town.newcomer(gender, "men" if gender == "man" else "women")
    town.database.transact(
        observe,
        *(("mf-0", "mf-2", 50), ("mf-0", "mf-0", 8), ("mf-0", "mf-1", 8), ("mf-1", "mf-1", 40), ("mf-2", "mf-1", 9)),
        *(("wf-1", "wf-1", 60), ("wf-1", "wf-0", 20), ("wf-0", "wf-0", 30), ("wf-2", "wf-0", 30), ("wf-2", "wf-1", 20)),
        *(("mf-0", "wf-0", 90), ("mf-1", "wf-1", 30)),  # couples of a man and a woman, who say nothing about this
    )
    seen = town.database.read(matching.couples, surroundings())
    found = types.recommended(surroundings(), town.member(me), [own], seen)
    assert found[0].type.id == best
    assert {partner.evidence for partner in found} == {"observed"}
    assert {partner.type.gender for partner in found} == {gender}


def test_the_card_says_what_is_observed_and_what_is_no_more_than_chance(town: Town) -> None:
    me = town.newcomer("man", "women")
    town.database.transact(dress, me, "mf-0")
    town.database.transact(observe, ("mf-0", "wf-0", 30), ("mf-0", "wf-1", 30), ("mf-1", "wf-0", 30), ("mf-1", "wf-1", 30))
    town.database.transact(members.update, me, town.now, face_consent=True)
    said = town.act(me, types.show)
    assert keys(said)[:2] == ["types.card", "types.partners_observed"]
    english, korean = texts(said)[1], texts(said, "ko")[1]
    assert "30 couples, about as often as chance (1.00×" in english
    assert "커플 30쌍, 우연과 비슷해요 (1.00배" in korean
    assert "no forecast" in english
