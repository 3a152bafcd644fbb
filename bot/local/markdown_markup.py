"""parse_mode=MarkdownV2 and the old Markdown: Telegram's grammar and complaints (TDLib, `parse_markdown_v2`).  Error offsets are bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from bot.local.entities import Entity, linked, ordered, units
from bot.local.html_markup import MarkupError

RESERVED = "_*[]()~`>#+-=|{}.!\n"
SPOKEN = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
# How each kind ends, and how many characters the end has.
ENDS = {
    "bold": "*",
    "code": "`",
    "pre": "```",
    "text_link": "]",
    "underline": "__",
    "strikethrough": "~",
    "spoiler": "||",
    "custom_emoji": "]",
}


@dataclass(frozen=True, slots=True)
class _Open:
    kind: str
    argument: str
    offset: int
    at: int
    start: int


def parse_markdown_v2(text: str) -> tuple[str, list[Entity]]:
    """Plain text and entities of MarkdownV2.

    Raises:
        MarkupError: what Telegram would complain about.

    """
    return _MarkdownV2(text).parse()


class _MarkdownV2:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.out: list[str] = []
        self.units = 0
        self.open: list[_Open] = []
        self.entities: list[Entity] = []
        self.quoting = False
        self.line_start = True

    def parse(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.text):
            character = self.text[self.at]
            following = self.text[self.at + 1 : self.at + 2]
            if character == "\\" and "\0" < following <= "~":
                self.line_start = False
                self.at += 2
                self._say(following)
                continue
            literal = bool(self.open) and self.open[-1].kind in ("code", "pre")
            if character not in ("`" if literal else RESERVED):
                self.line_start = self.line_start and character == "\r"
                self.at += 1
                self._say(character)
            elif character == "\n":
                self._newline()
            elif self._ends():
                self._close()
            else:
                self._start(character)
        if self.quoting:
            self._end_quote()
        if self.open:
            self._unfinished()
        return "".join(self.out), ordered(self.entities)

    def _say(self, character: str) -> None:
        self.out.append(character)
        self.units += units(character)

    def _bytes(self, index: int) -> int:
        return len(self.text[:index].encode("utf-8", "surrogatepass"))

    def _unfinished(self) -> None:
        opened = self.open[-1]
        spoken = "PreCode" if opened.kind == "pre" and opened.argument else SPOKEN[opened.kind]
        raise MarkupError(f"Can't find end of {spoken} entity at byte offset {self._bytes(opened.at)}")

    def _newline(self) -> None:
        self.at += 1
        self._say("\n")
        self.line_start = True
        if self.quoting:
            if self.text[self.at : self.at + 1] == ">":
                self.at += 1
            else:
                self._end_quote()

    def _end_quote(self) -> None:
        """Close the quotation; a spoiler mark left at its very end makes it expandable."""
        kind = "blockquote"
        last = self.open[-1]
        if last.kind == "spoiler" and not "".join(self.out[last.start :]).strip("\r\n"):
            self.open.pop()
            kind = "expandable_blockquote"
        if self.open[-1].kind != "blockquote":
            self._unfinished()
        opened = self.open.pop()
        self.quoting = False
        if self.units > opened.offset:
            self.entities.append(Entity(kind, opened.offset, self.units - opened.offset))

    def _ends(self) -> bool:
        if not self.open or self.open[-1].kind == "blockquote":
            return False
        if self.open[-1].kind == "italic":
            return self.text[self.at] == "_" and not self.text.startswith("__", self.at)
        return self.text.startswith(ENDS[self.open[-1].kind], self.at)

    def _start(self, character: str) -> None:
        begin, argument = self.at, ""
        twice = self.text.startswith(character * 2, self.at)
        match character:
            case "_":
                kind, width = ("underline", 2) if twice else ("italic", 1)
            case "*":
                kind, width = "bold", 1
            case "~":
                kind, width = "strikethrough", 1
            case "[":
                kind, width = "text_link", 1
            case "|" if twice:
                kind, width = "spoiler", 2
            case "!" if self.text.startswith("![", self.at):
                kind, width = "custom_emoji", 2
            case "`" if self.text.startswith("```", self.at):
                kind, argument, width = self._pre()
            case "`":
                kind, width = "code", 1
            case ">" if self.line_start and not self.quoting:
                kind, width = "blockquote", 1
                self.quoting = True
            case _:
                raise MarkupError(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")
        self.at += width
        self.open.append(_Open(kind, argument, self.units, begin, len(self.out)))

    def _pre(self) -> tuple[str, str, int]:
        """Language and width of the start of a block of code: one line break after it is skipped."""
        rest = self.text[self.at + 3 :]
        named = re.match(r"[^\s`]+(?=\s)", rest)
        argument = named.group() if named else ""
        width = 3 + len(argument)
        skip = re.match(r"\n\r|\r\n|\n|\r", rest[len(argument) :])
        return "pre", argument, width + (len(skip.group()) if skip else 0)

    def _close(self) -> None:
        opened = self.open.pop()
        self.at += len(ENDS.get(opened.kind, "_"))
        offset, length = opened.offset, self.units - opened.offset
        made: Entity | None = Entity(opened.kind, offset, length, opened.argument)
        if opened.kind == "text_link":
            url = self._url("a URL")
            made = linked("".join(self.out[opened.start :]) if url is None else url, offset, length)
        elif opened.kind == "custom_emoji":
            url = self._url("a custom emoji URL")
            if url is None:
                raise MarkupError("Custom emoji entity must contain a tg://emoji URL")
            made = Entity("custom_emoji", offset, length, _emoji(url))
        if length > 0 and made is not None:
            self.entities.append(made)

    def _url(self, what: str) -> str | None:
        """The URL in parentheses at the cursor, or None where there is none."""
        if self.text[self.at : self.at + 1] != "(":
            return None
        self.at += 1
        start = self.at
        url = []
        while self.at < len(self.text) and self.text[self.at] != ")":
            if self.text[self.at] == "\\" and "\0" < self.text[self.at + 1 : self.at + 2] <= "~":
                self.at += 1
            url.append(self.text[self.at])
            self.at += 1
        if self.at >= len(self.text):
            raise MarkupError(f"Can't find end of {what} at byte offset {self._bytes(start)}")
        self.at += 1
        return "".join(url)


def _emoji(url: str) -> str:
    """The id in tg://emoji?id=…."""
    if not url.lower().startswith("tg:"):
        raise MarkupError("Custom emoji URL must have scheme tg")
    parts = urlsplit("tg://" + url[3:].removeprefix("//"))
    if parts.netloc.lower() != "emoji":
        raise MarkupError('Custom emoji URL must have host "emoji"')
    found = parse_qs(parts.query).get("id")
    if not found:
        raise MarkupError("Custom emoji URL must have an emoji identifier")
    if not re.fullmatch(r"[1-9][0-9]*", found[0]):
        raise MarkupError("Invalid custom emoji identifier specified")
    return found[0]


