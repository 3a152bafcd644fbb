"""What is done to a file between two people before it is sent: fetched, freed of what tells whose it is, looked at, uploaded anew.

A row of the outbox says in `prepare` what is wanted (`bot.usecases.relay_kinds.preparation` writes it):

    {"file", "mime", "name", "look"}     one file: `file` goes through the bot's hands, `look` is a picture whose safety counts
    {"album": [{"media", "prepare"}]}    parts of an album, each as `sendMediaGroup` wants it, with the same beside it
    {"media": {"media", "prepare"}}      new content for a message that arrived
    {"kept": {"report", "photo"}}        for an admin: the copy of a photo in a report's evidence, with {"ban"} the face kept at a ban
    "anyway": true                       its sender said that a file may go though something could be left in it

Pictures that come as files or stickers are looked at too (`bot.covering`): one that must be covered goes as a photo, and a round film
that must be as an ordinary one.  What is sent to be played is played: other bytes would arrive as a file that nobody looked at.

Nothing here has effects that could not be repeated: bytes are in memory for the length of one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

import aiohttp
from aiogram import Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest

from bot import covering
from bot.calls import ATTACHED
from bot.prepared import Prepared, Refused
from bot.runtime import Runtime
from bot.scrub import Kind, neutral
from bot.usecases import bans, evidence
from bot.usecases.relay_kinds import COVERED, METHODS
from db.records import OutboxRow
from db.session import Connection
from engine.analysis import Analyser

ACTIONS: Final = {
    "video": "upload_video",
    "animation": "upload_video",
    "live_photo": "upload_video",
    "audio": "upload_voice",
    "voice": "upload_voice",
    "video_note": "upload_video_note",
    "sticker": "choose_sticker",
}
"""What the recipient sees while a file is being worked on."""
PATIENCE: Final = 3
"""Attempts after which a picture that cannot be fetched to be looked at goes out covered."""
ALONE: Final = frozenset({"document", "audio"})
"""Kinds that stand in albums of their own kind only."""
FILMS: Final = {kind.mime: kind.file_name for kind in (Kind.MP4, Kind.MOV, Kind.WEBM, Kind.MKV)}
SOUNDS: Final = {kind.mime: kind.file_name for kind in (Kind.OGG, Kind.MP3, Kind.M4A, Kind.AAC, Kind.FLAC, Kind.WAV)} | {
    Kind.MP4.mime: "audio.m4a",
    Kind.MOV.mime: "audio.m4a",
    Kind.WEBM.mime: "audio.weba",
    Kind.MKV.mime: "audio.mka",
}
"""Recorders write sound into containers of films; under such a name nobody is shown a picture that may be in it."""
PLAYED: Final = {"voice": SOUNDS, "video_note": FILMS}
"""Of what is sent to be played at once: the file name by what its bytes are.  Anything else would arrive as a file, unannounced."""
Uploads = dict[str, tuple[str, bytes]]


class FilePreparer:
    """Prepares rows for `bot.sender`; engine work and scrubbing run off the event loop."""

    def __init__(self, bot: Bot, runtime: Runtime, analyser: Analyser) -> None:
        self._bot = bot
        self._runtime = runtime
        self._analyser = analyser

    async def prepare(self, row: OutboxRow, payload: Mapping[str, Any]) -> Prepared | Refused:
        """The call for a row.

        Raises:
            aiogram.exceptions.TelegramAPIError, TimeoutError, OSError: nothing to be had now; the row is tried again.

        """
        wanted: Mapping[str, Any] = payload["prepare"]
        body, anyway = dict(payload["body"]), bool(wanted.get("anyway"))
        uploads: Uploads = {}
        if "kept" in wanted:
            return await self._kept(body, wanted["kept"])
        if "album" in wanted:
            parts = []
            for part in wanted["album"]:
                made = await self._part(row, part["media"], part["prepare"], uploads, anyway=anyway)
                if isinstance(made, Refused):
                    return made
                parts.append(made)
            return await self._album(body, parts, uploads)
        if "media" in wanted:
            made = await self._part(row, wanted["media"]["media"], wanted["media"]["prepare"], uploads, anyway=anyway)
            return made if isinstance(made, Refused) else Prepared("editMessageMedia", {**body, "media": made}, uploads)
        kind = next(kind for kind in METHODS if METHODS[kind] == row.method)
        rest = {name: value for name, value in body.items() if name != kind}
        made = await self._part(row, {"type": kind, "media": body[kind], **rest}, wanted, uploads, anyway=anyway)
        return made if isinstance(made, Refused) else Prepared(METHODS[made["type"]], _single(made), uploads)

    async def _kept(self, body: Mapping[str, Any], wanted: Mapping[str, Any]) -> Prepared | Refused:
        """A picture that is kept for admins; by the time its turn comes it may have been destroyed."""
        data = await self._runtime.read(_picture, wanted)
        if data is None:
            return Refused("admin.evidence.gone")
        return Prepared("sendPhoto", {**body, "photo": f"{ATTACHED}kept"}, {"kept": ("photo.jpg", data)})

    async def _part(
        self, row: OutboxRow, media: Mapping[str, Any], wanted: Mapping[str, Any], uploads: Uploads, *, anyway: bool
    ) -> dict[str, Any] | Refused:
        """A file as it is to be sent: covered where it should be, and by its new bytes where it was worked on."""
        made, kind = dict(media), str(media["type"])
        look = await self._small(row, wanted["look"]) if wanted.get("look") else None
        if wanted.get("look") and not made.get("has_spoiler") and not await self._safe(look):
            made = _covered(made)
        if not wanted.get("file"):
            return made
        with suppress(TelegramAPIError):
            await self._bot.send_chat_action(row.telegram_id, ACTIONS.get(kind, "upload_document"))
        try:
            data = await self._fetch(wanted["file"])
        except TelegramBadRequest as error:
            return Refused("relay.too_big" if "too big" in error.message.lower() else "relay.file_gone")
        name = f"file{len(uploads)}"
        found = await self._runtime.compute(neutral, data, wanted.get("mime"), None)
        if kind == "sticker":
            # Drawn ones are of no kind that is known here, and go as they are.
            uploads[name] = (str(wanted.get("name", "sticker.webp")), found.data)
        else:
            if kind in PLAYED and found.mime not in PLAYED[kind]:
                return Refused("relay.unheard")
            if not found.sure and not anyway:
                return Refused("relay.unsure", ask=True)
            uploads[name] = (PLAYED.get(kind, {}).get(found.mime, found.name), found.data)
        made["media"] = f"{ATTACHED}{name}"
        if covering.is_picture(uploads[name][1]):
            seen = await self._runtime.compute(covering.look, uploads[name][1], self._analyser)
            if seen is None:
                return Refused("relay.unseen")
            if seen.jpeg is not None:
                uploads[name] = ("photo.jpg", seen.jpeg)
                return {**covering.as_photo(made), "has_spoiler": True}
        if look and kind in ("video", "animation", "video_note"):
            await self._thumbnail(look, made, uploads)
        return made

    async def _thumbnail(self, look: bytes, made: dict[str, Any], uploads: Uploads) -> None:
        """Beside a film its small picture, which its sender's client may have made; without it Telegram makes one."""
        found = await self._runtime.compute(neutral, look, None, None)
        if found.sure and found.mime == Kind.JPEG.mime:
            name = f"thumbnail{len(uploads)}"
            uploads[name] = ("thumbnail.jpg", found.data)
            made["thumbnail"] = f"{ATTACHED}{name}"

    async def _album(self, body: Mapping[str, Any], parts: list[dict[str, Any]], uploads: Uploads) -> Prepared | Refused:
        """Two to ten parts go as an album; one that is left alone as what it is.

        Files stand in albums of files alone: where one had to become a photo, the others become photos with it, or nothing goes.
        """
        if len(parts) == 1:
            return Prepared(METHODS[parts[0]["type"]], {**body, **_single(parts[0])}, uploads)
        if ALONE & {part["type"] for part in parts} and any(part["type"] == "photo" for part in parts):
            for place, part in enumerate(parts):
                name = str(part["media"]).removeprefix(ATTACHED)
                if part["type"] == "photo":
                    continue
                jpeg = await self._runtime.compute(covering.photo, uploads[name][1], self._analyser)
                if jpeg is None:
                    return Refused("relay.cover_alone")
                uploads[name], parts[place] = ("photo.jpg", jpeg), covering.as_photo(part)
        return Prepared("sendMediaGroup", {**body, "media": parts}, uploads)

    async def _small(self, row: OutboxRow, file_id: str) -> bytes | None:
        """The picture to look at; None where it cannot be had, soon or ever."""
        try:
            return await self._fetch(file_id)
        except TelegramBadRequest:
            return None
        except (TelegramAPIError, OSError):
            if row.attempts < PATIENCE:
                raise
            return None

    async def _safe(self, data: bytes | None) -> bool:
        """Whether a picture can be shown uncovered; one that cannot be read cannot."""
        return (
            data is not None and await self._runtime.compute(covering.score, data, self._analyser) < self._analyser.settings.nsfw_threshold
        )

    async def _fetch(self, file_id: str) -> bytes:
        """The bytes of a file.

        Raises:
            TelegramBadRequest: Telegram does not give it out (over 20 MB, expired).
            TelegramAPIError, TimeoutError, OSError: not now.

        """
        stream = BytesIO()
        try:
            await self._bot.download(file_id, destination=stream)
        except aiohttp.ClientError as error:
            raise OSError(type(error).__name__) from error
        return stream.getvalue()


