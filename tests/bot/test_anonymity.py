"""Links to the sender, however they are spelt, and words that only look like them."""

from __future__ import annotations

import doctest
import re
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.folding import HIDDEN as UNSEEN
from bot.incoming import Incoming
from bot.usecases import anonymity, relay
from tests.bot.meeting import Town, keys

NAME = "maru_9"
PEOPLE = [
    "@maru_9",
    "＠maru_9",
    "@ｍａｒｕ＿９",
    "@ma\u200bru_9",
    "@\u2060maru_9",
    "@maru\u00ad_9",
    "@ma\ufe0fru\u200d_9",
    "@m\u034faru_9",
    "@maru\u3164_9",
    "@ⓜaru_9",
    "@𝐦𝐚𝐫𝐮_𝟗",
    "@MARU_9",
    "t.me/maru_9",
    "T.ME/MARU_9",
    "https://t.me/./maru_9",
    "https://t.me/x/../maru_9",
    "https://t.me/.//../maru_9",
    "https://t.me\\maru_9",
    "https:\\\\t.me\\maru_9",
    "https:/t.me/maru_9",
    "https:t.me/maru_9",
    "t.me/s/maru_9",
    "t.me/boost/maru_9",
    "t.me/share/url?url=t.me/maru_9",
    "t.me/maru_9?text=hi",
    "t.me/maru_9#x",
    "t.me/%2e/maru_9",
    "t.me/%2E%2E/%6Daru_9",
    "t.me/%256Daru_9",
    "t%2Eme/maru_9",
    "t.me%2Fmaru_9",
    "tx.me/maru_9",
    "telegram.me/maru_9",
    "telegram.dog/maru_9",
    "www.telegram.me/maru_9",
    "https://user:word@t.me:443//maru_9",
    "t.me./maru_9",
    "t\u200b.me/maru_9",
    "t.m\u2063e/maru_9",
    "ｔ.me/maru_9",
    "t。me／maru_9",
    "t․me/maru_9",
    "maru_9.t.me",
    "https://maru_9.t.me/",
    "ｍaru_9.t.me",
    "maru_9.tx.me",
    "tg://resolve?domain=maru_9",
    "tg://resolve?appname=x&domain=MARU_9",
    "tg:\\\\resolve?domain=maru_9",
    "t\u200dg:resolve?domain=maru_9",
    "https://web.telegram.org/k/#@maru_9",
    "https://web.telegram.org/k/#maru_9",
    "https://webk.telegram.org/?x=maru_9",
    "https://fragment.com/username/maru_9",
    "https://telesco.pe/maru_9",
]
ANYBODY = [
    "tg://user?id=123456",
    "tg:user?x=1&id=7",
    "tg://./user?id=7",
    "tg:\\user\\?id=7",
    "tg://openmessage?user_id=5",
    "tg:resolve?phone=821012345678",
    "tg://confirmphone?phone=821012345678&hash=x",
    "tg://contact?token=abc",
    "tg://message?slug=abc",
    "t.me/contact/abc",
    "t.me/./contact//abc",
    "https://t.me/m/abc",
    "https://t.me/x/../m/abc",
    "t.me\\m\\abc",
    "t.me/+821012345678",
    "t.me/%2B821012345678",
    "t.me/%20821012345678",
    "t.me/./+821012345678?text=hi",
    "t.me/confirmphone?phone=821012345678",
    "ｔ.me/+８２1012345678",
    "https://web.telegram.org/a/#7777777",
    "https://web.telegram.org/#/im?p=u7777777_123",
]
ORDINARY = [
    "@maru_99 and @maru_9_ and x.maru_9 are others",
    "maru_9 in plain words",
    "my tg:maru_9",
    "tg: maru_9",
    "tg://maru_9",
    "t.me/maru_99",
    "t.me/s/maru_99",
    "t.me/xmaru_9",
    "https://about.me/maru_9",
    "chat.me/maru_9?x",
    "https://t.me.example.org/maru_9",
    "telegram.org/maru_9",
    "https://instagram.com/maru_9",
    "t.me/durov and t.me/durov/5",
    "t.me/+AbCdEf123456",
    "t.me/joinchat/abc",
    "t.me/music/5 and 50% of m/slug and contact/x",
    "t.me/addstickers/contact",
    "tg://resolve?domain=durov",
    "tg://user?name=7",
    "https://web.telegram.org/k/#-1001234567",
    "https://web.telegram.org/k/#@durov",
    "https://a.kr/%6Daru?x=%20 100%",
    "C:\\t.me and \\o/ ¯\\_(ツ)_/¯",
    "카톡 말고 텔레그램 t.me 어때요？ ㅎㅎ…",
    "👨‍👩‍👧 ❤️ 🏳️‍🌈 ½ ™ … ℃ ①②③ ＡＢＣ 가나다",
    "न\u200dमस्ते می‌خواهم",
    "tea at 5:30, see t.me? no",
]


