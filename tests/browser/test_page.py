"""The page itself: languages, colours, keyboard, screen readers, a server that goes away, files of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.scripted import YOU, Stage
from tests.browser.test_conversation import Opener, Shooter, begin, left, write

PAGE = Path(__file__).resolve().parents[2] / "bot" / "local" / "page"
MOST_LINES = 350
# Contrast of what is written on what, by WCAG 2: the ground is the nearest one that is not see-through.
CONTRAST = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = (element) => { for (let e = element; e; e = e.parentElement) {
    const colour = rgba(getComputedStyle(e).backgroundColor); if (colour[3] > 200) return colour; } return [255, 255, 255, 255]; };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || element.closest('.visually-hidden, .spoiler')) continue;
    if (!element.checkVisibility({opacityProperty: true})) continue;
    const [a, b] = [light(rgba(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) bad.push(`${element.className || element.tagName} ${walker.currentNode.textContent.slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return bad;
}"""
UNNAMED = """() => [...document.querySelectorAll('button, a, input, textarea, img, [role=dialog], section')]
  .filter((e) => e.checkVisibility()).filter((e) => e.tagName === 'IMG' ? !e.hasAttribute('alt')
    : !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.textContent.trim() || e.labels?.length))
  .map((e) => e.outerHTML.slice(0, 80))"""


