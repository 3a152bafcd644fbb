"""Photos of couples: both agree or nothing is used, links are good for one person and one time, and all can be taken back."""

from __future__ import annotations

import io
import json
import typing
import zipfile
from typing import Any

import pytest

from bot.judging import Verdict
from bot.keyboards import COUPLE
from bot.replies import Document, Picture
from bot.usecases import appeals, consent, couple_links, couples, onboarding, privacy
from bot.usecases import safety as safety_usecases
from crawler import reading
from crawler.couples import Reason
from db import consents, erasure, members, pictures, uploads
from db import couples as corpus
from db.records import Member
from db.session import Connection, Database
from tests.bot.meeting import WORDS, Town, keys, presses, texts
from tests.bot.newcomer import Newcomer, jpeg
from tests.bot.two import agreed, answer_data, collect, give, stranger, token

REASONS = sorted(set(typing.get_args(Reason)) - {""})


@pytest.fixture
def giver(town: Town) -> int:
    return town.newcomer("woman", "men")


@pytest.fixture
def other(town: Town) -> int:
    return town.newcomer("man", "women")


def state(town: Town, upload_id: int) -> tuple[str, bool]:
    """State of an upload and whether its photo is still there."""
    found = town.database.read(uploads.by_id, upload_id)
    assert found is not None
    return found.state, found.jpeg is not None


def answers(town: Town, member_id: int) -> list[tuple[str, bool]]:
    """What a member answered about photos of couples."""
    return [(given.version, given.given) for given in town.database.read(consents.history, member_id) if given.kind == "couple"]


def told(town: Town, member_id: int) -> str:
    return "\n".join(str(letter["body"].get("text")) for letter in town.mail().get(member_id, []))


def test_from_the_first_word_to_both_consents(town: Town, giver: int) -> None:
    said = town.act(giver, couples.show)
    assert keys(said) == ["couple.overview"]
    assert presses(said) == {"couple_give"}
    assert "2026-11" in texts(town.act(giver, couples.ask))[0]
    assert keys(town.act(giver, couples.agree)) == ["couple.send"]
    assert town.member(giver).step == couples.PHOTO
    said = town.act(giver, couples.receive, Verdict(jpeg()))
    assert keys(said) == ["couple.accepted", "couple.invite"]
    assert "https://t.me/inyeon_test_bot?start=couple_" in texts(said)[1]
    assert town.member(giver).step == ""
    [upload] = town.database.read(uploads.of_member, giver)
    assert (upload.state, upload.consent_version) == ("waiting", consent.VERSIONS["couple"])
    assert answers(town, giver) == [(f"2026-11 photo {upload.id}", True)]
    assert town.database.read(uploads.waiting_for_ingest) == []

    partner = stranger(town)
    assert keys(town.act(partner, couple_links.open_link, token(said))) == ["couple.birth"]
    assert town.database.read(uploads.waiting_for_ingest) == []
    assert keys(town.act(partner, couple_links.birth, "soon")) == ["wrong.birth.format", "couple.birth"]
    shown = town.act(partner, couple_links.birth, "1994-03-07")
    assert isinstance(shown[0], Picture)
    assert shown[0].image == jpeg()
    assert shown[0].protect
    assert answer_data(shown) == [token(said)] * 2
    assert keys(town.act(partner, couple_links.confirm, token(said))) == ["couple.confirmed", "couple.guest"]
    assert answers(town, partner) == [(f"2026-11 photo {upload.id}", True)]
    assert [found.id for found in town.database.read(uploads.waiting_for_ingest)] == [upload.id]
    assert town.member(partner).status == "onboarding"
    assert keys(town.act(partner, onboarding.start)) == ["ask.language"], "signing up is still ahead, and never asked for"

    assert collect(town.database, town) == [upload.id]
    assert state(town, upload.id) == ("ingested", False)
    for person in (giver, partner):
        assert presses(town.act(person, couples.show)) == {"couple_stop", "couple_give"}


def test_the_giver_is_told(town: Town, giver: int, other: int) -> None:
    key = token(give(town, giver))
    town.act(other, couple_links.open_link, key)
    assert town.mail() == {}, "opening a link tells nobody"
    town.act(other, couple_links.confirm, key)
    assert "상대가 동의했어요" in told(town, giver)


