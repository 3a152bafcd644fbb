"""Alembic's history of the schema, one for SQLite and MySQL/MariaDB; `db.schema` runs it, `python -m db revise` adds to it."""
