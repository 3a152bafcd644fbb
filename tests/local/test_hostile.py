"""Whatever a client sends, a method answers or refuses; it never breaks."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.local.errors import ApiError
from bot.local.methods import ALL
from bot.local.parameters import Parameters
from bot.local.store import Store
from bot.local.values import Person
from bot.local.world import World
from tests.local.conftest import MINA, Call

NAMES = [
    "text", "caption", "message_id", "message_ids", "from_chat_id", "reply_markup", "reply_parameters", "entities", "caption_entities",
    "parse_mode", "photo", "video", "media", "latitude", "longitude", "commands", "scope", "language_code", "reaction", "offset", "limit",
    "options", "question", "type", "correct_option_ids", "menu_button", "url", "allowed_updates", "link_preview_options", "file_id",
    "phone_number", "first_name", "user_id", "action", "callback_query_id", "name", "description", "duration", "emoji", "title", "quote",
]  # fmt: skip
junk = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
        st.sampled_from([1, "1", "photo", "default", "chat", "bold", "text_link", "HTML", "MarkdownV2", "commands", "emoji", "x", 10**30]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*NAMES, "inline_keyboard", "keyboard", "callback_data", "length", "chat_id", "web_app", "command"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), junk, max_size=5), st.booleans())
def test_no_method_breaks_on_junk(values: dict[str, Any], as_form: bool) -> None:
    if as_form:
        values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}

    async def run() -> None:
        store = Store(None)
        codes: set[int] = set()
        for method in ALL.values():
            world = World(store, "1:X")
            world.add_person(Person(MINA, "Mina", started=True))
            world.post(world.people[MINA], {"text": "x"}, out=False)
            try:
                answer = await method(world, Parameters({"chat_id": MINA, "from_chat_id": MINA, **values, "timeout": 0}))
            except ApiError as error:
                answer = error.body()
                codes.add(error.code)
            json.dumps(answer)
        store.close()
        assert all(400 <= code < 500 for code in codes)

    asyncio.run(run())


SPAN = {"offset": 0, "length": 1}


@pytest.mark.parametrize(("method", "values"), [
    ("sendMessage", {"text": "x", "entities": [{"type": "text_mention", "user": "x", **SPAN}]}),
    ("sendMessage", {"text": "x", "entities": [{"type": "text_mention", "user": {"id": "abc"}, **SPAN}]}),
    ("sendMessage", {"text": "\ud83d"}),
    ("sendMessage", {"text": "x", "reply_markup": '{"inline_keyboard": [[{"text": "\\ud83d", "callback_data": "x"}]]}'}),
    ("sendMessage", {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "x", "login_url": "x"}]]}}),
    ("sendMessage", {"text": "x", "reply_markup": {"keyboard": [["a", 5]]}}),
    ("sendMessage", {"text": "x", "reply_parameters": {"message_id": [1]}}),
    ("setMessageReaction", {"message_id": 1, "reaction": [{"type": "emoji"}]}),
    ("setMyCommands", {"commands": [], "scope": {"type": ["default"]}}),
    ("setChatMenuButton", {"menu_button": {"type": "web_app", "text": "x"}}),
    ("sendPoll", {"question": "q", "options": [{"text": "a", "text_entities": 5}, "b"]}),
    ("editMessageText", {"message_id": "9" * 400, "text": "x"}),
])  # fmt: skip
async def test_mistakes_that_look_right_are_refused(api: Call, method: str, values: dict[str, Any]) -> None:
    answer = await api(method, chat_id=MINA, **values)
    assert answer["error_code"] == 400, answer
