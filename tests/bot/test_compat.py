"""Two people compared: boxes before results, photos in memory only and not for long, refusals in words, figures in the button."""

from __future__ import annotations

import datetime as dt
import io
import typing
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from bot import canvas
from bot.commands import MEMBERS
from bot.comparing import Comparing, Read, Session
from bot.compat_card import CompatCard, Side
from bot.render import CALLBACK_LIMIT, render, unpack
from bot.replies import Clear, Named, Notice, Picture, Press, Replies, Say, word
from bot.settings import CompatSettings
from bot.usecases import compat, onboarding
from crawler.couples import Reason
from db import affinities
from engine import compatibility
from engine.analysis import Analyser
from engine.commands.name import LONGEST
from engine.compatibility import Comparison, Parts, Together
from engine.settings import EngineSettings
from engine.values import Analysis, Problem, ProblemCode
from tests.bot.meeting import WORDS, Town, keys, small_pack, texts
from tests.bot.newcomer import face, jpeg, selfie
from tests.bot.two import stranger
from tests.db.people import NOW

LATER = NOW + dt.timedelta(minutes=15)


@dataclass
class Engine:
    """Answers as told."""

    settings: EngineSettings
    seen: list[bytes]

    def analyse(self, data: bytes) -> Analysis:
        self.seen.append(data)
        return selfie(axis=len(self.seen) - 1)


class Apart:
    """In place of the separator."""

    people: tuple[Analysis, Analysis] | None = None
    reason = "crowd"

    def predict(self, data: bytes, /) -> Apart:
        return self


@pytest.fixture
def comparing() -> Comparing:
    return Comparing(cast("Analyser", Engine(EngineSettings(), [])), Apart(), CompatSettings(minutes=15, an_hour=3, sessions=2))


@pytest.fixture
def member(town: Town) -> int:
    return town.newcomer("woman", "men")


def pair(**changes: Any) -> Read:
    """Two who are unlike."""
    man = replace(face(33.0), gender="man")
    return Read((selfie(), selfie(axis=1, faces=(man,), **changes)))


def result(town: Town, member_id: int, read: Read) -> Picture:
    made = verdict(town, read)
    assert made is not None
    assert made.problem is None
    cleared, said = town.act(member_id, compat.result, read, made)
    assert isinstance(cleared, Clear), "what was answered cannot be pressed again"
    assert isinstance(said, Picture)
    return said


def verdict(town: Town, read: Read) -> Comparison | None:
    from tests.bot.meeting import surroundings

    return town.database.read(compat.verdict, surroundings(), read)


def buttons(said: Replies) -> list[str]:
    return [one.word.key for reply in said if isinstance(reply, Say | Picture) for row in reply.buttons for one in row]


# ---- sessions


def test_photos_are_forgotten_when_their_time_is_over(comparing: Comparing) -> None:
    session = comparing.begin(1, "two", NOW)
    assert session.put(b"photo")
    assert comparing.of(1, LATER - dt.timedelta(seconds=1)) is session
    assert comparing.of(1, LATER) is None
    assert comparing.of(1, NOW) is None, "gone for good, not only hidden"


def test_the_oldest_make_room_and_a_new_one_takes_the_place_of_ones_own(comparing: Comparing) -> None:
    first = comparing.begin(1, "two", NOW)
    again = comparing.begin(1, "one", NOW)
    assert comparing.of(1, NOW) is again is not first
    comparing.begin(2, "two", NOW)
    comparing.begin(3, "two", NOW)
    assert [comparing.of(number, NOW) is None for number in (1, 2, 3)] == [True, False, False]
    comparing.end(2)
    assert comparing.of(2, NOW) is None


def test_so_many_an_hour(comparing: Comparing) -> None:
    assert [comparing.allows(1, NOW) for _ in range(4)] == [True, True, True, False]
    assert comparing.allows(2, NOW)
    assert comparing.allows(1, NOW + dt.timedelta(hours=1))