def test_refusing_erases_the_photo(town: Town, giver: int, other: int) -> None:
    key = token(give(town, giver))
    town.act(other, couple_links.open_link, key)
    assert keys(town.act(other, couple_links.refuse, key)) == ["couple.declined"]
    [upload] = town.database.read(uploads.of_member, giver)
    assert state(town, upload.id) == ("refused", False)
    assert answers(town, other) == [(f"2026-11 photo {upload.id}", False)]
    assert "동의하지 않아서" in told(town, giver)
    assert keys(town.act(other, couple_links.confirm, key)) == ["couple.link.used"], "no second thoughts: it is gone"
    assert keys(town.act(other, couple_links.open_link, key)) == ["couple.link.used"]


def test_ones_own_link_is_good_for_nothing(town: Town, giver: int) -> None:
    key = token(give(town, giver))
    assert keys(town.act(giver, couple_links.open_link, key)) == ["couple.link.own"]
    for press in (couple_links.confirm, couple_links.refuse):
        assert keys(town.act(giver, press, key)) == ["couple.link.own"]
    assert [upload.state for upload in town.database.read(uploads.of_member, giver)] == ["waiting"]


def test_a_link_is_for_one_person_and_one_time(town: Town, giver: int, other: int) -> None:
    key = token(give(town, giver))
    town.act(other, couple_links.open_link, key)
    eve = town.newcomer()
    assert keys(town.act(eve, couple_links.open_link, key)) == ["couple.link.taken"]
    for press in (couple_links.confirm, couple_links.refuse):
        assert keys(town.act(eve, press, key)) == ["couple.link.taken"]
    assert answer_data(town.act(other, couple_links.open_link, key)), "the same person may look again"
    town.act(other, couple_links.confirm, key)
    for replay in (couple_links.confirm, couple_links.refuse, couple_links.open_link):
        for person in (other, eve):
            assert keys(town.act(person, replay, key)) == ["couple.link.used"]
    assert len(answers(town, other)) == 1
    assert answers(town, eve) == []


@pytest.mark.parametrize("forged", ["", "x", "A" * 22, "../../etc", "couple_", "'; DROP TABLE couple_uploads; --"])
def test_forged_tokens_lead_nowhere(town: Town, giver: int, other: int, forged: str) -> None:
    give(town, giver)
    for act in (couple_links.open_link, couple_links.confirm, couple_links.refuse):
        assert keys(town.act(other, act, forged)) == ["couple.link.unknown"]


def test_a_link_is_case_sensitive(town: Town, giver: int, other: int) -> None:
    key = token(give(town, giver))
    assert keys(town.act(other, couple_links.open_link, key.swapcase())) == ["couple.link.unknown"]


def test_ids_in_buttons_are_anybodys(town: Town, giver: int, other: int) -> None:
    upload = agreed(town, giver, other)
    eve = town.newcomer()
    for act in (couples.ask_stop, couples.withdraw, couples.link):
        assert keys(town.act(eve, act, upload.id)) == ["couple.gone"]
    assert keys(town.act(eve, couple_links.look, upload.id)) == ["couple.link.unknown"]
    assert state(town, upload.id) == ("confirmed", True)


def test_a_link_ends_with_its_time(town: Town, giver: int, other: int) -> None:
    key = token(give(town, giver))
    [upload] = town.database.read(uploads.of_member, giver)
    town.now += couples.DAY * 3 + couples.DAY / 24
    assert "couple.state.expired" in str(town.act(giver, couples.show))
    assert keys(town.act(giver, couples.link, upload.id)) == ["couple.gone"]
    assert keys(town.act(other, couple_links.open_link, key)) == ["couple.link.expired"]
    assert state(town, upload.id) == ("refused", False)
    assert keys(town.act(other, couple_links.confirm, key)) == ["couple.link.expired"]
    assert keys(town.act(other, couple_links.open_link, key)) == ["couple.link.expired"]


@pytest.mark.parametrize("side", ["giver", "other"])
def test_who_is_too_young_ends_it(town: Town, giver: int, side: str) -> None:
    child = stranger(town)
    if side == "giver":
        assert keys(town.act(child, couples.agree)) == ["couple.birth"]
        assert keys(town.act(child, couple_links.birth, "2012-01-01")) == ["ask.birth.sure"]
        assert keys(town.act(child, couple_links.birth_pressed, "birth:2012-01-01")) == ["underage.turned_away"]
        assert town.database.read(uploads.of_member, child) == []
    else:
        key = token(give(town, giver))
        town.act(child, couple_links.open_link, key)
        assert keys(town.act(child, couple_links.birth, "2012-01-01")) == ["ask.birth.sure"]
        assert keys(town.act(child, couple_links.birth_pressed, "birth:2012-01-01")) == ["underage.turned_away"]
        [upload] = town.database.read(uploads.of_member, giver)
        assert state(town, upload.id) == ("withdrawn", False)
        assert "취소되어" in told(town, giver)
    assert town.member(child).status == "banned"
    town.now = town.now.replace(year=2031)
    assert keys(town.act(child, appeals.stopped)) == ["underage.welcome_back", "ask.language"], "the terms were never shown"


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_has_its_sentence_and_keeps_nothing(town: Town, giver: int, reason: str) -> None:
    said = give(town, giver, Verdict(None, reason))
    assert f"couple.no.{reason}" in str(said)
    assert town.database.read(uploads.of_member, giver) == []
    assert answers(town, giver) == []
    assert town.member(giver).step == couples.PHOTO, "another photo may follow at once"
    for language in ("ko", "en"):
        assert len(texts(said, language)[0]) > 40


