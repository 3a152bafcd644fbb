"""Captions are measured as Telegram measures them: UTF-16 units once the markup is parsed; no words of a member make one too long."""

from __future__ import annotations

import html
from html.parser import HTMLParser

import pytest

from bot.answers import ABOUT_LIMIT
from bot.render import CAPTION_LIMIT
from bot.replies import Shown, Word
from bot.usecases import chats, discover, presenting, profile, reasons
from db import members
from db.records import Member
from tests.bot.looks import look
from tests.bot.meeting import WORDS, Town, keys, surroundings, texts
from tests.bot.test_observed import observe
from tests.db.people import BUSAN, NOW

EMOJI = "🎭" * ABOUT_LIMIT
FAMILIES = ("👩‍👩‍👧 " * ABOUT_LIMIT)[:ABOUT_LIMIT]
MARKUP = ("<3 & " * 100)[:ABOUT_LIMIT]


def telegrams(text: str) -> int:
    """Length of Telegram HTML by a parser of HTML."""

    class Plain(HTMLParser):
        units = 0

        def handle_data(self, data: str) -> None:
            self.units += len(data.encode("utf-16-le")) // 2

    parser = Plain(convert_charrefs=True)
    parser.feed(text)
    parser.close()
    return parser.units


def test_a_length_is_that_of_what_is_read() -> None:
    for plain in ("", "a", "가", "🎭", MARKUP, EMOJI, "&amp;", "<b>", "&#128512;", "a\n<i>b</i>"):
        text = f"<b>{html.escape(plain, quote=False)}</b>\n<i>x</i>"
        assert presenting.units(text) == telegrams(text) == len(plain.encode("utf-16-le")) // 2 + 2


def met(town: Town, about: str) -> tuple[int, int]:
    """Two about whom everything can be said."""
    me, her = (
        town.newcomer("man", "women", face_consent=True, distance_km=10),
        town.newcomer("woman", "men", face_consent=True, about=about),
    )
    look(town, me, 0, garments=("sweater", "slacks"))
    look(town, her, 0, garments=("slacks", "sweater"))
    town.newcomer("woman", "men", latitude=BUSAN[0], longitude=BUSAN[1], distance_km=0)
    town.database.transact(observe, ("mf-0", "wf-0", 41), ("mf-0", "wf-1", 30), ("mf-1", "wf-1", 80), ("mf-1", "wf-0", 10))
    return me, her


@pytest.mark.parametrize("language", ["ko", "en"])
def test_markup_in_what_somebody_wrote_costs_no_reasons(town: Town, language: str) -> None:
    me, her = met(town, MARKUP)
    town.database.transact(members.update, me, NOW, language=language)
    [shown] = town.act(me, discover.show)
    [text] = texts([shown], language)
    assert html.escape(MARKUP.strip(), quote=False) in text
    assert len(text) > CAPTION_LIMIT >= telegrams(text)
    assert said(shown).count("reason.line") == reasons.MOST
    town.database.transact(members.update, her, NOW, about="a" * ABOUT_LIMIT)
    assert said(town.act(me, discover.show)[0]).count("reason.line") == reasons.MOST, "as many as for plain letters"


def said(value: object) -> list[str]:
    """The keys of all words within a reply."""
    if isinstance(value, Word):
        return [value.key, *(key for one in value.values.values() for key in said(one))]
    inner = getattr(value, "word", None) or getattr(value, "items", None)
    items = [inner] if isinstance(inner, Word) else inner if isinstance(inner, tuple) else value if isinstance(value, tuple) else ()
    return [key for one in items for key in said(one)]


@pytest.mark.parametrize("about", [EMOJI, FAMILIES, MARKUP, "가" * ABOUT_LIMIT, "a" * 400 + "🎭" * 100])
def test_no_caption_is_too_long_whatever_somebody_wrote(town: Town, about: str) -> None:
    me, her = met(town, about)
    town.database.transact(members.update, her, NOW, city="서" + "🎭" * 39, verified=True, demo=True)
    for language in ("ko", "en"):
        town.database.transact(members.update, me, NOW, language=language)
        [shown] = town.act(me, discover.show)
        assert isinstance(shown, Shown)
        assert telegrams(texts([shown], language)[0]) <= CAPTION_LIMIT
        own = town.act(her, profile.show)
        assert telegrams(texts(own, language)[0]) <= CAPTION_LIMIT
    pair = town.match(me, her)
    mail = town.mail()
    captions = [row["body"]["caption"] for rows in mail.values() for row in rows if "caption" in row["body"]]
    assert len(captions) == 2
    assert max(map(telegrams, captions)) <= CAPTION_LIMIT
    for language in ("ko", "en"):
        again = town.act(me, chats.profile, pair.id)
        assert keys(again)[0] == "chats.profile"
        assert telegrams(texts(again, language)[0]) <= CAPTION_LIMIT


def test_own_words_are_shown_whole_unless_they_count_twice(town: Town) -> None:
    whole, long = (town.member(town.newcomer(about=about)) for about in ("가" * ABOUT_LIMIT, "a" + EMOJI[1:]))
    assert "가" * ABOUT_LIMIT in told(whole)
    assert told(long).endswith("🎭…")
    assert told(long).count("🎭") == (presenting.ABOUT_UNITS - 2) // 2


def told(member: Member) -> str:
    return WORDS.text(presenting.person(surroundings(), member, {}), "en")
