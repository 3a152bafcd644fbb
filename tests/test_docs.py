"""The documentation is true: its commands, targets, settings, files and links exist."""

from __future__ import annotations

import functools
import importlib.util
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from configuration import SECTIONS

ROOT = Path(__file__).resolve().parent.parent
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands(path: Path) -> list[str]:
    """What the page tells people to type: lines of code blocks and code within sentences."""
    blocks = "\n".join(FENCE.findall(text(path)))
    lines = [line.split("  #")[0].strip() for line in blocks.splitlines()] + INLINE.findall(FENCE.sub("", text(path)))
    return [part.strip() for line in lines for part in line.split("&&")]


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_make_targets_exist(path: Path) -> None:
    targets = set(re.findall(r"^(\w+):", text(ROOT / "Makefile"), re.MULTILINE))
    for command in commands(path):
        for target in re.findall(r"(?:^|\s)make ([a-z]+)$", command):
            assert target in targets, f"`{command}`"


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_modules_and_scripts_exist(path: Path) -> None:
    for command in commands(path):
        for module in re.findall(r"python3? -m ([a-z_.]+)", command):
            spec = importlib.util.find_spec(module)
            assert spec is not None, f"`{command}`: no module {module}"
            if spec.submodule_search_locations:
                assert importlib.util.find_spec(f"{module}.__main__"), f"`{command}`: {module} cannot be run"
        for script in re.findall(r"(?:python3?|bash) ([a-z_./]+\.(?:py|sh))", command):
            assert (ROOT / script).is_file(), f"`{command}`: no file {script}"


def typed(module: str) -> list[tuple[str, list[str]]]:
    """(sub-command, options) of each command line of `module` in the documentation."""
    found = []
    for path in DOCS:
        for command in commands(path):
            match = re.search(rf"python -m {module} (.*)", command)
            if match:
                words = shlex.split(match[1])
                found.append((words[0], [word for word in words if word.startswith("--")]))
    return found


@functools.cache  # the documentation names the same few commands again and again
def helped(module: str, *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a command's --help."""
    command = [sys.executable, "-m", module, *arguments, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("module", ["engine", "evaluation", "benchmarks"])
def test_sub_commands_and_options_exist(module: str) -> None:
    for word, options in typed(module):
        status, said, errors = helped(module, *([] if word.startswith("--") else [word]))
        assert status == 0, f"{module} {word}: {errors}"
        for option in options:
            assert option in said, f"{module} {word} has no {option}"


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(path)):
        if not target.startswith(("https://", "#")):
            assert (path.parent / target.partition("#")[0]).exists(), f"{name(path)} links to {target}"


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_settings_and_paths_that_are_mentioned_exist(path: Path) -> None:
    settings = {f"{section}.{item.name}" for section, kind in SECTIONS.items() for item in fields(kind)}
    for code in INLINE.findall(FENCE.sub("", text(path))):
        if re.fullmatch(rf"({'|'.join(SECTIONS)})\.[a-z_]+", code) and not code.endswith((".py", ".md")):
            assert code in settings or importlib.util.find_spec(code), f"{name(path)}: no setting {code}"
        if re.fullmatch(r"(bot|engine|db|migrations|evaluation|benchmarks|scripts|tests|docs|requirements)/[\w./{},-]*", code):
            for one in spread(code):
                made = one.startswith(("evaluation/results", "benchmarks/results"))
                assert made or (ROOT / one).exists(), f"{name(path)}: no file {one}"
        for variable in re.findall(r"INYEON_[A-Z]+__[A-Z_]+", code):
            section, key = variable.removeprefix("INYEON_").lower().split("__")
            assert section == "section" or f"{section}.{key}" in settings, f"{name(path)}: no setting {variable}"


def spread(path: str) -> list[str]:
    """`a/{b,c}.py` as the shell reads it."""
    match = re.search(r"\{([^}]*)\}", path)
    return [path.replace(match[0], part.strip()) for part in match[1].split(",")] if match else [path]


def test_every_setting_is_documented() -> None:
    page = text(ROOT / "docs" / "operations.md")
    missing = [
        f"{section}.{item.name}" for section, kind in SECTIONS.items() for item in fields(kind) if f"`{section}.{item.name}`" not in page
    ]
    assert not missing


@pytest.mark.parametrize("path", ADRS, ids=name)
def test_decisions_are_numbered_and_short(path: Path) -> None:
    lines = text(path).splitlines()
    assert len(lines) <= 40
    assert re.match(r"\d{4}-[a-z0-9-]+\.md$", path.name)
    assert re.match(rf"# (ADR )?0*{int(path.name[:4])}[.:]? ", lines[0]), lines[0]


def test_decisions_have_numbers_of_their_own() -> None:
    numbers = [path.name[:4] for path in ADRS]
    assert len(set(numbers)) == len(numbers), numbers


def test_the_map_of_the_architecture_names_what_is_there() -> None:
    """Each package's and each module's name occurs in docs/architecture.md, and each name in its tree exists."""
    page = text(ROOT / "docs" / "architecture.md")
    words = set(re.findall(r"[A-Za-z_]+", page))
    missing = [
        name(path)
        for package in ("bot", "db", "engine")
        for path in sorted((ROOT / package).glob("*"))
        if (path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.*"))))
        and not path.name.startswith("__")
        and path.stem not in words
    ]
    assert not missing
    for tree in FENCE.findall(page):
        folder = ""
        for line in tree.splitlines():
            if match := re.match(r"(\w+)/(?:\s|$)", line):
                folder = match[1]
                assert (ROOT / folder).is_dir(), folder
            elif folder and (match := re.match(r"  ((?:[a-z_]+(?:\.py|/)(?:, | |$))+)", line)):
                for item in re.findall(r"[a-z_]+(?:\.py|/)", match[1]):
                    assert (ROOT / folder / item).exists(), f"{folder}/{item}"


def test_the_licence_is_the_whole_one() -> None:
    licence = text(ROOT / "LICENSE")
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
