"""The examples in the docstrings of what needs no torch."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest

from engine import classifier
from engine.training.distil import heads, outcome, regression


@pytest.mark.parametrize("module", [classifier, heads, outcome, regression], ids=lambda module: module.__name__)
def test_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
