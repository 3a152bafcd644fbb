"""For test drivers: many acts in one request, everything that happened since, faults and limits.  See docs/local-mode.md."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bot.local.acts import Acts, brief, whole
from bot.local.errors import ApiError, PageError
from bot.local.faults import Fault, Faults, Limits, RateLimit
from bot.local.journal import shown
from bot.local.parameters import Parameters, read_parameters
from bot.local.values import Json, Person

if TYPE_CHECKING:
    from bot.local.world import World

FIRST_PERSON = 1001
PEOPLE_MAX = 2000
TURN = 50  # acts before others get their turn
ENTRIES_MAX = 10_000


class PageDrive:
    """The driver's side of the page's API."""

    def __init__(self, world: World, acts: Acts, faults: Faults, limit: RateLimit) -> None:
        self._world = world
        self._acts = acts
        self._faults = faults
        self._limit = limit

    def routes(self) -> list[web.RouteDef]:
        """The routes for drivers."""
        return [
            web.post("/page/people", self._new_people),
            web.post("/page/drive", self._drive),
            web.get("/page/journal", self._journal),
            web.get("/page/faults", self._show_faults),
            web.post("/page/faults", self._add_fault),
            web.delete("/page/faults", self._clear_faults),
            web.get("/page/limits", self._show_limits),
            web.post("/page/limits", self._set_limits),
        ]

    async def _new_people(self, request: web.Request) -> web.Response:
        """One person, or with `people` a list of them; `id` and `started` may be given."""
        body = await body_of(request)
        many = body.get("people")
        made = [self._world.person_json(self._add(one)) for one in (many if isinstance(many, list) else [body])]
        return web.json_response(made[0] if many is None else {"people": made})

    def _add(self, body: Any) -> Person:
        if not isinstance(body, dict):
            raise PageError(400, "a person has name, language, id and started")
        if len(self._world.people) >= PEOPLE_MAX:
            raise PageError(409, f"there are {PEOPLE_MAX} people already")
        number = whole(str(body["id"]), "id") if body.get("id") is not None else FIRST_PERSON
        while body.get("id") is None and number in self._world.people:
            number += 1
        if number in self._world.people or number == self._world.profile.id:
            raise PageError(409, f"somebody has the id {number} already")
        person = Person(number, name_of(body.get("name")), language_of(body.get("language", "en")), started=bool(body.get("started")))
        return self._world.add_person(person)

    async def _drive(self, request: web.Request) -> web.Response:
        """Carry out `acts` in order; a refused one answers `error` and `status`, the others go on."""
        acts = (await body_of(request)).get("acts")
        if not isinstance(acts, list):
            raise PageError(400, "acts is a list of objects with user, act and what the act needs")
        results: list[Json] = []
        for index, one in enumerate(acts):
            results.append(await self._one(one))
            if index % TURN == TURN - 1:
                await asyncio.sleep(0)
        return web.json_response({"results": results, "number": self._world.events.journal.number})

    async def _one(self, one: Any) -> Json:
        if not isinstance(one, dict):
            return {"error": "an act is an object", "status": 400}
        values = {"wait": False, **one}
        try:
            person = self._world.person(whole(str(values.pop("user", "")), "user"))
            return brief(await self._acts.perform(str(values.pop("act", "messages")), person, Parameters(values)))
        except PageError as error:
            return {"error": error.message, "status": error.status}
        except ApiError as error:
            return {"error": error.description, "status": error.code}

    async def _journal(self, request: web.Request) -> web.Response:
        """What happened behind `after`, at most `limit` entries, of one `user` or of all; `brief` leaves out most of it."""
        query = request.query
        after, limit = whole(query.get("after", "0"), "after"), whole(query.get("limit", "5000"), "limit")
        user = whole(query["user"], "user") if "user" in query else None
        journal = self._world.events.journal
        if journal.missed(after):
            raise PageError(410, "entries behind that number are forgotten already")
        entries = list(islice(journal.since(after), min(max(limit, 1), ENTRIES_MAX)))
        told = [shown(entry, brief="brief" in query) for entry in entries if user is None or entry.chat == user]
        number = entries[-1].number if entries else after
        return web.json_response({"entries": told, "number": number, "more": number < journal.number})

    async def _show_faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"faults": self._faults.json()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        parameters = await read_parameters(request)
        always = {"times": None} if "times" in parameters.nulls else {}  # else it would happen once, and a test would believe otherwise
        try:
            fault = Fault(**{**parameters.values, **always, "hits": 0})
        except TypeError:
            raise PageError(400, "a fault has method, chat_id, code, retry_after, times, rate, after, delay") from None
        self._faults.add(fault)
        return await self._show_faults(request)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._faults.clear()
        return await self._show_faults(request)

    async def _show_limits(self, _request: web.Request) -> web.Response:
        limits = self._limit.limits
        return web.json_response({"limits": asdict(limits) if limits else None, "refused": self._limit.refused})

    async def _set_limits(self, request: web.Request) -> web.Response:
        """Limits from now on: {} Telegram's, `{"off": true}` none, else `chat`, `burst`, `overall` as given."""
        body = await body_of(request)
        try:
            self._limit.set(None if body.pop("off", False) else Limits(**body))
        except TypeError:
            raise PageError(400, "limits have chat, burst, overall, or off") from None
        return await self._show_limits(request)


async def body_of(request: web.Request) -> Json:
    """The parameters of a request, without files."""
    return (await read_parameters(request)).values


def name_of(value: Any) -> str:
    """A person's name on one line.

    Raises:
        PageError: none, or one that is too long.

    """
    name = " ".join(str(value or "").split())
    if not 1 <= len(name) <= 64:
        raise PageError(400, "a name has 1 to 64 characters")
    return name


def language_of(value: Any) -> str:
    """A language's code.

    Raises:
        PageError: something else.

    """
    language = str(value)
    if not (len(language) == 2 and language.isascii() and language.islower()):
        raise PageError(400, f"language is {language[:10]!r}: use a code of two letters, such as ko or en")
    return language
