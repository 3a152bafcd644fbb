"""docs/privacy.md tells of every table and every setting that keeps something, with the lives that the settings have."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import configuration
from db import vault_tables
from db.tables import metadata

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.split("## Data map")[1].split("## What erasing does")[0].splitlines() if line.startswith("| `")]
TOLD = [name for line in ROWS for name in re.findall(r"`(\w+)`", line.split("|")[1])]
HOURS = {"keep_content": "h", "link_hours": "h"}


def test_every_table_is_told_of_once() -> None:
    stored = {*metadata.tables, *vault_tables.data_keys.metadata.tables}
    assert sorted(TOLD) == sorted(stored), "docs/privacy.md: add what is new to the data map, take out what is gone"


def test_every_row_says_all() -> None:
    for line in ROWS:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith(("| `var",)):
            continue
        assert len(cells) == 7, line
        assert all(cells), line


def kept() -> list[tuple[str, str, int]]:
    settings = configuration.load(environment={})
    found = []
    for section in fields(settings):
        part = getattr(settings, section.name)
        names = [item.name for item in fields(part)] if hasattr(part, "__dataclass_fields__") else []
        found += [(section.name, name, getattr(part, name)) for name in names if name.startswith("keep_") or name == "link_hours"]
    return found


@pytest.mark.parametrize(("section", "name", "value"), kept())
def test_every_life_is_told_as_it_is_set(section: str, name: str, value: int) -> None:
    assert f"`{section}.{name}` ({value} {HOURS.get(name, 'd')})" in PAGE
