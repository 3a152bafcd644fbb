"""The safety of a conversation on the page: a word about fraud, a report with its evidence, photo verification; screens are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Page, expect

from bot.app import ADMIN_HERE, YOU
from bot.usecases.photos import store_vectors
from db import members, photos
from db.session import Connection
from engine.values import Analysis
from tests.browser.app import Running
from tests.browser.conftest import PHONE, WIDE
from tests.browser.test_every_kind import LOCALES, Talker, pair, phones, product
from tests.browser.test_walk import product_pack, selfie

__all__ = ["product"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
SAYS = {
    "ko": {
        "hello": "안녕하세요, 반가워요!",
        "bait": "비트코인으로 한 달에 200% 벌었어요 방법 알려줄까요?",
        "why": "투자하라고 계속 권해요",
    },
    "en": {
        "hello": "Hello, nice to meet you!",
        "bait": "ethereum staking gives me a daily profit, join me",
        "why": "Keeps telling me to invest",
    },
}


def picture(connection: Connection, jpeg: bytes, analysis: Analysis) -> None:
    """The person of the left phone has a photo with a face."""
    member = members.by_telegram(connection, YOU)
    assert member is not None
    store_vectors(connection, photos.add(connection, member.id, jpeg, dt.datetime.now(dt.UTC), facts={}), analysis)


def waving(path: Path, jpeg: Path) -> Path:
    """A film of a photo that is moved to and fro: what no verification may take for a person."""
    read = cv2.imread(str(jpeg))
    assert read is not None
    still = cv2.resize(read, (360, 360))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"VP80"), 15, (360, 360))
    for index in range(60):
        shift = cv2.getRotationMatrix2D((180, 180), 6.0 * ((index % 20) - 10) / 10, 1.0)
        writer.write(cv2.warpAffine(still, shift, (360, 360)))
    writer.release()
    return path


def operator(language: str, size: tuple[int, int], scheme: str, open_product: Callable[..., Page], shots: str) -> Talker:
    """The admin, on a page of their own."""
    page = open_product(size, LOCALES[language], scheme)
    side = "left" if size == PHONE else "right"
    page.evaluate(f"localStorage.setItem('inyeon.{'alone' if size == PHONE else 'right'}', '{ADMIN_HERE}')")
    page.reload()
    page.wait_for_selector("html[data-ready]")
    return Talker(page, side, language, f"{shots}-operator")


@pytest.mark.parametrize(("language", "size", "scheme"), [("ko", WIDE, "light"), ("en", PHONE, "dark")])
def test_fraud_a_report_and_a_verification(
    language: str,
    size: tuple[int, int],
    scheme: str,
    open_product: Callable[..., Page],
    product: Running,
    tmp_path: Path,
) -> None:
    face = selfie(product_pack())
    analysis = product.app.services.analyser.analyse(face.read_bytes())
    product.app.database.transact(pair, language)
    product.app.database.transact(picture, face.read_bytes(), analysis)
    you, them = phones(language, size, scheme, open_product, product)
    for phone in (you, them):
        phone.shots = phone.shots.replace("kinds", "safety")
        phone.root.locator(".begin").click()
        expect(phone.root.locator(".row.in")).not_to_have_count(0)
    verification(you, waving(tmp_path / "photo.webm", face))
    admin = operator(language, size, scheme, open_product, you.shots)
    admin.root.locator(".begin").click()
    admin.tap(f"language.{language}")
    fraud(you, them, SAYS[language])
    report(you, admin, SAYS[language])


def verification(you: Talker, film: Path) -> None:
    you.write("/verify")
    you.see(you.label("verify.go"))
    you.shoot("verify")
    you.tap("verify.go")
    expect(you.last_in).to_contain_text("1.")
    you.shoot("movements")
    you.send_files(film, option="round")
    refused = [you.label(f"verify.problem.{problem}") for problem in ("no_face", "still", "flat", "cut", "start", "changed", "order")]
    found = you.root.locator(".row.in .words").last
    expect(found).not_to_contain_text("1.", timeout=150_000)
    assert found.inner_text() in refused
    you.shoot("a-photo-is-no-person")


def fraud(you: Talker, them: Talker, say: dict[str, str]) -> None:
    you.write(say["hello"])
    them.see(say["hello"])
    them.write(say["hello"])
    you.see(say["hello"])
    them.write(say["bait"])
    you.see(say["bait"])
    you.see("💡")
    you.shoot("nudge")


def report(you: Talker, admin: Talker, say: dict[str, str]) -> None:
    you.write("/report")
    you.tap("safety.reason.scam")
    you.shoot("report")
    you.write(say["why"])
    you.see(you.label("safety.explained"))
    you.shoot("reported")
    admin.write("/reports")
    admin.see(say["why"])
    admin.shoot("report")
    admin.tap("admin.evidence_button")
    admin.see(say["bait"])
    admin.shoot("evidence")
    admin.tap("admin.warn")
    expect(admin.root).not_to_contain_text(say["bait"])
    expect(admin.root).not_to_contain_text(say["why"])
    admin.see("🗂")
    admin.shoot("decided")
