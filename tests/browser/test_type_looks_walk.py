"""An admin at a phone gives a type another picture, and takes it back, in both languages; every screen is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser.app import Running
from tests.browser.conftest import PHONE
from tests.browser.test_walk import Phone
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SLOW = 60_000
"""Milliseconds that an answer may take on a busy machine."""


@pytest.fixture
def product(tmp_path: Path, warm: Callable[[Path], Path]) -> Iterator[Running]:
    warm(tmp_path)
    running = Running(tmp_path, free_port(), members=4)
    running.start()
    yield running
    running.close()


def drawn(folder: Path) -> Path:
    """A picture of no real person."""
    page = Image.new("RGB", (900, 700), "#F3C9A5")
    pen = ImageDraw.Draw(page)
    pen.ellipse((250, 120, 650, 620), fill="#FFE0C2")
    for left in (350, 500):
        pen.ellipse((left, 320, left + 50, 370), fill="#333333")
    pen.arc((370, 400, 530, 520), 20, 160, fill="#B03A48", width=12)
    page.save(folder / "drawn.jpg", quality=92)
    return folder / "drawn.jpg"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_admin_gives_a_type_another_picture(language: str, open_product: Callable[..., Page], product: Running, tmp_path: Path) -> None:
    page = open_product(PHONE, {"ko": "ko-KR", "en": "en-US"}[language])
    admin = Phone(page, "left", language, f"type-looks-{language}")
    admin.root.locator(".switcher").click()
    page.get_by_role("dialog").locator("button", has_text={"ko": "운영자", "en": "Operator"}[language]).click()
    admin.root.locator(".begin").click()
    admin.tap(f"language.{language}")
    admin.write("/models")
    admin.tap("models.rename")
    admin.tap("chart.group.woman_face")
    admin.tap_text(name(product, language))
    expect(admin.root.locator(".key", has_text=admin.label("steering.no")).last).to_be_visible(timeout=SLOW)
    admin.shoot("question")
    admin.send_photo(drawn(tmp_path))
    expect(admin.root.locator(".key", has_text=admin.label("models.picture_yes"))).to_be_visible(timeout=SLOW)
    admin.shoot("look")
    admin.tap("models.picture_yes")
    expect(admin.root.locator(".key", has_text=admin.label("models.picture_yes"))).to_have_count(0, timeout=SLOW)
    page.wait_for_timeout(3000)
    admin.shoot("changed")
    admin.write("/models")
    admin.tap("models.gallery")
    expect(admin.root.locator(".row.in img")).to_have_count(2, timeout=SLOW)
    admin.root.locator(".row.in img").last.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    admin.shoot("gallery")
    admin.write("/models")
    admin.tap("models.rename")
    admin.tap("chart.group.woman_face")
    admin.tap_text(name(product, language))
    admin.tap("models.use_automatic")
    expect(admin.root.locator(".row.in", has_text=automatic_again(admin, product)).last).to_be_visible(timeout=SLOW)
    admin.shoot("automatic")


def name(product: Running, language: str) -> str:
    """Of the first type of women's faces."""
    info = product.app.services.pack.groups["woman_face"].types[0]
    return info.name_ko if language == "ko" else info.name


def automatic_again(admin: Phone, product: Running) -> str:
    return admin.label("models.automatic", name=name(product, admin.language))
