"""The list of attacks in docs/security.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_each_attack_has_its_test() -> None:
    rows = re.findall(
        r"^\| (\d+) \|.*`(tests/[\w/]+\.py)::(\w+)` \|$", (ROOT / "docs" / "security.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rows) >= 40
    assert [int(number) for number, _, _ in rows] == list(range(1, len(rows) + 1))
    for _, file, name in rows:
        source = (ROOT / file).read_text(encoding="utf-8")
        assert re.search(rf"def {name}\(", source), f"{file}::{name}"
