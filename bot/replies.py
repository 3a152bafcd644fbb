"""What a use case can answer: plain values without aiogram; `bot.render` turns them into Bot API calls.

Reply
├── Say      a text message, or new text for the message whose button was pressed
├── Picture  a picture made here (type card)
├── Shown    a stored photo of a member
├── Document a file (the export)
├── Notice   the short line over a pressed button
└── Clear    take the buttons off the message whose button was pressed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.words import Words


@dataclass(frozen=True, slots=True)
class Word:
    """A sentence by its key in the catalogues, with values; a value may be a Word itself and is then translated too.

    `count` chooses the plural form where the catalogue has one.
    """

    key: str
    values: Mapping[str, object] = field(default_factory=dict)
    count: int | None = None


def word(key: str, count: int | None = None, /, **values: object) -> Word:
    """Shorthand: `word("ages.range", low=25, high=35)`."""
    return Word(key, values, count)


@dataclass(frozen=True, slots=True)
class Named:
    """A value that carries its own text in each language (the name of a type)."""

    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Lines:
    """A value that is several values, one a line."""

    items: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Press:
    """What a button does when pressed: a verb, and up to two small arguments (64 bytes of callback data in all).

    Nothing in it is trusted: the use case checks that the presser may do this to `to`.
    """

    do: str
    to: int = 0
    choice: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """An inline button."""

    word: Word
    press: Press


Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Say:
    """A text message; with `edit` it replaces the text of the message whose button was pressed.

    `ask_location` shows a reply keyboard with a button that sends the location; `plain_keyboard` takes such a keyboard away;
    `protect` keeps a new message from being forwarded or saved; `answers` is the message of the member's (Telegram's number in their
    chat) to which this is the reply.  `exhibit` is the case (`db.exhibits`) of which it shows an admin something: such a message goes
    through the outbox and is deleted in the admin's chat when the case is over, or its time is.
    """

    word: Word
    buttons: Rows = ()
    edit: bool = False
    ask_location: bool = False
    plain_keyboard: bool = False
    protect: bool = False
    answers: int | None = None
    exhibit: str = ""


class Drawing(Protocol):
    """A picture that is still to be drawn, off the event loop and outside the transaction (`bot.cards`)."""

    def draw(self, words: Words, language: str) -> bytes:
        """The bytes of a JPEG or PNG file, with its words in `language`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture made by the bot: the bytes of a JPEG or PNG file, or what draws them.

    `kept` says where such bytes lie, of a picture that is kept anyway (`bot.preparing`): only then can it wait in the outbox, where they
    would otherwise outlive what they are from.
    """

    image: bytes | Drawing
    word: Word
    buttons: Rows = ()
    protect: bool = False
    exhibit: str = ""
    kept: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A stored photo of a member by its id in the database; falls back to text when the photo is gone."""

    photo_id: int
    word: Word
    buttons: Rows = ()
    protect: bool = True
    exhibit: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A file for the member (an export)."""

    data: bytes
    name: str
    word: Word


@dataclass(frozen=True, slots=True)
class Notice:
    """The short line over a pressed button (at most 200 characters), as an alert to be closed where `alert`."""

    word: Word
    alert: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """Take the buttons off the message whose button was pressed, so that it can't be pressed again."""


Reply = Say | Picture | Shown | Document | Notice | Clear
Replies = list[Reply]
