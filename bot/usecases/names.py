"""Neutral nicknames: under which name a member knows a partner, in both languages and always the same.

A pair keeps a number for each side (`db.pairs`: no two of one member's partners share one); here it becomes a colour and an
animal, beginning elsewhere for each member, so that not everybody's first match has the same name.
"""

from __future__ import annotations

from bot.replies import Word, word
from db.records import Pair

COLOURS, ANIMALS = 16, 32
NAMES = COLOURS * ANIMALS
STRIDE = 139
"""Odd, so that it runs through all names before one comes again; far, so that neighbours differ in both words."""


def partner(pair: Pair, viewer_id: int) -> Word:
    """The name under which `viewer_id` knows the other of the pair."""
    number = pair.alias_of(pair.partner(viewer_id))
    place = (viewer_id * 61 + number * STRIDE) % NAMES
    name = word("name.whole", colour=word(f"name.colour.{place // ANIMALS}"), animal=word(f"name.animal.{place % ANIMALS}"))
    return name if number < NAMES else word("name.again", name=name, n=number // NAMES + 1)