def test_photos_go_where_they_are_waited_for() -> None:
    session = Session("two", LATER, [None, None])
    assert (session.missing, session.put(b"a"), session.missing, session.put(b"b"), session.missing) == (1, True, 2, True, 0)
    assert not session.put(b"c")
    assert session.photos == [b"a", b"b"]
    session.boxes[:] = [True, True]
    session.drop(1)
    assert (session.photos, session.boxes, session.missing) == ([None, b"b"], [False, True], 1)
    both = Session("one", LATER, [b"x"], [True, True])
    both.drop(0)
    assert (both.photos, both.boxes) == ([None], [False, False])
    assert "photo" not in repr(Session("one", LATER, [b"photo"])).replace("photos", "")


def test_photos_are_held_without_hidden_data_and_nothing_is_read_from_them(comparing: Comparing) -> None:
    stream = io.BytesIO()
    picture = Image.new("RGB", (200, 100), "teal")
    exif = picture.getexif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    picture.save(stream, "JPEG", exif=exif)
    held = comparing.strip(stream.getvalue())
    assert isinstance(held, bytes)
    assert b"camera" not in held
    with Image.open(io.BytesIO(held)) as kept:
        assert kept.size == (100, 200)
    assert isinstance(comparing.strip(b"no photo"), Problem)
    assert cast("Any", comparing)._analyser.seen == []


def test_one_photo_is_taken_apart_and_two_are_read(comparing: Comparing) -> None:
    assert comparing.read((b"x",)) == Read(None, "crowd")
    read = comparing.read((b"x", b"x"))
    assert read.identical
    assert read.people is not None
    assert not comparing.read((b"x", b"y")).identical


# ---- the conversation


def test_from_the_first_word_to_the_boxes(town: Town, member: int) -> None:
    said = town.act(member, compat.show, 15)
    assert keys(said) == ["compat.intro"]
    assert "15" in texts(said)[0]
    assert "Nothing is stored" in texts(said)[0]
    session = Session("two", LATER, [None, None])
    assert keys(town.act(member, compat.ask, session)) == ["compat.send_1"]
    assert town.member(member).step == compat.PHOTO
    session.put(jpeg())
    assert keys(town.act(member, compat.ask, session)) == ["compat.send_2"]
    session.put(jpeg())
    said = town.act(member, compat.ask, session)
    assert buttons(said) == ["compat.box_1_off", "compat.box_2_off", "compat.go", "compat.close"]
    session.boxes[1] = True
    [shown] = town.act(member, compat.tick, session)
    assert isinstance(shown, Say)
    assert shown.edit
    assert buttons([shown])[:2] == ["compat.box_1_off", "compat.box_2_on"]
    [notice] = town.act(member, compat.unticked)
    assert isinstance(notice, Notice)
    assert notice.alert


def test_who_may_compare(town: Town, member: int) -> None:
    new = stranger(town)
    for person in (new,):
        for act in (
            lambda person: town.act(person, compat.show, 15),
            lambda person: town.act(person, compat.ask, Session("one", LATER, [None])),
        ):
            assert keys(act(person)) == ["compat.start_first"]
            assert town.member(person).step == ""
    waiting = town.newcomer("man", status=onboarding.REVIEW)
    assert keys(town.act(waiting, compat.show, 15)) == ["review.wait"]
    paused = town.newcomer("man", status="paused")
    assert keys(town.act(paused, compat.show, 15)) == ["compat.intro"]


def test_after_a_restart_it_says_so_and_nothing_waits(town: Town, member: int) -> None:
    town.act(member, compat.ask, Session("two", LATER, [None, None]))
    assert keys(town.act(member, compat.remind, None)) == ["compat.gone"]
    assert town.member(member).step == ""


def test_what_else_arrives(town: Town, member: int) -> None:
    session = Session("one", LATER, [None])
    assert keys(town.act(member, compat.remind, session)) == ["compat.need_photo"]
    session.put(jpeg())
    assert keys(town.act(member, compat.remind, session)) == ["compat.board_one"]
    assert keys(town.act(member, compat.enough, session)) == ["compat.enough", "compat.board_one"]
    assert keys(town.act(member, compat.close)) == ["compat.closed"]
    assert keys(town.act(member, compat.too_often, 10)) == ["compat.too_often"]


