"""parse_mode and entities; the expected values of MarkdownV2 are those that TDLib's own tests state."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.local.entities import Entity, checked_url, settle, units
from bot.local.html_markup import MarkupError, parse_html
from bot.local.markdown_markup import parse_markdown, parse_markdown_v2

Spans = list[tuple[str, int, int]]


def spans(entities: list[Entity] | tuple[Entity, ...]) -> Spans:
    return [(entity.kind, entity.offset, entity.length) for entity in entities]


@pytest.mark.parametrize(
    ("text", "plain", "expected"),
    [
        ("\\\\\\", "\\\\", []),
        ("🏟 🏟_🏟 __🏟___", "🏟 🏟🏟 🏟", [("italic", 5, 5), ("underline", 8, 2)]),
        ("🏟 🏟`🏟 🏟```", "🏟 🏟🏟 🏟", [("code", 5, 5)]),
        ("🏟 🏟```🏟 🏟```", "🏟 🏟 🏟", [("pre", 5, 3)]),
        ("🏟 🏟```🏟\n\r🏟```", "🏟 🏟🏟", [("pre", 5, 2)]),
        ("🏟 🏟```🏟\r\r🏟```", "🏟 🏟\r🏟", [("pre", 5, 3)]),
        ("🏟 🏟``````", "🏟 🏟", []),
        ("`_* *_`__*` `*__", "_* *_ ", [("code", 0, 5), ("code", 5, 1), ("bold", 5, 1), ("underline", 5, 1)]),
        ("[ ](as)", " ", []),
        ("[telegram\\.org]a", "telegram.orga", [("text_link", 0, 12)]),
        ("[telegram\\.org](tg:user?id=123456)", "telegram.org", [("text_mention", 0, 12)]),
        ("||test||", "test", [("spoiler", 0, 4)]),
        ("> \n> \n>", " \n \n", [("blockquote", 0, 4)]),
        ("> \\>\n \\> \n>", " >\n > \n", [("blockquote", 0, 3)]),
        ("\r\r>\r\ra\r\n\r", "\r\r\r\ra\r\n\r", [("blockquote", 2, 5)]),
        (">`b\n>ld \n>bo\nld`\n>asd\ndef", "b\n>ld \n>bo\nld\nasd\ndef", [("blockquote", 0, 18), ("code", 0, 13)]),
        (">\n**>2", "\n2", [("blockquote", 0, 1), ("blockquote", 1, 1)]),
        (">**\n>2", "\n2", [("blockquote", 0, 2)]),
        ("*>abcd\n*", "abcd\n", [("blockquote", 0, 5), ("bold", 0, 5)]),
        (">asd\r\n>q||e||w||", "asd\r\nqew", [("expandable_blockquote", 0, 8), ("spoiler", 6, 1)]),
        ("🏟 🏟![👍](TG://EMoJI/?test=1231&id=25#id=32)a", "🏟 🏟👍a", [("custom_emoji", 5, 2)]),
    ],
)
def test_markdown_v2_is_read_as_tdlib_reads_it(text: str, plain: str, expected: Spans) -> None:
    got, entities = parse_markdown_v2(text)
    assert (got, spans(entities)) == (plain, expected)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("🏟 🏟_abac * asd ", "Can't find end of Bold entity at byte offset 15"),
        ("🏟 🏟```a", "Can't find end of Pre entity at byte offset 9"),
        ("🏟 🏟```a ", "Can't find end of PreCode entity at byte offset 9"),
        ("🏟 🏟__🏟 _🏟___", "Can't find end of Italic entity at byte offset 23"),
        ("[telegram\\.org](asd\\)", "Can't find end of a URL at byte offset 16"),
        ("🏟 🏟![👍]", "Custom emoji entity must contain a tg://emoji URL"),
        ("🏟 🏟![👍](tg:emojis?id=1234)", 'Custom emoji URL must have host "emoji"'),
        ("🏟 🏟![👍](tg://emoji?test=1231&id=025)", "Invalid custom emoji identifier specified"),
        (">*b\n>ld \n>bo\nld*\nasd\ndef", "Can't find end of Bold entity at byte offset 1"),
        (">\n*a*>2", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        (">asd\n>q||e||w||\n||asdad", "Can't find end of Spoiler entity at byte offset 16"),
        ("a.b", "Character '.' is reserved and must be escaped with the preceding '\\'"),
    ],
)
def test_markdown_v2_complains_as_tdlib_does(text: str, complaint: str) -> None:
    with pytest.raises(MarkupError) as caught:
        parse_markdown_v2(text)
    assert str(caught.value) == complaint


@pytest.mark.parametrize(
    ("text", "plain", "expected"),
    [
        ("<b>a&lt;<i>👍</i></b>", "a<👍", [("bold", 0, 4), ("italic", 2, 2)]),
        ('<pre><code class="language-python">x</code></pre>', "x", [("pre", 0, 1)]),
        ('<a href="tg://user?id=5">x</a>', "x", [("text_mention", 0, 1)]),
        ("<a href='localhost'>x</a>", "x", []),
        ("<blockquote expandable>x</blockquote>", "x", [("expandable_blockquote", 0, 1)]),
        ('<span class="tg-spoiler">x</span><tg-spoiler>y</tg-spoiler>', "xy", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("&#128077;&#x1F44D;&nbsp;&amp", "👍👍&nbsp;&", []),
        ("<B>x</b> <u></u><s>y</s>", "x y", [("bold", 0, 1), ("strikethrough", 2, 1)]),
    ],
)
def test_html_is_read(text: str, plain: str, expected: Spans) -> None:
    got, entities = parse_html(text)
    assert (got, spans(entities)) == (plain, expected)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("가<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("가<h1>x</h1>", 'Unsupported start tag "h1" at byte offset 3'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("x <", "Unclosed start tag at byte offset 2"),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<a href=x_y>z</a>", "Unexpected end of name token at byte offset 8"),
    ],
)
def test_html_complains(text: str, complaint: str) -> None:
    # "1 < 2": Telegram reads to the end of the text when it looks for the tag's name.
    with pytest.raises(MarkupError) as caught:
        parse_html(text)
    assert str(caught.value) == complaint


def test_old_markdown() -> None:
    text, entities = parse_markdown("*b* _i_ `c` [t](http://a.kr/x) \\_ ```py\nx```")
    assert text == "b i c t _ x"
    assert spans(entities) == [("bold", 0, 1), ("italic", 2, 1), ("code", 4, 1), ("text_link", 6, 1), ("pre", 10, 1)]
    with pytest.raises(MarkupError, match="byte offset 3"):
        parse_markdown("가*b")


def test_text_is_trimmed_and_its_entities_with_it() -> None:
    formatted = settle("  hi there \n", [Entity("bold", 2, 9)])
    assert (formatted.text, spans(formatted.entities)) == ("hi there", [("bold", 0, 8)])
    merged = settle("abcd", [Entity("bold", 0, 2), Entity("bold", 2, 2), Entity("italic", 1, 1)])
    assert spans(merged.entities) == [("bold", 0, 4), ("italic", 1, 1)]
    cut = settle("abcd", [Entity("bold", 0, 4), Entity("code", 1, 2)])
    assert spans(cut.entities) == [("bold", 0, 1), ("code", 1, 2), ("bold", 3, 1)]


def test_what_telegram_finds_by_itself() -> None:
    found = settle("👍 /start@inyeon_bot #태그 @mina_kim see kakao.com/x, a.b@c.kr $KRW +82 10-1234-5678 https://t.me/a?b=1.", [])
    texts = [found.text.encode("utf-16-le")[2 * entity.offset : 2 * entity.end].decode("utf-16-le") for entity in found.entities]
    assert list(zip([entity.kind for entity in found.entities], texts, strict=True)) == [
        ("bot_command", "/start@inyeon_bot"),
        ("hashtag", "#태그"),
        ("mention", "@mina_kim"),
        ("url", "kakao.com/x"),
        ("email", "a.b@c.kr"),
        ("cashtag", "$KRW"),
        ("phone_number", "+82 10-1234-5678"),
        ("url", "https://t.me/a?b=1"),
    ]


def test_links() -> None:
    assert checked_url("HTTPS://Telegram.ORG/A b") is None
    assert checked_url("HTTPS://Telegram.ORG/A") == "https://telegram.org/A"
    assert checked_url("javascript://a.b") is None


@given(st.text(alphabet="ab<>/=\"' &;#x1👍\n\\_*[]()~`|!.", max_size=60))
def test_parsers_refuse_or_answer_entities_inside_the_text(text: str) -> None:
    for parse in (parse_html, parse_markdown_v2, parse_markdown):
        try:
            plain, entities = parse(text)
        except MarkupError:
            continue
        for entity in (*entities, *settle(plain, entities).entities):
            assert 0 <= entity.offset < entity.end <= units(plain)