def test_a_reason_that_nobody_thought_of_is_still_a_sentence(town: Town, giver: int) -> None:
    assert "couple.no.other" in str(give(town, giver, Verdict(None, "phase_of_the_moon")))


def test_a_photo_counts_only_where_it_was_asked_for(town: Town, giver: int) -> None:
    assert keys(town.act(giver, couples.receive, Verdict(jpeg()))) == ["couple.one_photo"]
    assert town.database.read(uploads.of_member, giver) == []


def test_so_many_a_day(town: Town, giver: int) -> None:
    for _ in range(3):
        assert keys(give(town, giver))[0] == "couple.accepted"
    for upload in town.database.read(uploads.of_member, giver):
        town.act(giver, couples.withdraw, upload.id)
    assert keys(town.act(giver, couples.ask)) == keys(town.act(giver, couples.agree)) == ["couple.too_many"]
    town.now += couples.DAY
    assert keys(give(town, giver))[0] == "couple.accepted"


@pytest.mark.parametrize("who", [0, 1])
@pytest.mark.parametrize("when", ["confirmed", "ingested"])
def test_either_of_the_two_takes_it_back(town: Town, giver: int, other: int, who: int, when: str) -> None:
    upload = agreed(town, giver, other)
    if when == "ingested":
        collect(town.database, town)
        assert len(town.database.read(corpus.people)) == 2
    town.mail()
    one, two = (giver, other) if who == 0 else (other, giver)
    assert keys(town.act(one, couples.ask_stop, upload.id)) == ["couple.stop_ask"]
    assert keys(town.act(one, couples.keep)) == ["ask.kept"]
    assert keys(town.act(one, couples.withdraw, upload.id)) == ["couple.stopped"]
    assert state(town, upload.id) == ("withdrawn", False)
    assert town.database.read(corpus.people) == []
    assert town.database.read(corpus.count) == {}
    assert answers(town, one)[-1] == (f"2026-11 photo {upload.id}", False)
    assert "취소되어" in told(town, two)
    assert keys(town.act(two, couples.withdraw, upload.id)) == ["couple.gone"]
    assert collect(town.database, town) == []
    assert presses(town.act(one, couples.show)) == {"couple_give"}


@pytest.mark.parametrize("who", [0, 1])
def test_withdrawing_face_consent_takes_the_couple_out_of_the_next_training(town: Town, giver: int, other: int, who: int) -> None:
    agreed(town, giver, other)
    collect(town.database, town)
    assert len(reading.read(town.database, "f-1", "g-1", 100).subjects) == 2
    one = (giver, other)[who]
    town.database.transact(members.update, one, town.now, face_consent=True)
    assert "face.off_done" in keys(town.act(one, privacy.face, "off"))
    assert len(reading.read(town.database, "f-1", "g-1", 100).subjects) == 0
    assert town.database.read(corpus.people) == []
    assert collect(town.database, town) == []


def test_what_an_operator_removes_is_said_to_be_gone(town: Town, giver: int, other: int) -> None:
    upload = agreed(town, giver, other)
    collect(town.database, town)
    assert town.database.transact(pictures.remove, "member", str(upload.id), town.now)
    assert state(town, upload.id) == ("withdrawn", False)
    assert presses(town.act(giver, couples.show)) == {"couple_give"}
    assert town.database.read(corpus.people) == []


def test_a_withdrawal_during_collecting_wins(town: Town, giver: int, other: int) -> None:
    upload = agreed(town, giver, other)
    [read] = town.database.read(uploads.waiting_for_ingest)
    town.act(other, couples.withdraw, upload.id)
    assert read.id == upload.id
    assert town.database.transact(uploads.mark, upload.id, "ingested") is False
    assert state(town, upload.id)[0] == "withdrawn"


