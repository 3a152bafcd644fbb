"""The parameters of a Bot API call, however they came: query, form, multipart or JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.multipart import MultipartResponseWrapper

from bot.local.errors import ApiError, bad_request
from bot.local.values import UPLOAD_MAX, Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

JSON_MAX = 4 * 1024 * 1024  # bytes of a body without files
FIELD_MAX = 1024 * 1024  # bytes of one form field that is not a file


class Parameters:
    """Typed access to the parameters of one call.

    Values are what JSON or a form gave: in forms everything is text and structures are JSON in text.
    """

    def __init__(self, values: Mapping[str, Any], uploads: Mapping[str, Upload] | None = None) -> None:
        self.values = {key: value for key, value in values.items() if value is not None}
        # What the caller named without a value; Telegram takes it for left out.
        self.nulls = frozenset(values) - frozenset(self.values)
        self.uploads = dict(uploads or {})
        # Whether the caller still waits for the answer.
        self.connected: Callable[[], bool] = lambda: True

    def text(self, name: str, default: str = "") -> str:
        """A text; numbers are accepted as Telegram accepts them."""
        value = self.values.get(name, default)
        if isinstance(value, bool | dict | list):
            return json.dumps(value)
        return str(value)

    def integer(self, name: str, default: int = 0) -> int:
        """A whole number; text that is none counts as 0, as Telegram counts it."""
        value = self.values.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            return 0

    def number(self, name: str, default: float = 0.0) -> float:
        """A decimal number; text that is none counts as 0."""
        try:
            return float(self.values.get(name, default))
        except (TypeError, ValueError):
            return 0.0

    def flag(self, name: str) -> bool:
        """A boolean, from JSON or as true, yes or 1 in text."""
        value = self.values.get(name, False)
        if isinstance(value, str):
            return value.lower() in ("true", "yes", "1")
        return bool(value)

    def structure(self, name: str) -> Any:
        """A JSON value (object or list), or None where it is absent or empty.

        Raises:
            ApiError: text that is not JSON.

        """
        value = self.values.get(name)
        if isinstance(value, str):
            if not value:
                return None
            try:
                return _loads(value)
            except ValueError:
                raise bad_request(f"can't parse {_spoken(name)} JSON object") from None
        return value

    def items(self, name: str) -> list[Any] | None:
        """A JSON list, or None where it is absent.

        Raises:
            ApiError: something else than a list.

        """
        value = self.structure(name)
        if value is not None and not isinstance(value, list):
            raise bad_request(f"can't parse {_spoken(name)}: expected an Array")
        return value

    def mapping(self, name: str) -> dict[str, Any] | None:
        """A JSON object, or None where it is absent.

        Raises:
            ApiError: something else than an object.

        """
        value = self.structure(name)
        if value is not None and not isinstance(value, dict):
            raise bad_request(f"can't parse {_spoken(name)}: expected an Object")
        return value

    def has(self, name: str) -> bool:
        """Whether the parameter was given."""
        return name in self.values or name in self.uploads


def _loads(text: str) -> Any:
    """JSON whose strings can be stored: escapes can smuggle in halves of characters.

    Raises:
        ApiError: such halves.
        ValueError: no JSON.

    """
    value = json.loads(text)
    if "\\ud" in text.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise bad_request("strings must be encoded in UTF-8") from None
    return value


def _spoken(name: str) -> str:
    return name.replace("_", " ")


async def read_parameters(request: web.Request) -> Parameters:
    """The parameters of `request`: query string, overlaid with its body.

    Raises:
        ApiError: 413 for a body over the limits, 400 for one that cannot be parsed.

    """
    values: dict[str, Any] = dict(request.query)
    if request.method == "GET" or not request.body_exists:
        return Parameters(values)
    kind = request.content_type
    if kind == "application/json":
        try:
            body = _loads((await _bounded(request) or b"{}").decode())
        except ValueError:
            raise bad_request("can't parse JSON object") from None
        if not isinstance(body, dict):
            raise bad_request("object expected as JSON object")
        return Parameters({**values, **body})
    if kind == "multipart/form-data":
        fields, uploads = await read_parts(await request.multipart())
        return Parameters({**values, **fields}, uploads)
    if kind == "application/x-www-form-urlencoded":
        try:
            form = await request.post()
        except web.HTTPRequestEntityTooLarge:
            raise ApiError(413, "Request Entity Too Large") from None
        return Parameters({**values, **{key: str(value) for key, value in form.items()}})
    return Parameters(values)


async def read_parts(reader: MultipartReader | MultipartResponseWrapper) -> tuple[dict[str, str], dict[str, Upload]]:
    """The fields and files of a multipart body.

    Raises:
        ApiError: 413 for more than the upload limit, 400 for a broken body.

    """
    fields: dict[str, str] = {}
    uploads: dict[str, Upload] = {}
    left = UPLOAD_MAX + FIELD_MAX
    try:
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name is None:
                raise bad_request("can't parse the multipart body")
            data = await _part(part, left if part.filename else min(left, FIELD_MAX))
            left -= len(data)
            if part.filename:
                mime = part.headers.get("Content-Type", "application/octet-stream").split(";")[0].strip()
                uploads[part.name] = Upload(part.filename, mime, data)
            else:
                fields[part.name] = data.decode("utf-8", "replace")
    except (ValueError, AssertionError):
        raise bad_request("can't parse the multipart body") from None
    return fields, uploads


async def _part(part: BodyPartReader, limit: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(256 * 1024):
        data += chunk
        if len(data) > limit:
            raise ApiError(413, "Request Entity Too Large")
    return bytes(data)


async def _bounded(request: web.Request) -> bytes:
    data = await request.content.read(JSON_MAX + 1)
    while not request.content.at_eof() and len(data) <= JSON_MAX:
        data += await request.content.read(JSON_MAX + 1 - len(data))
    if len(data) > JSON_MAX:
        raise ApiError(413, "Request Entity Too Large")
    return data
