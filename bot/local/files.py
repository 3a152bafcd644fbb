"""Files that were sent: kept by file id, described as the media of a message, sent again without an upload."""

from __future__ import annotations

import asyncio
import mimetypes
import re
import secrets
from typing import TYPE_CHECKING, Any

import telegram

from bot.local.errors import bad_request
from bot.local.pictures import Size, photo_sizes, picture_size, thumbnail
from bot.local.values import DOWNLOAD_MAX, PHOTO_MAX, UPLOAD_MAX, Json, StoredFile, Upload

if TYPE_CHECKING:
    from bot.local.store import Store

# How Telegram's ids of each kind begin.
PREFIXES = {
    "photo": "AgACAgQAAx",
    "live_photo": "BgACAgQAAx",
    "voice": "AwACAgQAAx",
    "video": "BAACAgQAAx",
    "document": "BQACAgQAAx",
    "sticker": "CAACAgQAAx",
    "audio": "CQACAgQAAx",
    "animation": "CgACAgQAAx",
    "video_note": "DQACAgQAAx",
    "thumbnail": "AAMCBAADGQ",
}
FOLDERS = {
    "photo": "photos",
    "live_photo": "videos",
    "voice": "voice",
    "video": "videos",
    "sticker": "stickers",
    "audio": "music",
    "thumbnail": "thumbnails",
}
SPOKEN = {
    "photo": "Photo",
    "live_photo": "LivePhoto",
    "voice": "VoiceNote",
    "video": "Video",
    "document": "Document",
    "sticker": "Sticker",
    "audio": "Audio",
    "animation": "Animation",
    "video_note": "VideoNote",
    "thumbnail": "Thumbnail",
}
DEFAULT_MIME = {
    "voice": "audio/ogg",
    "video": "video/mp4",
    "live_photo": "video/mp4",
    "animation": "video/mp4",
    "video_note": "video/mp4",
    "audio": "audio/mpeg",
}
SUFFIX = {"voice": ".oga", "video_note": ".mp4", "photo": ".jpg", "thumbnail": ".jpg"}


class Files:
    """All files by id; the oldest are forgotten when they outgrow the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._files: dict[str, StoredFile] = {}
        self._paths: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._total = 0
        self._next = 1
        for number, row in store.files():
            self._remember(number, StoredFile(**row))

    def get(self, file_id: str) -> StoredFile | None:
        """The file with this id."""
        return self._files.get(file_id)

    def by_path(self, path: str) -> StoredFile | None:
        """The file that lies at a path which getFile answered."""
        file_id = self._paths.get(path)
        return None if file_id is None else self._files[file_id]

    def bytes_of(self, file: StoredFile) -> bytes | None:
        """A file's content."""
        return self._store.read(file.path)

    def described(self, file_id: str) -> StoredFile:
        """A file that may be downloaded.

        Raises:
            ApiError: an unknown id, or a file over the download limit.

        """
        file = self._files.get(file_id)
        if file is None:
            raise bad_request("invalid file_id")
        if file.size > DOWNLOAD_MAX:
            raise bad_request("file is too big")
        return file

    def again(self, kind: str, file_id: str) -> Any:
        """The media of a file that was sent before.

        Raises:
            ApiError: an unknown id, one of another kind, or an address (the local server fetches nothing from the network).

        """
        if re.match(r"https?://", file_id):
            raise bad_request("failed to get HTTP URL content")
        file = self._files.get(file_id)
        if file is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if file.kind != kind:
            raise bad_request(f"can't use file of type {SPOKEN[file.kind]} as {SPOKEN[kind]}")
        return file.media

    async def take(self, kind: str, upload: Upload, about: Json, cover: Upload | None = None) -> Any:
        """Keep an uploaded file and answer its media; `about` may hold width, height, duration, title, performer.

        Raises:
            ApiError: an empty file, one over the limits, or a photo that cannot be read.

        """
        if len(upload.data) > (PHOTO_MAX if kind == "live_photo" else UPLOAD_MAX):
            raise bad_request("file is too big")
        if not upload.data:
            raise bad_request("file must be non-empty")
        if kind == "photo":
            return self._photo(await asyncio.to_thread(photo_sizes, upload.data))
        small = None
        if cover is not None:
            small = await asyncio.to_thread(thumbnail, cover.data)
        elif kind == "document" and upload.mime.startswith("image/"):
            small = await asyncio.to_thread(thumbnail, upload.data)
        return self._other(kind, upload, about, small)

    def picture(self, size: Size) -> Any:
        """Keep one ready JPEG as a photo of a single size (avatars)."""
        return self._photo([size])

    def _photo(self, sizes: list[Size]) -> list[Json]:
        made = []
        for size in sizes:
            file_id, unique, path = self._name("photo", ".jpg")
            media = telegram.PhotoSize(file_id, unique, size.width, size.height, len(size.data)).to_dict()
            made.append((file_id, unique, path, size, media))
        album = [media for *_, media in made]
        for file_id, unique, path, size, _ in made:
            self._keep(StoredFile(file_id, unique, "photo", path, len(size.data), "image/jpeg", None, album), size.data)
        return album

    def _other(self, kind: str, upload: Upload, about: Json, small: Size | None) -> Json:
        name = neutral(upload.name)
        mime = upload.mime if "/" in upload.mime else ""
        if mime in ("", "application/octet-stream"):
            mime = mimetypes.guess_type(name)[0] or DEFAULT_MIME.get(kind, "application/octet-stream")
        suffix = SUFFIX.get(kind) or re.sub(r"[^.A-Za-z0-9]", "", name[name.rfind(".") :] if "." in name else "")[:12]
        file_id, unique, path = self._name(kind, suffix)
        common: Json = {"file_id": file_id, "file_unique_id": unique, "file_size": len(upload.data)}
        if small is not None:
            common["thumbnail"] = self._thumbnail(small)
        media = _media(kind, common, upload, about, name, mime)
        self._keep(StoredFile(file_id, unique, kind, path, len(upload.data), mime, name, media), upload.data)
        return media

    def _thumbnail(self, size: Size) -> telegram.PhotoSize:
        file_id, unique, path = self._name("thumbnail", ".jpg")
        media = telegram.PhotoSize(file_id, unique, size.width, size.height, len(size.data))
        self._keep(StoredFile(file_id, unique, "thumbnail", path, len(size.data), "image/jpeg", None, media.to_dict()), size.data)
        return media

    def _name(self, kind: str, suffix: str) -> tuple[str, str, str]:
        """A new file id, its unique id and the path of its bytes."""
        number, self._next = self._next, self._next + 1
        file_id = PREFIXES[kind] + secrets.token_urlsafe(36)
        self._numbers[file_id] = number
        return file_id, "AQAD" + secrets.token_urlsafe(8), f"{FOLDERS.get(kind, 'documents')}/file_{number}{suffix}"

    def _keep(self, file: StoredFile, data: bytes) -> None:
        number = self._numbers[file.file_id]
        self._store.write(file.path, data)
        self._store.put_file(number, file.file_id, file.row())
        self._remember(number, file)
        while self._total > self._store.files_max and len(self._files) > 1:
            self._forget(next(iter(self._files.values())))

    def _remember(self, number: int, file: StoredFile) -> None:
        self._files[file.file_id] = file
        self._paths[file.path] = file.file_id
        self._numbers[file.file_id] = number
        self._next = max(self._next, number + 1)
        self._total += file.size

    def _forget(self, file: StoredFile) -> None:
        del self._files[file.file_id]
        del self._paths[file.path]
        self._store.drop_file(self._numbers.pop(file.file_id), file.path)
        self._total -= file.size


