"""Messages with files: sendPhoto and its kin, sendMediaGroup, and what a call names as a file."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from bot.local.compose import caption_content, delivery, read_caption
from bot.local.errors import bad_request
from bot.local.files import as_document, live
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import CAPTIONED_KINDS, Json, Upload
from bot.local.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

ALBUM_KINDS = ("live_photo", "photo", "video", "document", "audio")
ALBUM_MAX = 10
ABOUT = ("width", "height", "duration", "length", "title", "performer", "emoji")


def attached(value: object, uploads: Mapping[str, Upload], name: str) -> Upload | str:
    """The upload or the file id that a parameter names.

    Raises:
        ApiError: nothing, or an attachment that did not come along.

    """
    if name in uploads:
        return uploads[name]
    if not isinstance(value, str) or not value:
        raise bad_request(f"there is no {name.replace('_', ' ')} in the request")
    if value.startswith("attach://"):
        upload = uploads.get(value.removeprefix("attach://"))
        if upload is None:
            raise bad_request("file must be non-empty" if not uploads else "wrong attach field specified")
        return upload
    if value.startswith("file://"):
        raise bad_request("invalid file HTTP URL specified: Wrong port number specified in the URL")
    return value


async def media_content(world: World, kind: str, value: object, uploads: Mapping[str, Upload], about: Json) -> Json:
    """The part of a message that a file fills.

    Raises:
        ApiError: a file that Telegram would refuse.

    """
    source = attached(value, uploads, kind)
    if isinstance(source, str):
        media = world.files.again(kind, source)
    else:
        cover = about.get("thumbnail")
        small = attached(cover, uploads, "thumbnail") if cover or "thumbnail" in uploads else None
        media = await world.files.take(kind, source, about, small if isinstance(small, Upload) else None)
    content: Json = {kind: media}
    if kind == "live_photo":
        still = attached(about.get("photo"), uploads, "photo")
        content = live(media, world.files.again("photo", still) if isinstance(still, str) else await world.files.take("photo", still, {}))
    if kind == "animation":
        content["document"] = as_document(media)
    return content


def _about(parameters: Parameters) -> Json:
    return {name: parameters.values[name] for name in (*ABOUT, "thumbnail", "photo") if name in parameters.values}


def _sender(kind: str) -> Method:
    async def send(world: World, parameters: Parameters) -> Json:
        caption = caption_content(world, read_caption(parameters), parameters) if kind in CAPTIONED_KINDS else {}
        # The recipient is checked before the work on the file, and once more when the file is ready: they may have blocked the bot.
        delivery(world, parameters)
        content = await media_content(world, kind, parameters.values.get(kind), parameters.uploads, _about(parameters))
        return delivery(world, parameters).send({**content, **caption}).data

    send.__doc__ = f"send{kind.title().replace('_', '')}."
    return send


async def send_media_group(world: World, parameters: Parameters) -> list[Json]:
    """sendMediaGroup: messages that share a media_group_id."""
    items = parameters.items("media")
    if not items:
        raise bad_request("there are no messages to send" if items is not None else "media must be non-empty")
    if len(items) > ALBUM_MAX:
        raise bad_request("too many messages to send as an album")
    if parameters.has("reply_markup"):
        raise bad_request("reply markup is not allowed in albums")
    read = [album_item(world, item) for item in items]
    kinds = {kind for kind, *_ in read}
    for lonely in ("document", "audio"):
        if lonely in kinds and len(kinds) > 1:
            raise bad_request(f"{lonely} can't be mixed with other media types")
    delivery(world, parameters)
    contents = [
        {**await media_content(world, kind, item.get("media"), parameters.uploads, item), **caption} for kind, item, caption in read
    ]
    goal = delivery(world, parameters)
    if len(contents) == 1:
        return [goal.send(contents[0]).data]
    group = str(secrets.randbits(53))
    return [goal.send(content, media_group_id=group).data for content in contents]


def album_item(world: World, item: Any, kinds: tuple[str, ...] = ALBUM_KINDS) -> tuple[str, Json, Json]:
    """Kind, item and caption of an InputMedia.

    Raises:
        ApiError: no InputMedia, or one with a bad caption.

    """
    if not isinstance(item, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    kind = item.get("type")
    if kind not in kinds:
        raise bad_request(f"type must be one of {', '.join(kinds)}" if kind else "can't parse InputMedia: Can't find field \"type\"")
    own = Parameters(item)
    return kind, item, caption_content(world, read_caption(own), own)


METHODS: dict[str, Method] = {
    "sendPhoto": _sender("photo"),
    "sendLivePhoto": _sender("live_photo"),
    "sendDocument": _sender("document"),
    "sendVideo": _sender("video"),
    "sendAnimation": _sender("animation"),
    "sendAudio": _sender("audio"),
    "sendVoice": _sender("voice"),
    "sendVideoNote": _sender("video_note"),
    "sendSticker": _sender("sticker"),
    "sendMediaGroup": send_media_group,
}
