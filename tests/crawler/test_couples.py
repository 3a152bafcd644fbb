"""Who is a couple and who is not, on photos put together so that one thing at a time is wrong."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from crawler.couples import Decision, Separator
from crawler.dedupe import same_people
from crawler.parting import Parting
from crawler.settings import CrawlerSettings
from engine.analysis import Analyser
from engine.images import encode_jpeg
from engine.settings import EngineSettings
from tests.crawler.conftest import Cast
from tests.crawler.people import GREY, SIZE, Placed, couple, scene

Rectangle = tuple[float, float, float, float]


def decide(separator: Separator, *placed: Placed, **how: object) -> Decision:
    return separator.predict(encode_jpeg(scene(*placed, **how), 92))  # type: ignore[arg-type]


def other(cache: Path, *, crawler: CrawlerSettings | None = None, **engine: object) -> Separator:
    return Separator(crawler or CrawlerSettings(), EngineSettings(**engine), cache)  # type: ignore[arg-type]


def overlap(one: Rectangle, two: Rectangle) -> float:
    across = min(one[0] + one[2], two[0] + two[2]) - max(one[0], two[0])
    down = min(one[1] + one[3], two[1] + two[3]) - max(one[1], two[1])
    return max(0.0, across) * max(0.0, down)


def test_a_man_and_a_woman_side_by_side_are_a_couple(separator: Separator, cast: Cast) -> None:
    decision = separator.predict(couple(cast.women[0], cast.men[0]))
    assert decision.accepted
    assert decision.reason == ""
    assert decision.subjects is not None
    left, right = decision.subjects
    assert (left.gender, right.gender) == ("woman", "man")
    assert 100 < left.box[0] + left.box[2] / 2 < 350
    assert 430 < right.box[0] + right.box[2] / 2 < 670
    assert decision.score > 0.5


@pytest.mark.parametrize("gender", ["man", "woman"])
def test_two_of_one_gender_are_a_couple_and_stay_of_one_gender(separator: Separator, cast: Cast, gender: str) -> None:
    one, another = (cast.men if gender == "man" else cast.women)[:2]
    decision = separator.predict(couple(one, another))
    assert decision.accepted, decision
    assert decision.subjects is not None
    assert {subject.gender for subject in decision.subjects} == {gender}


def test_bodies_hold_their_own_face_and_nothing_of_the_other_ones(separator: Separator, cast: Cast) -> None:
    decision = decide(separator, Placed(cast.men[0], 60, 40, 160), Placed(cast.women[0], 190, 45, 160))
    assert decision.subjects is not None, decision
    left, right = decision.subjects
    assert overlap(left.body, right.body) == 0
    for one, another in ((left, right), (right, left)):
        assert overlap(one.body, one.box) == pytest.approx(one.box[2] * one.box[3], rel=0.02)
        assert overlap(one.body, another.box) == 0
        assert one.body[3] > 2.5 * one.box[3]


def test_the_same_person_twice_is_no_couple(separator: Separator, cast: Cast) -> None:
    assert separator.predict(couple(cast.men[0], cast.men[0])).reason == "same_person_twice"
    assert separator.predict(couple(cast.men[0], cast.men[0][:, ::-1])).reason == "same_person_twice"


@pytest.mark.parametrize("side", [60, 110, 150])
def test_who_is_much_smaller_stands_behind(separator: Separator, cast: Cast, side: int) -> None:
    assert decide(separator, Placed(cast.men[0], 100, 110, 250), Placed(cast.women[0], 430, 120, side)).reason in {
        "bystander",
        "one_person",
    }


def test_who_is_out_of_focus_stands_behind(separator: Separator, cast: Cast) -> None:
    """Blended faces are smooth: they get the grain of skin first."""
    grain = np.random.default_rng(5).normal(0, 25, (2, 128, 128, 1)).repeat(4, 1).repeat(4, 2)
    near, far = (np.clip(face + one, 0, 255).astype(np.uint8) for face, one in zip((cast.men[0], cast.women[0]), grain, strict=True))
    sharp = decide(separator, Placed(near, 100, 110, 250), Placed(far, 430, 120, 215))
    blurred = decide(separator, Placed(near, 100, 110, 250), Placed(far, 430, 120, 215, blur=5))
    assert sharp.accepted, sharp
    assert blurred.reason == "bystander"
    assert blurred.score < 0.5 < sharp.score


def test_who_is_far_apart_is_not_together(separator: Separator, cast: Cast) -> None:
    decision = decide(separator, Placed(cast.men[0], 20, 60, 110), Placed(cast.women[0], 1050, 60, 110), size=(1200, 400))
    assert decision.reason == "bystander"
    assert decision.details["across"] > 1.2


def test_a_third_one_beside_them_makes_a_crowd(separator: Separator, cast: Cast) -> None:
    three = [Placed(cast.men[0], 20, 120, 230), Placed(cast.women[0], 280, 120, 230), Placed(cast.men[1], 540, 120, 220)]
    assert decide(separator, *three).reason in {"crowd", "minor"}
    assert decide(separator, *three[:2]).accepted


def test_a_third_one_far_behind_is_passed_over(separator: Separator, cast: Cast) -> None:
    three = [Placed(cast.men[0], 20, 120, 250), Placed(cast.women[0], 290, 120, 250), Placed(cast.men[1], 640, 60, 80)]
    assert decide(separator, *three).accepted


@pytest.mark.parametrize(("side", "reason"), [(140, "crowd"), (80, "")])
def test_who_compares_two_is_refused_where_a_third_can_be_recognised(
    separator: Separator, crawler_cache: Path, cast: Cast, side: int, reason: str
) -> None:
    """Two agreed to it: somebody else whose face is half as large as theirs did not, though collecting takes them for a passer-by."""
    three = [Placed(cast.men[0], 20, 120, 250), Placed(cast.women[0], 290, 120, 250), Placed(cast.men[1], 600, 60, side)]
    data = encode_jpeg(scene(*three), 92)
    assert separator.predict(data).accepted
    parted = Parting(separator, Analyser(EngineSettings(), crawler_cache)).predict(data)
    assert parted.reason == reason
    assert (parted.people is None) == bool(reason)


@pytest.mark.parametrize("left", [-95, -120])
def test_a_face_that_the_edge_cuts_through_is_nobodys_portrait(separator: Separator, cast: Cast, left: int) -> None:
    assert decide(separator, Placed(cast.men[0], left, 110, 250), Placed(cast.women[0], 330, 110, 250)).reason == "one_person"


@pytest.mark.parametrize(("gain", "veil"), [(0.15, 120), (0.1, 130), (0.08, 30)])
def test_people_in_haze_and_at_dusk_are_known_again(separator: Separator, cast: Cast, gain: float, veil: int) -> None:
    """Faces are compared in one light, as those of selfies are; whether they can be read is judged by the photo as it is."""
    photo = scene(Placed(cast.men[0], 100, 110, 250), Placed(cast.women[0], 430, 120, 240))
    clear = separator.predict(encode_jpeg(photo, 92))
    faint = separator.predict(encode_jpeg(np.asarray(photo * gain + veil, np.uint8), 92))
    assert clear.subjects is not None
    assert faint.subjects is not None
    (a, b), (c, d) = clear.subjects, faint.subjects
    assert same_people((a.embedding, b.embedding), (c.embedding, d.embedding))
    assert faint.reason == "too_dark_or_blurred"


def test_a_couple_in_haze_is_parted_into_the_same_faces(separator: Separator, crawler_cache: Path, cast: Cast) -> None:
    photo = scene(Placed(cast.men[0], 100, 110, 250), Placed(cast.women[0], 430, 120, 240))
    data = encode_jpeg(np.asarray(photo * 0.45 + 70, np.uint8), 92)
    subjects = separator.predict(data).subjects
    assert subjects is not None
    parted = Parting(separator, Analyser(EngineSettings(), crawler_cache)).predict(data)
    assert parted.people is not None, parted.reason
    for subject, person in zip(subjects, parted.people, strict=True):
        assert person.embedding is not None
        assert float(subject.embedding @ person.embedding) > 0.9999


def test_two_photos_put_side_by_side_are_a_collage(separator: Separator, cast: Cast) -> None:
    ground = scene()
    ground[:, SIZE[0] // 2 :] = 60
    decision = decide(separator, Placed(cast.men[0], 100, 110, 250), Placed(cast.women[0], 430, 120, 240), ground=ground)
    assert decision.reason == "collage"


def test_one_face_or_none_is_said(separator: Separator, cast: Cast) -> None:
    assert decide(separator, Placed(cast.men[0], 100, 110, 250)).reason == "one_person"
    assert decide(separator).reason == "no_face"


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff" + b"\0" * 100, b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"])
def test_what_is_no_picture_is_refused(separator: Separator, data: bytes) -> None:
    assert separator.predict(data).reason == "not_an_image"


def test_too_many_bytes_or_pixels_are_refused(crawler_cache: Path, cast: Cast) -> None:
    photo = couple(cast.men[0], cast.women[0])
    assert other(crawler_cache, max_bytes=1000).predict(photo).reason == "too_large"
    assert other(crawler_cache, max_pixels=1000).predict(photo).reason == "too_large"


def test_settings_decide_who_is_taken(crawler_cache: Path, cast: Cast) -> None:
    photo = couple(cast.men[0], cast.women[0])
    assert other(crawler_cache, minor_threshold=1e-12).predict(photo).reason == "minor"
    assert other(crawler_cache, nsfw_threshold=0.0).predict(photo).reason == "nsfw"
    assert other(crawler_cache, crawler=CrawlerSettings(age_min=110)).predict(photo).reason == "age_out_of_range"
    assert other(crawler_cache, crawler=CrawlerSettings(age_max=18)).predict(photo).reason == "age_out_of_range"
    assert other(crawler_cache, crawler=CrawlerSettings(face_min=400)).predict(photo).reason == "too_small"


def test_pixels_are_those_of_the_photo_as_it_was_sent(separator: Separator, cast: Cast) -> None:
    small = decide(separator, Placed(cast.men[0], 100, 110, 250), Placed(cast.women[0], 430, 120, 240))
    placed = Placed(cast.men[0], 300, 330, 750), Placed(cast.women[0], 1290, 360, 720)
    large = decide(separator, *placed, size=(2400, 1500), ground=GREY)
    assert small.subjects is not None
    assert large.subjects is not None
    for one, same in zip(small.subjects, large.subjects, strict=True):
        assert np.array(same.box) == pytest.approx(3 * np.array(one.box), abs=20)
        assert np.array(same.body) == pytest.approx(3 * np.array(one.body), abs=40)


@pytest.mark.shared
def test_couples_are_told_from_bystanders_on_real_photos(separator: Separator, shared_data: Path) -> None:
    """The bounds of the issue; the evaluation has the figures with their intervals."""
    with (shared_data / "couples" / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["pair_label"] != "ambiguous"]
    hits = taken = wanted = 0
    for row in rows:
        pair = row["pair_label"] != "not_clean_pair"
        accepted = separator.predict((shared_data / "couples" / row["file"]).read_bytes()).accepted
        wanted += pair
        taken += accepted
        hits += pair and accepted
    assert hits / taken >= 0.92
    assert hits / wanted >= 0.85