def as_document(animation: Json) -> Json:
    """An animation as the document that Telegram describes it as too, for old clients."""
    return {key: animation[key] for key in animation if key not in ("width", "height", "duration")}


def live(movement: Json, still: list[Json]) -> Json:
    """A live photo as a message shows it: with its still, which it is described as too, for old clients."""
    return {"live_photo": {**movement, "photo": still}, "photo": still}


def neutral(name: str) -> str:
    """A file name without folders and control characters.

    >>> neutral("../../etc/pass\\nwd")
    'passwd'
    """
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", last).strip(" .")[:255] or "file"


def _whole(value: object) -> int:
    """A length in pixels or seconds; what is none counts as 0."""
    try:
        return max(0, int(float(str(value or 0))))
    except (ValueError, OverflowError):
        return 0


def _media(kind: str, common: Json, upload: Upload, about: Json, name: str, mime: str) -> Json:
    """The Bot API's description of an uploaded file."""
    width, height, duration = (_whole(about.get(key)) for key in ("width", "height", "duration"))
    made: telegram.TelegramObject
    match kind:
        case "video":
            made = telegram.Video(**common, width=width, height=height, duration=duration, mime_type=mime, file_name=name)
        case "live_photo":
            made = telegram.LivePhoto(**common, width=width, height=height, duration=duration, mime_type=mime)
        case "animation":
            width, height = picture_size(upload.data) or (width, height)
            made = telegram.Animation(**common, width=width, height=height, duration=duration, mime_type=mime, file_name=name)
        case "audio":
            words: Json = {key: str(about[key]) for key in ("title", "performer") if about.get(key)}
            made = telegram.Audio(**common, duration=duration, mime_type=mime, file_name=name, **words)
        case "voice":
            made = telegram.Voice(**common, duration=duration, mime_type=mime)
        case "video_note":
            made = telegram.VideoNote(**common, length=_whole(about.get("length")) or width or 240, duration=duration)
        case "sticker":
            width, height = picture_size(upload.data) or (512, 512)
            moving: Json = {"is_animated": name.endswith(".tgs"), "is_video": mime == "video/webm"}
            emoji: Json = {"emoji": str(about["emoji"])} if about.get("emoji") else {}
            made = telegram.Sticker(**common, width=width, height=height, type="regular", **moving, **emoji)
        case _:
            made = telegram.Document(**common, file_name=name, mime_type=mime)
    return made.to_dict()
