"""The pinned lists are exact, complete and agree with what the installed packages say that they need."""

from __future__ import annotations

import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
LISTS = ("serve", "train", "dev")
TORCH = {"torch", "torchvision", "facenet-pytorch", "efficientnet-lite-pytorch", "triton"}
# The Pythons for which the one set of pins must do; it is resolved on the oldest.
PYTHONS = ("3.11", "3.12", "3.13")

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="the lists' platform markers are checked on Linux x86-64 only"
)


def unwanted() -> set[str]:
    lines = [line for name in LISTS for line in (FOLDER / f"{name}.in").read_text(encoding="utf-8").splitlines()]
    return {canonicalize_name(line.removeprefix("# without:").strip()) for line in lines if line.startswith("# without:")}


class Inputs(NamedTuple):
    """What a `.in` file asks for."""

    resolve: list[Requirement]
    nodeps: list[Requirement]


def inputs(name: str) -> Inputs:
    lines = [line.strip() for line in (FOLDER / f"{name}.in").read_text(encoding="utf-8").splitlines()]
    nodeps = [Requirement(line.removeprefix("# nodeps:").strip()) for line in lines if line.startswith("# nodeps:")]
    return Inputs([Requirement(line) for line in lines if line and not line.startswith("#")], nodeps)


def pins(name: str) -> dict[str, Requirement]:
    lines = [line.strip() for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()]
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    assert len({canonicalize_name(item.name) for item in found}) == len(found), f"{name}.txt pins a package twice"
    return {canonicalize_name(item.name): item for item in found}


def pinned_version(item: Requirement) -> Version:
    (only,) = item.specifier
    return Version(only.version)


def environment(python: str) -> dict[str, str]:
    return {**default_environment(), "python_version": python, "python_full_version": f"{python}.0"}  # type: ignore[dict-item]


def closure(roots: list[Requirement], known: dict[str, Requirement], skip: set[str], python: str) -> tuple[set[str], list[str]]:
    """Packages that `roots` need by the metadata of what is installed, and a sentence for each need that `known` does not meet."""
    reached: set[str] = set()
    wrong: list[str] = []
    todo = [(root, "the list itself") for root in roots]
    done: set[tuple[str, frozenset[str]]] = set()
    while todo:
        need, whose = todo.pop()
        name = canonicalize_name(need.name)
        if name in unwanted():
            continue
        if name not in known:
            wrong.append(f"{whose} needs {need}, which no list pins")
            continue
        if not need.specifier.contains(pinned_version(known[name]), prereleases=True):
            wrong.append(f"{whose} needs {need}, but {known[name]} is pinned")
        reached.add(name)
        if (name, frozenset(need.extras)) in done or name in skip:
            continue
        done.add((name, frozenset(need.extras)))
        for text in metadata.requires(name) or []:
            further = Requirement(text)
            extras = need.extras or {""}
            if further.marker is None or any(further.marker.evaluate({**environment(python), "extra": extra}) for extra in extras):
                todo.append((further, name))
    return reached, wrong


def below(name: str) -> tuple[str, ...]:
    return LISTS[: LISTS.index(name) + 1]


@pytest.mark.parametrize("name", LISTS)
def test_every_pin_is_exact(name: str) -> None:
    for item in pins(name).values():
        assert re.fullmatch(r"==[^=*]+", str(item.specifier)), f"{item} is not pinned with =="
        assert item.url is None
        assert not item.extras


def test_no_package_is_pinned_in_two_lists() -> None:
    seen: dict[str, str] = {}
    for name in LISTS:
        for package in pins(name):
            assert package not in seen, f"{package} is pinned in {seen.get(package)}.txt and in {name}.txt"
            seen[package] = name


@pytest.mark.parametrize("name", LISTS)
def test_what_is_asked_for_is_pinned(name: str) -> None:
    known = {package: item for part in below(name) for package, item in pins(part).items()}
    for wanted in [*inputs(name).resolve, *inputs(name).nodeps]:
        item = known.get(canonicalize_name(wanted.name))
        assert item is not None, f"{name}.in asks for {wanted}, which is not pinned: call make pins"
        assert wanted.specifier.contains(pinned_version(item), prereleases=True), f"{name}.in asks for {wanted}, pinned is {item}"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", LISTS)
def test_needs_of_the_pinned_packages_are_met_by_pins(name: str, python: str) -> None:
    parts = below(name)
    known = {package: item for part in parts for package, item in pins(part).items()}
    nodeps = {canonicalize_name(item.name) for part in parts for item in inputs(part).nodeps}
    _, wrong = closure([need for part in parts for need in inputs(part).resolve], known, nodeps, python)
    assert not wrong, "\n".join(wrong)


def test_nothing_is_pinned_that_nobody_needs() -> None:
    known = {package: item for part in LISTS for package, item in pins(part).items()}
    nodeps = {canonicalize_name(item.name) for part in LISTS for item in inputs(part).nodeps}
    reached, _ = closure([need for part in LISTS for need in inputs(part).resolve], known, nodeps, PYTHONS[0])
    assert set(known) - reached - nodeps == set()


def test_what_must_not_be_there_is_pinned_nowhere() -> None:
    assert unwanted() == {"openvino-telemetry"}
    assert unwanted().isdisjoint(package for name in LISTS for package in pins(name))


def test_what_is_installed_is_what_is_pinned() -> None:
    different = []
    for name in LISTS:
        for package, item in pins(name).items():
            if item.marker is None or item.marker.evaluate():
                version = metadata.version(package)
                if Version(version) != pinned_version(item):
                    different.append(f"{package}: {version} is installed, {item} is pinned")
    assert not different, "\n".join(different)


def test_pinned_packages_run_on_the_pythons_that_we_promise() -> None:
    refusing = []
    for name in LISTS:
        for package, item in pins(name).items():
            if item.marker is None or item.marker.evaluate():
                wanted = metadata.metadata(package).get("Requires-Python")
                refusing += [
                    f"{package} wants Python {wanted}"
                    for python in PYTHONS
                    if wanted and not Requirement(f"python{wanted}").specifier.contains(f"{python}.7")
                ]
    assert not refusing, "\n".join(refusing)


def test_serving_needs_no_torch() -> None:
    assert TORCH.isdisjoint(pins("serve"))
    assert not [package for package in pins("serve") if package.startswith(("nvidia-", "cuda-"))]


def test_the_check_notices_a_missing_and_a_wrong_pin() -> None:
    known = pins("serve")
    roots = inputs("serve").resolve
    without = {package: item for package, item in known.items() if package != "aiohttp"}
    assert any("aiohttp" in line for line in closure(roots, without, set(), "3.11")[1])
    wrong = {**known, "sqlalchemy": Requirement("sqlalchemy==0.9")}
    assert any("sqlalchemy==0.9" in line for line in closure(roots, wrong, set(), "3.11")[1])