REASONS = sorted(
    {
        *typing.get_args(Reason),
        *typing.get_args(ProblemCode),
        *(code for part in typing.get_args(compatibility.PairProblemCode) for code in typing.get_args(part)),
        "not_fetched",
    }
    - {"", "no_couple"}
)


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_has_its_own_sentence(town: Town, member: int, reason: str) -> None:
    for session, number in ((None, 0), (Session("two", LATER, [None, b"x"]), 1), (Session("one", LATER, [None]), 0)):
        said = town.act(member, compat.refused, reason, session, number)
        assert f"compat.no.{reason}" in str(said)
        assert "compat.no.other" not in str(said)
        for language in ("ko", "en"):
            assert len(texts(said, language)[0]) > 20
    assert "compat.no.other" in str(town.act(member, compat.refused, "phase_of_the_moon", None, 0))


# ---- the result


def test_a_result_says_what_it_is_and_that_nothing_was_stored(town: Town, member: int) -> None:
    said = result(town, member, pair())
    sentences = {"en": ("no forecast", "nothing was stored"), "ko": ("예측하는 점수가 아니에요", "저장하지")}
    for language, (no_forecast, stored) in sentences.items():
        text = WORDS.text(said.word, language)
        assert no_forecast in text
        assert stored in text
    assert said.word.key == "compat.caption_prior"
    assert not said.protect, "it is worth sharing"
    assert isinstance(said.image, CompatCard)
    assert [len(side.types) for side in said.image.sides] == [2, 2]
    assert said.image.sides[0].face == (0.25, 16 / 96, 0.5, 32 / 96)
    low, high = said.image.interval
    assert low <= said.image.score <= high
    assert high - low > 15


def test_refusals_are_no_results(town: Town) -> None:
    child = pair(problem="minor")
    made = verdict(town, child)
    assert made is not None
    assert made.problem is not None
    assert (made.problem.code, made.problem.photo, made.score) == ("minor", 2, None)
    twice = verdict(town, Read((selfie(), selfie())))
    assert twice is not None
    assert twice.problem is not None
    assert twice.problem.code == "same_person"
    assert verdict(town, Read(None, "crowd")) is None


def test_the_evidence_comes_out_of_the_button(town: Town, member: int) -> None:
    said = result(town, member, pair())
    call = render(replace(said, image=b"\xff\xd8"), WORDS, "en")
    data = call.payload["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    press = unpack(data)
    assert press is not None
    assert press.do == "compat_why"
    assert isinstance(said.image, CompatCard)
    [told] = town.act(member, compat.why, press.choice)
    for language in ("en", "ko"):
        text = texts([told], language)[0]
        assert f"{said.image.score:.0f}" in text
        assert f"{said.image.interval[0]:.0f}–{said.image.interval[1]:.0f}" in text


def test_the_largest_figures_fit_into_a_button() -> None:
    one = small_pack().by_id["wf-0"]
    fashion = small_pack().by_id["wo-0"]
    together = tuple(Together(info, info, compat.MOST, compat.MOST, 30.0, (99.94, 500.0)) for info in (one, fashion))
    made = Comparison(False, 0.1, 100.0, (100.0, 100.0), Parts(100.0, 100.0, 100.0), compat.MOST, together, "observed")
    choice = compat.packed(made)
    from bot.render import pack

    assert len(pack(Press("compat_why", choice=choice)).encode()) <= CALLBACK_LIMIT
    found = compat.unpacked(choice)
    assert found is not None
    assert found[:7] == [100, 100, 100, 101, 101, 101, 1]
    assert found[7:11] == [compat.MOST, compat.MOST, 999, 36**2 - 1]


@pytest.mark.parametrize(
    "forged", ["", "x", "1q.19", ".".join(["zzzz"] * 15), ".".join(["-1"] * 15), "1q.19.24.0.0.0.2" + ".0" * 8, "é" * 15]
)
def test_forged_buttons_say_nothing(town: Town, member: int, forged: str) -> None:
    assert keys(town.act(member, compat.why, forged)) == ["ask.passed"]


def test_couples_are_counted_in_the_evidence(town: Town, member: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        affinities, "counts", lambda connection, version: [("wf-0", "mf-1", 41), ("wf-1", "mf-0", 60), ("wf-2", "mf-2", 700)]
    )
    said = result(town, member, pair())
    press = said.buttons[0][0].press
    text = texts(town.act(member, compat.why, press.choice))[0]
    assert "41 of 801 couples" in text
    assert "가정" in texts(town.act(member, compat.why, press.choice), "ko")[0], "no calibration was learned"


# ---- the picture

LONG = Named(
    "아주 길고 또 길어서 한 줄에 다 들어가지 않는 타입 이름입니다 정말로",
    "A name so long that it does not fit into a single line of the card",
)


def photo(colour: str = "#2060A0") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (900, 1200), colour).save(stream, "JPEG")
    return stream.getvalue()


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(("score", "interval"), [(50.0, (2.0, 99.0)), (62.0, (61.8, 62.2)), (100.0, (99.9, 100.0)), (0.0, (0.0, 0.1))])
def test_the_picture(language: str, score: float, interval: tuple[float, float]) -> None:
    sides = (Side(photo(), (0.3, 0.2, 0.4, 0.4), (LONG, LONG)), Side(photo("#20A060"), None, ()))
    card = CompatCard(sides, score, interval, 97.0, None, 100.0, word("compat.card.basis_prior"))
    image = Image.open(io.BytesIO(card.draw(WORDS, language))).convert("RGB")
    assert image.width == 1080
    assert 1200 < image.height < 1800
    pixels = np.asarray(image, dtype=int)
    paper = np.array([0xFB, 0xF6, 0xF0])
    assert np.abs(pixels[:, [12, -12]] - paper).max() < 20, "nothing runs over the edges"
    assert np.abs(pixels[400, 300] - (0x20, 0x60, 0xA0)).max() < 12
    assert np.abs(pixels[400, 800] - (0x20, 0xA0, 0x60)).max() < 12


