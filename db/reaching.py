"""Which messages reach their recipient: that arrived, or are on their way.  What was given up, and what its sender holds, does not."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, or_, select

from db.tables import messages, outbox
from db.waiting import WAITS

_part = messages.alias("part")
_ON_ITS_WAY: Final = select(outbox.c.id).where(outbox.c.message_id == messages.c.id, WAITS).exists()
_IN_ITS_ALBUM: Final = (
    select(outbox.c.id)
    .join(_part, outbox.c.message_id == _part.c.id)
    .where(_part.c.pair_id == messages.c.pair_id, _part.c.album == messages.c.album, WAITS)
    .exists()
)
"""An album is carried by one row, which names its first part."""
REACHES: Final[ColumnElement[bool]] = or_(messages.c.recipient_message_id.is_not(None), _ON_ITS_WAY, _IN_ITS_ALBUM)
"""Of a row of `messages`; the outbox is asked only for those that have not arrived."""
