"""What can break in the bot (expected refusals are replies, not exceptions).

BotError
├── WordMissing     a key has no text in a language
└── StartError      the bot cannot start; the message is one line that says what to do
"""

from __future__ import annotations


class BotError(Exception):
    """Root of the bot's errors."""


class WordMissing(BotError, KeyError):
    """A key has no text in a language."""

    def __init__(self, key: str, language: str) -> None:
        super().__init__(f"no text for {key!r} in {language!r}")
        self.key = key
        self.language = language


class StartError(BotError):
    """The bot cannot start; the message is one line that says what to do.

    `code` is the exit code: 2 for a setting to change, 1 for anything else.
    """

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code
