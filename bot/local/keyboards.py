"""Reply markup: what Telegram accepts as a keyboard, and what it says about the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import telegram

from bot.local.entities import checked_url
from bot.local.errors import bad_request
from bot.local.values import CALLBACK_DATA_MAX, Json

if TYPE_CHECKING:
    from bot.local.parameters import Parameters

BUTTONS_MAX = 100
ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)


@dataclass(frozen=True, slots=True)
class Markup:
    """A checked reply markup: `inline` goes into the message, `reply` under the input field, `remove` takes that away."""

    inline: Json | None = None
    reply: Json | None = None
    remove: bool = False


def read_markup(parameters: Parameters) -> Markup:
    """The reply markup of a call.

    Raises:
        ApiError: markup that Telegram would refuse.

    """
    markup = parameters.structure("reply_markup")
    if markup is None:
        return Markup()
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = [[_inline(button) for button in row] for row in _rows(markup["inline_keyboard"], "inline_keyboard", "InlineKeyboardMarkup")]
        rows = [row for row in rows if row]
        return Markup(inline=telegram.InlineKeyboardMarkup(rows).to_dict() if rows else None)
    if "keyboard" in markup:
        keys = [[_key(button) for button in row] for row in _rows(markup["keyboard"], "keyboard", "ReplyKeyboardMarkup")]
        flags = ("resize_keyboard", "one_time_keyboard", "is_persistent", "selective", "input_field_placeholder")
        options = {name: markup[name] for name in flags if markup.get(name) is not None}
        return Markup(reply=telegram.ReplyKeyboardMarkup([row for row in keys if row], **options).to_dict())
    if markup.get("remove_keyboard"):
        return Markup(remove=True)
    if markup.get("force_reply"):
        placeholder = markup.get("input_field_placeholder")
        return Markup(reply=telegram.ForceReply(input_field_placeholder=placeholder).to_dict())
    if markup:
        raise bad_request("object expected as reply markup")
    return Markup()


def _rows(rows: Any, name: str, kind: str) -> list[list[Any]]:
    if not isinstance(rows, list):
        raise bad_request(f'field "{name}" of the {kind} must be an Array')
    for row in rows:
        if not isinstance(row, list):
            raise bad_request(f'field "{name}" of the {kind} must be an Array of Arrays')
    if sum(len(row) for row in rows) > BUTTONS_MAX:
        raise bad_request("reply markup is too long")
    return rows


def _inline(button: Any) -> telegram.InlineKeyboardButton:
    problem = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(problem + "InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad_request(problem + 'Can\'t find field "text"')
    if not text.strip():
        raise bad_request("inline keyboard button text must be non-empty")
    given = [name for name in ACTIONS if button.get(name) not in (None, False)]
    if len(given) != 1:
        complaint = "Exactly one of the optional fields must be used" if given else "Text buttons are unallowed in the inline keyboard"
        raise bad_request(problem + complaint)
    return telegram.InlineKeyboardButton(text, **{given[0]: _action(given[0], button[given[0]], problem)})


def _action(action: str, value: Any, problem: str) -> Any:
    """What a button does, checked."""
    match action:
        case "callback_data":
            if not isinstance(value, str) or not 1 <= len(value.encode()) <= CALLBACK_DATA_MAX:
                raise bad_request("BUTTON_DATA_INVALID")
        case "url":
            checked = _link(str(value))
            if checked is None:
                raise bad_request(f"inline keyboard button URL '{value}' is invalid: Wrong HTTP URL")
            return checked
        case "copy_text":
            return _copied(value, problem)
        case "web_app":
            url = str(value.get("url", "")) if isinstance(value, dict) else ""
            if not url.startswith("https://"):
                raise bad_request(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")
            return telegram.WebAppInfo(url)
        case "login_url" | "switch_inline_query_chosen_chat" | "callback_game" if not isinstance(value, dict):
            raise bad_request(problem + f"{action} must be an Object")
        case "switch_inline_query" | "switch_inline_query_current_chat" if not isinstance(value, str):
            raise bad_request(problem + f'Field "{action}" must be of type String')
    return value


def _copied(value: Any, problem: str) -> telegram.CopyTextButton:
    words = value.get("text") if isinstance(value, dict) else None
    if not isinstance(words, str) or not 1 <= len(words) <= 256:
        raise bad_request(problem + "CopyTextButton text must be of 1 to 256 characters")
    return telegram.CopyTextButton(words)


def _link(url: str) -> str | None:
    return url if url.startswith("tg://user?id=") else checked_url(url)


def _key(button: Any) -> telegram.KeyboardButton:
    problem = "can't parse keyboard button: "
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict):
        raise bad_request(problem + "KeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad_request(problem + 'Can\'t find field "text"')
    if not text.strip():
        raise bad_request("keyboard button text must be non-empty")
    asked: Json = {name: True for name in ("request_contact", "request_location") if button.get(name)}
    if len(asked) > 1:
        raise bad_request(problem + "Exactly one of the optional fields must be used")
    return telegram.KeyboardButton(text, **asked)
