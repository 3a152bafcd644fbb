"""An admin at the chat page: the commands that steer learning, in both languages; every screen is kept."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.processes import Children
from tests.browser.app import Running
from tests.browser.conftest import PATIENCE, WIDE
from tests.browser.test_walk import Phone, selfie
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = 240_000
"""Milliseconds that a command of ours may take on a busy machine."""


@pytest.fixture
def product(tmp_path: Path, warm: Callable[[Path], Path]) -> Iterator[Running]:
    warm(tmp_path)
    running = Running(tmp_path, free_port(), members=4)
    running.start()
    yield running
    running.close()


def sees_picture(phone: Phone, count: int, patience: int = PATIENCE) -> None:
    expect(phone.root.locator(".row.in img")).to_have_count(count, timeout=patience)


def held_up(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The commands that begin from now on do not go on: what is shown while they run is still there for whoever looks late."""
    held: list[int] = []
    add = Children.add

    def begin(children: Children, group: int) -> None:
        add(children, group)
        os.killpg(group, signal.SIGSTOP)
        held.append(group)

    monkeypatch.setattr(Children, "add", begin)
    return held


@pytest.mark.parametrize("language", ["ko", "en"])
def test_an_admin_steers(
    language: str, open_product: Callable[..., Page], product: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = held_up(monkeypatch)
    page = open_product(WIDE, {"ko": "ko-KR", "en": "en-US"}[language])
    admin = Phone(page, "right", language, f"steering-{language}")
    admin.root.locator(".switcher").click()
    page.get_by_role("dialog").locator("button", has_text={"ko": "운영자", "en": "Operator"}[language]).click()
    admin.root.locator(".begin").click()
    admin.tap(f"language.{language}")
    folder = tmp_path / "couples"
    folder.mkdir()
    (folder / "alone.jpg").write_bytes(selfie().read_bytes())
    admin.write("/stats")
    admin.see(product.app.services.pack.version)
    admin.shoot("stats")
    admin.tap("steering.crawl_button")
    admin.tap("steering.source.folder")
    admin.see(admin.label("steering.ask.path"))
    admin.shoot("crawl-asks")
    admin.write(str(folder))
    expect(admin.root.locator(".key", has_text=admin.label("steering.stop_this")).last).to_be_visible(timeout=PATIENCE)
    admin.shoot("crawl-runs")
    until = time.monotonic() + PATIENCE / 1000
    while not held and time.monotonic() < until:
        page.wait_for_timeout(50)
    monkeypatch.undo()
    for group in held:
        os.killpg(group, signal.SIGCONT)
    sees_picture(admin, 1, LONG)
    admin.shoot("crawl")
    admin.write("/retrain")
    admin.tap("steering.retrain_yes")
    sees_picture(admin, 2, LONG)
    admin.shoot("retrain")
    admin.write("/models")
    admin.tap("models.gallery")
    sees_picture(admin, 3)
    admin.shoot("models-gallery")
    admin.write("/models")
    admin.tap("models.affinity")
    sees_picture(admin, 4)
    admin.shoot("models-affinity")
    admin.write("/rollback")
    admin.see(admin.label("models.no_earlier"))
    admin.write("/jobs")
    admin.see(admin.label("job.state.refused"))
    admin.shoot("jobs")
