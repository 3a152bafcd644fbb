"""The command menu and the menu button."""

from __future__ import annotations

import re

import telegram
from telegram.constants import BotCommandScopeType

from bot.local.errors import bad_request
from bot.local.methods.account import language_code
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import Json
from bot.local.world import World

SCOPES = frozenset(str(scope.value) for scope in BotCommandScopeType)
COMMANDS_MAX = 100


def _scope(world: World, parameters: Parameters) -> str:
    """The scope of a call as one word: its type, and for one chat "chat:ID"."""
    scope = parameters.mapping("scope") or {"type": "default"}
    kind = str(scope.get("type", "default"))
    if kind not in SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    if kind.startswith("chat"):
        person = world.member(str(scope.get("chat_id", "")))
        if kind != "chat":
            raise bad_request("can't change commands in private chats")
        return f"chat:{person.id}"
    return str(kind)


async def set_my_commands(world: World, parameters: Parameters) -> bool:
    """setMyCommands."""
    items = parameters.items("commands")
    if items is None:
        raise bad_request("can't parse commands: expected an Array")
    if len(items) > COMMANDS_MAX:
        raise bad_request("too many commands specified")
    scope, language = _scope(world, parameters), language_code(parameters)
    commands = []
    for item in items:
        name = str(item.get("command", "") if isinstance(item, dict) else "").removeprefix("/")
        description = str(item.get("description", "") if isinstance(item, dict) else "").strip()
        if not re.fullmatch(r"[a-z0-9_]{1,32}", name):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID" if description else "command description must be non-empty")
        commands.append(telegram.BotCommand(name, description).to_dict())
    world.profile.set_commands(scope, language, commands)
    return True


async def get_my_commands(world: World, parameters: Parameters) -> list[Json]:
    """getMyCommands."""
    return world.profile.get_commands(_scope(world, parameters), language_code(parameters))


async def delete_my_commands(world: World, parameters: Parameters) -> bool:
    """deleteMyCommands."""
    world.profile.set_commands(_scope(world, parameters), language_code(parameters), [])
    return True


async def set_chat_menu_button(world: World, parameters: Parameters) -> bool:
    """setChatMenuButton."""
    chat = str(world.member(parameters.text("chat_id")).id) if parameters.text("chat_id") else ""
    button = parameters.mapping("menu_button") or {"type": "default"}
    app = button.get("web_app")
    whole = isinstance(app, dict) and isinstance(app.get("url"), str) and isinstance(button.get("text"), str)
    if button.get("type") not in ("commands", "default", "web_app") or (button["type"] == "web_app" and not whole):
        raise bad_request("can't parse menu button: Invalid type specified")
    world.profile.set_menu(chat, telegram.MenuButton.de_json(button, None).to_dict())
    return True


async def get_chat_menu_button(world: World, parameters: Parameters) -> Json:
    """getChatMenuButton."""
    chat = str(world.member(parameters.text("chat_id")).id) if parameters.text("chat_id") else ""
    return world.profile.menu(chat)


METHODS: dict[str, Method] = {
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
}
