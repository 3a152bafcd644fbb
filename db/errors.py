"""What can go wrong in `db`; the one root is `DatabaseError`.

DatabaseError
├── BadUrl            the setting `database.url` cannot be used
├── SchemaTooNew      the database was made by a newer version of the program
├── NotFound          a row that must exist does not: the caller holds a stale id
├── Forgotten         what a reader of a log asks for is deleted already: read everything again
└── Unavailable       the database cannot be reached, or stayed locked through every retry
    └── CommitUnknown the connection broke while committing: the transaction may or may not have happened

Refusals that are expected (a second tap on "like", an update that was seen before) are values, not errors.  A violated
constraint is a defect of the caller and surfaces as SQLAlchemy's own exception.
"""

from __future__ import annotations


class DatabaseError(Exception):
    """Root of this package's errors; the message is one line that says what to do."""


class BadUrl(DatabaseError):
    """`database.url` is malformed or names a database that this program does not speak."""


class SchemaTooNew(DatabaseError):
    """The database's schema is unknown to this version of the program."""


class NotFound(DatabaseError):
    """No row with the given id."""


class Forgotten(DatabaseError):
    """Rows of a log behind the reader's place are gone (see `db.changes`)."""


class Unavailable(DatabaseError):
    """The database cannot be reached or stays locked."""


class CommitUnknown(Unavailable):
    """The connection was lost during COMMIT; repeating the work must be idempotent (see `db.updates`)."""
