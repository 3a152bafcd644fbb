"""copyMessage(s) and forwardMessage(s)."""

from __future__ import annotations

import telegram

from bot.local.compose import Delivery, caption_content, delivery, read_caption
from bot.local.errors import ApiError, bad_request
from bot.local.live import still
from bot.local.methods.kind import Method
from bot.local.methods.messages import throw
from bot.local.parameters import Parameters
from bot.local.polls import twin
from bot.local.values import CAPTIONED_KINDS, Json, Stored
from bot.local.world import World

CAPTION_KEYS = ("caption", "caption_entities", "show_caption_above_media")
COPY = "message can't be copied"
FORWARD = "message can't be forwarded"


def _source(world: World, parameters: Parameters, message_id: int, verb: str) -> Stored:
    from_chat = parameters.text("from_chat_id")
    if not from_chat:
        raise bad_request("from_chat_id is empty")
    source = world.message(world.member(from_chat), message_id, f"message to {verb} not found")
    if source.data.get("has_protected_content") or not source.content():
        raise bad_request(COPY if verb == "copy" else FORWARD)
    return source


def _copied(world: World, source: Stored) -> Json:
    """What a copy holds: polls start anew, dice are thrown again, live locations stand still, as in TDLib's dup_message_content.

    Raises:
        ApiError: a quiz whose answer the bot does not know.

    """
    content = source.content()
    if "dice" in content:
        content["dice"] = throw(content["dice"]["emoji"])
    if "location" in content:
        content["location"] = still(content["location"])
    if "poll" in content:
        if content["poll"]["type"] == "quiz" and not {"correct_option_id", "correct_option_ids"} & content["poll"].keys():
            raise bad_request(COPY)
        content["poll"] = twin(content["poll"], str(world.random_id()))
    return content


async def copy_message(world: World, parameters: Parameters) -> Json:
    """copyMessage: the content without a trace of its sender, with another caption where one is given."""
    caption = caption_content(world, read_caption(parameters)) if parameters.has("caption") else None
    goal = delivery(world, parameters)
    content = _copied(world, _source(world, parameters, parameters.integer("message_id"), "copy"))
    if caption is not None and any(kind in content for kind in CAPTIONED_KINDS):
        content = {**{key: value for key, value in content.items() if key not in CAPTION_KEYS}, **caption}
    if parameters.flag("show_caption_above_media") and "caption" in content:
        content["show_caption_above_media"] = True
    return telegram.MessageId(goal.send(content).id).to_dict()


def _ids(parameters: Parameters) -> list[int]:
    wanted = parameters.items("message_ids")
    if not wanted:
        raise bad_request("message identifiers are not specified")
    if len(wanted) > 100:
        raise bad_request("too many message identifiers specified")
    numbers = [int(number) for number in wanted if str(number).isdecimal()]
    if numbers != sorted(set(numbers)) or len(numbers) != len(wanted):
        raise bad_request("message identifiers must be in a strictly increasing order")
    return numbers


def _existing(world: World, parameters: Parameters, verb: str) -> list[Stored]:
    found = []
    for number in _ids(parameters):
        try:
            found.append(_source(world, parameters, number, verb))
        except ApiError as error:
            if "chat" in error.description:
                raise
    if not found:
        raise bad_request(f"there are no messages to {verb}")
    return found


def _grouped(world: World, goal: Delivery, sources: list[Stored], *, forward: bool, bare: bool = False) -> list[Json]:
    """Send copies of several messages; albums stay albums under new ids."""
    groups: dict[str, str] = {}
    sent = []
    for source in sources:
        head: Json = _origin(world, source) if forward else {}
        group = source.data.get("media_group_id")
        if group is not None:
            head["media_group_id"] = groups.setdefault(group, str(world.random_id()))
        content = source.content() if forward else _copied(world, source)
        if bare:
            content = {key: value for key, value in content.items() if key not in CAPTION_KEYS}
        sent.append(telegram.MessageId(goal.send(content, **head).id).to_dict())
    return sent


async def copy_messages(world: World, parameters: Parameters) -> list[Json]:
    """copyMessages: those that exist, in order."""
    goal = delivery(world, parameters)
    return _grouped(world, goal, _existing(world, parameters, "copy"), forward=False, bare=parameters.flag("remove_caption"))


def _origin(world: World, source: Stored) -> Json:
    """The header that says whom a forwarded message is from: the first author."""
    if "forward_origin" in source.data:
        return {"forward_origin": source.data["forward_origin"]}
    author = world.user(source.data["from"]["id"])
    if author is None:
        return {}
    written = world.time_of(source.data["date"])
    return {"forward_origin": telegram.MessageOriginUser(written, author).to_dict()}


async def forward_message(world: World, parameters: Parameters) -> Json:
    """forwardMessage: the content under the name of its author."""
    goal = delivery(world, parameters)
    source = _source(world, parameters, parameters.integer("message_id"), "forward")
    return goal.send(source.content(), **_origin(world, source)).data


async def forward_messages(world: World, parameters: Parameters) -> list[Json]:
    """forwardMessages: those that exist, in order."""
    goal = delivery(world, parameters)
    return _grouped(world, goal, _existing(world, parameters, "forward"), forward=True)


METHODS: dict[str, Method] = {
    "copyMessage": copy_message,
    "copyMessages": copy_messages,
    "forwardMessage": forward_message,
    "forwardMessages": forward_messages,
}
