"""The bot itself: getMe, logOut, close, its names and descriptions."""

from __future__ import annotations

from bot.local.errors import bad_request
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import Json
from bot.local.world import World

# Parameter, greatest length and what is said when it is exceeded.
TEXTS = {
    "name": ("name", 64, "BOT_TITLE_INVALID"),
    "description": ("description", 512, "USER_BOT_DESCRIPTION_TOO_LONG"),
    "short_description": ("short_description", 120, "ABOUT_TOO_LONG"),
}


async def get_me(world: World, _parameters: Parameters) -> Json:
    """getMe."""
    return world.profile.me()


async def log_out(_world: World, _parameters: Parameters) -> bool:
    """logOut: there is no other server to go to, so nothing changes."""
    return True


async def close(_world: World, _parameters: Parameters) -> bool:
    """Close: the local server has one bot, which stays."""
    return True


def language_code(parameters: Parameters) -> str:
    """The language of a call, "" for all.

    Raises:
        ApiError: something that is no two-letter code.

    """
    code = parameters.text("language_code")
    if code and not (len(code) == 2 and code.isascii() and code.isalpha() and code.islower()):
        raise bad_request("invalid language code specified")
    return code


def _setter(kind: str) -> Method:
    parameter, longest, complaint = TEXTS[kind]

    async def change(world: World, parameters: Parameters) -> bool:
        text = parameters.text(parameter).strip()
        if len(text) > longest:
            raise bad_request(complaint)
        world.profile.set_text(kind, language_code(parameters), text)
        return True

    return change


def _getter(kind: str) -> Method:
    async def read(world: World, parameters: Parameters) -> Json:
        text = world.profile.text(kind, language_code(parameters))
        return {kind: text or world.profile.name if kind == "name" else text}

    return read


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "logOut": log_out,
    "close": close,
    "setMyName": _setter("name"),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
}
