"""How far each member has read a chat, and who was shown to whom.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}


def upgrade() -> None:
    op.add_column("pairs", sa.Column("lo_read", ID, server_default="0", nullable=False))
    op.add_column("pairs", sa.Column("hi_read", ID, server_default="0", nullable=False))
    op.create_table(
        "exposures",
        sa.Column("viewer_id", ID, autoincrement=False, nullable=False),
        sa.Column("shown_id", ID, autoincrement=False, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", TIME, nullable=False),
        sa.Column("last_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["viewer_id"], ["members.id"], name=op.f("fk_exposures_viewer_id")),
        sa.ForeignKeyConstraint(["shown_id"], ["members.id"], name=op.f("fk_exposures_shown_id")),
        sa.PrimaryKeyConstraint("viewer_id", "shown_id", name=op.f("pk_exposures")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_exposures_shown_id"), "exposures", ["shown_id"])


def downgrade() -> None:
    op.drop_table("exposures")
    op.drop_column("pairs", "hi_read")
    op.drop_column("pairs", "lo_read")
