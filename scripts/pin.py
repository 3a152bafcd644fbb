"""Resolve requirements/*.in into exact pins in requirements/*.txt.

Usage: python scripts/pin.py [--keep]   (from the project's root, with network)

With --keep no pin moves: only what is new in the .in files is resolved, beside what is pinned already.

Each list is resolved together with the lists below it (serve < train < dev), so that one version of a package serves all three,
and a list names only what the ones below it do not.  Lines `# nodeps: name==version` are packages whose own dependency metadata
is wrong for us; they are pinned as they stand.  Lines `# without: name` are packages that others ask for and must not have.  The
result is installed with `--no-deps`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
LISTS = ("serve", "train", "dev")
# Wheels that exist for one platform only: torch's CUDA build, which also runs on a CPU, is Linux x86-64.
LINUX_ONLY = re.compile(r"^(nvidia-|cuda-|triton$)")
LINUX_MARKER = ' ; sys_platform == "linux" and platform_machine == "x86_64"'


def normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_inputs(name: str) -> tuple[list[str], list[str]]:
    """Return (requirements to resolve, exact pins to take without their dependencies) of one list."""
    resolve, exact = [], []
    for line in (FOLDER / f"{name}.in").read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if line.startswith("# nodeps:"):
            exact.append(line.removeprefix("# nodeps:").strip())
        elif line and not line.startswith("#"):
            resolve.append(line)
    return resolve, exact


def unwanted() -> set[str]:
    """Packages that no list may pin, whoever asks for them."""
    lines = [line for name in LISTS for line in (FOLDER / f"{name}.in").read_text(encoding="utf-8").splitlines()]
    return {normalise(line.removeprefix("# without:").strip()) for line in lines if line.startswith("# without:")}


def pinned() -> dict[str, str]:
    """What all lists pin now; {normalised name: version}."""
    found = {}
    for name in LISTS:
        for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            package, _, version = line.split(";")[0].strip().partition("==")
            if version and not line.startswith("#"):
                found[normalise(package)] = version
    return found


def resolve(requirements: list[str], kept: dict[str, str]) -> dict[str, str]:
    """Ask pip which versions it would install, `kept` where it has a say; {normalised name: version}."""
    with tempfile.TemporaryDirectory() as folder:
        report, constraints = Path(folder) / "report.json", Path(folder) / "constraints.txt"
        constraints.write_text("".join(f"{package}=={version}\n" for package, version in kept.items()), encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", str(report)]
        subprocess.run([*command, "--constraint", str(constraints), *requirements], check=True)
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    names = {normalise(item["metadata"]["name"]): item["metadata"]["version"] for item in found}
    return {name: version for name, version in names.items() if name not in unwanted()}


def main() -> int:
    kept = pinned() if "--keep" in sys.argv[1:] else {}
    requirements: list[str] = []
    taken: dict[str, str] = {}
    for name in LISTS:
        wanted, exact = read_inputs(name)
        requirements += wanted
        pins = resolve(requirements + [f"{package}=={version}" for package, version in taken.items()], kept)
        lines = [f"# Made by scripts/pin.py from {name}.in; installed with --no-deps.  Do not edit by hand."]
        new = {package: version for package, version in pins.items() if package not in taken}
        for line in exact:
            package, version = line.split("==")
            new[normalise(package)] = version
        for package in sorted(new):
            lines.append(f"{package}=={new[package]}" + (LINUX_MARKER if LINUX_ONLY.match(package) else ""))
        (FOLDER / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        taken.update(pins)
        print(f"{name}.txt: {len(new)} pins", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
