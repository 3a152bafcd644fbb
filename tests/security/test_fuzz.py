"""A short run of each target, and the watcher over cases that misbehave.  `make fuzz` is the long one."""

from __future__ import annotations

import doctest
import time

import pytest

from fuzz import minimising, watching
from fuzz.__main__ import main
from fuzz.targets import TARGETS, load
from fuzz.watching import made, watch

SHORT = {
    "photos": 300,
    "scrub": 400,
    "incoming": 400,
    "updates": 200,
    "answers": 100,
    "callbacks": 2000,
    "typed": 150,
    "anonymity": 400,
    "links": 1000,
    "voices": 300,
    "edits": 300,
    "settings": 200,
}


@pytest.mark.parametrize("target", SHORT)
@pytest.mark.filterwarnings("ignore")
def test_hostile_input_breaks_nothing(target: str) -> None:
    case = load(target)
    for number in range(SHORT[target]):
        started = time.process_time()
        case.run(made(case, target, 41, number))
        assert time.process_time() - started < watching.HANG, number
    case.close()


def test_every_target_but_the_whole_bot_has_its_short_run() -> None:
    assert {target.name for target in TARGETS} == {*SHORT, "bot"}
    assert sum(target.share for target in TARGETS) == 1000


def test_a_case_is_the_same_whenever_it_is_asked_for() -> None:
    case = load("scrub")
    assert made(case, "scrub", 1, 17) == made(case, "scrub", 1, 17) != made(case, "scrub", 2, 17)


def test_exceptions_and_deaths_are_findings_and_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "HANG", 100.0)  # nothing hangs here, however slow the machine is
    tally = watch("tests.security.traps:misbehaving", 1, 0, 5, time.monotonic() + 200)
    assert [finding.kind for finding in tally.findings][:2] == ["ZeroDivisionError", "death"]
    assert tally.cases == 5


def test_what_the_watcher_itself_has_in_memory_is_nobodys_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "HANG", 100.0)
    held = bytearray(watching.MEMORY + 50_000_000)
    held[::4096] = b"x" * len(held[::4096])  # touched, so that it is there
    tally = watch("callbacks", 1, 0, 5, time.monotonic() + 200)
    assert not tally.findings
    assert tally.memory < watching.MEMORY


def test_a_hang_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "HANG", 0.3)
    tally = watch("tests.security.traps:sleeping", 1, 0, 1, time.monotonic() + 200)
    assert [finding.kind for finding in tally.findings] == ["hang"]


def test_the_command_tells_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cases", "50", "--target", "callbacks", "--json"]) == 0
    assert '"cases": 50' in capsys.readouterr().out


def test_examples() -> None:
    results = doctest.testmod(minimising)
    assert results.attempted > 0
    assert results.failed == 0
