"""The first tables.

Revision 0001, the beginning.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
NUMBERED = {**OPTIONS, "sqlite_autoincrement": True}


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_audit_actor"), "audit", ["actor"])
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"])

    op.create_table(
        "lanes",
        sa.Column("telegram_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("telegram_id", name=op.f("pk_lanes")),
        **OPTIONS,
    )
    op.create_table(
        "members",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("gender", sa.String(length=8), nullable=True),
        sa.Column("seeks", sa.String(length=8), nullable=True),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("city", sa.String(length=100), nullable=True),
        sa.Column("city_key", sa.String(length=100), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("distance_km", sa.Integer(), nullable=False),
        sa.Column("age_min", sa.SmallInteger(), nullable=False),
        sa.Column("age_max", sa.SmallInteger(), nullable=False),
        sa.Column("face_consent", sa.Boolean(), nullable=True),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("active_pair_id", ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("last_active_at", TIME, nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint("telegram_id", name=op.f("uq_members_telegram_id")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_members_status_city_key"), "members", ["status", "city_key"])
    op.create_index(op.f("ix_members_status_gender_last_active_at"), "members", ["status", "gender", "last_active_at"])
    op.create_index(op.f("ix_members_status_latitude_longitude"), "members", ["status", "latitude", "longitude"])

    op.create_table(
        "tombstones",
        sa.Column("telegram_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("telegram_hash", name=op.f("pk_tombstones")),
        **OPTIONS,
    )
    op.create_table(
        "types",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("group", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("gender", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_ko", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_types")),
        **OPTIONS,
    )
    op.create_table(
        "updates_seen",
        sa.Column("update_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("update_id", name=op.f("pk_updates_seen")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_updates_seen_at"), "updates_seen", ["at"])

    op.create_table(
        "blocks",
        sa.Column("blocker_id", ID, autoincrement=False, nullable=False),
        sa.Column("blocked_id", ID, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["blocked_id"], ["members.id"], name=op.f("fk_blocks_blocked_id")),
        sa.ForeignKeyConstraint(["blocker_id"], ["members.id"], name=op.f("fk_blocks_blocker_id")),
        sa.PrimaryKeyConstraint("blocker_id", "blocked_id", name=op.f("pk_blocks")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_blocks_blocked_id"), "blocks", ["blocked_id"])

    op.create_table(
        "consents",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_consents_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_consents_member_id_kind"), "consents", ["member_id", "kind"])

    op.create_table(
        "likes",
        sa.Column("lo", ID, autoincrement=False, nullable=False),
        sa.Column("hi", ID, autoincrement=False, nullable=False),
        sa.Column("lo_mark", sa.SmallInteger(), nullable=True),
        sa.Column("hi_mark", sa.SmallInteger(), nullable=True),
        sa.Column("lo_at", TIME, nullable=True),
        sa.Column("hi_at", TIME, nullable=True),
        sa.CheckConstraint("lo < hi", name=op.f("ck_likes_order")),
        sa.ForeignKeyConstraint(["hi"], ["members.id"], name=op.f("fk_likes_hi")),
        sa.ForeignKeyConstraint(["lo"], ["members.id"], name=op.f("fk_likes_lo")),
        sa.PrimaryKeyConstraint("lo", "hi", name=op.f("pk_likes")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_likes_hi_lo_mark"), "likes", ["hi", "lo_mark"])
    op.create_index(op.f("ix_likes_lo_hi_mark"), "likes", ["lo", "hi_mark"])

    op.create_table(
        "member_types",
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("type_id", sa.String(length=32), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("assigned_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_member_types_member_id")),
        sa.ForeignKeyConstraint(["type_id"], ["types.id"], name=op.f("fk_member_types_type_id")),
        sa.PrimaryKeyConstraint("member_id", "kind", name=op.f("pk_member_types")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_member_types_type_id"), "member_types", ["type_id"])

    op.create_table(
        "pairs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("lo", ID, autoincrement=False, nullable=False),
        sa.Column("hi", ID, autoincrement=False, nullable=False),
        sa.Column("matched_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=True),
        sa.Column("lo_alias", sa.Integer(), nullable=False),
        sa.Column("hi_alias", sa.Integer(), nullable=False),
        sa.CheckConstraint("lo < hi", name=op.f("ck_pairs_order")),
        sa.ForeignKeyConstraint(["hi"], ["members.id"], name=op.f("fk_pairs_hi")),
        sa.ForeignKeyConstraint(["lo"], ["members.id"], name=op.f("fk_pairs_lo")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pairs")),
        sa.UniqueConstraint("lo", "hi", name=op.f("uq_pairs_lo_hi")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_pairs_hi"), "pairs", ["hi"])

    op.create_table(
        "photos",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("telegram_file_id", sa.String(length=255), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("nsfw", sa.Double(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("jpeg", BLOB, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_photos_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_photos_member_id_status_position"), "photos", ["member_id", "status", "position"])

    op.create_table(
        "reports",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("reporter_id", ID, autoincrement=False, nullable=True),
        sa.Column("reported_id", ID, autoincrement=False, nullable=False),
        sa.Column("pair_id", ID, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["reported_id"], ["members.id"], name=op.f("fk_reports_reported_id")),
        sa.ForeignKeyConstraint(["reporter_id"], ["members.id"], name=op.f("fk_reports_reporter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_reports_reported_id"), "reports", ["reported_id"])
    op.create_index(op.f("ix_reports_reporter_id"), "reports", ["reporter_id"])
    op.create_index(op.f("ix_reports_state"), "reports", ["state"])

    op.create_table(
        "messages",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("pair_id", ID, nullable=False),
        sa.Column("sender_id", ID, autoincrement=False, nullable=False),
        sa.Column("recipient_id", ID, autoincrement=False, nullable=False),
        sa.Column("sender_message_id", sa.BigInteger(), nullable=False),
        sa.Column("recipient_message_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("reply_to", ID, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["pair_id"], ["pairs.id"], name=op.f("fk_messages_pair_id")),
        sa.ForeignKeyConstraint(["recipient_id"], ["members.id"], name=op.f("fk_messages_recipient_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["members.id"], name=op.f("fk_messages_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_messages_created_at"), "messages", ["created_at"])
    op.create_index(op.f("ix_messages_pair_id"), "messages", ["pair_id"])
    op.create_index(op.f("ix_messages_recipient_id_recipient_message_id"), "messages", ["recipient_id", "recipient_message_id"])
    op.create_index(op.f("ix_messages_sender_id_sender_message_id"), "messages", ["sender_id", "sender_message_id"])

    op.create_table(
        "reviews",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("photo_id", ID, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_reviews_member_id")),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name=op.f("fk_reviews_photo_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_reviews_member_id"), "reviews", ["member_id"])
    op.create_index(op.f("ix_reviews_photo_id"), "reviews", ["photo_id"])
    op.create_index(op.f("ix_reviews_state"), "reviews", ["state"])

    op.create_table(
        "vectors",
        sa.Column("photo_id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("runtime", sa.String(length=64), nullable=False),
        sa.Column("dims", sa.Integer(), nullable=False),
        sa.Column("data", BLOB, nullable=False),
        sa.ForeignKeyConstraint(["photo_id"], ["photos.id"], name=op.f("fk_vectors_photo_id")),
        sa.PrimaryKeyConstraint("photo_id", "kind", "model_version", name=op.f("pk_vectors")),
        **OPTIONS,
    )
    op.create_table(
        "outbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("member_id", ID, autoincrement=False, nullable=True),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("dedup_key", sa.String(length=190), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("message_id", ID, nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", TIME, nullable=False),
        sa.Column("leased_until", TIME, nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("dead_reason", sa.String(length=190), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("sent_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["members.id"], name=op.f("fk_outbox_member_id")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_outbox_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("telegram_id", "dedup_key", name=op.f("uq_outbox_telegram_id_dedup_key")),
        sa.UniqueConstraint("telegram_id", "seq", name=op.f("uq_outbox_telegram_id_seq")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_outbox_member_id"), "outbox", ["member_id"])
    op.create_index(op.f("ix_outbox_message_id"), "outbox", ["message_id"])
    op.create_index(op.f("ix_outbox_state_telegram_id_seq"), "outbox", ["state", "telegram_id", "seq"])


def downgrade() -> None:
    op.drop_table("outbox")
    op.drop_table("vectors")
    op.drop_table("reviews")
    op.drop_table("messages")
    op.drop_table("reports")
    op.drop_table("photos")
    op.drop_table("pairs")
    op.drop_table("member_types")
    op.drop_table("likes")
    op.drop_table("consents")
    op.drop_table("blocks")
    op.drop_table("updates_seen")
    op.drop_table("types")
    op.drop_table("tombstones")
    op.drop_table("members")
    op.drop_table("lanes")
    op.drop_table("audit")
