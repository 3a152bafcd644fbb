"""What can go wrong in `db`; the one root is `DatabaseError`.

DatabaseError
├── BadUrl            the setting `database.url` cannot be used
├── SchemaTooNew      the database was made by a newer version of the program
├── NotFound          a row that must exist does not: the caller holds a stale id
├── KeyGone           what is asked for is sealed with a key that was destroyed
├── Tampered          sealed bytes were changed, or lie in another place than they were made for
├── VaultError        the vault or its master key does not fit to the database: nothing sealed could be read
├── Forgotten         what a reader of a log asks for is deleted already: read everything again
├── Busy              somebody else writes just now, and the caller did not want to wait
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


class KeyGone(DatabaseError):
    """The key of a seal was destroyed: its owner asked to be forgotten."""


class Tampered(DatabaseError):
    """A seal does not open under its own key."""


class VaultError(DatabaseError):
    """The vault or the master key is lost, or is another database's."""


class Forgotten(DatabaseError):
    """Rows of a log behind the reader's place are gone (see `db.changes`)."""


class Busy(DatabaseError):
    """Nothing has happened: somebody else writes, or this database is a server."""


class Unavailable(DatabaseError):
    """The database cannot be reached or stays locked."""


class CommitUnknown(Unavailable):
    """The connection was lost during COMMIT; repeating the work must be idempotent (see `db.updates`)."""
