"""Two people talk through the real bot with every kind of message, each as a person sends it; every screen is kept."""

from __future__ import annotations

import io
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page, expect

from benchmarks import people
from bot.app import YOU
from bot.local.demo import invent
from db import members
from db.session import Connection
from tests.browser.app import Running
from tests.browser.conftest import PATIENCE, PHONE, WIDE
from tests.browser.test_walk import Phone
from tests.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]
THEM = invent(1)[0].telegram_id
LOCALES = {"ko": "ko-KR", "en": "en-US"}
WORDS: dict[str, dict[str, Any]] = {
    "ko": {
        "hello": "안녕하세요! 오늘 **날씨**가 참 좋네요.",
        "answer": "네, 산책하기 좋은 날이에요 🙂",
        "weather": "날씨",
        "edited": "안녕하세요! 오늘 하늘이 참 맑네요.",
        "caption": "지난 주말에 다녀온 바다예요",
        "caption2": "지난달에 다녀온 바다예요",
        "album": "여행 사진 몇 장 보낼게요",
        "question": "이번 주말에 뭐 할까요?",
        "options": ("카페 가기", "한강 산책", "영화 보기"),
        "wrong": "잘못 보낸 메시지예요",
        "secret": "이 말은 우리끼리만 알아요",
    },
    "en": {
        "hello": "Hi! Such **lovely** weather today.",
        "answer": "Yes, a good day for a walk 🙂",
        "weather": "lovely",
        "edited": "Hi! Such a clear sky today.",
        "caption": "The sea, last weekend",
        "caption2": "The sea, last month",
        "album": "A few pictures of the trip",
        "question": "What shall we do this weekend?",
        "options": ("A café", "A walk along the river", "A film"),
        "wrong": "This one was a mistake",
        "secret": "This stays between us",
    },
}
LABELS = {
    "ko": {
        "attach": "첨부",
        "photo": "사진·동영상",
        "file": "파일",
        "location": "위치",
        "contact": "연락처",
        "poll": "투표",
        "dice": "주사위",
        "spoiler": "가려서 보내기",
        "voice": "음성 메시지로 보내기",
        "round": "동그란 영상으로 보내기",
        "send": "보내기",
        "reply": "답장",
        "edit": "고치기",
        "caption": "설명 고치기",
        "replace": "다른 파일로 바꾸기",
        "copy": "글 복사",
        "forward": "봇에게 전달",
        "move": "위치 옮기기",
        "stop": "위치 공유 끝내기",
        "quarter": "15분",
        "live": "실시간 위치",
        "city": "부산",
        "own": "내 연락처",
        "public": "공개 투표",
        "heart": "반응 ❤",
        "stickers": "스티커",
        "question": "질문",
    },
    "en": {
        "attach": "Attach",
        "photo": "Photo or video",
        "file": "File",
        "location": "Location",
        "contact": "Contact",
        "poll": "Poll",
        "dice": "Dice",
        "spoiler": "Hide until tapped",
        "voice": "Send as voice message",
        "round": "Send as round video",
        "send": "Send",
        "reply": "Reply",
        "edit": "Edit",
        "caption": "Edit caption",
        "replace": "Replace file",
        "copy": "Copy text",
        "forward": "Forward to the bot",
        "move": "Move location",
        "stop": "Stop sharing",
        "quarter": "15 min",
        "live": "Live location",
        "city": "Busan",
        "own": "My contact",
        "public": "Public poll",
        "heart": "React ❤",
        "stickers": "Stickers",
        "question": "Question",
    },
}


def scene(path: Path, sky: str, sea: str, sun: int) -> Path:
    """A drawn seaside: nobody's photo."""
    picture = Image.new("RGB", (1200, 900), sky)
    pen = ImageDraw.Draw(picture)
    pen.ellipse([sun, 120, sun + 150, 270], fill="#ffe9a8")
    pen.rectangle([0, 520, 1200, 900], fill=sea)
    for line in range(560, 900, 60):
        pen.line([0, line, 1200, line + 10], fill="#ffffff55", width=4)
    picture.save(path, "JPEG", quality=88)
    return path


