"""Updates of the Bot API as they come, of every kind that the bot asks for and of some that it does not."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
PERSON = 1001


def person(number: int = PERSON) -> Json:
    """Somebody's account."""
    return {"id": number, "is_bot": False, "first_name": "Maru", "last_name": "Kim", "username": "maru_9", "language_code": "ko"}


def message(number: int = PERSON, **content: Any) -> Json:
    """A message in a private chat."""
    chat = {"id": number, "type": "private", "first_name": "Maru"}
    return {"message_id": 17, "date": 1_795_000_000, "chat": chat, "from": person(number), **content}


def _file(kind: str, **more: Any) -> Json:
    return {"file_id": f"{kind}-id", "file_unique_id": f"{kind}-unique", "file_size": 1000, **more}


def messages() -> list[Json]:
    """A message of each kind."""
    sides = {"width": 320, "height": 240}
    entities = [{"type": "bold", "offset": 0, "length": 2}, {"type": "text_mention", "offset": 3, "length": 2, "user": person(5)}]
    contents: list[Json] = [
        {"text": "hello"},
        {"text": "bold 💞 text", "entities": entities},
        {"text": "/start couple_abcdefghijklmnopqrstuv", "entities": [{"type": "bot_command", "offset": 0, "length": 6}]},
        {"photo": [_file("small", width=90, height=60), _file("large", **sides)], "caption": "me", "caption_entities": entities[:1]},
        {"photo": [_file("part", **sides)], "media_group_id": "77"},
        {"video": _file("video", **sides, duration=3, file_name="maru kim.mp4", mime_type="video/mp4")},
        {"video_note": _file("note", length=240, duration=9)},
        {"animation": _file("gif", **sides, duration=1), "document": _file("gif")},
        {"voice": _file("voice", duration=2, mime_type="audio/ogg")},
        {"audio": _file("song", duration=2, performer="Maru", title="Song", file_name="maru.mp3")},
        {"document": _file("doc", file_name="../../maru.pdf", mime_type="application/pdf")},
        {"sticker": _file("sticker", type="regular", width=512, height=512, is_animated=False, is_video=False, emoji="💞")},
        {"location": {"latitude": 37.5, "longitude": 127.0}},
        {"venue": {"location": {"latitude": 37.5, "longitude": 127.0}, "title": "Cafe", "address": "Street 1"}},
        {"contact": {"phone_number": "+821012345678", "first_name": "Maru", "user_id": PERSON}},
        {"dice": {"emoji": "🎲", "value": 3}},
        {"poll": {"id": "9", "question": "Tea?", "options": [{"text": "yes", "voter_count": 0, "persistent_id": "1"}], "type": "regular"}},
        {"pinned_message": {"message_id": 3, "date": 1, "chat": {"id": PERSON, "type": "private"}}},
        {"text": "answer", "reply_to_message": message(text="earlier"), "quote": {"text": "ear", "position": 0}},
        {"text": "gone on", "forward_origin": {"type": "user", "date": 1, "sender_user": person(8)}},
    ]
    return [message(**content) for content in contents]


def updates() -> list[Json]:
    """An update of each kind."""
    query = {"id": "5", "from": person(), "chat_instance": "1", "message": message(text="card"), "data": "like:17:"}
    member = {"user": person(42), "status": "member"}
    standing = {
        "chat": message()["chat"],
        "from": person(),
        "date": 1,
        "old_chat_member": member,
        "new_chat_member": {**member, "status": "left"},
    }
    made: list[Json] = [{"message": one} for one in messages()]
    made += [{"edited_message": {**one, "edit_date": 1_795_000_001}} for one in messages()[:6]]
    made += [
        {"callback_query": query},
        {"callback_query": {**query, "inline_message_id": "x", "message": None}},
        {"my_chat_member": standing},
        {
            "message_reaction": {
                "chat": message()["chat"],
                "message_id": 17,
                "user": person(),
                "date": 1,
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            }
        },
        {"poll_answer": {"poll_id": "9", "user": person(), "option_ids": [0]}},
        {"channel_post": message(text="from a channel")},
        {"inline_query": {"id": "1", "from": person(), "query": "x", "offset": ""}},
        {"business_message": message(text="hello")},
        {"message": {**message(text="hello"), "chat": {"id": -100, "type": "supergroup", "title": "Group"}}},
        {"message": {**message(text="hello"), "sender_chat": {"id": -100, "type": "channel", "title": "Channel"}}},
    ]
    return [{"update_id": 1000 + number, **one} for number, one in enumerate(made)]
