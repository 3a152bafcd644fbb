"""A photo of two people given on the real page, in both languages: from /couple to taking it back; every screen is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import Running
from tests.browser.conftest import PATIENCE, WIDE
from tests.browser.test_walk import Phone, either, product
from tests.journeys.selfies import couple

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["product"]


@pytest.mark.parametrize(("language", "scheme"), [("ko", "light"), ("en", "dark")])
def test_from_couple_to_taking_it_back(
    language: str, scheme: str, open_product: Callable[..., Page], product: Running, tmp_path: Path
) -> None:
    page = open_product(WIDE, {"ko": "ko-KR", "en": "en-US"}[language], scheme)
    you = Phone(page, "left", language, f"couple-{language}")
    you.root.locator(".begin").click()
    expect(you.root.locator(".key", has_text=you.label("language.ko"))).to_be_visible(timeout=PATIENCE)
    you.write("/couple")
    you.see(you.label("couple.none"))
    you.shoot("overview")
    you.tap("couple.give")
    you.shoot("consent")
    you.tap("couple.agree")
    you.write("1994-03-07")
    you.see(you.label("couple.send").splitlines()[-1])
    photo = tmp_path / "us.jpg"
    photo.write_bytes(couple())
    you.send_photo(photo)
    you.see("👍")
    invitation = you.root.locator(".row.in code", has_text="couple_").last
    expect(invitation).to_be_visible(timeout=PATIENCE)
    you.shoot("accepted")
    them = you.other("right")
    if them.root.locator(".begin").is_visible():  # the bot may have written to them already: the day's card
        them.root.locator(".begin").click()
    else:
        them.write("/start")
    expect(them.root.locator(".row.in")).not_to_have_count(0, timeout=PATIENCE)
    them.write(invitation.inner_text())
    answer = them.root.locator(".key", has_text=either("couple.yes")).last
    expect(answer).to_be_visible(timeout=PATIENCE)
    you.shoot("asked")
    answer.click()
    expect(you.root.locator(".row.in", has_text=either("menu.couple")).last).to_be_visible(timeout=PATIENCE)
    you.shoot("agreed")
    you.write("/couple")
    you.see(you.label("couple.state.confirmed")[:20])
    stop = you.root.locator(".key", has_text=re.compile("🗑")).last
    stop.click()
    you.tap("couple.stop_yes")
    you.see(you.label("couple.stopped")[:20])
    you.shoot("taken-back")
    expect(them.root.locator(".row.in", has_text=re.compile("취소되어|taken back")).last).to_be_visible(timeout=PATIENCE)