def units(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def link(url: str) -> dict[str, object]:
    return {"type": "text_link", "offset": 0, "length": 2, "url": url}


@pytest.mark.parametrize("said", [*PEOPLE, *ANYBODY])
def test_however_it_is_spelt_it_is_hidden(said: str) -> None:
    for before, behind in (("", ""), ("나는 ", " 예요"), ("😀 ", ", 😀")):
        cleaned = anonymity.clean(f"{before}{said}{behind}", (), NAME)
        assert cleaned.masked
        assert cleaned.changed
        assert units(cleaned.text) == units(f"{before}{said}{behind}")
        assert cleaned.text.startswith(before)
        assert cleaned.text.endswith(behind)
        assert "maru" not in unicodedata.normalize("NFKC", cleaned.text).lower()
        assert not re.search(r"\d{5}|abc|id=|slug", unicodedata.normalize("NFKC", cleaned.text))


@pytest.mark.parametrize("said", [*PEOPLE, *ANYBODY, "https://t.me/\nmaru_9", "ht\ttps://t.\rme/maru_9", "https://t.me/%20/../maru_9"])
def test_however_it_is_spelt_no_words_lead_there(said: str) -> None:
    cleaned = anonymity.clean("hi", (link(said),), NAME)
    assert cleaned.entities == ()
    assert cleaned.changed
    assert not cleaned.masked


@pytest.mark.parametrize("said", ORDINARY)
def test_what_only_looks_like_it_stays(said: str) -> None:
    bold = {"type": "bold", "offset": 0, "length": 1}
    for entities in ((), (bold,)):
        cleaned = anonymity.clean(said, entities, NAME)
        assert (cleaned.text, cleaned.entities, cleaned.changed, cleaned.masked) == (said, entities, False, False)


@pytest.mark.parametrize("said", ANYBODY)
def test_links_to_anybody_go_although_the_sender_has_no_user_name(said: str) -> None:
    assert anonymity.clean(said, (), None).masked


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("a @ma\u200bru_9입니다", f"a {'•' * 8}입니다"),
        ("가\ufe0f나 @maru_9", "가\ufe0f나 •••••••"),
        ("𝐀 @𝐦aru_9 𝐁", f"𝐀 {'•' * 8} 𝐁"),
        ("(t.me/s/maru_9)", f"({'•' * 13})"),
        ("https://t.me/./maru_9, ok", f"{'•' * 21}, ok"),
        ("(https://t.me/m/abc).", f"({'•' * 18})."),
        ("t.me/m/abc입니다", "••••••••••입니다"),
        ("제계정은t.me/maru_9입니다", "제계정은•••••••••••입니다"),
        ("t.me/durov t.me/maru_9 t.me/x", "t.me/durov ••••••••••• t.me/x"),
        ("t.me/durov,\u3000@maru_9", "t.me/durov,\u3000•••••••"),
        ("@maru_9https://t.me/maru_9", "•" * 26),
    ],
)
def test_no_more_is_hidden_than_must_be(said: str, expected: str) -> None:
    assert anonymity.clean(said, (), NAME).text == expected


def test_formats_stay_where_they_were() -> None:
    name = "＠𝐦a\u200bru_9"
    said, at = f"😀 {name} 굵게", units(f"😀 {name} ")
    cleaned = anonymity.clean(said, ({"type": "bold", "offset": at, "length": 2},), NAME)
    (bold,) = cleaned.entities
    behind = cleaned.text.encode("utf-16-le")[2 * int(bold["offset"]) :][: 2 * int(bold["length"])]
    assert behind.decode("utf-16-le") == "굵게"
    assert cleaned.text == f"😀 {'•' * units(name)} 굵게"


def test_a_piece_of_code_is_not_named_after_its_writer() -> None:
    code = {"type": "pre", "offset": 0, "length": 2, "language": "python"}
    assert anonymity.clean("hi", (code,), NAME).entities == (code,)
    assert anonymity.clean("hi", ({**code, "language": "@maru\u200b_9"},), NAME).entities == ()


