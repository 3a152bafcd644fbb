"""Couples' photos that members sent to the bot and that both people in them agreed to."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.errors import Gone
from crawler.sources.base import Batch, Item
from db import uploads
from db.session import Database

BATCH = 16


class Member:
    """Confirmed uploads that were not looked at yet, oldest first.

    What becomes of each is noted on the upload itself, so there is no cursor: one that was confirmed late is not passed over.
    """

    name = "member"

    def __init__(self, database: Database) -> None:
        """`database` must be open by the first use."""
        self.database = database
        self._jpegs: dict[str, bytes] = {}

    def batches(self, cursor: str) -> Iterator[Batch]:
        """All of them, whatever the cursor."""
        after = 0
        while rows := self.database.read(uploads.waiting_for_ingest, BATCH, after):
            after = rows[-1].id
            self._jpegs = {str(row.id): row.jpeg for row in rows if row.jpeg is not None}
            yield Batch(tuple(Item(self.name, str(row.id), licence=f"consent:couple-{row.consent_version}") for row in rows), "")

    def read(self, item: Item) -> bytes:
        """The photo.

        Raises:
            Gone: it is not of the batch that was given last.

        """
        try:
            return self._jpegs[item.source_id]
        except KeyError:
            raise Gone(f"the upload {item.source_id} has no photo any more") from None
