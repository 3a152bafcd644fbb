"""parse_mode=HTML: the grammar and the complaints of Telegram's parser (TDLib, `parse_html`).  Error offsets are bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.local.entities import Entity, linked, ordered, units

STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
TAGS = frozenset({*STYLES, "a", "pre", "code", "blockquote", "tg-emoji"})
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z]+));?")


class MarkupError(ValueError):
    """A complaint of a markup parser, in Telegram's words."""


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    start: int


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """Plain text and entities of HTML.

    Raises:
        MarkupError: what Telegram would complain about.

    """
    return _Html(text).parse()


class _Html:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.units = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.text):
            character = self.text[self.at]
            if character == "<":
                self._tag()
                continue
            if character == "&":
                character = self._reference()
            else:
                self.at += 1
            self.out.append(character)
            self.units += units(character)
        if self.open:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        kept = [Entity("code", entity.offset, entity.length) if entity.kind == "code" else entity for entity in self.entities]
        return "".join(self.out), ordered(kept)

    def _reference(self) -> str:
        """The character of the reference at the cursor, or the ampersand itself."""
        match = REFERENCE.match(self.text, self.at)
        if match is not None:
            hexadecimal, decimal, name = match.groups()
            code = int(hexadecimal, 16) if hexadecimal else int(decimal) if decimal else 0
            character = NAMED.get(name or "", "")
            if 0 < code < 0x10FFFF and match.end() - self.at < 11 and not 0xD800 <= code <= 0xDFFF:
                character = chr(code)
            if character:
                self.at = match.end()
                return character
        self.at += 1
        return "&"

    def _peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def _skip_spaces(self) -> None:
        while self._peek().isspace():
            self.at += 1

    def _until(self, stops: str) -> str:
        """The text up to a space, one of `stops` or the end."""
        start = self.at
        while self.at < len(self.text) and not self._peek().isspace() and self._peek() not in stops:
            self.at += 1
        return self.text[start : self.at]

    def _bytes(self, index: int) -> int:
        return len(self.text[:index].encode("utf-8", "surrogatepass"))

    def _tag(self) -> None:
        begin = self.at
        self.at += 1
        if self._peek() == "/":
            self.at += 1
            self._end(begin)
        else:
            self._start(begin)

    def _start(self, begin: int) -> None:
        tag = self._until(">").lower()
        where = self._bytes(begin)
        if self.at >= len(self.text):
            raise MarkupError(f"Unclosed start tag at byte offset {where}")
        if tag not in TAGS:
            raise MarkupError(f'Unsupported start tag "{tag}" at byte offset {where}')
        argument = ""
        while True:
            self._skip_spaces()
            if self._peek() == ">":
                break
            name, value = self._attribute(tag, where)
            argument = _argument(tag, name, value) or argument
        self.at += 1
        if tag == "span" and argument != "tg-spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {where}')
        self.open.append(_Open(tag, argument, self.units, len(self.out)))

    def _attribute(self, tag: str, where: int) -> tuple[str, str | None]:
        """Name and value of the attribute at the cursor; the value is None where there is none."""
        if self.at >= len(self.text):
            raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {where}')
        name = self._until("=>/\"'").lower()
        if not name:
            raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {where}')
        self._skip_spaces()
        if self._peek() != "=":
            if self.at >= len(self.text):
                raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {where}')
            return name, None
        self.at += 1
        self._skip_spaces()
        quote = self._peek()
        if quote and quote in "\"'":
            value = self._quoted(quote)
        else:
            start = self.at
            while self._peek().isascii() and (self._peek().isalnum() or (self._peek() and self._peek() in ".-")):
                self.at += 1
            value = self.text[start : self.at].lower()
            if self.at < len(self.text) and not self._peek().isspace() and self._peek() != ">":
                raise MarkupError(f"Unexpected end of name token at byte offset {self._bytes(start)}")
        if self.at >= len(self.text):
            raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {where}')
        return name, value

    def _quoted(self, quote: str) -> str:
        self.at += 1
        value = []
        while self.at < len(self.text) and self._peek() != quote:
            if self._peek() == "&":
                value.append(self._reference())
            else:
                value.append(self._peek())
                self.at += 1
        if self.at < len(self.text):
            self.at += 1
        return "".join(value)

    def _end(self, begin: int) -> None:
        where = self._bytes(begin)
        if not self.open:
            raise MarkupError(f"Unexpected end tag at byte offset {where}")
        name = self._until(">").lower()
        self._skip_spaces()
        if self._peek() != ">":
            raise MarkupError(f"Unclosed end tag at byte offset {where}")
        self.at += 1
        opened = self.open.pop()
        if name and name != opened.tag:
            raise MarkupError(f'Unmatched end tag at byte offset {where}, expected "</{opened.tag}>", found "</{name}>"')
        if self.units > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        offset, length = opened.offset, self.units - opened.offset
        last = self.entities[-1] if self.entities else None
        same = last is not None and (last.offset, last.length) == (offset, length)
        made: Entity | None
        match opened.tag:
            case "a":
                made = linked(opened.argument or "".join(self.out[opened.start :]), offset, length)
            case "pre":
                # <pre><code class="language-x"> is one block with a language.
                if same and last is not None and last.kind == "code" and last.argument:
                    made = Entity("pre", offset, length, self.entities.pop().argument)
                else:
                    made = Entity("pre", offset, length)
            case "code":
                if same and last is not None and last.kind == "pre" and opened.argument:
                    self.entities.pop()
                    made = Entity("pre", offset, length, opened.argument)
                else:
                    made = Entity("code", offset, length, opened.argument)
            case "blockquote":
                made = Entity("expandable_blockquote" if opened.argument else "blockquote", offset, length)
            case "tg-emoji":
                made = Entity("custom_emoji", offset, length, opened.argument) if opened.argument.isdecimal() else None
                if made is None:
                    raise MarkupError("Invalid custom emoji identifier specified")
            case _:
                made = Entity(STYLES[opened.tag], offset, length)
        if made is not None:
            self.entities.append(made)


def _argument(tag: str, name: str, value: str | None) -> str:
    """What an attribute says about its entity; empty where nothing."""
    match tag, name:
        case ("a", "href") | ("tg-emoji", "emoji-id") | ("span", "class"):
            return value or ""
        case ("code", "class") if value is not None and value.startswith("language-"):
            return value.removeprefix("language-")
        case "blockquote", "expandable":
            return "1"
    return ""
