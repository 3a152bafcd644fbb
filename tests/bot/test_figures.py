"""Who is seen with whom, as a picture: a panel for whomever there are enough couples of, and how many each panel is of."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from bot import charts
from bot.context import Context
from bot.replies import Picture
from bot.usecases import figures
from bot.words import LANGUAGES
from db import affinities
from db.session import Database
from engine.affinity import Affinity
from engine.training import gates
from engine.types import STARTER, TypePack
from tests.bot.meeting import WORDS, Town, surroundings

Couples = list[tuple[str, str, int]]


@pytest.fixture(scope="module")
def context() -> Context:
    pack = TypePack.load(STARTER)
    return replace(surroundings(), pack=pack, affinity=Affinity(pack))


@pytest.fixture
def shown(town: Town, context: Context, monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(town.database, context, monkeypatch)


class Shown:
    """The pictures for given counts of couples."""

    def __init__(self, database: Database, context: Context, patch: pytest.MonkeyPatch) -> None:
        self.database, self.context, self.patch = database, context, patch

    def __call__(self, face: Couples, fashion: Couples) -> list[Picture]:
        self.patch.setattr(affinities, "counts", lambda connection, version, kind: face if kind == "face" else fashion)
        return self.database.read(figures.heatmap, self.context)


def spread(context: Context, groups: tuple[str, str], couples: int) -> Couples:
    """So many couples of types of these two groups, each smaller id first as the database has them."""
    one, other = (context.pack.groups[group].types for group in groups)
    cells = sorted({(min(a.id, b.id), max(a.id, b.id)) for a in one for b in other})
    return [(*cell, couples // len(cells) + (at < couples % len(cells))) for at, cell in enumerate(cells)]


def titles(picture: Picture, language: str = "en") -> list[str]:
    assert isinstance(picture.image, charts.Heatmap)
    return [WORDS.plain(word, language) for word in (picture.image.title, *(panel.title for panel in picture.image.panels))]


def test_every_panel_says_how_many_couples_it_is_of(shown: Shown, context: Context) -> None:
    face = [*spread(context, ("woman_face", "man_face"), 1234), *spread(context, ("woman_face", "woman_face"), 45)]
    fashion = [*spread(context, ("woman_fashion", "man_fashion"), 1), *spread(context, ("man_fashion", "man_fashion"), 29)]
    mixed, women = shown(face, fashion)
    assert titles(mixed) == ["Who is seen with whom", "Faces: 1,234 couples", "Fashion: 1 couple"]
    assert titles(women) == ["Women who are seen with women", "Faces: 45 couples"]
    assert titles(women, "ko") == ["여성 두 사람 커플", "얼굴 타입 45쌍"]
    assert "(Faces: 1,234 couples, Fashion: 1 couple)" in WORDS.plain(mixed.image.note, "en")
    assert "(Faces: 45 couples)" in WORDS.plain(women.image.note, "en")
    assert "여성 두 사람 커플입니다" in WORDS.plain(women.image.note, "ko")


@pytest.mark.parametrize("gender", ["woman", "man"])
def test_couples_of_one_gender_have_a_panel_from_as_many_as_have_a_gate(shown: Shown, context: Context, gender: str) -> None:
    assert figures.ONE_GENDER == gates.FEW
    group = f"{gender}_face"
    assert len(shown(spread(context, (group, group), figures.ONE_GENDER - 1), [])) == 1
    mixed, own = shown(spread(context, (group, group), figures.ONE_GENDER), [])
    [panel] = own.image.panels
    assert panel.rows == panel.columns == tuple(figures.named(info) for info in context.pack.groups[group].types)
    seen = [list(row) for row in panel.couples]
    assert sum(seen[at][other] for at in range(len(seen)) for other in range(at + 1)) == figures.ONE_GENDER
    assert [list(column) for column in zip(*seen, strict=True)] == seen, "either of the two may be to the left"
    # They are no couples of a woman and a man, of whom nothing is known yet.
    assert "No couples were seen yet" in WORDS.plain(mixed.image.note, "en")


def test_what_two_women_have_in_common_is_read_from_couples_of_two_women(shown: Shown, context: Context) -> None:
    first, second = (info.id for info in context.pack.groups["woman_face"].types[:2])
    mixed = spread(context, ("woman_face", "man_face"), 2000)
    [_, women] = shown([*mixed, (first, first, 200), (first, second, 4), (second, second, 200)], [])
    [panel] = women.image.panels
    assert panel.lifts[0][0] > 1.5 > 0.5 > panel.lifts[0][1]
    assert panel.couples[0][:2] == (200, 4)


def test_buttons_stand_below_the_last_picture(town: Town, shown: Shown, context: Context) -> None:
    shown(spread(context, ("man_face", "man_face"), 40), [])
    rows = ((figures.word("steering.no"),),)
    pictures = town.database.read(figures.heatmap, context, rows)
    assert [picture.buttons for picture in pictures] == [(), rows]


def test_a_gate_about_couples_of_one_gender_is_named_so() -> None:
    def named(name: str, about: str) -> str:
        [gate] = figures.gates({"gates": {name: {"value": 0.1, "bound": 0.2, "passed": False, "about": about}}})
        return WORDS.plain(figures.gate_line(gate), "en")

    assert named("affinity", "woman_woman_face").startswith("• affinity on couples held back: Faces, two women:")
    assert named("affinity", "man_man_fashion").startswith("• affinity on couples held back: Fashion, two men:")
    assert named("affinity", "face").startswith("• affinity on couples held back: Faces:")
    assert named("affinity", "elsewhere_face").startswith("• affinity on couples held back: 0.1")
    assert named("compatibility_auc", "").startswith("• couples told from random pairs:")


def test_all_panels_are_drawn_and_no_tower(shown: Shown, context: Context) -> None:
    face, fashion = (
        [couple for one, other in figures.SIDES for couple in spread(context, (f"{one}_{kind}", f"{other}_{kind}"), 800)]
        for kind in figures.KINDS
    )
    pictures = shown(face, fashion)
    assert len(pictures) == 3
    for picture in pictures:
        for language in LANGUAGES:
            drawn = Image.open(io.BytesIO(picture.image.draw(WORDS, language)))
            assert drawn.width == charts.WIDTH
            assert drawn.height < 1.6 * drawn.width
