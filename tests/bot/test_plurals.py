"""Counts in English: one photo and two photos; what is counted has a form of its own wherever it can be one."""

from __future__ import annotations

import re

from bot.replies import Shown
from bot.usecases import admin, compat, discover
from bot.usecases import types as type_usecases
from db import members, photos
from engine.affinity import PartnerType
from engine.compatibility import Comparison, Together, counted, explained
from tests.bot.looks import look
from tests.bot.meeting import ADMIN, WORDS, Town, buttons, small_pack, texts
from tests.bot.test_observed import observe
from tests.db.people import NOW

SETTINGS = {
    "admin.broadcast_long", "ask.about", "couple.accepted", "couple.consent", "couple.too_many", "compat.intro", "models.bad_name",
    "ask.about.edit", "models.new_name", "models.no_picture.too_small", "photo.full", "photo.full_signing_up",
    "photo.overview", "privacy.chats", "privacy.data", "privacy.kept",
    "privacy.safety", "safety.appeal_ask", "safety.appeal_words_only", "steering.long", "trust.rate", "trust.reports", "verify.challenge",
    "verify.enough", "verify.intro", "verify.problem.too_long", "trust.likes", "trust.likes_verified",
    "admin.fair", "admin.fair.chances", "admin.fair.no_answers",
}  # fmt: skip
"""Sentences about limits out of the settings or the code, which are several."""
ADMINS = {"admin.evidence", "admin.person", "chart.gates_passed", "job.done.bans"}
"""Figures for admins: ages of adults, and totals."""
VERBS = {"is", "was", "has", "times", "this", "as", "begins"}


def test_whatever_counts_something_has_a_form_for_one() -> None:
    lacking = set()
    for key in WORDS.keys("en"):
        forms = WORDS.forms(key, "en")
        counts = re.findall(r"(?<![–\d])\{\w+\}(?:</?\w+>)? (?:more |other |of )?([a-z]+s|people)\b", forms[-1])
        if len(forms) == 1 and set(counts) - VERBS:
            lacking.add(key)
    assert lacking - SETTINGS - ADMINS == set()


def test_an_admin_who_is_the_only_member(town: Town) -> None:
    boss = town.database.transact(members.create, ADMIN, "en", town.now).id
    [english] = texts(town.act(boss, admin.stats))
    assert "1 member (0 demo, 0 unreachable)" in english
    town.newcomer("woman")
    assert "2 members (" in texts(town.act(boss, admin.stats))[0]
    assert "회원 2명 (예시 0명" in texts(town.act(boss, admin.stats), "ko")[0]


def test_one_more_photo(town: Town) -> None:
    me, her = town.newcomer("man", "women"), town.newcomer("woman", "men")
    for label in ("1 more photo", "2 more photos"):
        town.database.transact(photos.add, her, b"jpeg", NOW)
        [shown] = town.act(me, discover.show)
        assert isinstance(shown, Shown)
        assert label in [WORDS.plain(button.word, "en") for button in buttons(shown)]
    assert "사진 2장 더 보기" in [WORDS.plain(button.word, "ko") for button in buttons(shown)]


def test_one_answer_and_one_couple(town: Town) -> None:
    me, first, second = (town.newcomer(*both, face_consent=True) for both in (("man", "women"), ("woman", "men"), ("woman", "men")))
    for one in (me, first, second):
        look(town, one, 0)
    town.database.transact(observe, ("mf-0", "wf-1", 1))
    town.act(me, discover.answer, town.see(me), liked=True)
    [evidence] = town.act(me, discover.why, town.see(me))
    [english], [korean] = texts([evidence]), texts([evidence], "ko")
    assert "Your 1 answer so far says little" in english
    assert "only 1 couple with your type has been observed" in english
    assert "답 1개로는" in korean


def test_types_and_comparisons_of_one_couple() -> None:
    info = next(iter(small_pack().types))
    for number, said in ((1, "1 couple,"), (2, "2 couples,")):
        partner = PartnerType(info, 1.5, (1.2, 1.8), number, "observed", "", "")
        assert f"— {said}" in WORDS.text(type_usecases._reason(partner), "en")
        assert f"Learned from {said[:-1]}." in WORDS.text(compat._told(number, 0.7), "en")
    for kind in ("face", "fashion"):
        values = {"couples": "1", "of": "1", "low": "1", "high": "2", "theirs": "hers"}
        for key in (f"compat.why.{kind}_types", f"reason.observed.{kind}"):
            assert [form.format_map(values).count(" couple,") for form in WORDS.forms(key, "en")] == [1, 0]


def test_the_engine_counts_one_couple_too() -> None:
    assert [counted(number) for number in (0, 1, 2, 1234)] == ["0 couples", "1 couple", "2 couples", "1,234 couples"]
    info = next(iter(small_pack().types))
    together = (Together(info, info, 1, 1, 1.0, (0.5, 1.5)),)
    made = Comparison(same_person=False, similarity=None, score=50, interval=(40, 60), couples=1, together=together)
    reason = explained(made).reason
    assert reason.startswith("Only 1 couple has been seen yet: 50")
    assert "1 of 1 couple, 0.5" in reason
    observed = explained(Comparison(False, None, 50, (40, 60), couples=1, evidence="observed")).reason
    assert "from 1 couple." in observed
    assert "from 2 couples." in explained(Comparison(False, None, 50, (40, 60), couples=2, evidence="observed")).reason
