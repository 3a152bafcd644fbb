"""What is fuzzed: each target makes an input from a random number generator and feeds it to our code.

Whatever a target's `run` raises is a finding; the refusals that our code promises are caught by the target.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Case:
    """A target, loaded: `make` an input, `run` it, `close` at the end."""

    make: Callable[[Random], Any]
    run: Callable[[Any], None]
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Target:
    """A target by name.

    Attributes:
        name: as on the command line.
        where: the module of this package and the function that loads it.
        share: of a thousand cases, how many.
        about: what is fuzzed.

    """

    name: str
    where: tuple[str, str]
    share: int
    about: str


class Broken(AssertionError):
    """Something that our code promises does not hold."""


def expect(condition: object, what: str) -> None:
    """`condition` holds.

    Raises:
        Broken: it does not.

    """
    if not condition:
        raise Broken(what)


def load(target: str) -> Case:
    """A target by its name, or by `module:function`; its libraries are loaded only now."""
    if ":" in target:
        module, name = target.split(":")
    else:
        place, name = next(one.where for one in TARGETS if one.name == target)
        module = f"fuzz.targets.{place}"
    made: Callable[[], Case] = getattr(importlib.import_module(module), name)
    return made()


TARGETS: Final = (
    Target("photos", ("files", "photos"), 200, "`engine.images.decode` on JPEG, PNG, WebP, HEIC and GIF"),
    Target("scrub", ("files", "scrub"), 170, "`bot.scrub.neutral` on 25 kinds of files"),
    Target("incoming", ("wire", "incoming"), 140, "raw updates as `bot.arrivals` and `bot.incoming` read them"),
    Target("updates", ("wire", "updates"), 90, "aiogram's `Update`"),
    Target("answers", ("wire", "api_answers"), 40, "answers of a Bot API server"),
    Target("callbacks", ("typed", "callbacks"), 100, "callback data"),
    Target("typed", ("typed", "answers"), 100, "typed answers, cities, signs of fraud and of age"),
    Target("anonymity", ("typed", "anonymity"), 60, "texts and captions with entities on their way to a partner"),
    Target("links", ("relay", "links"), 20, "links that lead to their sender, however they are spelt"),
    Target("voices", ("relay", "voices"), 20, "voice messages and round videos on their way to a partner"),
    Target("edits", ("relay", "edits"), 20, "messages of every kind and their edits as calls for a partner"),
    Target("settings", ("typed", "settings"), 20, "settings from a file and the environment"),
    Target("bot", ("whole", "bot"), 20, "the whole bot over a database: updates, buttons, commands, every question"),
)
