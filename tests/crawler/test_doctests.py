"""The examples in the crawler's docstrings."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import crawler

MODULES = sorted(module.name for module in pkgutil.walk_packages(crawler.__path__, "crawler.") if not module.name.endswith("__main__"))


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    assert sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES) > 20
