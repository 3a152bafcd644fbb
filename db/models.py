"""Versions of the types: which there are, which one is published, which a gate refused.

At most one version is published; the files themselves lie under `paths.var`, and the registry of `engine` is what the bot follows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from db import writing
from db.corpus_records import ModelState, ModelVersion
from db.corpus_tables import model_versions
from db.errors import NotFound


def add(
    connection: Connection, version: str, manifest: Mapping[str, Any], now: dt.datetime, state: ModelState = "candidate"
) -> ModelVersion:
    """Note a version; one that is known keeps its state and gets the new manifest."""
    values = {"version": version, "state": state, "manifest": dict(manifest), "created_at": now, "activated_at": None}
    if not writing.insert_new(connection, model_versions, values):
        connection.execute(model_versions.update().where(model_versions.c.version == version).values(manifest=dict(manifest)))
    return _by_version(connection, version)


def activate(connection: Connection, version: str, now: dt.datetime) -> str | None:
    """Publish a version (also an earlier one: a rollback); the one that was published before, None if there was none.

    Raises:
        NotFound: the version is unknown.

    """
    # All rows in one order: of two that publish at once the second waits for the first, and one version is published.
    rows = connection.execute(
        select(model_versions.c.version, model_versions.c.state).order_by(model_versions.c.version).with_for_update()
    ).all()
    if version not in {row.version for row in rows}:
        raise NotFound(f"there is no model version {version}")
    before = next((str(row.version) for row in rows if row.state == "published"), None)
    if before == version:
        return before
    connection.execute(model_versions.update().where(model_versions.c.state == "published").values(state="retired"))
    connection.execute(model_versions.update().where(model_versions.c.version == version).values(state="published", activated_at=now))
    return before


def refuse(connection: Connection, version: str) -> bool:
    """Note that a gate refused a candidate; False where it is none."""
    where = (model_versions.c.version == version, model_versions.c.state == "candidate")
    return connection.execute(model_versions.update().where(*where).values(state="refused")).rowcount == 1


def current(connection: Connection) -> ModelVersion | None:
    """The published version."""
    row = connection.execute(select(model_versions).where(model_versions.c.state == "published")).mappings().one_or_none()
    return None if row is None else ModelVersion(**row)


def by_version(connection: Connection, version: str) -> ModelVersion | None:
    """A version."""
    row = connection.execute(select(model_versions).where(model_versions.c.version == version)).mappings().one_or_none()
    return None if row is None else ModelVersion(**row)


def versions(connection: Connection) -> list[ModelVersion]:
    """All versions, the newest first."""
    rows = connection.execute(select(model_versions).order_by(model_versions.c.created_at.desc(), model_versions.c.version.desc()))
    return [ModelVersion(**row) for row in rows.mappings()]


def forget(connection: Connection, version: str) -> bool:
    """Delete a version that is not published; its typings and counts go with `affinities.forget`."""
    where = (model_versions.c.version == version, model_versions.c.state != "published")
    return connection.execute(model_versions.delete().where(*where)).rowcount == 1


def _by_version(connection: Connection, version: str) -> ModelVersion:
    return ModelVersion(**connection.execute(select(model_versions).where(model_versions.c.version == version)).mappings().one())
