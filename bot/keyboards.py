"""Buttons that several features share, and the verbs of the menu (`bot.render.pack` turns a press into callback data)."""

from __future__ import annotations

from collections.abc import Iterable

from bot.replies import Button, Press, Rows, Word, word

DISCOVER = Button(word("menu.discover"), Press("discover"))
LIKES = Button(word("menu.likes"), Press("likes"))
MATCHES = Button(word("menu.matches"), Press("matches"))
PROFILE = Button(word("menu.profile"), Press("profile"))
PHOTOS = Button(word("menu.photos"), Press("photos"))
TYPES = Button(word("menu.types"), Press("types"))
SETTINGS = Button(word("menu.settings"), Press("settings"))
BY_PHOTOS = Button(word("menu.by_photos"), Press("by_photos"))
COMPAT = Button(word("menu.compat"), Press("compat"))
COUPLE = Button(word("menu.couple"), Press("couple"))
VERIFY = Button(word("verify.button"), Press("verify"))
PRIVACY = Button(word("menu.privacy"), Press("privacy"))
HELP = Button(word("menu.help"), Press("help"))
MENU: Rows = ((DISCOVER,), (LIKES, MATCHES), (PROFILE, TYPES), (SETTINGS, HELP))
"""What a member who is ready can do."""


def button(text: Word | str, do: str, to: int = 0, choice: str = "") -> Button:
    """A button; `text` is a sentence or its key."""
    return Button(word(text) if isinstance(text, str) else text, Press(do, to, choice))


def grid(buttons: Iterable[Button], columns: int) -> Rows:
    """Buttons in rows of `columns`.

    >>> [len(row) for row in grid([DISCOVER] * 5, 3)]
    [3, 2]
    """
    items = tuple(buttons)
    return tuple(items[start : start + columns] for start in range(0, len(items), columns))


AGAIN = "again"
RESUME = button("settings.resume", "pause", choice=AGAIN)
APPEAL = button("safety.appeal", "appeal_ask")
JOBS = button("steering.jobs_button", "jobs")
MODELS = button("steering.models_button", "models")
STEERING: Rows = ((button("steering.crawl_button", "crawl"), button("steering.retrain_button", "retrain")), (MODELS, JOBS))
"""What admins do about learning."""
