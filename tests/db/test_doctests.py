"""The examples in the docstrings of `db` are true."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from db import geography, members, pictures, records, search, writing


@pytest.mark.parametrize("module", [geography, members, pictures, records, search, writing], ids=lambda module: str(module.__name__))
def test_examples(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
