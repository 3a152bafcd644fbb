"""The labelled set: two halves that share nothing, and figures that keep their bounds on the half that was held out."""

from __future__ import annotations

from pathlib import Path

import configuration
from bot.scams import KINDS
from evaluation.context import Context
from evaluation.suites import scams


def test_the_halves_share_nothing_and_hold_each_kind_in_both_languages() -> None:
    halves = scams.read("train"), scams.read("test")
    texts = [{one.text for one in half} for half in halves]
    assert not texts[0] & texts[1]
    assert sum(len(half) for half in halves) >= 600
    for half in halves:
        for language in ("ko", "en"):
            kinds = {kind for one in half if one.language == language for kind in one.kinds}
            assert kinds == set(KINDS)
            assert sum(not one.kinds for one in half if one.language == language) >= 75


def test_precision_is_kept_on_the_held_out_half(tmp_path: Path) -> None:
    section = scams.run(Context(configuration.load(environment={}), tmp_path, tmp_path, lambda paths, what: []))
    assert [row.name for row in section.rows if row.passed is False] == []
    recall = next(row for row in section.rows if row.name.startswith("recall, messages with any sign, held-out"))
    assert recall.value is not None
    assert recall.value >= 0.95