@pytest.mark.parametrize(("reason", "key"), [("duplicate", "couple.state.duplicate"), ("crowd", "couple.state.rejected")])
def test_what_the_collecting_refused_is_erased_and_said(town: Town, giver: int, other: int, reason: str, key: str) -> None:
    upload = agreed(town, giver, other)
    town.database.transact(uploads.mark, upload.id, "rejected", reason)
    assert state(town, upload.id) == ("rejected", False)
    for person in (giver, other):
        said = town.act(person, couples.show)
        assert key in str(said)
        assert presses(said) == {"couple_give"}


@pytest.mark.parametrize("who", [0, 1])
def test_deleting_oneself_takes_the_couple_along(town: Town, giver: int, other: int, who: int) -> None:
    upload = agreed(town, giver, other)
    collect(town.database, town)
    town.mail()
    one, two = (giver, other) if who == 0 else (other, giver)
    town.act(one, privacy.delete, "now")
    assert town.database.read(members.by_id, one) is None
    assert town.database.read(uploads.by_id, upload.id) is None
    assert town.database.read(corpus.people) == []
    assert "취소되어" in told(town, two)
    assert keys(town.act(two, couples.show)) == ["couple.overview"]


def test_a_ban_takes_everything_back(town: Town, giver: int, other: int) -> None:
    upload = agreed(town, giver, other)
    town.act(other, ban)
    assert state(town, upload.id) == ("withdrawn", False)


def ban(connection: Connection, context: Any, member: Member) -> list[Any]:
    safety_usecases.shut_out(connection, context, member)
    return []


def test_nothing_is_collected_while_an_age_is_in_doubt(town: Town, giver: int, other: int) -> None:
    upload = agreed(town, giver, other)
    town.database.transact(members.update, other, town.now, status="review")
    assert collect(town.database, town) == []
    for act in (couples.show, couples.ask, couples.agree):
        assert keys(town.act(other, act)) == ["review.wait"]
    town.database.transact(members.update, other, town.now, status="active")
    assert collect(town.database, town) == [upload.id]


def test_the_export_holds_the_photo_then_the_crops(town: Town, giver: int, other: int) -> None:
    number = agreed(town, giver, other).id
    crops = [f"couples/{number}-{side}-{what}.jpg" for side in "ab" for what in ("body", "face")]
    for names in ([f"couples/{number}.jpg"], crops):
        for person in (giver, other):
            [document] = town.act(person, privacy.give_export)
            assert isinstance(document, Document)
            with zipfile.ZipFile(io.BytesIO(document.data)) as archive:
                assert sorted(name for name in archive.namelist() if name.startswith("couples/")) == names
                kept = json.loads(archive.read("inyeon.json"))
            [given] = kept["couple_photos"]
            assert given["sent"] is (person == giver)
            assert "token" not in given
            assert {item["kind"] for item in kept["consents"]} == {"couple"}
        collect(town.database, town)
    assert [person["face_version"] for person in given["people"]] == ["f-1", "f-1"]


def test_a_detour_returns_to_the_question_that_was_open(database: Database) -> None:
    newcomer = Newcomer(database)
    newcomer.upto("seeks")
    newcomer.town.act(newcomer.id, couples.agree)
    assert newcomer.me.step == couples.PHOTO
    assert keys(newcomer.town.act(newcomer.id, couples.remind)) == ["couple.need_photo"]
    newcomer.town.act(newcomer.id, couples.receive, Verdict(jpeg()))
    assert newcomer.me.step == "seeks"
    newcomer.press("seeks", "men")
    assert newcomer.me.step == "city"


def test_privacy_leads_there(town: Town, giver: int) -> None:
    assert COUPLE.press.do in presses(town.act(giver, privacy.show))


def test_in_the_local_mode_the_words_say_what_to_send(town: Town, giver: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    from tests.bot import meeting

    here = meeting.surroundings
    monkeypatch.setattr(meeting, "surroundings", lambda *known: dataclasses.replace(here(*known), username=""))
    assert "<code>/start couple_" in texts(give(town, giver))[1]


def test_both_languages_fit_into_one_message(town: Town, giver: int, other: int) -> None:
    key = token(give(town, giver))
    for reply in town.act(other, couple_links.open_link, key):
        for language in ("ko", "en"):
            assert len(WORDS.text(reply.word, language)) < (1024 if isinstance(reply, Picture) else 4096)  # type: ignore[union-attr]


def test_erasing_twice_changes_nothing(town: Town, giver: int, other: int) -> None:
    agreed(town, giver, other)
    town.database.transact(erasure.erase, giver, town.now)
    assert town.database.read(uploads.of_member, other) == []
