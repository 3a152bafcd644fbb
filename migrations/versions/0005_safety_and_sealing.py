"""Updates that wait to be served, what reports and bans rest on, verification, hints, and where sealing stands.

Revision 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
NUMBERED = {**OPTIONS, "sqlite_autoincrement": True}


def upgrade() -> None:
    _updates()
    op.add_column("members", sa.Column("protect", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("members", sa.Column("hidden_at", TIME, nullable=True))
    op.add_column("members", sa.Column("verified_at", TIME, nullable=True))
    op.add_column("members", sa.Column("frozen_reason", sa.String(length=32), nullable=True))
    op.add_column("messages", sa.Column("album", sa.String(length=64), nullable=True))
    op.add_column("messages", sa.Column("deleted_at", TIME, nullable=True))
    op.add_column("messages", sa.Column("content", BLOB, nullable=True))
    op.create_index(op.f("ix_messages_pair_id_album"), "messages", ["pair_id", "album"])
    # InnoDB wants an index that begins with a foreign key's column: the new one does, so the old one may go.
    op.drop_index(op.f("ix_messages_pair_id"), table_name="messages")
    op.add_column("reviews", sa.Column("note", BLOB, nullable=True))
    with op.batch_alter_table("reports", table_kwargs={"sqlite_autoincrement": True}) as reports:
        reports.alter_column("reported_id", existing_type=ID, nullable=True)
    _evidence_and_bans()
    _verification_and_nudges()
    op.create_table(
        "sealing",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=190), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sealing")),
        **OPTIONS,
    )


def _updates() -> None:
    op.create_table(
        "updates",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person", sa.BigInteger(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("payload", BLOB, nullable=True),
        sa.Column("done_at", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("leased_until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_updates")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_updates_done_at_person_update_id"), "updates", ["done_at", "person", "update_id"])
    op.create_index(op.f("ix_updates_person"), "updates", ["person"])
    op.execute("INSERT INTO updates (update_id, at, done_at) SELECT update_id, at, at FROM updates_seen")
    op.drop_table("updates_seen")


def _evidence_and_bans() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("data", BLOB, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_evidence_report_id"), "evidence", ["report_id"])
    op.create_index(op.f("ix_evidence_expires_at"), "evidence", ["expires_at"])
    op.create_table(
        "ban_marks",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("lifted_at", TIME, nullable=True),
        sa.Column("data", BLOB, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_ban_marks_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ban_marks")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_ban_marks_member_id"), "ban_marks", ["member_id"])
    op.create_index(op.f("ix_ban_marks_kind"), "ban_marks", ["kind"])
    op.create_index(op.f("ix_ban_marks_expires_at"), "ban_marks", ["expires_at"])


def _verification_and_nudges() -> None:
    op.create_table(
        "verifications",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("challenge", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_verifications_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_verifications_member_id"), "verifications", ["member_id"])
    op.create_index(op.f("ix_verifications_created_at"), "verifications", ["created_at"])
    op.create_table(
        "nudges",
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("pair_id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_nudges_member_id")),
        sa.PrimaryKeyConstraint("member_id", "pair_id", "kind", name=op.f("pk_nudges")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_nudges_pair_id"), "nudges", ["pair_id"])


def refusal(connection: sa.Connection) -> str | None:
    """Why this must not be taken back now (`db.schema.downgrade`)."""
    found = connection.execute(sa.text("SELECT value FROM sealing WHERE name = 'database'")).scalar()
    return None if found is None else "the database holds sealed data, which version 0004 cannot read: run `python -m db unseal` first"


def downgrade() -> None:
    if (why := refusal(op.get_bind())) is not None:
        raise RuntimeError(why)
    op.drop_table("sealing")
    op.drop_table("nudges")
    op.drop_table("verifications")
    op.drop_table("ban_marks")
    op.drop_table("evidence")
    op.execute("DELETE FROM reports WHERE reported_id IS NULL")
    with op.batch_alter_table("reports", table_kwargs={"sqlite_autoincrement": True}) as reports:
        reports.alter_column("reported_id", existing_type=ID, nullable=False)
    op.drop_column("reviews", "note")
    op.create_index(op.f("ix_messages_pair_id"), "messages", ["pair_id"])
    op.drop_index(op.f("ix_messages_pair_id_album"), table_name="messages")
    op.drop_column("messages", "content")
    op.drop_column("messages", "deleted_at")
    op.drop_column("messages", "album")
    for name in ("frozen_reason", "verified_at", "hidden_at", "protect"):
        op.drop_column("members", name)
    op.create_table(
        "updates_seen",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_updates_seen")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_updates_seen_at"), "updates_seen", ["at"])
    op.execute("INSERT INTO updates_seen (update_id, at) SELECT update_id, at FROM updates WHERE done_at IS NOT NULL")
    op.drop_table("updates")
