"""A head that turns is told from a picture that is turned; the order counts; videos are read within bounds.

The looks here are five points projected by a pinhole camera; `evaluation/suites/liveness.py` measures the whole on rendered videos.
"""

from __future__ import annotations

import dataclasses
import random
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine import clips, liveness
from engine.embedding import unit
from engine.liveness import Look, Pose, judge

HEAD = np.array([[-1, -1, 0], [1, -1, 0], [0, 0.1, 1.1], [-0.8, 1.1, 0], [0.8, 1.1, 0]])
FLAT = HEAD * (1, 1, 0)
BENT = np.column_stack([HEAD[:, :2], [0, 0, 0.45, 0.12, 0.12]])
ME = unit(np.array([1, 0.2, 0.1, 0], np.float32))
OTHER = unit(np.array([-0.3, 1, 0, 0.5], np.float32))


def seen(body: np.ndarray, yaw: float = 0, roll: float = 0, scale: float = 1.0, pitch: float = 0) -> np.ndarray:
    """The five points as a camera sees them, in pixels."""
    a, b, c = np.radians((yaw, pitch, roll))
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    x, y, z = (body @ (about_x @ about_y).T).T
    near = 40 * scale / (1 - z / 16)
    turned = np.stack([x * np.cos(c) - y * np.sin(c), x * np.sin(c) + y * np.cos(c)], axis=1)
    return np.asarray(turned * near[:, None] + 190, np.float32)


ANGLES: dict[str, dict[str, float]] = {
    "left": {"yaw": -32},
    "right": {"yaw": 32},
    "tilt_left": {"roll": -22},
    "tilt_right": {"roll": 22},
    "closer": {"scale": 1.4},
    "": {},
}


def film(challenge: Sequence[str], body: np.ndarray = HEAD, noise: float = 0.4, wide: float = 1.0) -> list[Look]:
    """Straight, then each pose and back, at ten pictures a second, with a detector's noise in pixels."""
    made = np.random.default_rng(3)
    stops = ["", "", *(stop for pose in challenge for stop in (pose, pose, "", ""))]
    tracks: list[dict[str, float]] = []
    for one, other in zip(stops, [*stops[1:], ""], strict=True):
        for share in (0.0, 0.33, 0.66):
            mixed = {}
            for name, still in (("yaw", 0.0), ("roll", 0.0), ("scale", 1.0)):
                low, high = ANGLES[one].get(name, still), ANGLES[other].get(name, still)
                mixed[name] = still + wide * (low + (high - low) * share - still)
            tracks.append(mixed)
    return [
        Look(number / 10, seen(body, **track) + made.normal(0, noise, (5, 2)).astype(np.float32), embedding=ME if number % 3 == 0 else None)
        for number, track in enumerate(tracks)
    ]


CHALLENGES: list[tuple[Pose, ...]] = [
    ("left", "right", "closer", "left"),
    ("tilt_left", "right", "tilt_right", "left"),
    ("closer", "left", "tilt_left", "right"),
]


@pytest.mark.parametrize("challenge", CHALLENGES)
def test_a_head_that_does_as_asked_passes(challenge: tuple[Pose, ...]) -> None:
    verdict = judge(film(challenge), challenge)
    assert verdict.problem is None
    assert verdict.seen == challenge
    assert verdict.depth == pytest.approx(1.1, abs=0.25)
    assert verdict.embedding is not None
    assert float(verdict.embedding @ ME) > 0.99


@pytest.mark.parametrize("challenge", CHALLENGES)
def test_a_mirrored_camera_is_as_good(challenge: tuple[Pose, ...]) -> None:
    assert judge(film([liveness.MIRROR[pose] for pose in challenge]), challenge).problem is None


def test_but_not_one_that_mirrors_half_of_the_time() -> None:
    assert judge(film(("left", "closer", "left", "closer")), ("left", "closer", "right", "closer")).problem == "order"


@pytest.mark.parametrize("wide", [1.0, 1.4, 1.7])
@pytest.mark.parametrize("challenge", CHALLENGES)
def test_a_flat_photo_never_passes_however_it_is_turned(challenge: tuple[Pose, ...], wide: float) -> None:
    assert judge(film(challenge, FLAT, wide=wide), challenge).problem in ("still", "flat")


