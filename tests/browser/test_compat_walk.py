"""Two people compared on the real page, in both languages: the boxes, the picture, its evidence; every screen is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import Running
from tests.browser.conftest import PATIENCE, WIDE
from tests.browser.test_walk import Phone, product
from tests.journeys.selfies import couple, selfie
from tests.journeys.stage import settle

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["product"]
YOU = 1001


@pytest.mark.parametrize(("language", "scheme"), [("ko", "light"), ("en", "dark")])
def test_from_compat_to_the_evidence(
    language: str, scheme: str, open_product: Callable[..., Page], product: Running, tmp_path: Path
) -> None:
    product.app.database.transact(settle, YOU, language, "woman", "men")
    page = open_product(WIDE, {"ko": "ko-KR", "en": "en-US"}[language], scheme)
    you = Phone(page, "left", language, f"compat-{language}")
    you.root.locator(".begin").click()
    expect(you.root.locator(".row.in")).not_to_have_count(0, timeout=PATIENCE)
    you.write("/compat")
    you.see("0–100" if language == "ko" else "from 0 to 100")
    you.shoot("intro")
    you.tap("compat.two")
    you.see(you.label("compat.send_1")[:20])
    photos = {"her": selfie("woman_face", 0), "him": selfie("man_face", 2), "both": couple()}
    for name, data in photos.items():
        (tmp_path / f"{name}.jpg").write_bytes(data)
    you.send_photo(tmp_path / "her.jpg")
    you.see(you.label("compat.send_2"))
    you.send_photo(tmp_path / "him.jpg")
    you.see(you.label("compat.board").split("\n")[0])
    you.tap("compat.box_1_off")
    expect(you.root.locator(".key", has_text=you.label("compat.box_1_on"))).to_be_visible(timeout=PATIENCE)
    you.shoot("one-box")
    you.tap("compat.box_2_off")
    expect(you.root.locator(".key", has_text=you.label("compat.box_2_on"))).to_be_visible(timeout=PATIENCE)
    you.tap("compat.go")
    expect(you.root.locator(".key", has_text=you.label("compat.why"))).to_be_visible(timeout=PATIENCE)
    picture = you.root.locator(".row.in img").last
    expect(picture).to_be_visible(timeout=PATIENCE)
    page.wait_for_function("image => image.complete && image.naturalWidth > 300", arg=picture.element_handle(), timeout=PATIENCE)
    you.shoot("result")
    you.tap("compat.why")
    you.see(you.label("compat.why.prior")[:30])
    you.shoot("evidence")
    you.tap("compat.again")
    you.tap("compat.one")
    you.see(you.label("compat.send_both")[:20])
    you.send_photo(tmp_path / "both.jpg")
    you.see(you.label("compat.board_one").split("\n")[0])
    you.tap("compat.go")
    you.shoot("boxes-missing")
