"""Resolve requirements/*.in into exact pins in requirements/*.txt.

Usage: python scripts/pin.py            (from the project's root, with network)

Each list is resolved together with the lists below it (serve < train < dev), so that one version of a package serves all three,
and a list names only what the ones below it do not.  Lines `# nodeps: name==version` are packages whose own dependency metadata
is wrong for us; they are pinned as they stand.  The result is installed with `--no-deps`.
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


def resolve(requirements: list[str]) -> dict[str, str]:
    """Ask pip which versions it would install; {normalised name: version}."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", str(report), *requirements],
            check=True,
        )
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {normalise(item["metadata"]["name"]): item["metadata"]["version"] for item in found}


def main() -> int:
    requirements: list[str] = []
    taken: dict[str, str] = {}
    for name in LISTS:
        wanted, exact = read_inputs(name)
        requirements += wanted
        pins = resolve(requirements + [f"{package}=={version}" for package, version in taken.items()])
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