@pytest.mark.parametrize(
    "name",
    ["가" * LONGEST, "W" * LONGEST, "Extraordinarily understated summer night", "따뜻한 봄날의 햇살 같은 분위기 그리고 조금 더"],
)
def test_the_longest_names_are_never_cut(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(canvas.ImageDraw.ImageDraw, "text", lambda self, at, text, *_, **__: drawn.append(text))
    named = Named(name, name)
    sides = (Side(photo(), None, (named, named)), Side(photo(), None, (named,)))
    CompatCard(sides, 50.0, (20.0, 80.0), 50.0, 50.0, 50.0, word("compat.card.basis_prior")).draw(WORDS, "en")
    assert not [row for row in drawn if "…" in row]
    assert "".join(drawn).replace(" ", "").count(name.replace(" ", "")) == 3


def test_the_scale_shows_score_and_interval() -> None:
    """The marker stands at the score, the band from end to end of the interval."""

    def scale(score: float, low: float, high: float) -> np.ndarray:
        sides = (Side(photo(), None, ()), Side(photo(), None, ()))
        card = CompatCard(sides, score, (low, high), None, None, None, word("compat.card.basis_prior"))
        pixels = np.asarray(Image.open(io.BytesIO(card.draw(WORDS, "en"))).convert("RGB"), dtype=int)
        band = np.abs(pixels - (0xEF, 0xA9, 0xB6)).max(axis=2) < 14
        row = int(band.sum(axis=1).argmax())
        return pixels[row]

    across = 1080 - 2 * (56 + 40)
    row = scale(80.0, 20.0, 60.0)
    band = np.flatnonzero(np.abs(row - (0xEF, 0xA9, 0xB6)).max(axis=1) < 14)
    marker = np.flatnonzero(np.abs(row - (0xD8, 0x50, 0x6B)).max(axis=1) < 14)
    band = band[band < marker.min() - 30]  # JPEG mixes colours round the marker
    assert band.min() == pytest.approx(96 + 0.2 * across, abs=14)
    assert band.max() == pytest.approx(96 + 0.6 * across, abs=14)
    assert marker.mean() == pytest.approx(96 + 0.8 * across, abs=3)


def test_it_is_in_the_menu_and_in_help() -> None:
    assert "compat" in MEMBERS
    for language in ("ko", "en"):
        for key in ("help.text", "help.text_onboarding"):
            assert "/compat" in WORDS.plain(word(key), language)
