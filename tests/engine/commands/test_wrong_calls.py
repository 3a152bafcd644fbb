"""Calls that cannot be answered, of every command alike: exit 2, nothing on stdout, one line on stderr that says what to do."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from engine.__main__ import main
from engine.analysis import Analyser
from engine.commands import files
from engine.compatibility import REFUSED_KO, PairProblemCode, Problem, refused
from engine.values import ProblemCode


@pytest.fixture(autouse=True)
def unloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No wrong call is worth the seconds that models take to load."""

    def load(*_: object) -> None:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(Analyser, "__init__", load)
    monkeypatch.setenv("INYEON_PATHS__VAR", str(tmp_path / "var"))


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int | str | None, str, list[str]]:
    try:
        status: int | str | None = main(list(arguments))
    except SystemExit as stopped:
        status = stopped.code
    said = capsys.readouterr()
    return status, said.out, said.err.splitlines()


@pytest.mark.parametrize("command", [("analyse",), ("compare",), ("partners", "--seeking", "man")])
@pytest.mark.parametrize("wrong", ["none.jpg", "", "a\0b.jpg", "folder/of/none.jpg"])
def test_a_file_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path, command: tuple[str, ...], wrong: str) -> None:
    name = str(tmp_path / wrong)  # "" is the folder itself
    for given in ([name], [name, "--json"]):
        status, out, [line] = called(capsys, command[0], *given, *command[1:])
        assert (status, out) == (2, "")
        assert name in line
        assert line.endswith(": give the path of a photo")


def test_one_line_names_all_that_are_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "here.jpg").write_bytes(b"x")
    here, *gone = (str(tmp_path / name) for name in ("here.jpg", "one.jpg", "two.jpg"))
    for arguments in (("analyse", *gone), ("compare", *gone)):
        status, _, [line] = called(capsys, *arguments)
        assert status == 2
        assert line.count("No such file or directory") == 2
    status, out, [line] = called(capsys, "compare", here, gone[0])
    assert (status, out) == (2, "")
    assert here not in line


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("analyse",), "PHOTO"),
        (("compare", "--json"), "PHOTO"),
        (("partners", "a.jpg"), "--seeking"),
        (("partners", "a.jpg", "--seeking", "nobody"), "nobody"),
        (("partners", "a.jpg", "--seeking", "man", "--top", "many"), "many"),
        (("analyse", "a.jpg", "--colour"), "--colour"),
        (("no\nsuch",), "no"),
        ((), "COMMAND"),
    ],
)
def test_arguments_that_are_none(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], what: str) -> None:
    status, out, [line] = called(capsys, *arguments)
    assert (status, out) == (2, "")
    assert what in line
    assert line.startswith("python -m engine")
    assert line.endswith("--help")


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["compare", "--help"]):
        status, out, err = called(capsys, *arguments)
        assert (status, err) == (0, [])
        assert out.startswith("usage: python -m engine")


def test_a_vector_is_asked_for_with_json_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "here.jpg").write_bytes(b"x")
    status, out, [line] = called(capsys, "analyse", str(tmp_path / "here.jpg"), "--embedding")
    assert (status, out) == (2, "")
    assert "--json" in line


def test_no_more_of_a_file_is_read_than_shows_that_it_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    path.write_bytes(bytes(100))
    assert len(files.read(str(path), 40)) == 41
    assert files.read(str(tmp_path), 40) == files.read(str(tmp_path / "gone"), 40) == b""


def test_whoever_is_not_compared_is_told_why_in_both_languages() -> None:
    codes = {code for kind in get_args(PairProblemCode) for code in (get_args(kind) or (kind,))}
    assert codes == set(REFUSED_KO) > set(get_args(ProblemCode))
    for code, korean in REFUSED_KO.items():
        assert any("가" <= sign <= "힣" for sign in korean)
        made = refused(Problem(code, "Why."), 0.4)
        assert (made.reason, made.reason_ko) == ("Why.", korean)
        assert made.same_person == (code == "same_person")
        assert made.similarity == (None if code == "minor" else 0.4)