def film(path: Path) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"VP80"), 10, (320, 320))
    for index in range(20):
        frame = np.full((320, 320, 3), (180, 140, 60 + index * 6), dtype=np.uint8)
        cv2.circle(frame, (40 + index * 12, 160), 36, (220, 240, 255), -1)
        writer.write(frame)
    writer.release()
    return path


def sound(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        tone = np.sin(np.arange(16000) * 2 * np.pi * 440 / 8000) * 8000
        file.writeframes(tone.astype("<i2").tobytes())
    return path


def gif(path: Path) -> Path:
    frames = [Image.new("RGB", (240, 160), (40 * index, 120, 160)) for index in range(5)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=120, loop=0)
    path.write_bytes(buffer.getvalue())
    return path


@pytest.fixture
def product(tmp_path: Path, warm: Callable[[Path], Path]) -> Iterator[Running]:
    warm(tmp_path / "var")
    running = Running(tmp_path / "var", free_port(), members=2)
    running.start()
    until = time.monotonic() + PATIENCE / 1000
    while all(person.id != THEM for person in running.app.local.people()) and time.monotonic() < until:  # type: ignore[union-attr]
        time.sleep(0.1)
    yield running
    running.close()


class Talker(Phone):
    """A phone whose owner uses all of it; `beside`: the phone on the same page, whose screens these are too."""

    beside: Talker | None = None

    def shoot(self, name: str) -> None:
        if self.beside is None:
            super().shoot(name)
        else:
            self.beside.shoot(name)

    def named(self, key: str) -> str:
        return LABELS[self.language][key]

    @property
    def last_out(self) -> Locator:
        return self.root.locator(".row.out").last

    @property
    def last_in(self) -> Locator:
        return self.root.locator(".row.in").last

    def attach(self, kind: str) -> None:
        self.root.get_by_role("button", name=self.named("attach"), exact=True).click()
        self.root.get_by_role("menuitem", name=self.named(kind), exact=True).click()

    def send_files(self, *paths: Path, entry: str = "photo", option: str = "", caption: str = "") -> None:
        with self.page.expect_file_chooser() as chooser:
            self.attach(entry)
        chooser.value.set_files(paths)
        dialog = self.page.get_by_role("dialog")
        if option:
            dialog.get_by_role("checkbox", name=self.named(option)).check()
        dialog.get_by_role("textbox").fill(caption)
        dialog.get_by_role("button", name=self.named("send"), exact=True).click()
        expect(self.root.locator(".row.pending")).to_have_count(0, timeout=PATIENCE)

    def menu(self, row: Locator, entry: str) -> None:
        row.focus()
        self.page.keyboard.press("Enter")
        self.root.get_by_role("menuitem", name=self.named(entry), exact=True).click()

    def gets(self, selector: str) -> Locator:
        found = self.root.locator(f".row.in {selector}").last
        expect(found).to_be_visible(timeout=PATIENCE)
        return found


def pair(connection: Connection, language: str) -> None:
    """The person of the left phone and the first demo member talk with each other, and have for a while."""
    mine = people.add(connection, YOU)
    theirs = members.by_telegram(connection, THEM)
    assert theirs is not None
    for number in (mine, theirs.id):
        member = members.by_id(connection, number)
        assert member is not None
        members.update(connection, number, member.created_at, language=language)
    people.match(connection, mine, theirs.id)


def phones(language: str, size: tuple[int, int], scheme: str, open_product: Callable[..., Page], product: Running) -> tuple[Talker, Talker]:
    """Both on a wide page, or each on a page of its own."""
    shots = f"kinds-{language}-{'phone' if size == PHONE else 'wide'}"
    product.wait(product.app.local.add_person(YOU, {"ko": "나", "en": "You"}[language], language, "you", started=True))  # type: ignore[union-attr]

    def at(who: str, person: int, side: str) -> Talker:
        page = open_product(size, LOCALES[language], scheme)
        page.evaluate(f"localStorage.setItem('inyeon.{who}', '{person}')")
        page.reload()
        page.wait_for_selector("html[data-ready]")
        return Talker(page, side, language, shots)

    if size == PHONE:
        one, two = at("alone", YOU, "left"), at("alone", THEM, "left")
        two.shots += "-other"
        return one, two
    two = at("right", THEM, "right")
    one = Talker(two.page, "left", language, shots)
    two.beside = one
    return one, two


@pytest.mark.parametrize(("language", "size", "scheme"), [("ko", WIDE, "light"), ("en", PHONE, "dark")])
def test_a_conversation_of_every_kind(
    language: str, size: tuple[int, int], scheme: str, open_product: Callable[..., Page], product: Running, tmp_path: Path
) -> None:
    product.app.database.transact(pair, language)
    you, them = phones(language, size, scheme, open_product, product)
    say = WORDS[language]
    for phone in (you, them):
        phone.root.locator(".begin").click()
        expect(phone.root.locator(".row.in")).not_to_have_count(0)
    talk(you, them, say)
    pictures(you, them, say, tmp_path)
    sounds(you, them, tmp_path)
    places(you, them)
    polls(you, them, say)
    changes(you, them, say, tmp_path)
    product.app.database.transact(protect)
    secret(you, them, say)


def talk(you: Talker, them: Talker, say: dict[str, Any]) -> None:
    you.write(say["hello"])
    expect(them.gets("strong")).to_have_text(say["weather"])
    them.menu(them.last_in, "reply")
    them.write(say["answer"])
    expect(you.gets(".quote")).to_contain_text(say["hello"].split("*")[0].strip())
    you.shoot("text")


def pictures(you: Talker, them: Talker, say: dict[str, Any], folder: Path) -> None:
    sea = [
        scene(folder / f"sea{index}.jpg", sky, water, 150 + 300 * index)
        for index, (sky, water) in enumerate((("#9fc5e8", "#2f6f8f"), ("#f6b98f", "#5a4f7f"), ("#cfe2d4", "#3f7f6f")))
    ]
    you.send_files(sea[0], caption=say["caption"])
    expect(them.gets(".bubble.visual")).to_contain_text(say["caption"])
    them.send_files(sea[1], option="spoiler")
    you.gets(".media-spoiler")
    you.shoot("spoiler")
    you.gets(".media-spoiler").click()
    expect(you.root.locator(".row.in .media-spoiler")).to_have_count(0)
    you.send_files(*sea, caption=say["album"])
    expect(them.root.locator(".row.in .album .tile")).to_have_count(3)
    expect(them.gets(".album")).to_contain_text(say["album"])
    them.shoot("album")
    report = folder / "Kim Minji 2026.pdf"
    report.write_bytes(PDF)
    you.send_files(report, entry="file")
    card = them.gets(".card")
    expect(card).to_contain_text("document.pdf")
    expect(them.root).not_to_contain_text("Minji")
    them.shoot("document")


def sounds(you: Talker, them: Talker, folder: Path) -> None:
    clip, tone = film(folder / "clip.webm"), sound(folder / "tone.wav")
    them.send_files(clip, option="round")
    you.gets(".round")
    them.send_files(tone, option="voice")
    you.gets(".voice")
    you.shoot("round-and-voice")
    them.send_files(clip)
    you.gets(".video video")
    them.send_files(gif(folder / "wave.gif"))
    you.gets(".photo img")
    them.send_files(tone, entry="file")
    you.gets(".audio, .card")
    you.root.get_by_role("button", name=you.named("stickers"), exact=True).click()
    you.root.locator(".sticker-choice").first.click()
    them.gets(".sticker")
    you.root.get_by_role("button", name=you.named("stickers"), exact=True).click()
    them.shoot("films-and-stickers")


def places(you: Talker, them: Talker) -> None:
    you.attach("location")
    you.page.get_by_role("dialog").get_by_role("radio", name=you.named("quarter")).check()
    you.shoot("where")
    you.page.get_by_role("dialog").locator(".cities button").first.click()
    expect(them.gets(".place")).to_contain_text(them.named("live"))
    before = them.gets(".place").inner_text()
    you.menu(you.root.locator(".row.out").filter(has=you.page.locator(".place")).last, "move")
    you.page.get_by_role("dialog").get_by_role("button", name=you.named("city"), exact=True).click()
    expect(them.gets(".place small").first).not_to_have_text(before.splitlines()[1])
    them.shoot("live")
    you.menu(you.root.locator(".row.out").filter(has=you.page.locator(".place")).last, "stop")
    expect(them.gets(".place")).not_to_contain_text(them.named("live"))
    you.attach("contact")
    you.page.get_by_role("dialog").get_by_role("button", name=you.named("own"), exact=True).click()
    you.shoot("contact-asks")
    you.tap("relay.held_yes")
    expect(them.gets(".card:not(.place)")).to_contain_text("+82")


def polls(you: Talker, them: Talker, say: dict[str, Any]) -> None:
    you.attach("poll")
    dialog = you.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name=you.named("question")).fill(say["question"])
    for index, option in enumerate(say["options"]):
        dialog.locator(".poll-fields input").nth(index).fill(option)
    dialog.get_by_role("checkbox", name=you.named("public")).check()
    you.shoot("poll-dialog")
    dialog.get_by_role("button", name=you.named("send"), exact=True).click()
    them.gets(".poll-option")
    them.shoot("poll")
    them.root.locator(".row.in .poll-option").nth(1).click()
    expect(them.root.locator(".row.in .poll li.mine")).to_contain_text(say["options"][1])
    you.see(say["options"][1])
    you.shoot("vote")
    you.attach("dice")
    you.page.get_by_role("dialog").locator(".dice-choice").first.click()
    expect(them.last_in).to_contain_text("🎲")
    them.shoot("dice")