def _picture(connection: Connection, wanted: Mapping[str, Any]) -> bytes | None:
    if "ban" in wanted:
        return bans.picture(connection, datetime.now(UTC), str(wanted["ban"]))
    data = evidence.of(connection, int(wanted["report"]))
    return None if data is None else evidence.pictures(data).get(int(wanted["photo"]))


def _covered(media: Mapping[str, Any]) -> dict[str, Any]:
    """A picture or film covered until it is tapped; a round film, which Telegram cannot cover, as an ordinary one.

    >>> _covered({"type": "video_note", "media": "F", "length": 240, "duration": 5})
    {'duration': 5, 'type': 'video', 'media': 'F', 'width': 240, 'height': 240, 'has_spoiler': True}
    """
    if media["type"] in COVERED:
        return {**media, "has_spoiler": True}
    rest = {name: value for name, value in media.items() if name not in ("type", "media", "length")}
    size = {name: media["length"] for name in ("width", "height") if "length" in media}
    return {**rest, "type": "video", "media": media["media"], **size, "has_spoiler": True}


def _single(media: Mapping[str, Any]) -> dict[str, Any]:
    """A part as a message of its own.

    >>> _single({"type": "photo", "media": "x", "caption": "y"})
    {'caption': 'y', 'photo': 'x'}
    """
    rest = {name: value for name, value in media.items() if name not in ("type", "media")}
    return {**rest, media["type"]: media["media"]}
