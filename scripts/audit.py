"""Look up known vulnerabilities of everything that is pinned (pip-audit), and read our own code with bandit.

Usage: python scripts/audit.py [--offline-ok] [--code]

Exit codes: 0 nothing found; 1 something found; 3 the vulnerability database could not be reached, so nothing is known about the
pinned packages (0 with --offline-ok, which says so too).  --code leaves the packages out and needs no network.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LISTS = ("serve", "train", "dev")
PACKAGES = ("bot", "db", "engine", "crawler", "migrations", "scripts", "configuration.py", "run_bot.py")
LONGEST = 240
"""Seconds."""


def code() -> bool:
    """Whether bandit finds nothing; what it finds is printed."""
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive", "--configfile", "pyproject.toml", *PACKAGES]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=LONGEST).returncode == 0


def packages() -> int | None:
    """How many known vulnerabilities the pins have, each printed; None where nobody could be asked."""
    found = asked()
    return None if found is None else judged(found)


def judged(found: list[dict[str, Any]]) -> int | None:
    """How many vulnerabilities pip-audit's answer names, each printed, and so what it could not look up; None where that was everything.

    Behind a mirror of the package index without the index's vulnerability records every package is "not found", which is no all-clear.
    """
    unknown = [package["name"] for package in found if "skip_reason" in package]
    if len(unknown) == len(found):
        return None
    if unknown:
        print(f"pip-audit could not look up {len(unknown)} of {len(found)}: {', '.join(unknown)}")
    count = 0
    for package in found:
        for flaw in package.get("vulns", ()):
            count += 1
            mended = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
            print(f"{package['name']} {package['version']}: {flaw['id']}, mended in {mended}")
    return count


def asked() -> list[dict[str, Any]] | None:
    """pip-audit's answer, a row a pinned package; None where there is none."""
    with tempfile.TemporaryDirectory() as folder:
        report, pins = Path(folder) / "report.json", Path(folder) / "pins.txt"
        lines = [line for name in LISTS for line in (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").splitlines()]
        pins.write_text("\n".join(line.split(";")[0] for line in lines if not line.startswith("#")) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off", "--timeout", "15"]
        try:
            subprocess.run(
                [*command, "--requirement", str(pins), "--format", "json", "--output", str(report)],
                cwd=ROOT,
                capture_output=True,
                check=False,
                timeout=LONGEST,
            )
            rows: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
        except (OSError, ValueError, KeyError, subprocess.TimeoutExpired):
            return None
    return rows


def main(arguments: list[str]) -> int:
    clean = code()
    print("bandit: nothing found" if clean else "bandit: see above")
    if "--code" in arguments:
        return 0 if clean else 1
    flaws = packages()
    if flaws is None:
        print("pip-audit: THE VULNERABILITY DATABASE COULD NOT BE REACHED: nothing is known about the pinned packages")
        return 1 if not clean else 0 if "--offline-ok" in arguments else 3
    print(f"pip-audit: {flaws} known vulnerabilities")
    return 0 if clean and not flaws else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