def changes(you: Talker, them: Talker, say: dict[str, Any], folder: Path) -> None:
    picture = them.root.locator(".row.in").filter(has_text=say["caption"])
    picture.focus()
    them.page.keyboard.press("Enter")
    them.root.get_by_role("menuitemcheckbox", name=them.named("heart")).click()
    mine = you.root.locator(".row.out").filter(has_text=say["caption"])
    expect(mine.locator(".reaction")).to_have_count(1)
    you.menu(mine, "caption")
    you.root.locator(".message-field").fill(say["caption2"])
    you.page.keyboard.press("Enter")
    theirs = them.root.locator(".row.in").filter(has_text=say["caption2"])
    expect(theirs).to_be_visible()
    before = theirs.locator("img").first.get_attribute("src") or ""
    with you.page.expect_file_chooser() as chooser:
        you.menu(you.root.locator(".row.out").filter(has_text=say["caption2"]), "replace")
    chooser.value.set_files(scene(folder / "other.jpg", "#e6d6f0", "#705090", 700))
    expect(theirs.locator(f'img[src="{before}"]')).to_have_count(0)
    you.menu(you.root.locator(".row.out").filter(has_text=say["weather"]).first, "edit")
    you.root.locator(".message-field").fill(say["edited"])
    you.page.keyboard.press("Enter")
    expect(them.root.locator(".row.in").filter(has_text=say["edited"])).to_have_count(1)
    theirs.scroll_into_view_if_needed()
    them.shoot("edited")
    you.write(say["wrong"])
    them.see(say["wrong"])
    you.menu(you.last_out, "reply")
    you.write("/del")
    expect(them.root.locator(".row.in").filter(has_text=say["wrong"])).to_have_count(0)
    you.shoot("deleted")


def protect(connection: Connection) -> None:
    member = members.by_telegram(connection, THEM)
    assert member is not None
    members.update(connection, member.id, member.created_at, protect=True)


def secret(you: Talker, them: Talker, say: dict[str, Any]) -> None:
    them.write(say["secret"])
    you.see(say["secret"])
    you.last_in.focus()
    you.page.keyboard.press("Enter")
    you.shoot("protected")
    expect(you.root.get_by_role("menuitem", name=you.named("reply"), exact=True)).to_be_visible()
    for entry in ("copy", "forward"):
        expect(you.root.get_by_role("menuitem", name=you.named(entry), exact=True)).to_have_count(0)


PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n4 0 obj<</Author(Kim Minji)>>endobj\n"
    b"xref\n0 5\n0000000000 65535 f \n0000000009 00000 n \n0000000054 00000 n \n0000000105 00000 n \n0000000166 00000 n \n"
    b"trailer<</Root 1 0 R/Info 4 0 R/Size 5>>\nstartxref\n203\n%%EOF\n"
)
