"""The books of the fault suite see what they are there to see; a short storm; the long one is `python -m evaluation.faults`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.faults.ledger import Line, Verdict, judge, words
from evaluation.faults.run import Plan, Run
from tests import mariadb

A, B, C, D = 1001, 1002, 1003, 1004
PARTNER = {A: B, B: A, C: D, D: C}


def chats(written: int, arrived: list[int], notices: int = 0) -> dict[int, list[Line]]:
    """A wrote so many messages to B, of whom these arrived; then the bot said something to A so many times."""
    mine = [Line(number + 1, True, words(A, B, number)) for number in range(written)]
    mine += [Line(written + 1 + number, False, "The chat is over") for number in range(notices)]
    theirs = [Line(place + 1, False, words(A, B, number)) for place, number in enumerate(arrived)]
    return {A: mine, B: theirs, C: [], D: []}


def counted(verdict: Verdict) -> dict[str, int]:
    return {name: value for name, value in dataclasses.asdict(verdict).items() if name != "examples" and value}


@pytest.mark.parametrize(
    ("arrived", "notices", "counts"),
    [
        ([0, 1, 2, 3], 0, {"arrived": 4}),
        ([0, 1, 2], 0, {"arrived": 3, "lost": 1}),
        ([0, 1, 2], 1, {"arrived": 3, "told": 1}),
        # Told or not: what was written before something that came may not be missing.
        ([0, 2, 3], 1, {"arrived": 3, "lost": 1}),
        ([0, 2, 1, 3], 0, {"arrived": 4, "disordered": 1}),
        ([0, 1, 1, 2, 3, 3], 0, {"arrived": 4, "repeated": 2}),
        # Once a message came, its repetition may come late.
        ([0, 1, 2, 3, 0], 0, {"arrived": 4, "repeated": 1}),
        ([0, 1, 2, 3, 4], 0, {"arrived": 4, "strayed": 1}),
        ([], 0, {"lost": 4}),
    ],
)
def test_what_did_not_go_well_is_counted(arrived: list[int], notices: int, counts: dict[str, int]) -> None:
    assert counted(judge(chats(4, arrived, notices), PARTNER)) == {"written": 4, **counts}


def test_who_is_cut_off_as_well_can_be_told_nothing() -> None:
    assert counted(judge(chats(4, [0, 1, 2]), PARTNER, {A})) == {"written": 4, "arrived": 3, "untold": 1}
    assert counted(judge(chats(4, [0, 2, 3]), PARTNER, {A})) == {"written": 4, "arrived": 3, "lost": 1}, "later ones came"
    assert counted(judge(chats(4, [0, 1, 2]), PARTNER, {B})) == {"written": 4, "arrived": 3, "lost": 1}, "the writer heard nothing"


def test_a_message_in_somebody_elses_chat_strays_and_is_lost() -> None:
    found = chats(1, [])
    found[D] = [Line(1, False, words(A, B, 0))]
    assert counted(judge(found, PARTNER)) == {"written": 1, "lost": 1, "strayed": 1}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
async def test_a_short_storm_loses_nothing(kind: str, tmp_path: Path, warm: Callable[[Path], Path]) -> None:
    if kind == "mariadb" and (reason := mariadb.missing()):
        pytest.skip(reason)
    plan = Plan(pace=200, messages=240, pairs=20, kills=2, ends=1, interruptions=1, under_way=60)
    run = Run(plan, kind, tmp_path)
    warm(tmp_path / "var")
    outcome = await run.go()
    verdict = outcome.verdict
    assert (verdict.lost, verdict.disordered, verdict.strayed) == (0, 0, 0), verdict.examples
    assert verdict.written >= plan.messages
    assert verdict.arrived > plan.messages / 2
    # A kill may repeat what was under way, and that is one message a chat; the share is what the long run is for.
    assert verdict.repeated <= (outcome.kills + plan.interruptions) * 2 * plan.pairs
