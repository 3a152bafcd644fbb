"""Why somebody is shown, on the real page: the card, its evidence, the settings that change it; every screen is kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bot.usecases.questions import ANY_AGE
from db import affinities, couples, members, pictures, types
from db.session import Connection
from tests.browser.app import Running
from tests.browser.conftest import PATIENCE, PHONE, WIDE
from tests.browser.test_walk import Phone, onboard, product, skip
from tests.db.corpus import picture, someone
from tests.db.people import NOW

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["product"]
YOU = 1001


def observe(connection: Connection, version: str) -> None:
    """Couples as if collected: the member's face type is seen most with the first type of men, and less with the others."""
    me = members.by_telegram(connection, YOU)
    assert me is not None
    own = types.of_member(connection, me.id)["face"].type_id
    women = [row.id for row in types.current(connection) if row.kind == "face" and row.gender == "woman"]
    men = [row.id for row in types.current(connection) if row.kind == "face" and row.gender == "man"]
    rows = [(own, man, 24 if place % 2 else 6) for place, man in enumerate(men)]
    rows += [(woman, man, 6 if place % 2 else 12) for woman in women if woman != own for place, man in enumerate(men)]
    typed = []
    for one, other, number in rows:
        for _ in range(number):
            made = pictures.add(connection, picture(), NOW)
            assert made is not None
            couples.add(connection, made, someone("woman"), someone("man"), NOW)
            typed += [one, other]
    people = couples.untyped(connection, version, 0, 10**6, pixels=False)
    couples.retype(connection, version, [(one.id, None, face, None) for one, face in zip(people, typed, strict=True)], NOW)
    assert affinities.counts(connection, version, "face")


def narrow(connection: Connection, ages: tuple[int, int]) -> None:
    """Few are left for the member."""
    me = members.by_telegram(connection, YOU)
    assert me is not None
    members.update(connection, me.id, NOW, age_min=ages[0], age_max=ages[1])


@pytest.mark.parametrize(
    ("language", "size", "scheme"), [("ko", WIDE, "light"), ("en", WIDE, "dark"), ("ko", PHONE, "light"), ("en", PHONE, "light")]
)
def test_from_reasons_to_switching_photos_off(
    language: str, size: tuple[int, int], scheme: str, open_product: Callable[..., Page], product: Running
) -> None:
    page = open_product(size, {"ko": "ko-KR", "en": "en-US"}[language], scheme)
    you = Phone(page, "left", language, f"ranking-{language}-{'phone' if size == PHONE else 'wide'}")
    quiet, you.shoot = you.shoot, lambda name: None  # type: ignore[method-assign] onboarding has its own walk
    onboard(you)
    you.shoot = quiet  # type: ignore[method-assign]
    database = product.app.database
    database.transact(observe, product.app.services.pack.version)
    like = you.root.locator(".key", has_text=you.label("discover.like"))
    you.write("/discover")
    expect(like.last).to_be_visible(timeout=PATIENCE)
    for _ in range(6):
        text = you.root.locator(".row.in").last.inner_text()
        if ("쌍 중" if language == "ko" else "couples,") in text:
            break
        skip(you)
    you.shoot("card")
    you.tap("discover.why")
    you.see("80 %" if language == "en" else "80%")
    you.shoot("evidence")
    database.transact(narrow, (26, 29))
    you.write("/discover")
    page.wait_for_timeout(1500)
    you.shoot("few-left")
    database.transact(narrow, (98, 99))
    you.write("/discover")
    you.see(you.label("discover.nobody"))
    you.shoot("nobody")
    database.transact(narrow, ANY_AGE)
    you.write("/settings")
    you.see(you.label("settings.edit.languages"))
    you.shoot("settings")
    you.tap("settings.edit.languages")
    page.wait_for_timeout(600)
    you.tap("settings.language_not", language=you.label("spoken.ja"))
    page.wait_for_timeout(900)
    you.shoot("languages")
    you.write("/settings")
    page.wait_for_timeout(900)
    you.tap("menu.by_photos")
    page.wait_for_timeout(900)
    you.shoot("photos")
    you.tap("settings.photos_turn_off")
    page.wait_for_timeout(900)
    you.write("/discover")
    expect(like.last).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(900)
    you.shoot("card-without-photos")
    you.write("/types")
    you.see(you.label("types.partners_off")[:20])
    you.shoot("types")
    you.write("/privacy")
    page.wait_for_timeout(1200)
    you.shoot("privacy")
