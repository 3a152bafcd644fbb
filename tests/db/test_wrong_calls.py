"""`python -m db` and the other programs, called wrongly: one line that says which and what to do, 2 for what to call otherwise, else 1."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from db.__main__ import main
from db.session import Database
from db.settings import DatabaseSettings

ROOT = Path(__file__).resolve().parents[2]
Call = Callable[..., tuple[int, str, list[str]]]
PROGRAMS = ("run_bot.py", *(f"-m {name}" for name in ("crawler", "evaluation", "evaluation.faults", "benchmarks", "bot.local", "fuzz")))


@pytest.fixture
def called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Exit status, stdout and the lines on stderr of a command on a database of its own."""

    def call(*arguments: str, **settings: str) -> tuple[int, str, list[str]]:
        monkeypatch.setenv("INYEON_PATHS__VAR", str(tmp_path / "var"))
        for name, value in settings.items():
            monkeypatch.setenv(f"INYEON_{name}".upper(), value)
        try:
            status = main(list(arguments))
        except SystemExit as stopped:
            status = int(stopped.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err.splitlines()

    return call


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((), "COMMAND"), (("upgrad",), "upgrad"), (("rotate-keys", "--member", "x"), "--member"), (("revise",), "message")],
)
def test_arguments(called: Call, arguments: tuple[str, ...], says: str) -> None:
    status, out, [line] = called(*arguments)
    assert (status, out) == (2, "")
    assert says in line
    assert line.endswith("--help")


def test_a_member_whom_nobody_is(called: Call) -> None:
    status, out, [line] = called("rotate-keys", "--member", "99")
    assert (status, out) == (2, "")
    assert "member 99" in line


def test_who_rotates_keys_is_told_to_back_up_anew(called: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Older backups of the database open no more."""
    monkeypatch.setattr("db.upkeep.rotate_keys", lambda *_: 7)
    status, out, lines = called("rotate-keys")
    assert (status, out) == (0, "old keys destroyed: 7\n")
    assert "back up" in lines[-1]
    assert called("rotate-keys", "--help")[0] == 0
    monkeypatch.setattr("db.upkeep.rotate_keys", lambda *_: 0)
    assert "back up" not in called("rotate-keys")[2][-1]


@pytest.mark.parametrize("command", ["current", "upgrade", "seal"])
def test_a_file_that_is_no_database(called: Call, tmp_path: Path, command: str) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("no database, but a letter that somebody wrote" * 9, encoding="utf-8")
    status, out, [line] = called(command, database__url=f"sqlite:///{file}")
    assert (status, out) == (1, "")
    assert "not a database" in line
    assert file.read_text(encoding="utf-8").startswith("no database")


def test_ctrl_c_is_a_line(called: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("db.upkeep.look_after", interrupted)
    status, out, [line] = called("seal")
    assert (status, out) == (1, "")
    assert "goes on from here" in line


def test_what_is_there_is_told(called: Call, tmp_path: Path) -> None:
    assert called("current")[1].startswith("database empty")
    assert called("upgrade")[0] == 0
    database = Database(DatabaseSettings(url=f"sqlite:///{tmp_path}/var/inyeon.db"))
    database.open(upgrade=False)
    assert called("current")[1].startswith(f"database {database.revision()}, program ")
    database.close()


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_tells_a_wrong_option_in_one_line(program: str) -> None:
    done = subprocess.run([sys.executable, *program.split(), "--wrong"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert done.stderr.endswith("--help\n")