@pytest.mark.browser
def test_language_toggle_translates_and_tells_the_bot(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page()
    begin(page)
    page.get_by_role("button", name="Switch to English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("note")).to_contain_text("not real people")
    write(left(page), "hello")
    expect(left(page).locator(".row.in").last).to_contain_text("hello")
    assert stage.bot.updates[-1]["message"]["from"]["language_code"] == "en"
    left(page).get_by_role("button", name="Commands").click()
    expect(left(page).get_by_role("option").first).to_have_text("/startStart")
    korean = page.evaluate("[...document.querySelectorAll('button[aria-label]')].map(e => e.ariaLabel).filter(s => /[가-힣]/.test(s))")
    assert [label for label in korean if "예시" not in label and "한국어" not in label] == []
    shoot(page, "page-conversation-en")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.browser
def test_navigator_language_and_system_colours(open_page: Opener, shoot: Shooter) -> None:
    page = open_page(locale="en-GB", scheme="dark")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    begin(page)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    shoot(page, "page-dark-en")
    page.get_by_role("button", name="Use light colours").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_and_names(open_page: Opener, stage: Stage, scheme: str) -> None:
    page = open_page(scheme=scheme, reduced_motion="reduce")
    phone = begin(page)
    write(phone, "/marked")
    write(phone, "/city")
    expect(phone.locator(".reply-key").first).to_be_visible()
    phone.get_by_role("button", name="고치기 단추").focus()
    page.evaluate("() => Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(UNNAMED) == []
    log = phone.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.get_by_role("article").last).to_have_attribute("aria-label", re.compile("봇"))


@pytest.mark.browser
def test_by_keyboard_alone(open_page: Opener, stage: Stage) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    focused = "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    for _ in range(12):
        if page.evaluate(focused) == "시작하기":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    phone = left(page)
    expect(phone.locator(".key").first).to_be_visible()
    expect(phone.locator(".message-field")).to_be_focused()
    page.keyboard.type("자판으로")
    page.keyboard.press("Enter")
    expect(phone.get_by_text("받았어요: 자판으로")).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.classList.contains('row')"):
            break
    assert page.evaluate("document.activeElement.classList.contains('row')")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    expect(phone.get_by_role("menuitem", name="답장")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(phone.get_by_role("menuitem", name="글 복사")).to_be_focused()
    page.keyboard.press("Escape")
    expect(phone.get_by_role("menu")).to_have_count(0)
    page.keyboard.press("r")
    expect(phone.locator(".composing")).to_contain_text("받았어요: 자판으로")
    page.keyboard.press("Escape")
    expect(phone.locator(".composing")).to_be_hidden()


@pytest.mark.browser
def test_server_restart_loses_nothing(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page()
    phone = begin(page)
    write(phone, "끊기기 전")
    expect(phone.get_by_text("받았어요: 끊기기 전")).to_be_visible()
    stage.stop()
    expect(phone.locator(".status")).to_have_text("연결하는 중…")
    write(phone, "끊긴 동안 1")
    write(phone, "끊긴 동안 2")
    expect(phone.locator(".row.pending")).to_have_count(2)
    expect(phone.locator(".row.pending").last).to_contain_text("연결되면 보낼게요")
    shoot(page, "page-offline")
    # ArrowUp edits the last message; while that is on its way, the one before it is not meant.
    phone.locator(".message-field").press("ArrowUp")
    expect(phone.locator(".message-field")).to_have_value("")
    expect(phone.locator(".composing")).to_be_hidden()
    stage.start()
    expect(phone.locator(".row.pending")).to_have_count(0)
    expect(phone.get_by_text("받았어요: 끊긴 동안 2")).to_be_visible()
    own = phone.locator(".row.out .words").all_inner_texts()
    assert own == ["/start", "끊기기 전", "끊긴 동안 1", "끊긴 동안 2"]
    page.reload()
    expect(phone.locator(".row.out")).to_have_count(4)


@pytest.mark.browser
def test_unsent_text_survives_a_reload(open_page: Opener, stage: Stage) -> None:
    page = open_page()
    phone = begin(page)
    phone.locator(".message-field").fill("쓰다 만 글")
    page.reload()
    expect(phone.locator(".message-field")).to_have_value("쓰다 만 글")
    page.route("**/page/chats/*/messages", lambda route: route.abort())
    phone.locator(".message-field").press("Enter")
    expect(phone.locator(".row.pending")).to_have_count(1)
    page.unroute("**/page/chats/*/messages")
    page.reload()
    expect(phone.get_by_text("받았어요: 쓰다 만 글")).to_be_visible()
    expect(phone.locator(".row.out")).to_have_count(2)


@pytest.mark.browser
def test_refused_message_can_be_sent_again_or_discarded(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page()
    phone = begin(page)
    page.route("**/page/chats/*/messages", lambda route: route.fulfill(status=400, json={"error": "no"}))
    write(phone, "거절")
    expect(phone.locator(".row.failed")).to_contain_text("보내지 못했어요: no")
    shoot(page, "page-failed")
    page.unroute("**/page/chats/*/messages")
    phone.get_by_role("button", name="다시 보내기").click()
    expect(phone.get_by_text("받았어요: 거절")).to_be_visible()


@pytest.mark.browser
def test_lost_answer_does_not_double_a_message(open_page: Opener, stage: Stage) -> None:
    page = open_page()
    phone = begin(page)
    cut = []

    def lose(route) -> None:  # type: ignore[no-untyped-def]
        if not cut:
            cut.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route("**/page/chats/*/messages", lose)
    write(phone, "한 번만")
    expect(phone.get_by_text("받았어요: 한 번만")).to_be_visible()
    page.wait_for_timeout(1500)
    expect(phone.locator(".row.out")).to_have_count(2)
    assert sum(update.get("message", {}).get("text") == "한 번만" for update in stage.bot.updates) == 1


@pytest.mark.browser
def test_scrolled_up_stays_and_counts(open_page: Opener, stage: Stage) -> None:
    page = open_page(PHONE)
    phone = begin(page)
    for number in range(15):
        stage.say(YOU, f"글 {number}\n둘째 줄")
    expect(phone.get_by_text("글 14")).to_be_visible()
    phone.locator(".scroller").evaluate("e => { e.scrollTop = 0 }")
    expect(phone.locator(".to-bottom")).to_be_visible()
    stage.say(YOU, "아래에 새 글")
    expect(phone.locator(".to-bottom .badge")).to_have_text("1")
    assert phone.locator(".scroller").evaluate("e => e.scrollTop") < 60
    phone.locator(".to-bottom").click()
    expect(phone.locator(".to-bottom")).to_be_hidden()


@pytest.mark.browser
def test_words_are_complete(open_page: Opener) -> None:
    words = open_page().evaluate("import('/script/words.js').then((module) => module.WORDS)")
    assert set(words) == {"ko", "en"}
    assert words["ko"].keys() == words["en"].keys()
    for key, text in words["ko"].items():
        assert text.strip()
        assert words["en"][key].strip()
        assert sorted(re.findall(r"\{\w+\}", text)) == sorted(re.findall(r"\{\w+\}", words["en"][key])), key
    used = {key for script in PAGE.glob("script/*.js") for key in re.findall(r"\bt\(\s*\"(\w+)\"", script.read_text(encoding="utf-8"))}
    assert used <= words["ko"].keys()


@pytest.mark.browser
def test_marks_become_formatting_and_back(open_page: Opener) -> None:
    page = open_page()
    parse = "(text) => import('/script/marks.js').then((module) => module.parseMarks(text))"
    back = "([text, entities]) => import('/script/marks.js').then((module) => module.withMarks(text, entities))"
    source = "**굵게 __기운__** `a**b` ||🙂 숨김|| 2 ** 3 ~~~~"
    found = page.evaluate(parse, source)
    assert found["text"] == "굵게 기운 a**b 🙂 숨김 2 ** 3 ~~~~"
    assert [(one["type"], one["offset"], one["length"]) for one in found["entities"]] == [
        ("bold", 0, 5),
        ("italic", 3, 2),
        ("code", 6, 4),
        ("spoiler", 11, 5),
    ]
    assert page.evaluate(back, [found["text"], found["entities"]]) == source


def test_files_are_small_and_ask_nobody_else() -> None:
    files = [*PAGE.rglob("*.js"), *PAGE.rglob("*.css"), *PAGE.rglob("*.html"), *PAGE.rglob("*.svg")]
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= MOST_LINES, file
        assert "innerHTML" not in text, file
        allowed = ("http://www.w3.org/", "https://www.openstreetmap.org/", "https://${")
        assert [url for url in re.findall(r"https?://\S+", text) if not url.startswith(allowed)] == [], file
