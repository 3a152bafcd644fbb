"""A stranger's whole way through the real product, in both languages: from START to a conversation; every screen is kept."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import configuration
from bot.replies import word
from bot.words import Words
from engine.types import STARTER
from tests.browser.app import Running
from tests.browser.conftest import PATIENCE, PHONE, SHOTS, WIDE
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WORDS = Words()


@pytest.fixture
def product(tmp_path: Path, warm: Callable[[Path], Path]) -> Iterator[Running]:
    warm(tmp_path)
    running = Running(tmp_path, free_port())
    running.start()
    yield running
    running.close()


def selfie(folder: Path = STARTER) -> Path:
    """A picture with a face that is nobody's: the blended face of a starter type (shipped with the product)."""
    types = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    pictures = sorted((folder / "pictures").glob("wf*"))
    assert types
    assert pictures
    return pictures[0]


class Phone:
    """One of the two phones on the page, used as a person would."""

    def __init__(self, page: Page, name: str, language: str, shots: str) -> None:
        self.page = page
        self.root: Locator = page.locator(f"#phone-{name}")
        self.language = language
        self.shots = shots
        self.count = 0

    def other(self, name: str) -> Phone:
        """The other phone of the same page."""
        return Phone(self.page, name, self.language, self.shots)

    def label(self, key: str, **values: object) -> str:
        return WORDS.plain(word(key, **values), self.language)

    def tap(self, key: str, **values: object) -> None:
        self.tap_text(self.label(key, **values))

    def tap_text(self, text: str) -> None:
        self.root.locator(".key", has_text=re.compile(f"^\\s*{re.escape(text)}\\s*$")).last.click(timeout=PATIENCE)

    def see(self, text: str) -> None:
        expect(self.root.locator(".row.in", has_text=text).last).to_be_visible(timeout=PATIENCE)

    def write(self, text: str) -> None:
        self.root.locator(".message-field").fill(text)
        self.root.locator(".message-field").press("Enter")

    def send_photo(self, path: Path) -> None:
        self.root.get_by_role("button", name={"ko": "첨부", "en": "Attach"}[self.language]).click()
        with self.page.expect_file_chooser() as chooser:
            self.root.get_by_role("menuitem").first.click()
        chooser.value.set_files(path)
        self.page.get_by_role("dialog").get_by_role("textbox").press("Enter")

    def shoot(self, name: str) -> None:
        self.count += 1
        self.page.wait_for_timeout(400)
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{self.shots}-{self.count:02}-{name}.png", animations="disabled")


def onboard(you: Phone) -> float:
    """From START to the menu; returns the seconds from the selfie to its card."""
    you.root.locator(".begin").click()
    you.shoot("language")
    you.tap(f"language.{you.language}")
    you.see(you.label("ask.intro").splitlines()[0].replace("<b>", "").replace("</b>", ""))
    you.tap("ask.intro.ok")
    you.tap("ask.terms.yes")
    you.shoot("consent")
    you.tap("ask.face.yes")
    you.write("2999-01-01")
    you.see(you.label("wrong.birth.future"))
    you.write("1996-05-05")
    you.tap("gender.woman")
    you.tap("seeks.everyone")
    you.tap_text({"ko": "서울", "en": "Seoul"}[you.language])
    you.shoot("distance")
    you.tap("distance.anywhere")
    you.tap("ages.any")
    you.see(you.label("ask.photo").splitlines()[-1][:20])
    you.shoot("photo")
    started = time.monotonic()
    you.send_photo(selfie(product_pack()))
    expect(you.root.locator(".row.in img").last).to_be_visible(timeout=PATIENCE)
    took = time.monotonic() - started
    you.shoot("card")
    you.tap("ask.photo.done")
    you.write({"ko": "주말에는 등산을 해요.", "en": "I hike at weekends."}[you.language])
    you.see(you.label("start.ready"))
    you.shoot("ready")
    return took


def skip(you: Phone) -> None:
    """Skip who is shown, and wait for the next card, which comes once the buttons of the one before are gone."""
    rows = you.root.locator(".row.in")
    before = rows.count()
    you.tap("discover.skip")
    expect(rows).not_to_have_count(before, timeout=PATIENCE)


def either(key: str) -> re.Pattern[str]:
    """A button by its label in either language: the demo member may have the other one."""
    return re.compile("|".join(re.escape(WORDS.plain(word(key), language)) for language in ("ko", "en")))


def meet(you: Phone, page: Page, *, wide: bool) -> None:
    """Discover, like, be liked back from the other phone, and talk."""
    you.tap("menu.discover")
    like = you.root.locator(".key", has_text=you.label("discover.like"))
    expect(like.last).to_be_visible(timeout=PATIENCE)
    you.shoot("discover")
    skip(you)
    expect(like).to_have_count(1, timeout=PATIENCE)
    you.tap("discover.like")
    them = you.other("right") if wide else you
    expect(them.root.locator(".switcher .badge")).to_be_visible(timeout=PATIENCE)
    them.root.locator(".switcher").click()
    you.shoot("people")
    page.get_by_role("dialog").locator("button:has(.badge)").first.click()
    them.root.locator(".key", has_text=either("likes.see_who")).last.click(timeout=PATIENCE)
    expect(them.root.locator(".key", has_text=either("discover.like")).last).to_be_visible(timeout=PATIENCE)
    you.shoot("liked-by")
    them.root.locator(".key", has_text=either("discover.like")).last.click()
    expect(them.root.locator(".row.in", has_text=either("match.write_now")).last).to_be_visible(timeout=PATIENCE)
    you.shoot("match")
    hello = {"ko": "안녕하세요! 등산 좋아하세요?", "en": "Hello! Do you like hiking?"}[you.language]
    them.write(hello)
    if wide:
        expect(you.root.locator(".row.in", has_text=hello)).to_be_visible(timeout=PATIENCE)
        you.write({"ko": "네, 정말 좋아해요 😊", "en": "Yes, a lot 😊"}[you.language])
        expect(them.root.locator(".row.in").last).to_contain_text("😊", timeout=PATIENCE)
        you.send_photo(selfie(product_pack()))
        expect(them.root.locator(".row.in img").last).to_be_visible(timeout=PATIENCE)
    you.shoot("conversation")


def leave_and_send(you: Phone) -> None:
    """A photo outside any chat may be for the profile, which all see, or for one person: it is asked."""
    you.write("/leave")
    you.send_photo(selfie(product_pack()))
    expect(you.root.locator(".key", has_text=you.label("photo.to_profile"))).to_be_visible(timeout=PATIENCE)
    you.shoot("whose-photo")


@pytest.mark.parametrize(("language", "size", "scheme"), [("ko", WIDE, "light"), ("en", WIDE, "dark"), ("en", PHONE, "light")])
def test_from_start_to_a_conversation(
    language: str, size: tuple[int, int], scheme: str, open_product: Callable[..., Page], product: Running
) -> None:
    page = open_product(size, {"ko": "ko-KR", "en": "en-US"}[language], scheme)
    you = Phone(page, "left", language, f"walk-{language}-{'phone' if size == PHONE else 'wide'}")
    took = onboard(you)
    assert took < PATIENCE / 1000  # the two seconds promised are measured by `make bench`; here other tests may be running
    meet(you, page, wide=size == WIDE)
    if size == WIDE:
        leave_and_send(you)


def product_pack() -> Path:
    """The pack that the settings name, the starter pack by default."""
    return Path(configuration.load().engine.pack or STARTER)
