"""What Telegram refuses is refused, in Telegram's words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.conftest import MINA, Call


def button(**action: object) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", **action}]]}


@pytest.mark.parametrize(
    ("method", "parameters", "code", "description"),
    [
        ("sendMessage", {"text": "x"}, 400, "chat_id is empty"),
        ("sendMessage", {"chat_id": "@nobody", "text": "x"}, 400, "chat not found"),
        ("sendMessage", {"chat_id": MINA}, 400, "message text is empty"),
        ("sendMessage", {"chat_id": MINA, "text": " \n"}, 400, "text must be non-empty"),
        ("sendMessage", {"chat_id": MINA, "text": "x" * 4097}, 400, "message is too long"),
        ("sendMessage", {"chat_id": MINA, "text": "x", "parse_mode": "XML"}, 400, "unsupported parse_mode"),
        ("sendMessage", {"chat_id": 7, "text": "<b>x", "parse_mode": "HTML"}, 400,
         "can't parse entities: Can't find end tag corresponding to start tag \"b\""),
        ("sendMessage", {"chat_id": MINA, "text": "x", "reply_markup": button(callback_data="가" * 22)}, 400, "BUTTON_DATA_INVALID"),
        ("sendMessage", {"chat_id": MINA, "text": "x", "reply_markup": button(callback_data="")}, 400, "BUTTON_DATA_INVALID"),
        ("sendMessage", {"chat_id": MINA, "text": "x", "reply_markup": button()}, 400,
         "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ("sendMessage", {"chat_id": MINA, "text": "x", "reply_markup": button(url="localhost")}, 400,
         "inline keyboard button URL 'localhost' is invalid: Wrong HTTP URL"),
        ("sendMessage", {"chat_id": MINA, "text": "x", "reply_markup": {"inline_keyboard": {}}}, 400,
         'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array'),
        ("sendMessage", {"chat_id": MINA, "text": "x", "reply_markup": "{"}, 400, "can't parse reply markup JSON object"),
        ("sendMessage", {"chat_id": MINA, "text": "x", "entities": [{"type": "text_link", "offset": 0, "length": 1, "url": "x"}]}, 400,
         "entity URL 'x' is invalid: Wrong HTTP URL"),
        ("sendPhoto", {"chat_id": MINA, "photo": "nonsense"}, 400, "wrong file identifier/HTTP URL specified"),
        ("sendPhoto", {"chat_id": MINA, "photo": "https://example.com/a.jpg"}, 400, "failed to get HTTP URL content"),
        ("sendPhoto", {"chat_id": MINA}, 400, "there is no photo in the request"),
        ("sendPhoto", {"chat_id": MINA, "photo": "x", "caption": "y" * 1025}, 400, "message caption is too long"),
        ("sendLocation", {"chat_id": MINA, "latitude": 91, "longitude": 0}, 400, "wrong latitude or longitude specified"),
        ("sendPoll", {"chat_id": MINA, "question": "q", "options": ["a"]}, 400, "poll must have at least 2 option"),
        ("sendMediaGroup", {"chat_id": MINA, "media": []}, 400, "there are no messages to send"),
        ("sendMediaGroup", {"chat_id": MINA, "media": [{"type": "photo", "media": "x"}] * 11}, 400,
         "too many messages to send as an album"),
        ("sendMediaGroup", {"chat_id": MINA, "media": [{"type": "photo", "media": "x"}, {"type": "document", "media": "x"}]}, 400,
         "document can't be mixed with other media types"),
        ("editMessageText", {"chat_id": MINA, "message_id": 99, "text": "x"}, 400, "message to edit not found"),
        ("deleteMessage", {"chat_id": MINA, "message_id": 99}, 400, "message to delete not found"),
        ("forwardMessage", {"chat_id": MINA, "from_chat_id": MINA, "message_id": 99}, 400, "message to forward not found"),
        ("answerCallbackQuery", {"callback_query_id": "1"}, 400,
         "query is too old and response timeout expired or query ID is invalid"),
        ("sendChatAction", {"chat_id": MINA, "action": "dancing"}, 400, "wrong parameter action in request"),
        ("setMessageReaction", {"chat_id": MINA, "message_id": 99}, 400, "message to react not found"),
        ("setMessageReaction", {"chat_id": MINA, "message_id": 99, "reaction": [{"type": "emoji", "emoji": "x"}]}, 400,
         "REACTION_INVALID"),
        ("getFile", {"file_id": "nonsense"}, 400, "invalid file_id"),
        ("getUserProfilePhotos", {"user_id": 5}, 400, "user not found"),
        ("setMyCommands", {"commands": [{"command": "UPPER", "description": "x"}]}, 400, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [], "language_code": "korean"}, 400, "invalid language code specified"),
        ("setMyDescription", {"description": "x" * 513}, 400, "USER_BOT_DESCRIPTION_TOO_LONG"),
        ("setWebhook", {"url": "http://example.com/"}, 400, "bad webhook: An HTTPS URL must be provided for webhook"),
        ("setWebhook", {"url": "https://example.com/", "secret_token": "ä"}, 400, "secret token contains unallowed characters"),
        ("pinChatMessage", {"chat_id": MINA, "message_id": 99}, 400, "message to pin not found"),
    ],
)  # fmt: skip
async def test_refusal(api: Call, method: str, parameters: dict[str, Any], code: int, description: str) -> None:
    answer = await api(method, **parameters)
    assert answer == {"ok": False, "error_code": code, "description": f"Bad Request: {description}"}


async def test_unknown_method(api: Call) -> None:
    assert await api("makeTea") == {"ok": False, "error_code": 404, "description": "Not Found: method not found"}


async def test_longest_allowed(api: Call) -> None:
    assert (await api("sendMessage", chat_id=MINA, text="<b>" + "👍" * 4096 + "</b>", parse_mode="HTML"))["ok"]
    assert (await api("sendMessage", chat_id=MINA, text="x", reply_markup=button(callback_data="x" * 64)))["ok"]
    assert (await api("SENDMESSAGE", chat_id=str(MINA), text=5))["result"]["text"] == "5"


async def test_old_messages_can_no_longer_be_deleted(api: Call, clock: Any) -> None:
    old = (await api("sendMessage", chat_id=MINA, text="x"))["result"]["message_id"]
    clock.now += 48 * 3600 + 1
    new = (await api("sendMessage", chat_id=MINA, text="y"))["result"]["message_id"]
    answer = await api("deleteMessage", chat_id=MINA, message_id=old)
    assert answer["description"] == "Bad Request: message can't be deleted for everyone"
    assert (await api("deleteMessages", chat_id=MINA, message_ids=[old, new, 77]))["ok"]
    assert (await api("deleteMessage", chat_id=MINA, message_id=new))["error_code"] == 400
    assert (await api("editMessageText", chat_id=MINA, message_id=old, text="still"))["ok"]
