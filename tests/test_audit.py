"""`make audit` never takes silence for an all-clear."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).resolve().parent.parent / "scripts" / "audit.py"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_packages_that_nobody_knows_are_no_all_clear(audit: ModuleType) -> None:
    skipped = [{"name": name, "skip_reason": "Dependency not found on PyPI"} for name in ("one", "two")]
    assert audit.judged(skipped) is None


def test_what_could_not_be_looked_up_is_named(audit: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        {"name": "one", "skip_reason": "Dependency not found on PyPI"},
        {"name": "two", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]},
        {"name": "three", "version": "1", "vulns": []},
    ]
    assert audit.judged(found) == 1
    assert capsys.readouterr().out.splitlines() == ["pip-audit could not look up 1 of 3: one", "two 1: CVE-1, mended in 2"]