@pytest.mark.parametrize("wide", [1.0, 1.4, 1.7])
@pytest.mark.parametrize("challenge", CHALLENGES)
def test_nor_does_bent_paper(challenge: tuple[Pose, ...], wide: float) -> None:
    assert judge(film(challenge, BENT, wide=wide), challenge).problem in ("still", "flat")


def test_tilting_and_coming_closer_alone_prove_nothing() -> None:
    assert judge(film(("tilt_left", "closer", "tilt_right")), ("tilt_left", "closer", "tilt_right")).problem == "still"


def test_another_order_or_one_more_does_not_pass() -> None:
    assert judge(film(("left", "right", "closer", "left")), ("left", "closer", "right", "left")).problem == "order"
    assert judge(film(("left", "right", "closer", "left", "closer")), ("left", "right", "closer", "left")).problem == "order"


def test_cuts_others_and_gaps_are_noticed() -> None:
    challenge = CHALLENGES[0]
    looks = film(challenge)
    jump = [dataclasses.replace(look, scene=0.1) if place == 12 else look for place, look in enumerate(looks)]
    assert judge(jump, challenge).problem == "cut"
    turned = [look for place, look in enumerate(looks) if place not in (4, 5)]
    assert judge([dataclasses.replace(look, time=place / 10) for place, look in enumerate(turned)], challenge).problem == "cut"
    swapped = [dataclasses.replace(look, embedding=OTHER) if place == 15 else look for place, look in enumerate(looks)]
    assert judge(swapped, challenge).problem == "changed"
    crowd = [dataclasses.replace(look, rival=place % 4 == 0) for place, look in enumerate(looks)]
    assert judge(crowd, challenge).problem == "several_faces"
    hidden = [dataclasses.replace(look, points=None) if 20 <= place < 26 else look for place, look in enumerate(looks)]
    assert judge(hidden, challenge).problem == "no_face"
    assert judge(film(challenge)[8:], challenge).problem == "start"
    assert judge([], challenge).problem == "no_face"


def test_challenges_are_drawn_evenly_and_hold_both_turns() -> None:
    made = random.Random(1)
    drawn = [liveness.draw(made.choice, 4) for _ in range(400)]
    assert all({"left", "right"} <= set(one) for one in drawn)
    assert len(set(drawn)) > 90


def mp4(folder: Path, frames: int = 40, side: int = 120, fps: float = 20) -> bytes:
    file = folder / "made.mp4"
    out = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), fps, (side, side))
    for number in range(frames):
        out.write(np.full((side, side, 3), number * 3 % 255, np.uint8))
    out.release()
    return file.read_bytes()


def test_a_video_becomes_pictures(tmp_path: Path) -> None:
    clip = clips.read(mp4(tmp_path), 5)
    assert isinstance(clip, clips.Clip)
    assert 15 <= len(clip.frames) <= 22
    assert clip.frames[0].shape == (120, 120, 3)
    assert list(clip.times) == sorted(clip.times)


def test_bounds_of_a_video(tmp_path: Path) -> None:
    data = mp4(tmp_path)
    assert clips.read(data, 1.0) == "too_long"
    assert clips.read(data, 5, least=3.0) == "too_short"
    assert clips.read(b"\0" * (clips.BYTES + 1), 5) == "too_large"


def test_hostile_bytes_are_no_video_and_open_no_other_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = mp4(tmp_path)
    (tmp_path / "secret.mp4").write_bytes(data)
    playlist = f"#EXTM3U\n#EXTINF:1,\n{tmp_path}/secret.mp4\n".encode()
    cut = data[: len(data) // 2]
    for bad in (b"", b"x" * 100, playlist, b"\0\0\0\x18ftypisom" + b"\xff" * 5000, b"\x1aE\xdf\xa3" + b"\0" * 400, cut):
        assert clips.read(bad, 5) in ("not_a_video", "too_short")

    def slow(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("child", 1)

    monkeypatch.setattr(subprocess, "run", slow)
    assert clips.read(data, 5) == "not_a_video"


def test_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "empty"))
    (tmp_path / "empty").mkdir()
    clips.read(mp4(tmp_path), 5)
    assert list((tmp_path / "empty").iterdir()) == []
