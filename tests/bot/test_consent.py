"""What was agreed to, in which words, and what happens when the words change."""

from __future__ import annotations

import hashlib

import pytest

from bot.cards import TypeCard
from bot.context import Context
from bot.replies import Picture, Replies
from bot.usecases import consent, privacy, types
from bot.usecases import photos as usecases
from bot.words import LANGUAGES, Words
from db import consents, members, photos, selfies
from db import types as member_types
from db.records import Member
from db.session import Connection, Database
from tests.bot.meeting import keys, texts
from tests.bot.newcomer import Newcomer, selfie

FINGERPRINTS = {
    ("terms", "2026-11-21"): "e3d54cba7b861017",
    ("face", "2026-11-21"): "e58106703c56308e",
    ("couple", "2026-11"): "6e15ddfb99b256e1",
}
"""Of the words in both languages.  Words changed?  Then raise `consent.VERSIONS` and put the new version's fingerprint here."""


def fingerprint(kind: str) -> str:
    words = Words()
    forms = [form for language in LANGUAGES for form in words.forms(consent.WORDS[kind], language)]
    return hashlib.sha256("\0".join(forms).encode()).hexdigest()[:16]


@pytest.mark.parametrize("kind", consent.VERSIONS)
def test_a_version_belongs_to_its_words(kind: str) -> None:
    assert fingerprint(kind) == FINGERPRINTS[kind, consent.VERSIONS[kind]], f"the words of {kind} are other: raise its version"
    if kind != "couple":  # whose words take the version as a value
        assert all(consent.VERSIONS[kind] in Words().forms(consent.WORDS[kind], language)[0] for language in LANGUAGES)


@pytest.fixture
def member(database: Database) -> Newcomer:
    newcomer = Newcomer(database)
    newcomer.ready()
    return newcomer


def lapse(member: Newcomer) -> None:
    after, town = 0, member.town
    while after := town.act(member.id, lambda connection, context, _: consent.lapse(connection, context, after)):  # type: ignore[assignment]
        pass


def change(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setitem(consent.VERSIONS, kind, "2027-01")


def test_nobody_is_asked_while_the_words_are_the_same(member: Newcomer) -> None:
    lapse(member)
    assert member.me.face_consent
    assert member.read(consent.due, member.id) is None
    assert keys(member.town.act(member.id, consent.ask_again)) == []


def test_demo_members_agreed_to_nothing_and_are_not_asked(member: Newcomer, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, "face")
    member.town.database.transact(members.update, member.id, member.town.now, demo=True)
    lapse(member)
    assert member.me.face_consent


def test_faces_rest_until_the_new_words_are_answered_and_the_log_keeps_both(member: Newcomer, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, "face")
    lapse(member)
    assert member.me.face_consent is False
    assert member.read(photos.vectors, member.id, "face"), "nothing is erased before they answer"
    [question] = texts(member.town.act(member.id, consent.ask_again))
    assert "numeric features" in question
    assert keys(member.town.act(member.id, privacy.answer_again, "face:yes")) == ["consent.kept"]
    assert member.me.face_consent
    assert [given.version for given in member.read(consents.history, member.id) if given.kind == "face"] == ["2026-11-21", "2027-01"]
    assert keys(member.town.act(member.id, privacy.answer_again, "face:no")) == ["ask.passed"], "an old button changes nothing"
    assert member.me.face_consent


def test_a_face_type_rests_with_its_face(member: Newcomer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not on the member's own card either, and neither it nor its vector has a part in the next types."""
    change(monkeypatch, "face")
    assert len(drawn(member)) == 2
    lapse(member)
    assert drawn(member) == ["fashion"]
    member.town.act(member.id, retyped)
    assert list(member.read(member_types.of_member, member.id)) == ["fashion"]
    [resting] = member.read(selfies.recent, 9)
    assert (resting.face, resting.fashion is None) == (None, False)
    member.town.act(member.id, privacy.answer_again, "face:yes")
    [photo] = member.read(photos.of, member.id)
    member.town.act(member.id, usecases.reread, [(photo.id, selfie())])
    assert drawn(member) == ["face", "fashion"]


def drawn(member: Newcomer) -> list[str]:
    """The kinds of types on the member's own card."""
    card = member.town.act(member.id, types.show)[0]
    assert isinstance(card, Picture)
    assert isinstance(card.image, TypeCard)
    return [shown.kind for shown in card.image.types]


def retyped(connection: Connection, context: Context, who: Member) -> Replies:
    types.retype(connection, context, who)
    return []


def test_a_refusal_has_its_effects_at_once(member: Newcomer, monkeypatch: pytest.MonkeyPatch) -> None:
    change(monkeypatch, "face")
    lapse(member)
    member.town.act(member.id, privacy.answer_again, "face:no")
    assert member.read(photos.vectors, member.id, "face") == []
    assert "face" not in member.read(member_types.of_member, member.id)
    assert member.read(consent.due, member.id) is None


def test_without_the_new_terms_nobody_is_shown(member: Newcomer, monkeypatch: pytest.MonkeyPatch) -> None:
    other = member.town.newcomer("man", "women")
    assert member.town.see(other) == member.id
    change(monkeypatch, "terms")
    change(monkeypatch, "face")
    lapse(member)
    assert member.read(consent.due, member.id) == "terms"
    assert keys(member.town.act(member.id, privacy.answer_again, "terms:no")) == ["consent.terms_refused"]
    assert member.me.status == "paused"
    assert member.town.see(other) == 0
    assert keys(member.town.act(member.id, privacy.answer_again, "terms:yes")) == ["consent.kept", "consent.again"]
    assert member.read(consent.due, member.id) == "face"


def test_forged_answers_change_nothing(member: Newcomer) -> None:
    for choice in ("", "face", "face:maybe", "couple:yes", "terms:no", "face:no"):
        member.town.act(member.id, privacy.answer_again, choice)
    assert member.me.face_consent
    assert len(member.read(consents.history, member.id)) == 2


def test_privacy_shows_every_answer_with_version_and_date(member: Newcomer) -> None:
    member.town.act(member.id, privacy.face, "off")
    [said] = texts(member.town.act(member.id, privacy.show, "consents"))
    lines = [line for line in said.splitlines() if line.startswith("•")]
    day = f"{member.town.now:%Y-%m-%d}"
    assert lines == [
        f"• {day} · face processing (2026-11-21): not agreed",
        f"• {day} · face processing (2026-11-21): agreed",
        f"• {day} · terms of use (2026-11-21): agreed",
    ]
