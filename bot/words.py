"""The words: gettext catalogues in `bot/locales/<language>/<feature>.po`, read once at start with Babel.

Message ids are keys (`discover.nobody`), since both languages are first-class and neither is "the source".  A text is Telegram
HTML; values are escaped when they are filled in, so a member's own text can never become markup.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

from bot.errors import WordMissing
from bot.replies import Lines, Named, Word

LANGUAGES: Final = ("ko", "en")
FOLDER: Final = Path(__file__).parent / "locales"


class Words:
    """All catalogues in memory: `words.text(word, "ko")`."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._texts: dict[str, dict[str, tuple[str, ...]]] = {language: _read(folder / language, language) for language in LANGUAGES}

    def keys(self, language: str) -> frozenset[str]:
        """All keys that a language has."""
        return frozenset(self._texts[language])

    def forms(self, key: str, language: str) -> tuple[str, ...]:
        """The text of a key before its values are filled in: one form, or one for each plural."""
        try:
            return self._texts[language][key]
        except KeyError:
            raise WordMissing(key, language) from None

    def text(self, word: Word, language: str) -> str:
        """The sentence as Telegram HTML, its values escaped.

        Raises:
            WordMissing: the key is in no catalogue of that language.

        """
        return self._fill(word, language, escape=True)

    def plain(self, word: Word, language: str) -> str:
        """The sentence without escaping, for buttons, notices and pictures (which know no markup)."""
        return self._fill(word, language, escape=False)

    def _fill(self, word: Word, language: str, *, escape: bool) -> str:
        forms = self.forms(word.key, language)
        form = forms[0]
        if word.count is not None and len(forms) > 1:
            form = forms[0 if word.count == 1 else 1]
        values: Mapping[str, object] = word.values if word.count is None else {"n": word.count, **word.values}
        return form.format_map({name: self._value(value, language, escape=escape) for name, value in values.items()}) if values else form

    def _value(self, value: object, language: str, *, escape: bool) -> str:
        if isinstance(value, Word):
            return self._fill(value, language, escape=escape)
        if isinstance(value, Named):
            value = value.ko if language == "ko" else value.en
        if isinstance(value, Lines):
            return "\n".join(self._value(item, language, escape=escape) for item in value.items)
        if isinstance(value, tuple):
            return ", ".join(self._value(item, language, escape=escape) for item in value)
        return html.escape(str(value), quote=False) if escape else str(value)


def _read(folder: Path, language: str) -> dict[str, tuple[str, ...]]:
    texts: dict[str, tuple[str, ...]] = {}
    for file in sorted(folder.glob("*.po")):
        with file.open("rb") as stream:
            catalogue = read_po(stream, locale=language, abort_invalid=True)
        for message in catalogue:
            if not message.id:
                continue
            key = message.id if isinstance(message.id, str) else message.id[0]
            forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
            texts[key] = tuple(form for form in forms if form)
            if not texts[key]:
                raise WordMissing(key, language)
    return texts
