"""The Bot API's methods, one module a family; `ALL` finds them by lower-case name as Telegram does."""

from __future__ import annotations

from bot.local.methods import account, answers, chats, commands, copying, editing, incoming, media, messages, places, polls
from bot.local.methods.kind import Method

ALL: dict[str, Method] = {
    name.lower(): method
    for module in (account, answers, chats, commands, copying, editing, incoming, media, messages, places, polls)
    for name, method in module.METHODS.items()
}
