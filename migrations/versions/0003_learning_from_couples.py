"""What is learned from couples: pictures, couples, their types and counts, uploads, crawls, model versions and runs of jobs.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")
BLOB = sa.LargeBinary().with_variant(mysql.MEDIUMBLOB(), "mysql")
OPTIONS = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_bin"}
NUMBERED = {**OPTIONS, "sqlite_autoincrement": True}


def upgrade() -> None:
    op.create_table(
        "affinities",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("type_a", sa.String(length=32), nullable=False),
        sa.Column("type_b", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("couples", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("couples >= 0", name=op.f("ck_affinities_couples")),
        sa.CheckConstraint("type_a <= type_b", name=op.f("ck_affinities_order")),
        sa.PrimaryKeyConstraint("version", "type_a", "type_b", name=op.f("pk_affinities")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_affinities_version_kind"), "affinities", ["version", "kind"])
    op.create_index(op.f("ix_affinities_version_type_b"), "affinities", ["version", "type_b"])

    op.create_table(
        "crawls",
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("query", sa.String(length=190), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("source", "query", name=op.f("pk_crawls")),
        **OPTIONS,
    )
    op.create_table(
        "hashtags",
        sa.Column("tag", sa.String(length=190), nullable=False),
        sa.Column("hashtag_id", sa.String(length=64), nullable=False),
        sa.Column("queried_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_hashtags")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_hashtags_queried_at"), "hashtags", ["queried_at"])

    op.create_table(
        "http_cache",
        sa.Column("url_hash", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.Text(), nullable=False),
        sa.Column("last_modified", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=190), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("body", BLOB, nullable=True),
        sa.PrimaryKeyConstraint("url_hash", name=op.f("pk_http_cache")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_http_cache_at"), "http_cache", ["at"])

    op.create_table(
        "job_runs",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.String(length=32), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("queued_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("heartbeat_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_runs")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_job_runs_requested_by"), "job_runs", ["requested_by"])
    op.create_index(op.f("ix_job_runs_state_job"), "job_runs", ["state", "job"])

    op.create_table(
        "model_versions",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("manifest", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("activated_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_model_versions")),
        **OPTIONS,
    )
    op.create_table(
        "typings",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_typings")),
        **OPTIONS,
    )
    op.create_table(
        "couple_uploads",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("sender_id", ID, autoincrement=False, nullable=False),
        sa.Column("partner_id", ID, autoincrement=False, nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("consent_version", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME, nullable=True),
        sa.Column("jpeg", BLOB, nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["members.id"], name=op.f("fk_couple_uploads_partner_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["members.id"], name=op.f("fk_couple_uploads_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_couple_uploads")),
        sa.UniqueConstraint("token", name=op.f("uq_couple_uploads_token")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_couple_uploads_partner_id"), "couple_uploads", ["partner_id"])
    op.create_index(op.f("ix_couple_uploads_sender_id"), "couple_uploads", ["sender_id"])
    op.create_index(op.f("ix_couple_uploads_state_created_at"), "couple_uploads", ["state", "created_at"])

    op.create_table(
        "pictures",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("source_id", sa.String(length=190), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("licence", sa.String(length=190), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("caption", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("phash", sa.String(length=16), nullable=True),
        sa.Column("phash_a", sa.Integer(), nullable=True),
        sa.Column("phash_b", sa.Integer(), nullable=True),
        sa.Column("phash_c", sa.Integer(), nullable=True),
        sa.Column("phash_d", sa.Integer(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("duplicate_of", ID, nullable=True),
        sa.Column("upload_id", ID, nullable=True),
        sa.Column("collected_at", TIME, nullable=False),
        sa.Column("checked_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["upload_id"], ["couple_uploads.id"], name=op.f("fk_pictures_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pictures")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_pictures_source_source_id")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_pictures_duplicate_of"), "pictures", ["duplicate_of"])
    op.create_index(op.f("ix_pictures_phash_a"), "pictures", ["phash_a"])
    op.create_index(op.f("ix_pictures_phash_b"), "pictures", ["phash_b"])
    op.create_index(op.f("ix_pictures_phash_c"), "pictures", ["phash_c"])
    op.create_index(op.f("ix_pictures_phash_d"), "pictures", ["phash_d"])
    op.create_index(op.f("ix_pictures_sha256"), "pictures", ["sha256"])
    op.create_index(op.f("ix_pictures_source_status_reason"), "pictures", ["source", "status", "reason"])
    op.create_index(op.f("ix_pictures_upload_id"), "pictures", ["upload_id"])

    op.create_table(
        "couples",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("picture_id", ID, nullable=False),
        sa.Column("upload_id", ID, nullable=True),
        sa.Column("genders", sa.String(length=16), nullable=True),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["picture_id"], ["pictures.id"], name=op.f("fk_couples_picture_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["couple_uploads.id"], name=op.f("fk_couples_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_couples")),
        sa.UniqueConstraint("picture_id", name=op.f("uq_couples_picture_id")),
        **NUMBERED,
    )
    op.create_index(op.f("ix_couples_upload_id"), "couples", ["upload_id"])

    op.create_table(
        "couple_people",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("couple_id", ID, nullable=False),
        sa.Column("side", sa.String(length=1), nullable=False),
        sa.Column("gender", sa.String(length=8), nullable=True),
        sa.Column("gender_confidence", sa.Double(), nullable=False),
        sa.Column("age", sa.Double(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("face_vector", BLOB, nullable=True),
        sa.Column("face_version", sa.String(length=64), nullable=True),
        sa.Column("fashion_vector", BLOB, nullable=True),
        sa.Column("fashion_version", sa.String(length=64), nullable=True),
        sa.Column("face_jpeg", BLOB, nullable=False),
        sa.Column("body_jpeg", BLOB, nullable=False),
        sa.ForeignKeyConstraint(["couple_id"], ["couples.id"], name=op.f("fk_couple_people_couple_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_couple_people")),
        sa.UniqueConstraint("couple_id", "side", name=op.f("uq_couple_people_couple_id_side")),
        **NUMBERED,
    )
    op.create_table(
        "person_types",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("person_id", ID, autoincrement=False, nullable=False),
        sa.Column("identity", sa.BigInteger(), nullable=True),
        sa.Column("face_type", sa.String(length=32), nullable=True),
        sa.Column("fashion_type", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["couple_people.id"], name=op.f("fk_person_types_person_id")),
        sa.PrimaryKeyConstraint("version", "person_id", name=op.f("pk_person_types")),
        **OPTIONS,
    )
    op.create_index(op.f("ix_person_types_person_id"), "person_types", ["person_id"])
    op.create_index(op.f("ix_person_types_version_identity"), "person_types", ["version", "identity"])


def downgrade() -> None:
    op.drop_table("person_types")
    op.drop_table("couple_people")
    op.drop_table("couples")
    op.drop_table("pictures")
    op.drop_table("couple_uploads")
    op.drop_table("typings")
    op.drop_table("model_versions")
    op.drop_table("job_runs")
    op.drop_table("http_cache")
    op.drop_table("hashtags")
    op.drop_table("crawls")
    op.drop_table("affinities")
