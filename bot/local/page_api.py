"""The chat page: its files, and what it asks under /page/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.local import values
from bot.local.errors import PageError
from bot.local.faults import Fault, Faults
from bot.local.guard import HEADERS
from bot.local.inbox import Inbox
from bot.local.methods.messages import contact, location
from bot.local.parameters import Parameters, read_parameters
from bot.local.values import Json, Person, Stored, StoredFile

if TYPE_CHECKING:
    from bot.local.world import World

PAGE = Path(__file__).resolve().parent / "page"
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".ogg": "audio/ogg",
}
# Shown in the page; everything else (HTML and SVG too) is only ever downloaded.
SHOWN = ("image/jpeg", "image/png", "image/webp", "image/gif", "audio/", "video/")
PING_SECONDS = 15.0
ABOUT = ("width", "height", "duration", "length", "media_group_id", "title", "performer", "emoji")
FIRST_PERSON = 1001
PEOPLE_MAX = 500


class PageApi:
    """The page's side: reading the world, acting for its people, following what happens."""

    def __init__(self, world: World, faults: Faults, page: Path = PAGE) -> None:
        self._world = world
        self._faults = faults
        self._inbox = Inbox(world)
        self._page = page

    def routes(self) -> list[web.RouteDef]:
        """The routes of the page; the last one serves its files."""
        chat = r"/page/chats/{user:\d{1,18}}"
        return [
            web.get("/page/state", self._state),
            web.get("/page/events", self._events),
            web.get(chat, self._chat),
            web.post(chat + "/messages", self._write),
            web.post(chat + "/location", self._location),
            web.post(chat + "/contact", self._contact),
            web.post(chat + "/callback", self._press),
            web.post(chat + "/reaction", self._react),
            web.post(chat + "/edit", self._edit),
            web.post(chat + "/block", self._block),
            web.post(chat + "/unblock", self._block),
            web.post("/page/people", self._new_person),
            web.post(r"/page/people/{user:\d{1,18}}", self._change_person),
            web.get("/page/files/{file_id}", self._file),
            web.get("/page/faults", self._show_faults),
            web.post("/page/faults", self._add_fault),
            web.delete("/page/faults", self._clear_faults),
            web.get("/{path:.*}", self._static),
        ]

    # Reading

    async def _state(self, _request: web.Request) -> web.Response:
        world = self._world
        bot = {
            **world.profile.me(),
            "commands": world.profile.all_commands(),
            "description": {language: world.profile.text("description", language) for language in ("", "ko", "en")},
        }
        limits = {
            "text": values.TEXT_MAX,
            "caption": values.CAPTION_MAX,
            "photo_bytes": values.PHOTO_MAX,
            "upload_bytes": values.UPLOAD_MAX,
            "bot_download_bytes": values.DOWNLOAD_MAX,
            "history": values.HISTORY_MAX,
        }
        people = [world.person_json(person) for person in world.people.values()]
        return web.json_response({"bot": bot, "people": people, "limits": limits, "cursor": world.events.cursor})

    async def _chat(self, request: web.Request) -> web.Response:
        person = self._person(request)
        after = _whole(request.query.get("after", "0"), "after")
        chat = self._world.chats[person.id]
        return web.json_response(
            {
                "messages": [stored.page() for stored in chat.messages.values() if stored.id > after],
                "typing": chat.typing_until > self._world.clock(),
                "cursor": self._world.events.cursor,
                "keyboard": chat.keyboard,
                "pinned": chat.pinned,
            }
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events; `after` or Last-Event-ID resumes, `reload` says that too much was missed for that."""
        chats = frozenset(_whole(user, "user") for user in request.query.getall("user", []))
        events = self._world.events
        resume = request.headers.get("Last-Event-ID") or request.query.get("after")
        cursor = _whole(resume, "after") if resume else events.cursor
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        try:
            await response.write(b"retry: 1000\n\n")
            while not events.closed:
                if events.missed(cursor):
                    cursor = events.cursor
                    await response.write(f"event: reload\nid: {cursor}\ndata: {{}}\n\n".encode())
                for event in events.since(cursor, chats):
                    data = json.dumps(event.data, ensure_ascii=False)
                    await response.write(f"event: {event.name}\nid: {event.cursor}\ndata: {data}\n\n".encode())
                    cursor = event.cursor
                if cursor < events.cursor:
                    # What follows concerned other chats; a pause in between may have added more, which the next turn sends.
                    if next(events.since(cursor, chats), None) is not None:
                        continue
                    cursor = events.cursor
                if not events.closed:
                    await events.wait(PING_SECONDS)
                    if cursor == events.cursor:
                        await response.write(b": ping\n\n")
        except (ConnectionResetError, TimeoutError):
            pass
        return response

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self._world.files.get(request.match_info["file_id"])
        if file is None:
            raise PageError(404, "there is no such file")
        return self._serve(file)

    def _serve(self, file: StoredFile) -> web.StreamResponse:
        shown = file.mime.startswith(SHOWN)
        headers = {
            "Content-Type": file.mime if shown else "application/octet-stream",
            "Content-Disposition": "inline" if shown else 'attachment; filename="file"',
            "Cache-Control": "private, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        place = self._world.store.place(file.path)
        if place is not None and place.is_file():
            return web.FileResponse(place, headers=headers)
        data = self._world.files.bytes_of(file)
        if data is None:
            raise PageError(404, "the file is gone")
        return web.Response(body=data, headers=headers)

    async def _static(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"] or "index.html"
        target = (self._page / path).resolve()
        kind = TYPES.get(target.suffix)
        if kind is None or path.startswith("page/") or not target.is_relative_to(self._page) or not target.is_file():
            raise PageError(404, "there is no such page")
        kind = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
        return web.FileResponse(target, headers={"Content-Type": kind, "Cache-Control": "no-store"})

    # Acting

    async def _write(self, request: web.Request) -> web.Response:
        person = self._person(request)
        parameters = await read_parameters(request)
        reply_to = parameters.integer("reply_to") or None
        upload = parameters.uploads.get("file")
        if upload is None:
            stored = self._inbox.write(person, parameters.text("text"), reply_to)
        else:
            about = {name: parameters.values[name] for name in ABOUT if name in parameters.values}
            _check_numbers(about)
            caption = parameters.text("caption")
            stored = await self._inbox.attach(person, parameters.text("kind", "document"), upload, about, caption, reply_to)
        return _message(stored)

    async def _location(self, request: web.Request) -> web.Response:
        content = {"location": location(await read_parameters(request)).to_dict()}
        return _message(self._inbox.say(self._person(request), content))

    async def _contact(self, request: web.Request) -> web.Response:
        person = self._person(request)
        parameters = await read_parameters(request)
        own = Parameters({"first_name": person.name, "phone_number": "+82 10-0000-0000", "user_id": person.id, **parameters.values})
        return _message(self._inbox.say(person, {"contact": contact(own).to_dict()}))

    async def _press(self, request: web.Request) -> web.Response:
        body = await _body(request)
        return web.json_response(await self._inbox.press(self._person(request), _number(body, "message_id"), str(body.get("data", ""))))

    async def _react(self, request: web.Request) -> web.Response:
        body = await _body(request)
        emoji = body.get("emoji")
        self._inbox.react(self._person(request), _number(body, "message_id"), None if emoji is None else str(emoji))
        return web.json_response({})

    async def _edit(self, request: web.Request) -> web.Response:
        body = await _body(request)
        return _message(self._inbox.edit(self._person(request), _number(body, "message_id"), str(body.get("text", ""))))

    async def _block(self, request: web.Request) -> web.Response:
        person = self._person(request)
        self._inbox.block(person, blocked=request.path.endswith("/block"))
        return web.json_response(self._world.person_json(person))

    async def _new_person(self, request: web.Request) -> web.Response:
        body = await _body(request)
        if len(self._world.people) >= PEOPLE_MAX:
            raise PageError(409, f"there are {PEOPLE_MAX} people already")
        number = FIRST_PERSON
        while number in self._world.people:
            number += 1
        person = Person(number, _name(body.get("name")), _language(body.get("language", "en")))
        return web.json_response(self._world.person_json(self._world.add_person(person)))

    async def _change_person(self, request: web.Request) -> web.Response:
        body = await _body(request)
        person = self._person(request)
        if "language" in body:
            person.language = _language(body["language"])
        if "name" in body:
            person.name = _name(body["name"])
        self._world.keep_person(person)
        return web.json_response(self._world.person_json(person))

    # Faults

    async def _show_faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"faults": self._faults.json()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        body = await _body(request)
        try:
            fault = Fault(**{**body, "hits": 0})
        except TypeError:
            raise PageError(400, "a fault has method, chat_id, code, retry_after, times, rate, after, delay") from None
        self._faults.add(fault)
        return await self._show_faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return await self._show_faults(request)

    def _person(self, request: web.Request) -> Person:
        return self._world.person(int(request.match_info["user"]))


async def _body(request: web.Request) -> Json:
    parameters = await read_parameters(request)
    return parameters.values


def _message(stored: Stored) -> web.Response:
    return web.json_response({"message": stored.page()})


def _whole(value: str, name: str) -> int:
    if not value.isdecimal() or len(value) > 18:
        raise PageError(400, f"{name} is {value[:20]!r}: it must be a whole number")
    return int(value)


def _number(body: Json, name: str) -> int:
    return _whole(str(body.get(name, "")), name)


def _check_numbers(about: Json) -> None:
    for name in ("width", "height", "duration", "length"):
        if name in about:
            about[name] = round(Parameters(about).number(name))


def _name(value: Any) -> str:
    name = " ".join(str(value or "").split())
    if not 1 <= len(name) <= 64:
        raise PageError(400, "a name has 1 to 64 characters")
    return name


def _language(value: Any) -> str:
    language = str(value)
    if not (len(language) == 2 and language.isascii() and language.islower()):
        raise PageError(400, f"language is {language[:10]!r}: use a code of two letters, such as ko or en")
    return language
