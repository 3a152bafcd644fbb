"""A browser, the local server with a scripted bot, and pages of both; screenshots go to artefacts/screenshots."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.app import Running
from tests.browser.scripted import Stage

SHOTS = Path(__file__).resolve().parents[2] / "artefacts" / "screenshots"
WIDE = (1280, 860)
PHONE = (390, 844)
PATIENCE = 60_000
"""Milliseconds for which something is waited for that will come: much longer than it takes on a machine that stalls."""
expect.set_options(timeout=PATIENCE)
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-dev-shm-usage", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    # Where there is no folder for it, Chromium's sound library makes one under /tmp, which stays.
    sound = {**os.environ, "PULSE_RUNTIME_PATH": str(tmp_path_factory.mktemp("pulse"))}
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=flags, env=sound)
        yield started
        started.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path / "local")
    made.start()
    yield made
    made.close()


@pytest.fixture
def open_page(browser: Browser, stage: Stage) -> Iterator[Callable[..., Page]]:
    """`open_page(size, locale, scheme)`; at the end no page may have logged an error of its own."""
    with opening(browser, stage.url) as (make, errors):
        yield make
    assert not errors


@pytest.fixture
def open_product(browser: Browser, product: Running) -> Iterator[Callable[..., Page]]:
    """`open_product(size, locale, scheme)`: the page of the real product, which the test's module starts."""
    with opening(browser, product.url) as (make, _):
        yield make


@contextmanager
def opening(browser: Browser, url: str) -> Iterator[tuple[Callable[..., Page], list[str]]]:
    """What opens the chat page in a context of its own, and the errors that its pages log."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(size: tuple[int, int] = WIDE, locale: str = "ko-KR", scheme: Scheme = "light", **more: Any) -> Page:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale=locale, color_scheme=scheme, **more)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        page.wait_for_selector("html[data-ready]")
        return page

    yield make, errors
    for context in contexts:
        context.close()


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """`shoot(page, name)` keeps a screenshot."""
    SHOTS.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.screenshot(path=SHOTS / f"{name}.png", animations="disabled")

    return take
