"""Cards shown, answers, what is learned from them, and the log of changes that searching follows.

Revision 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
NUMBERED = {**OPTIONS, "sqlite_autoincrement": True}


def upgrade() -> None:
    op.create_table(
        "log_ends",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("forgotten", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_ends")),
        **OPTIONS,
    )
    op.create_table(
        "matching_state",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("updated_at", TIME, nullable=True),
        sa.Column("data", BLOB, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_matching_state")),
        **OPTIONS,
    )
    op.create_table(
        "member_changes",
        sa.Column("seq", ID, autoincrement=False, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_member_changes")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_member_changes_at"), "member_changes", ["at"])
    op.create_index(op.f("ix_member_changes_member_id"), "member_changes", ["member_id"])

    op.create_table(
        "daily_picks",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("other_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_daily_picks_member_id")),
        sa.ForeignKeyConstraint(["other_id"], ["members.id"], name=op.f("fk_daily_picks_other_id")),
        sa.PrimaryKeyConstraint("day", "member_id", name=op.f("pk_daily_picks")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_daily_picks_member_id"), "daily_picks", ["member_id"])
    op.create_index(op.f("ix_daily_picks_other_id"), "daily_picks", ["other_id"])

    op.create_table(
        "impressions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("viewer_id", ID, autoincrement=False, nullable=False),
        sa.Column("shown_id", ID, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("p_out", sa.Double(), nullable=True),
        sa.Column("p_back", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("explored", sa.Boolean(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("features", BLOB, nullable=True),
        sa.ForeignKeyConstraint(["shown_id"], ["members.id"], name=op.f("fk_impressions_shown_id")),
        sa.ForeignKeyConstraint(["viewer_id"], ["members.id"], name=op.f("fk_impressions_viewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_impressions")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_impressions_at"), "impressions", ["at"])
    op.create_index(op.f("ix_impressions_shown_id_at"), "impressions", ["shown_id", "at"])
    op.create_index(op.f("ix_impressions_viewer_id_at"), "impressions", ["viewer_id", "at"])

    op.create_table(
        "judgements",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("impression_id", ID, nullable=True),
        sa.Column("viewer_id", ID, autoincrement=False, nullable=False),
        sa.Column("shown_id", ID, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("liked", sa.Boolean(), nullable=False),
        sa.Column("p", sa.Double(), nullable=True),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("features", BLOB, nullable=True),
        sa.ForeignKeyConstraint(["shown_id"], ["members.id"], name=op.f("fk_judgements_shown_id")),
        sa.ForeignKeyConstraint(["viewer_id"], ["members.id"], name=op.f("fk_judgements_viewer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgements")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_judgements_at"), "judgements", ["at"])
    op.create_index(op.f("ix_judgements_shown_id"), "judgements", ["shown_id"])
    op.create_index(op.f("ix_judgements_viewer_id"), "judgements", ["viewer_id"])

    op.create_table(
        "standings",
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("shown", sa.BigInteger(), nullable=False),
        sa.Column("liked", sa.BigInteger(), nullable=False),
        sa.Column("expected", sa.Double(), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("given_liked", sa.BigInteger(), nullable=False),
        sa.Column("given_expected", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_standings_member_id")),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_standings")),
        **OPTIONS,
    )
    op.create_table(
        "tastes",
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("data", BLOB, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_tastes_member_id")),
        sa.PrimaryKeyConstraint("member_id", "kind", name=op.f("pk_tastes")),
        **OPTIONS,
    )
    op.add_column("members", sa.Column("photo_based", sa.Boolean(), server_default="1", nullable=False))
    op.add_column("members", sa.Column("verified", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("members", sa.Column("verified_only", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("members", sa.Column("same_language", sa.Boolean(), server_default="0", nullable=False))
    op.add_column("members", sa.Column("languages", sa.String(length=32), server_default=sa.text("''"), nullable=False))


def downgrade() -> None:
    op.drop_column("members", "languages")
    op.drop_column("members", "same_language")
    op.drop_column("members", "verified_only")
    op.drop_column("members", "verified")
    op.drop_column("members", "photo_based")

    op.drop_table("tastes")
    op.drop_table("standings")
    op.drop_table("judgements")
    op.drop_table("impressions")
    op.drop_table("daily_picks")
    op.drop_table("member_changes")
    op.drop_table("matching_state")
    op.drop_table("log_ends")