def test_lines_that_name_the_sender_in_another_spelling_are_empty() -> None:
    assert anonymity.bare("by Ｍa\u200bru Kim", None, 100, ("Maru",)) == ""
    assert anonymity.bare("by Minji", None, 100, ("Maru",)) == "by Minji"


PIECES = st.sampled_from(
    [
        *(
            "@",
            "maru_9",
            "MARU",
            "_9",
            "m",
            "ｍ",
            "%6D",
            "%25",
            "%20",
            "\u200b",
            "\ufe0f",
            "t.me",
            "tx.me",
            "ｔ.me",
            "t。me",
            "telegram.me/",
        ),
        *("/", "//", "/./", "/../", "\\", "s/", "m/", "contact/", "abc", "+821012345678", "https://", "https:", "www.", ".", "?", "#", "&"),
        *(
            "tg:",
            "tg://",
            "resolve?",
            "domain=",
            "user?id=5",
            "phone=",
            "web.telegram.org/",
            "#12345",
            " ",
            "\n",
            "\u00a0",
            "😀",
            "안녕",
            "𝐦",
        ),
    ]
)
PLAIN_NAME = re.compile(r"@maru_9(?!\w)|(?<![a-z0-9])t\.me/+(?:\./+)*maru_9(?!\w)", re.ASCII)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join), st.sampled_from([NAME, None]))
def test_cleaning_twice_is_cleaning_once_and_touches_nothing_else(said: str, username: str | None) -> None:
    cleaned = anonymity.clean(said, (), username)
    assert anonymity.clean(cleaned.text, (), username).text == cleaned.text
    before, after = (text.encode("utf-16-le") for text in (said, cleaned.text))
    dot = anonymity.HIDDEN.encode("utf-16-le")
    assert len(before) == len(after)
    assert all(after[at : at + 2] in (before[at : at + 2], dot) for at in range(0, len(before), 2))
    assert cleaned.masked == (said != cleaned.text)
    if username:
        read = unicodedata.normalize("NFKC", re.sub("[\u200b\ufe0f]", "", cleaned.text)).lower().replace("\\", "/")
        assert not PLAIN_NAME.search(read)


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_cleaned_once(said: str) -> None:
    cleaned = anonymity.clean(said, (), NAME)
    assert units(cleaned.text) == units(said)
    assert anonymity.clean(cleaned.text, (), NAME).text == cleaned.text


def test_letters_that_are_not_looked_at_stand_for_nothing_else() -> None:
    """What the quick look passes over must neither be unseen nor another spelling of an ASCII letter."""
    wrong = []
    for number in range(0x80, sys.maxunicode + 1):
        one = chr(number)
        if anonymity._ODD.match(one):
            continue
        meant = unicodedata.normalize("NFKC", one)
        if one in UNSEEN or unicodedata.category(one) in ("Cf", "Mn", "Me") or any("!" <= letter <= "~" for letter in meant) or one == "。":
            wrong.append(hex(number))
    assert wrong == []
    assert anonymity._ODD.match("ｍ")
    assert not anonymity._ODD.match("가")


def test_an_ordinary_message_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs on every message: nothing is taken apart where no sign of a link is."""

    def never(*_: object) -> list[tuple[int, int]]:
        raise AssertionError

    monkeypatch.setattr(anonymity, "_spans", never)
    for said in ("오늘 저녁에 만날까요? 👨‍👩‍👧 ❤️", "see you at 5, 100% sure", "10.5 km … ok"):
        assert anonymity.clean(said, (), NAME).text == said
    with pytest.raises(AssertionError):
        anonymity.clean("t.me/durov", (), NAME)


def test_the_partner_sees_dots_and_the_sender_is_told(town: Town, couple: tuple[int, int]) -> None:
    her, him = couple
    town.mail()
    sent = Incoming.of({"message_id": 7, "text": "저는 https://t.me\\ma\u200bru_9 예요", "from": {"id": 77, "username": NAME}})
    assert keys(town.act(her, relay.receive, sent)) == ["relay.masked"]
    letter = town.mail()[him][0]
    assert letter["body"]["text"] == f"저는 {'•' * 20} 예요"


def test_examples() -> None:
    results = doctest.testmod(anonymity)
    assert results.attempted > 5
    assert results.failed == 0
