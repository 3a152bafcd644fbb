"""What becomes of a row of the outbox that must be worked on before it is sent: a file scrubbed, a photo looked at.

`bot.sender` asks the `Preparer` right before the call, while the row's chat waits, so the order holds.  It may ask more than once
for one row (after a crash, after 5xx), so preparing has no effects of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from db.records import OutboxRow


@dataclass(frozen=True, slots=True)
class Prepared:
    """The call to make instead: `payload` without `chat_id`; `uploads` are (file name, bytes), by the name under which a value in
    `payload`, however deep, mentions them as `attach://NAME`.
    """

    method: str
    payload: Mapping[str, Any]
    uploads: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """It must not be sent; `word` is the key of the sentence that tells the sender (`name` is the partner's).

    With `ask` the sender is asked instead whether it should go anyway.
    """

    word: str
    ask: bool = False


class Preparer(Protocol):
    """Turns a row that cannot be sent as it is into a call."""

    async def prepare(self, row: OutboxRow, payload: Mapping[str, Any]) -> Prepared | Refused:
        """The call for `row`, whose `payload` (that of its letter, with `body` and `prepare`) says what is to be done.

        Raises:
            aiogram.exceptions.TelegramAPIError, TimeoutError, OSError: nothing to be had now; the row is tried again.

        """
        ...
