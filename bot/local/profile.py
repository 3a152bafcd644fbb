"""What the bot tells about itself: name, descriptions, commands by scope and language, menu button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import telegram

from bot.local.values import Json

if TYPE_CHECKING:
    from bot.local.events import Events
    from bot.local.store import Store

NAME = "Inyeon 인연"
USERNAME = "inyeon_local_bot"


class Profile:
    """The bot's own data; every change is kept."""

    def __init__(self, store: Store, bot_id: int, events: Events) -> None:
        self._store = store
        self._events = events
        self.id = bot_id
        # (scope, language) -> commands; texts: (kind, language) -> text; keys are joined for JSON.
        self.commands: dict[str, list[Json]] = store.meta("commands", {})
        self.texts: dict[str, str] = store.meta("texts", {})
        self.menus: dict[str, Json] = store.meta("menus", {})

    @property
    def name(self) -> str:
        """The bot's name in the default language."""
        return self.text("name", "") or NAME

    def user(self) -> telegram.User:
        """The bot as the sender of its messages."""
        return telegram.User(self.id, self.name, is_bot=True, username=USERNAME)

    def me(self) -> Json:
        """The bot as getMe answers it."""
        flags: Json = {
            "can_join_groups": False,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }
        return telegram.User(self.id, self.name, is_bot=True, username=USERNAME, **flags).to_dict()

    def text(self, kind: str, language: str) -> str:
        """A text (name, description or short_description), falling back to the default language."""
        return self.texts.get(f"{kind}|{language}") or self.texts.get(f"{kind}|", "")

    def set_text(self, kind: str, language: str, text: str) -> None:
        """Change a text; an empty one removes it."""
        if text:
            self.texts[f"{kind}|{language}"] = text
        else:
            self.texts.pop(f"{kind}|{language}", None)
        self._store.set_meta("texts", self.texts)

    def set_commands(self, scope: str, language: str, commands: list[Json]) -> None:
        """Change the commands of a scope and language; an empty list removes them."""
        if commands:
            self.commands[f"{scope}|{language}"] = commands
        else:
            self.commands.pop(f"{scope}|{language}", None)
        self._store.set_meta("commands", self.commands)
        self._events.tell("commands", None, commands=self.all_commands())

    def get_commands(self, scope: str, language: str) -> list[Json]:
        """Exactly what was set for a scope and language."""
        return self.commands.get(f"{scope}|{language}", [])

    def commands_of(self, person: int | None, language: str) -> list[Json]:
        """The commands that a person's menu lists, by Telegram's order of scopes in private chats."""
        scopes = ["all_private_chats", "default"] if person is None else [f"chat:{person}", "all_private_chats", "default"]
        for scope in scopes:
            for wanted in (language, ""):
                if found := self.get_commands(scope, wanted):
                    return found
        return []

    def all_commands(self) -> dict[str, list[Json]]:
        """The menu by language, for the chat page."""
        languages = {"ko", "en", *(key.split("|", 1)[1] for key in self.commands)} - {""}
        return {"default": self.commands_of(None, ""), **{language: self.commands_of(None, language) for language in sorted(languages)}}

    def set_menu(self, chat: str, menu: Json) -> None:
        """Change the menu button of a chat, or with "" the default one."""
        self.menus[chat] = menu
        self._store.set_meta("menus", self.menus)

    def menu(self, chat: str) -> Json:
        """The menu button of a chat."""
        return self.menus.get(chat) or self.menus.get("") or {"type": "commands"}