def parse_markdown(text: str) -> tuple[str, list[Entity]]:
    """Plain text and entities of the old Markdown.

    Raises:
        MarkupError: an entity without its end.

    """
    out: list[str] = []
    entities: list[Entity] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\" and text[at + 1 : at + 2] in ("_", "*", "`", "["):
            out.append(text[at + 1])
            at += 2
            continue
        if character not in "_*`[":
            out.append(character)
            at += 1
            continue
        begin, offset = at, units("".join(out))
        mark = "```" if text.startswith("```", at) else "]" if character == "[" else character
        at += len(mark)
        end = text.find(mark, at)
        if end < 0:
            raise MarkupError(f"Can't find end of the entity starting at byte offset {len(text[:begin].encode())}")
        content, language = text[at:end], ""
        at = end + len(mark)
        if mark == "```":
            block = re.match(r"([^\s`]*)\n", content)
            language, content = (block.group(1), content[block.end() :]) if block else ("", content)
        length = units(content)
        made: Entity | None
        if mark == "]":
            target = re.compile(r"\(([^)]*)\)").match(text, at)
            at = target.end() if target else at
            made = linked(target.group(1) if target else content, offset, length)
        else:
            made = Entity({"_": "italic", "*": "bold", "`": "code"}.get(mark, "pre"), offset, length, language)
        out.append(content)
        if made is not None and length:
            entities.append(made)
    return "".join(out), ordered(entities)
