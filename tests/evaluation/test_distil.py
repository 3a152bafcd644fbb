"""The comparison's report: what is held against the bound, and a drawing of any outcomes."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from engine.training.distil.outcome import Outcome, Share, judged
from evaluation.suites.distil import described, draw, held

GOOD, POOR = Share(0.98, (0.95, 0.99), 300), Share(0.4, (0.35, 0.45), 300)
HEADS = Outcome("heads", "heads on the trunks", "frozen", GOOD, GOOD, {}, extra_ms=0.1, openvino_ms=0.2, size_mb=0.02, memory_mb=1)
NET = Outcome("net", "a net", "chance", POOR, POOR, {}, 64, 3.0, 2.0, 5, 20, 1_500_000, 3.5)
STRANGERS = {kind: asdict(GOOD) for kind in ("faces", "outfits")}


def test_what_is_chosen_is_held_against_the_bound() -> None:
    heads, net = judged([HEADS, NET])
    assert heads.chosen
    assert not net.front
    rows = held(heads, STRANGERS)
    assert [row.passed for row in rows] == [True, True, None, None]


def test_nothing_chosen_is_a_missed_bound() -> None:
    assert [row.passed for row in held(None, STRANGERS)] == [False]


def test_a_way_is_described_with_its_price() -> None:
    faces, outfits = described(judged([HEADS, NET])[1])
    assert "3.00 ms (2.00 in OpenVINO); 5.00 MB; 20 MB of memory; 1.5 M parameters, 3.5 epochs" in faces.note
    assert (faces.value, outfits.value, outfits.note) == (0.4, 0.4, "")
    assert len(described(replace(NET, outfits=None))) == 1


def test_outcomes_are_drawn(tmp_path: Path) -> None:
    nearest = Outcome("knn", "neighbours", "nothing learned", POOR, POOR, {})
    draw(tmp_path / "distil.png", judged([HEADS, NET, nearest, replace(NET, name="faces", outfits=None)]))
    assert (tmp_path / "distil.png").stat().st_size > 5000
