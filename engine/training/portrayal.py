"""Pictures and words of types out of the people who have them, for the starter types and for those that are learned from couples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.colours import from_hex, named, to_hex
from engine.fashion import KOREAN, LABELS, LOWER_LABELS, OUTER, UPPER_LABELS
from engine.training import blend, describe
from engine.training.collage import collage
from engine.values import Garment
from engine.values import Image as Pixels

FACES = 14
"""Most people in a blended face: more blur it, fewer could be recognised."""
FEWEST_FACES = 6
"""People from which on a blended face shows nobody; of fewer the picture of the type is drawn without faces."""
AGES = (20, 55)
"""People outside are left out of the blended pictures where enough remain, so that a picture shows a type and not an age."""
GROUNDS = ("#DCE6EE", "#E9E2EE", "#E4ECDD", "#F0E6DA", "#DDEBE8", "#EFE0E0", "#E3E3EC")
GREY = "#8A8F98"
"""Stands in a palette where no colour was seen."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a person adds to the picture and the words of their type."""

    age: float
    skin: NDArray[np.float64]
    """(3,) CIELAB of the cheeks."""
    proportions: NDArray[np.float64]
    """(5,), see `engine.training.describe.proportions`."""
    garments: tuple[Garment, ...]
    picture: Callable[[], tuple[Pixels, NDArray[np.float64]]]
    """The photo, and the face's five points in it, (5, 2) pixels; read only where it is needed."""


def face_row(members: Sequence[Look], everyone: Sequence[Look], number: int, path: Path, name: tuple[str, str]) -> dict[str, Any]:
    """Draw the picture of a face type (`path` gets its suffix) and describe it as a manifest does.

    Args:
        members: the people of the type, the most typical first.
        everyone: the people of its group.
        number: of the type in its group, chooses the ground.
        path: where the picture goes, without suffix.
        name: in English and Korean.

    """
    ground = GROUNDS[number % len(GROUNDS)]
    path = path.with_suffix(".jpg")
    draw_face(members, everyone, ground).save(path, quality=90)
    measures = [np.stack([one.proportions for one in group]) for group in (members, everyone)]
    return _row(name, describe.face_words(measures[0], measures[1]), path, (ground,), ())


def fashion_row(
    members: Sequence[Look], everyone: Sequence[Look], path: Path, taken: Collection[str], name: tuple[str, str] | None = None
) -> dict[str, Any]:
    """Draw the picture of a fashion type (`path` gets its suffix) and describe it; named by its clothes unless it has a `name`."""
    usual, shown = outfit(members, everyone)
    path = path.with_suffix(".png")
    collage(shown, usual.palette).save(path, optimize=True)
    return _row(name or describe.fashion_name(usual, taken), describe.fashion_words(usual), path, usual.palette, usual.garments)


def draw_face(members: Sequence[Look], everyone: Sequence[Look], ground: str) -> Image.Image:
    """The blended face of a type, in the mean skin tone of its whole group: types are not told apart by tone."""
    chosen = [one for one in members if AGES[0] <= one.age <= AGES[1]]
    chosen = (chosen if len(chosen) >= FEWEST_FACES else list(members))[:FACES]
    if len(chosen) < FEWEST_FACES:
        return plain(ground)
    tone = np.mean([one.skin for one in everyone], axis=0)
    pictures, points = zip(*(one.picture() for one in chosen), strict=True)
    return Image.fromarray(blend.mean_face(pictures, points, ground, tone))


def plain(ground: str) -> Image.Image:
    """A head and shoulders without a face."""
    shade = np.clip(np.array([int(ground[at : at + 2], 16) for at in (1, 3, 5)]) * 0.78, 0, 255)
    mask = blend.oval()
    base = np.array([int(ground[at : at + 2], 16) for at in (1, 3, 5)], dtype=np.float32)
    return Image.fromarray((shade * mask + base * (1 - mask)).astype(np.uint8))


def outfit(members: Sequence[Look], everyone: Sequence[Look]) -> tuple[describe.Outfit, list[tuple[str, str]]]:
    """What is usual in a fashion type, and the garments with colours for its picture."""
    here, usual = _named(members, UPPER_LABELS), _named(everyone, UPPER_LABELS)
    if not here:
        here, usual = _named(everyone, UPPER_LABELS) or {UPPER_LABELS[0]: 1.0}, {}
    # The square root of the lift makes types differ, the floors keep what is rare from naming a type.
    score = {label: share * np.sqrt(share / max(usual.get(label, 0.0), 0.08)) for label, share in here.items() if share >= 0.12}
    main = max(score or here, key=lambda label: (score.get(label, 0.0), here[label], label))
    rest = sorted(
        (label for label in UPPER_LABELS if label not in (main, "dress") and (label in OUTER) != (main in OUTER)),
        key=lambda label: -here.get(label, 0.0),
    )
    second = rest[0]
    above = _main_colours(members, everyone, ("upper", "full")) or [GREY]
    below = _main_colours(members, everyone, ("lower",))
    garments, shown = [main, second], [(main, above[0]), (second, above[min(1, len(above) - 1)])]
    seen = [one for one in members if any(garment.region == "lower" for garment in one.garments)]
    legs = _named(seen if len(seen) >= 8 else everyone, LOWER_LABELS[:-1])
    if legs and below and main != "dress":
        lower = max(legs, key=lambda label: (legs[label], label))
        garments.append(lower)
        shown.append((lower, below[0]))
    names = {named(colour).name: colour for colour in reversed([*above[:4], *below[:1]])}
    palette = tuple(colour for colour in above[:4] + below[:1] if names[named(colour).name] == colour)
    return describe.Outfit(tuple(garments), palette), shown


def _named(people: Sequence[Look], labels: Sequence[str]) -> dict[str, float]:
    """In which share of the people, among those with any, each of the labels was named."""
    worn = [{garment.label for garment in one.garments if garment.label in labels} for one in people]
    counts = Counter(label for one in worn for label in sorted(one))
    return {label: count / sum(bool(one) for one in worn) for label, count in counts.items()}


def _main_colours(members: Sequence[Look], everyone: Sequence[Look], regions: Sequence[str]) -> list[str]:
    """The named colours that are frequent in a type and more so than in its group, each in its mean shade among the members.

    Clusters over all colours would not do: a mean of many people's colours is grey.
    """
    found = [(garment.colour, named(garment.colour).name) for one in members for garment in one.garments if garment.region in regions]
    usual = Counter(named(garment.colour).name for one in everyone for garment in one.garments if garment.region in regions)
    if not found:
        return []
    here = Counter(name for _, name in found)
    score = {name: count / len(found) * (count / len(found)) / ((usual[name] + 5) / usual.total()) for name, count in here.items()}
    best = sorted((name for name in here if here[name] >= 3), key=lambda name: (-score[name], name))[:5]
    return [to_hex(np.mean([from_hex(colour) for colour, own in found if own == name], axis=0)) for name in best or list(here)[:1]]


def _row(name: tuple[str, str], words: tuple[str, str], path: Path, palette: Sequence[str], garments: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name[0],
        "name_ko": name[1],
        "description": words[0],
        "description_ko": words[1],
        "picture": f"pictures/{path.name}",
        "palette": list(palette),
        "garments": [label for label in garments if label in LABELS],
        "garments_ko": [KOREAN[label] for label in garments],
    }
