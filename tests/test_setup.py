"""scripts/setup.py: clear lines where the machine does not do, no work where all is done."""

from __future__ import annotations

import ast
import importlib.util
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "setup.py"


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, with a .venv of its own that does not exist yet and pip and venv out of reach."""
    spec = importlib.util.spec_from_file_location("inyeon_setup", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    venv = tmp_path / ".venv"
    monkeypatch.setattr(module, "VENV", str(venv))
    monkeypatch.setattr(module, "PYTHON", str(venv / "bin" / "python"))

    def refuse(*arguments: object, **_: object) -> NoReturn:
        raise AssertionError(f"started {arguments}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(subprocess, "check_call", refuse)
    return module


def call(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *names: str) -> int:
    monkeypatch.setattr(sys, "argv", ["setup.py", *names])
    try:
        module.main()
    except SystemExit as stopped:
        return stopped.code if isinstance(stopped.code, int) else 1
    return 0


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    said = capsys.readouterr()
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("setup: ")
    return line


def test_a_python_that_is_too_old_gets_one_line(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert call(setup, monkeypatch, "serve") == 2
    line = one_line(capsys)
    assert "Python 3.9 is too old" in line
    assert "3.11" in line


def test_an_old_python_can_read_the_script() -> None:
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_a_full_disk_gets_one_line(setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1_000_000))  # type: ignore[attr-defined]
    assert call(setup, monkeypatch, "serve") == 2
    line = one_line(capsys)
    assert "disk is too full: 1 MB are free" in line
    assert f"{setup.NEEDS_MB['serve']} MB" in line


def test_an_unknown_list_gets_one_line(setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(setup, monkeypatch, "serv") == 2
    assert "serve, train, dev" in one_line(capsys)


def test_what_is_installed_is_not_installed_again(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(setup.VENV).mkdir()
    for name in ("serve", "dev"):
        Path(setup.stamp_path(name)).write_text(setup.fingerprint(name), encoding="utf-8")
    # Not even a full disk stops what has nothing to do.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))  # type: ignore[attr-defined]
    assert call(setup, monkeypatch, "serve", "dev") == 0
    assert capsys.readouterr().err == ""


def test_changed_pins_are_installed_anew(setup: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(setup.VENV).mkdir()
    Path(setup.stamp_path("dev")).write_text("the hash of other pins", encoding="utf-8")
    with pytest.raises(AssertionError, match="started"):
        call(setup, monkeypatch, "dev")


def test_a_pip_that_fails_gets_its_last_lines_and_a_sentence(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing:
        def __init__(self, *_: object, **__: object) -> None:
            self.stdout = iter(["Collecting numpy==2\n", "ERROR: no route\n"])

        def wait(self) -> int:
            return 1

    (Path(setup.VENV) / "bin").mkdir(parents=True)
    for name in ("python", "pip"):
        (Path(setup.VENV) / "bin" / name).touch()
    monkeypatch.setattr(subprocess, "Popen", Failing)
    assert call(setup, monkeypatch, "serve") == 2
    said = capsys.readouterr().err
    assert "ERROR: no route" in said
    assert "Check the network" in said.splitlines()[-1]
    assert not Path(setup.stamp_path("serve")).exists()


def test_a_second_call_is_quick_and_silent_here() -> None:
    if not all((ROOT / ".venv" / f"installed-{name}").is_file() for name in ("serve", "train", "dev")):
        pytest.skip("this checkout's .venv was not made by scripts/setup.py")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["python3", str(SCRIPT), "serve", "train", "dev"], capture_output=True, text=True, timeout=120, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3, "seconds of the processor"
    assert done.stdout + done.stderr == ""


def test_every_make_target_sets_up_by_itself() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("test", "lint", "types", "eval", "bench"):
        line = next(line for line in recipe.splitlines() if line.startswith(f"{target}:"))
        assert "setup" in line.split(":", 1)[1].split(), f"{target} does not set up"
    assert "@$(SETUP) serve\n\t@$(PY) run_bot.py" in recipe


def test_make_help_lists_every_target() -> None:
    done = subprocess.run(["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    listed = {line.split()[1]: line.split(maxsplit=2)[2:] for line in done.stdout.splitlines()}
    [targets] = [line for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines() if line.startswith(".PHONY:")]
    assert sorted(listed) == sorted(targets.split()[1:])
    assert all(listed.values()), "each with what it does"
