"""What happened in all chats, in order, for test drivers: read from where one stopped, at the cost of what is new."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from bot.local.values import MEDIA_KINDS, Json

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = 100_000  # entries; older ones are forgotten
TOLD = frozenset({"message", "edit", "delete", "reaction"})
BRIEF = ("message_id", "out", "date", "edit_date", "text", "caption", "media_group_id")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: `number` counts up by one, `at` is in seconds since 1970."""

    number: int
    at: float
    chat: int
    event: str
    data: Json


class Journal:
    """The last entries, numbered from 1."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self.number = 0

    def add(self, event: str, chat: int | None, data: Json) -> None:
        """Write down what concerns a chat's messages; everything else is passed over."""
        if event in TOLD and chat is not None:
            self.number += 1
            self._entries.append(Entry(self.number, time.time(), chat, event, data))

    def missed(self, after: int) -> bool:
        """Whether entries behind `after` are forgotten already."""
        return bool(self._entries) and after < self._entries[0].number - 1

    def since(self, after: int) -> Iterator[Entry]:
        """The entries behind `after`, oldest first."""
        if self._entries:
            yield from islice(self._entries, max(0, after + 1 - self._entries[0].number), None)


def shown(entry: Entry, *, brief: bool) -> Json:
    """An entry as JSON; `brief` leaves of a message its ids, its words and the name of its kind."""
    data = dict(entry.data)
    message = data.get("message")
    if brief and message is not None:
        short = {key: message[key] for key in BRIEF if key in message}
        kind = next((kind for kind in (*MEDIA_KINDS, "venue", "location", "contact", "poll", "dice") if kind in message), "text")
        reply = message.get("reply_to_message")
        data["message"] = {**short, "kind": kind, **({"reply_to": reply["message_id"]} if reply else {})}
    return {"number": entry.number, "at": entry.at, "event": entry.event, **data}
