"""Run the migrations on the connection that `db.schema` hands over; there is no alembic.ini, and logging is left alone."""

from __future__ import annotations

from alembic import context

from db.columns import Utc
from db.tables import metadata


def render(kind: str, item: object, _context: object) -> str | bool:
    """Write our time type as what it is in the database, so that old migrations do not depend on today's `db.tables`."""
    if kind == "type" and isinstance(item, Utc):
        return 'sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")'
    return False


connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("run migrations by `python -m db upgrade`: they need the connection that it makes")
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_item=render,
    render_as_batch=True,
    compare_type=True,
    compare_server_default=True,
    transactional_ddl=connection.dialect.name == "sqlite",
    user_module_prefix="",
)
with context.begin_transaction():
    context.run_migrations()
