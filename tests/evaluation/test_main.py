"""The command: what is missing is skipped with a line, what breaks is reported and fails, what falls short does not fail."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation import __main__ as command
from evaluation.context import Context, Suite
from evaluation.report import Row, Section


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INYEON_EVAL__DATA", str(tmp_path / "data"))
    monkeypatch.setenv("INYEON_PATHS__VAR", str(tmp_path / "var"))
    return tmp_path / "results"


def report(results: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((results / "latest.json").read_text(encoding="utf-8"))
    return {section["name"]: section for section in found["sections"]}


def test_missing_photographs_are_skipped_with_a_line(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--only", "identity", "minors", "files", "--results", str(results)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "there is no folder" in said.err
    assert "skipped: no faces_identity in" in said.err
    assert "faces_age_gender" in report(results)["minors"]["skipped"]
    assert "Skipped" in (results / "latest.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("results")
def test_the_list_names_every_suite(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(command.SUITES)


@pytest.mark.parametrize("arguments", [["--only", "nothing"], ["--every", "0"], ["--frobnicate"]])
def test_unusable_arguments_exit_2(results: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        command.main([*arguments, "--results", str(results)])
    assert stopped.value.code == 2


def test_a_suite_that_breaks_fails_and_the_others_run(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(context: Context) -> Section:
        raise ZeroDivisionError(f"at {context.every}")

    def short(_: Context) -> Section:
        return Section("short", "Short", (Row("x", 0.1, 1, bound=0.9),))

    suites = (Suite("broken", "Broken", (), breaks), Suite("short", "Short", (), short))
    monkeypatch.setattr(command, "SUITES", suites)
    assert command.main(["--results", str(results)]) == 1
    assert report(results)["broken"]["error"] == "ZeroDivisionError: at 1"
    assert report(results)["short"]["rows"][0]["passed"] is False
    monkeypatch.setattr(command, "SUITES", (replace(suites[1]),))
    assert command.main(["--results", str(results)]) == 0, "a figure that falls short is shown, not failed"
