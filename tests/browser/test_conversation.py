"""What a person does in the chat page, against the real local server and a bot that speaks HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE
from tests.browser.scripted import DEMO, OTHER, YOU, Stage

pytestmark = pytest.mark.browser
Opener = Callable[..., Page]
Shooter = Callable[[Page, str], None]


def left(page: Page) -> Locator:
    return page.locator("#phone-left")


def begin(page: Page) -> Locator:
    phone = left(page)
    phone.locator(".begin").click()
    expect(phone.locator(".key").first).to_be_visible()
    return phone


def slow_down(page: Page) -> None:
    """What the page shows for seconds only stays, for a test that comes late to see it."""
    page.evaluate("() => { const real = setTimeout; window.setTimeout = (work, after) => real(work, after > 1000 ? 1e6 : after); }")


def write(phone: Locator, text: str) -> None:
    field = phone.locator(".message-field")
    field.fill(text)
    field.press("Escape")
    field.press("Enter")


def picture(folder: Path, name: str = "photo.png") -> Path:
    file = folder / name
    Image.linear_gradient("L").resize((320, 240)).convert("RGB").save(file)
    return file


def test_start_writes_and_is_answered(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page()
    expect(page.get_by_role("note")).to_contain_text("예시 회원은 실제 사람이 아닙니다")
    expect(left(page).get_by_text("인연에 오신 걸 환영해요")).to_be_visible()
    shoot(page, "page-empty-ko")
    phone = begin(page)
    write(phone, "안녕하세요 😊")
    expect(phone.get_by_text("받았어요: 안녕하세요 😊")).to_be_visible()
    own = phone.locator(".row.out").last
    expect(own).to_contain_text("읽음")
    expect(phone.locator(".row.in strong").first).to_have_text("안녕하세요!")
    assert [update["message"]["text"] for update in stage.bot.updates] == ["/start", "안녕하세요 😊"]
    shoot(page, "page-conversation-ko")


def test_shift_enter_makes_a_line(open_page: Opener) -> None:
    phone = begin(open_page())
    field = phone.locator(".message-field")
    field.press_sequentially("하나")
    field.press("Shift+Enter")
    field.press_sequentially("둘")
    field.press("Enter")
    expect(phone.locator(".row.out .words").last).to_have_text("하나\n둘")


def test_buttons_toast_alert_and_edit(open_page: Opener, stage: Stage) -> None:
    page = open_page()
    phone = begin(page)
    slow_down(page)
    stage.let_answer(False)
    phone.get_by_role("button", name="알림", exact=True).click()
    expect(phone.locator(".key.pending")).to_have_count(1)
    stage.let_answer(True)
    expect(phone.locator(".toast")).to_have_text("골랐어요: toast")
    expect(phone.locator(".key.pending")).to_have_count(0)
    phone.get_by_role("button", name="경고", exact=True).click()
    alert = page.get_by_role("alertdialog")
    expect(alert).to_contain_text("골랐어요: alert")
    page.keyboard.press("Escape")
    expect(alert).to_have_count(0)
    phone.get_by_role("button", name="고치기 단추").click()
    expect(phone.locator(".row.in .words")).to_have_text("바뀐 글")
    expect(phone.locator(".row.in .meta")).to_contain_text("고침")


def test_marked_text_and_spoiler(open_page: Opener, shoot: Shooter) -> None:
    page = open_page()
    phone = begin(page)
    write(phone, "/marked")
    row = phone.locator(".row.in").last
    expect(row.locator("em")).to_have_text("기울임")
    expect(row.locator("code")).to_have_text("코드")
    expect(row.locator("a")).to_have_attribute("href", "https://example.org/")
    spoiler = row.get_by_role("button", name="가려진 글")
    spoiler.press("Enter")
    expect(row.locator(".spoiler.open")).to_contain_text("가려진 글")
    shoot(page, "page-marked")


def test_reply_keyboard_and_city(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page()
    phone = begin(page)
    write(phone, "/city")
    phone.get_by_role("button", name="부산").click()
    expect(phone.get_by_text("받았어요: 부산")).to_be_visible()
    phone.get_by_role("button", name="위치 보내기").click()
    shoot(page, "page-location")
    page.get_by_role("dialog").get_by_role("button", name="제주").click()
    expect(phone.get_by_text("위치: 33.5, 126.5")).to_be_visible()
    expect(phone.locator(".reply-key")).to_have_count(0)
    assert stage.bot.updates[-1]["message"]["location"]["latitude"] == pytest.approx(33.5)


def test_photo_by_button_lightbox_and_quote(open_page: Opener, stage: Stage, tmp_path: Path, shoot: Shooter) -> None:
    page = open_page()
    phone = begin(page)
    phone.get_by_role("button", name="첨부").click()
    with page.expect_file_chooser() as chooser:
        phone.get_by_role("menuitem", name="사진·동영상").click()
    chooser.value.set_files(picture(tmp_path))
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("내 사진")
    dialog.get_by_role("textbox").press("Enter")
    answer = phone.locator(".row.in").last
    expect(answer).to_contain_text("사진을 받았어요.")
    expect(answer.locator(".quote")).to_contain_text("내 사진")
    assert stage.bot.updates[-1]["message"]["caption"] == "내 사진"
    photo = phone.get_by_role("button", name="사진: 내 사진")
    expect(photo.locator("img")).to_have_js_property("complete", True)
    photo.click()
    expect(page.locator(".lightbox img")).to_be_visible()
    shoot(page, "page-lightbox")
    page.keyboard.press("Escape")
    expect(page.locator(".lightbox")).to_have_count(0)
    slow_down(page)
    answer.locator(".quote").click()
    expect(phone.locator(".row.lit")).to_have_count(1)


def test_photo_dropped_and_pasted(open_page: Opener, stage: Stage, tmp_path: Path) -> None:
    page = open_page()
    phone = begin(page)
    data = list(picture(tmp_path).read_bytes())
    transfer = page.evaluate_handle(
        "bytes => { const held = new DataTransfer();"
        " held.items.add(new File([new Uint8Array(bytes)], 'a.png', {type: 'image/png'})); return held; }",
        data,
    )
    phone.locator(".device").dispatch_event("dragenter", {"dataTransfer": transfer})
    expect(phone.locator(".drop-cover")).to_be_visible()
    phone.locator(".device").dispatch_event("drop", {"dataTransfer": transfer})
    page.get_by_role("dialog").get_by_role("button", name="보내기", exact=True).click()
    expect(phone.locator(".row.out .photo")).to_have_count(1)
    page.evaluate(
        "held => document.querySelector('#phone-left .message-field')"
        ".dispatchEvent(new ClipboardEvent('paste', {clipboardData: held, bubbles: true}))",
        transfer,
    )
    page.get_by_role("dialog").get_by_role("checkbox", name="원본 파일로 보내기").check()
    page.get_by_role("dialog").get_by_role("button", name="보내기", exact=True).click()
    expect(phone.locator(".row.out .card")).to_have_count(1)
    stage.told("document")
    kinds = [("photo" in update["message"], "document" in update["message"]) for update in stage.bot.updates[1:]]
    assert kinds[:1] == [(True, False)]


def test_reply_react_edit_and_own_last_message(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page()
    phone = begin(page)
    write(phone, "첫 글")
    bots = phone.locator(".row.in").nth(1)
    expect(bots).to_contain_text("받았어요: 첫 글")
    bots.click(button="right")
    shoot(page, "page-menu")
    phone.get_by_role("menuitemcheckbox", name="반응 ❤").click()
    expect(bots.locator(".reaction.mine")).to_be_visible()
    bots.dblclick()
    expect(phone.locator(".composing")).to_contain_text("받았어요: 첫 글")
    phone.locator(".message-field").fill("답이에요")
    phone.locator(".message-field").press("Enter")
    # A message on its way cannot be edited yet, and the one before it is not meant.
    expect(phone.locator(".row.out:not(.pending)").last).to_contain_text("답이에요")
    phone.locator(".message-field").press("ArrowUp")
    expect(phone.locator(".composing")).to_contain_text("메시지 고치는 중")
    phone.locator(".message-field").fill("고친 답")
    phone.locator(".message-field").press("Enter")
    expect(phone.locator(".row.out").last).to_contain_text("고친 답")
    expect(phone.locator(".row.out").last).to_contain_text("고침")
    stage.told("edited_message")
    stage.told("message_reaction")
    kinds = {next(key for key in update if key != "update_id") for update in stage.bot.updates}
    assert {"message", "edited_message", "message_reaction"} <= kinds
    bots.locator(".reaction").click()
    expect(bots.locator(".reaction")).to_have_count(0)


def test_commands_menu(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page()
    phone = begin(page)
    field = phone.locator(".message-field")
    field.press_sequentially("/p")
    options = phone.get_by_role("option")
    expect(options).to_have_text(["/profile내 프로필", "/photo사진 바꾸기"])
    field.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    shoot(page, "page-commands")
    field.press("Enter")
    expect(phone.get_by_text("받았어요: /photo")).to_be_visible()
    phone.get_by_role("button", name="명령어").click()
    expect(options).to_have_count(4)


def test_hostile_text_stays_text(open_page: Opener, stage: Stage) -> None:
    page = open_page()
    phone = begin(page)
    hostile = [
        "<script>window.hit=1</script>",
        "<img src=x onerror='window.hit=1'>",
        "[a](javascript:alert(1))",
        '"><svg onload=window.hit=1>',
        "{{7*7}} ${7*7}",
    ]
    for text in hostile:
        write(phone, text)
        expect(phone.locator(".row.in").last).to_contain_text(f"받았어요: {text}")
    stage.say(
        YOU, "이음", entities=[{"type": "text_link", "offset": 0, "length": 2, "url": 'https://example.org/"onmouseover="window.hit=1'}]
    )
    expect(phone.locator(".row.in").last).to_contain_text("이음")
    assert page.evaluate("window.hit") is None
    assert page.locator(".words img, .words script, .words svg").count() == 0
    assert all(
        not (href or "").startswith("javascript:") for href in page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
    )


def test_voice_round_video_and_sticker(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page(permissions=["microphone", "camera"])
    phone = begin(page)
    phone.get_by_role("button", name="음성 녹음").click()
    page.wait_for_timeout(1200)
    phone.get_by_role("button", name="녹음 보내기").click()
    expect(phone.locator(".row.out .voice")).to_be_visible()
    phone.get_by_role("button", name="스티커").click()
    phone.get_by_role("button", name="스티커 🥰").click()
    expect(phone.locator(".row.out .sticker")).to_be_visible()
    phone.get_by_role("button", name="첨부").click()
    phone.get_by_role("menuitem", name="카메라").click()
    page.get_by_role("button", name="동그란 영상 찍기").click()
    page.wait_for_timeout(1200)
    page.get_by_role("button", name="그만 찍고 보내기").click()
    expect(phone.locator(".row.out .round")).to_be_visible()
    phone.get_by_role("button", name="첨부").click()
    phone.get_by_role("menuitem", name="카메라").click()
    page.get_by_role("dialog").get_by_role("button", name="찍기", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="보내기", exact=True).click()
    expect(phone.locator(".row.out .photo")).to_be_visible()
    shoot(page, "page-media")
    stage.told("photo")
    kinds = [key for update in stage.bot.updates for key in ("voice", "sticker", "video_note", "photo") if key in update.get("message", {})]
    assert kinds[:3] == ["voice", "sticker", "video_note"]


def test_other_phone_switches_and_counts_unread(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page()
    right = page.locator("#phone-right")
    begin(page)
    stage.say(OTHER, "새로운 인연이 있어요")
    expect(right.locator(".switcher .badge")).to_have_text("1")
    assert page.title().startswith("(1)")
    right.locator(".switcher").click()
    shoot(page, "page-people")
    page.get_by_role("dialog").get_by_role("button", name="예시 회원 02").click()
    expect(right.get_by_text("새로운 인연이 있어요")).to_be_visible()
    expect(right.locator(".switcher .badge")).to_have_count(0)
    expect(page).to_have_title("인연 Inyeon")
    stage.say(DEMO, "다른 사람에게")
    expect(right.locator(".switcher .badge")).to_have_text("1")


def test_blocking_the_bot(open_page: Opener, stage: Stage) -> None:
    page = open_page()
    phone = begin(page)
    phone.get_by_role("button", name="더 보기").click()
    phone.get_by_role("menuitem", name="봇 차단").click()
    phone.get_by_role("button", name="봇 차단 해제").click()
    expect(phone.locator(".message-field")).to_be_visible()
    stage.told("my_chat_member")
    states = [update["my_chat_member"]["new_chat_member"]["status"] for update in stage.bot.updates if "my_chat_member" in update]
    assert states[:1] == ["kicked"]


def test_phone_width(open_page: Opener, stage: Stage, shoot: Shooter) -> None:
    page = open_page(PHONE)
    phone = begin(page)
    write(phone, "폭이 좁은 화면에서도 긴 글이 잘 나뉘어야 해요. " * 4)
    expect(phone.locator(".row.in").last).to_contain_text("받았어요")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("#phone-right")).to_have_count(0)
    expect(phone.locator(".strip-note")).to_contain_text("실제 사람이 아닙니다")
    shoot(page, "page-phone-ko")
