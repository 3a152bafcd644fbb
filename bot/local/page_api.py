"""The chat page: its files, and what it asks under /page/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from bot.local import values
from bot.local.acts import Acts, answer, whole
from bot.local.errors import PageError
from bot.local.guard import HEADERS
from bot.local.page_drive import PageDrive, body_of, language_of, name_of
from bot.local.parameters import read_parameters
from bot.local.values import Person, StoredFile

if TYPE_CHECKING:
    from bot.local.faults import Faults, RateLimit
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


class PageApi:
    """The page's side: reading the world, acting for its people, following what happens."""

    def __init__(self, world: World, faults: Faults, limit: RateLimit, page: Path = PAGE) -> None:
        self._world = world
        self._acts = Acts(world)
        self._drive = PageDrive(world, self._acts, faults, limit)
        self._page = page

    def routes(self) -> list[web.RouteDef]:
        """The routes of the page; the last one serves its files."""
        chat = r"/page/chats/{user:\d{1,18}}"
        return [
            web.get("/page/state", self._state),
            web.get("/page/events", self._events),
            web.get(chat, self._chat),
            web.post(chat + r"/{act:[a-z_]+}", self._act),
            *self._drive.routes(),
            web.post(r"/page/people/{user:\d{1,18}}", self._change_person),
            web.get("/page/files/{file_id}", self._file),
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
        after = whole(request.query.get("after", "0"), "after")
        chat = self._world.chats[person.id]
        return web.json_response(
            {
                "messages": [stored.page() for stored in chat.messages.values() if stored.id > after],
                "typing": chat.typing_until > self._world.clock(),
                "action": chat.action,
                "cursor": self._world.events.cursor,
                "keyboard": chat.keyboard,
                "pinned": chat.pinned,
            }
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events; `after` or Last-Event-ID resumes, `reload` says that too much was missed for that."""
        chats = frozenset(whole(user, "user") for user in request.query.getall("user", []))
        events = self._world.events
        resume = request.headers.get("Last-Event-ID") or request.query.get("after")
        cursor = whole(resume, "after") if resume else events.cursor
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

    async def _act(self, request: web.Request) -> web.Response:
        person = self._person(request)
        return web.json_response(answer(await self._acts.perform(request.match_info["act"], person, await read_parameters(request))))

    async def _change_person(self, request: web.Request) -> web.Response:
        body = await body_of(request)
        person = self._person(request)
        if "language" in body:
            person.language = language_of(body["language"])
        if "name" in body:
            person.name = name_of(body["name"])
        self._world.keep_person(person)
        return web.json_response(self._world.person_json(person))

    def _person(self, request: web.Request) -> Person:
        return self._world.person(int(request.match_info["user"]))
