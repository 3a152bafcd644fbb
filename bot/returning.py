"""Whether somebody who was banned just now has another account already: all members are compared with the ban's marks, once.

In pages, the newest accounts first, and each page outside of any transaction: opening a million vectors takes minutes.  What is alike
becomes a case for an admin and nothing else (`bot.usecases.bans`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final

from bot.desk import Services
from bot.retyping import Note
from bot.usecases import bans
from db import bans as marks

PAGE: Final = 50
"""Members that are read at a time: where their hashes must be made anew about a second, else some milliseconds."""
CASES: Final = 20
"""Cases that one ban makes at most: more are chance, and nobody could look at them."""


async def compare(services: Services, arguments: Mapping[str, Any], resume: Mapping[str, Any], note: Note) -> dict[str, Any]:
    """Compare everybody with the ban of `arguments["ban"]`; figures.

    Args:
        services: of the bot.
        arguments: of the run; `ban` is the moment of the ban, ISO 8601.
        resume: what `note` was last told by a run that was interrupted.
        note: called after each page.

    """
    ban = str(arguments["ban"])
    below, done, asked = (int(resume.get(key, 0)) for key in ("below", "members", "told"))
    while asked < CASES and (ids := await services.runtime.read(marks.page, below, PAGE)):
        began = time.monotonic()
        found = await services.runtime.read(bans.compare, services.context(), ban, ids)
        if found:
            asked += await services.runtime.transact(bans.ask, services.context(), ban, found[: CASES - asked])
            services.wake()
        below, done = ids[-1], done + len(ids)
        await note("bans", done, done, {"below": below, "members": done, "told": asked})
        await asyncio.sleep(time.monotonic() - began)  # as much rest as work: members use the bot meanwhile
    return {"members": done, "told": asked}
