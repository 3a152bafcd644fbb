"""Both languages say the same things, in markup that Telegram takes, and every key that the code names exists."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from bot.errors import WordMissing
from bot.replies import Lines, Named, word
from bot.words import LANGUAGES, Words

ROOT = Path(__file__).parents[2]
CODE = [*ROOT.glob("bot/*.py"), *ROOT.glob("bot/usecases/*.py"), *ROOT.glob("bot/handlers/*.py")]
ALLOWED = {"b", "i", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"}
WORDS = Words()
KEYS = sorted(WORDS.keys("en"))


def placeholders(form: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", form))


def test_both_languages_have_the_same_keys() -> None:
    assert WORDS.keys("ko") == WORDS.keys("en")
    assert len(KEYS) > 200


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_fill_in_the_same_values(key: str) -> None:
    known = [placeholders(form) for language in LANGUAGES for form in WORDS.forms(key, language)]
    # A form for exactly one may leave the number out: "one person".
    assert {frozenset(names - {"n"}) for names in known} == {frozenset(known[0] - {"n"})}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", KEYS)
def test_the_markup_is_telegrams(key: str, language: str) -> None:
    class Checker(HTMLParser):
        open: list[str]

        def handle_starttag(self, tag: str, attrs: object) -> None:
            assert tag in ALLOWED
            self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    for form in WORDS.forms(key, language):
        checker = Checker()
        checker.open = []
        checker.feed(form)
        assert not checker.open
        assert not re.search(r"&(?!amp;|lt;|gt;|quot;)", form)
        assert len(form) < 3500


def test_every_key_in_the_code_exists() -> None:
    named = {key for file in CODE for key in re.findall(r'(?:word|button|Word)\(\s*"([a-z_0-9.]+)"', file.read_text())}
    assert len(named) > 100
    assert named - WORDS.keys("en") == set()


def test_every_key_that_the_code_puts_together_exists() -> None:
    for file in CODE:
        for key in re.findall(r'(?:word|button|Word)\(\s*f"([a-z_0-9.]+\{[^"]*)"', file.read_text()):
            pattern = re.compile(re.sub(r"\\\{.*?\\\}", "[a-z_0-9]+", re.escape(re.sub(r"\{[^}]*\}", "{x}", key))))
            assert any(pattern.fullmatch(known) for known in KEYS), key


def test_every_key_is_used() -> None:
    text = "\n".join(file.read_text() for file in CODE)
    stems = [re.sub(r"\{[^}]*\}.*", "", key) for key in re.findall(r'f"([a-z_0-9.]+\{[^"]*)"', text)]
    unused = [key for key in KEYS if f'"{key}"' not in text and not any(key.startswith(stem) for stem in stems if stem.count("."))]
    assert unused == []


def test_what_members_write_never_becomes_markup() -> None:
    assert WORDS.text(word("person.about", about='<b>&"hi"</b>'), "en") == '\n&lt;b&gt;&amp;"hi"&lt;/b&gt;'
    assert WORDS.plain(word("person.about", about="<b>"), "en") == "\n<b>"


def test_values_that_are_words_names_and_lines() -> None:
    told = word("person.card", lines=Lines((word("gender.man"), Named("서울", "Seoul"), ("a", "<b"))))
    assert WORDS.text(told, "ko") == "남성\n서울\na, &lt;b"
    assert WORDS.text(told, "en") == "Man\nSeoul\na, &lt;b"


def test_braces_in_values_stay() -> None:
    assert WORDS.text(word("person.about", about="{n} {0}"), "ko") == "\n{n} {0}"


def test_a_missing_key_names_itself() -> None:
    with pytest.raises(WordMissing, match=r"no\.such"):
        WORDS.text(word("no.such"), "ko")
