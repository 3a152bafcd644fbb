"""On SQLite the indexes of what waits hold nothing else: each message moved through both, and they grew with the tables.

Revision 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_outbox_state_telegram_id_seq", "outbox", ["state", "telegram_id", "seq"], "state = 'waiting'"),
    ("ix_updates_done_at_person_update_id", "updates", ["done_at", "person", "update_id"], "done_at IS NULL"),
)


def upgrade() -> None:
    _make_anew(partial=True)


def downgrade() -> None:
    _make_anew(partial=False)


def _make_anew(*, partial: bool) -> None:
    """MySQL has no such indexes, and keeps what it has."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for name, table, columns, which in INDEXES:
        op.drop_index(op.f(name), table)
        op.create_index(op.f(name), table, columns, sqlite_where=sa.text(which) if partial else None)
