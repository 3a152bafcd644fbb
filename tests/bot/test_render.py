"""Replies become Bot API calls; callback data goes there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render import CALLBACK_LIMIT, pack, render, unpack
from bot.replies import Button, Clear, Document, Notice, Picture, Press, Say, Shown, word
from bot.words import LANGUAGES, Words

WORDS = Words()
ROWS = ((Button(word("menu.help"), Press("help")),),)


@given(st.from_regex(r"[a-z_]{1,15}", fullmatch=True), st.integers(0, 10**15), st.text(max_size=8))
def test_a_press_survives_its_way(do: str, to: int, choice: str) -> None:
    assert unpack(pack(Press(do, to, choice))) == Press(do, to, choice)


@given(st.text(max_size=80))
def test_any_data_is_a_press_or_nothing(data: str) -> None:
    press = unpack(data)
    assert press is None or (press.do.isidentifier() and 0 <= press.to < 10**18)


@pytest.mark.parametrize(
    "data", [None, "", "x", "x:", "like:x:", "like:-1:", "like:1e3:", "like:²:", "9:1:", ":1:", "like:" + "9" * 19 + ":"]
)
def test_forged_data_is_nothing(data: str | None) -> None:
    assert unpack(data) is None


def test_data_longer_than_telegrams_limit_is_a_mistake() -> None:
    assert len(pack(Press("set", 0, "x" * 59)).encode()) == CALLBACK_LIMIT
    with pytest.raises(ValueError, match="64"):
        pack(Press("set", 0, "가" * 20))


def test_a_text_with_buttons() -> None:
    call = render(Say(word("ages.range", low="<", high=">"), ROWS), WORDS, "en")
    assert call.method == "sendMessage"
    assert call.payload["text"] == "&lt;–&gt;"
    assert call.payload["reply_markup"] == {"inline_keyboard": [[{"text": "❓ Help", "callback_data": "help::"}]]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_keyboards_for_a_location_and_their_end(language: str) -> None:
    asked = render(Say(word("ask.city.location"), ask_location=True), WORDS, language).payload["reply_markup"]
    assert asked["keyboard"][0][0]["request_location"] is True
    assert render(Say(word("ask.kept"), plain_keyboard=True), WORDS, language).payload["reply_markup"] == {"remove_keyboard": True}
    assert "reply_markup" not in render(Say(word("ask.kept"), plain_keyboard=True, edit=True), WORDS, language).payload


def test_the_other_replies() -> None:
    assert render(Say(word("ask.kept"), edit=True), WORDS, "en").method == "editMessageText"
    assert render(Say(word("ask.kept"), protect=True), WORDS, "en").payload["protect_content"] is True
    assert render(Clear(), WORDS, "en").method == "editMessageReplyMarkup"
    notice = render(Notice(word("person.about", about="<" * 300), alert=True), WORDS, "en")
    assert (len(notice.payload["text"]), notice.payload["show_alert"]) == (200, True)
    assert render(Picture(b"\x89PNG...", word("ask.kept")), WORDS, "en").upload == ("photo", "card.png", b"\x89PNG...")
    assert render(Document(b"z", "a.zip", word("ask.kept")), WORDS, "en").upload == ("document", "a.zip", b"z")
    shown = render(Shown(7, word("ask.kept"), ROWS), WORDS, "en")
    assert (shown.method, shown.photo_id, shown.payload["protect_content"]) == ("sendPhoto", 7, True)
    assert "protect_content" not in render(Shown(7, word("ask.kept"), protect=False), WORDS, "en").payload
