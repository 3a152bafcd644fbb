"""Bytes that lie sealed in the database: how `db`'s functions close and open them with the keys of the `db.vault`.

A seal holds to its place: it opens only with the key of its scope (`member(12)`) and under the words of the place that it was
made for ("photo:17"), so that rows cannot be exchanged for one another.  Where the database was opened without a vault (tests,
throw-away databases) the bytes stay as they are; bytes from before there were seals are read as they are, everywhere.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from db.errors import KeyGone
from db.seals import is_sealed

if TYPE_CHECKING:
    from db.vault import Vault

BANS = "system:bans"
SEALED = "sealed"
"""The one key of a JSON column that holds a seal."""

_doomed: WeakKeyDictionary[Connection, dict[str, bool]] = WeakKeyDictionary()
"""Scopes whose keys go with a transaction, and whether for good."""


def member(member_id: int) -> str:
    """What a member's own things are sealed under.

    >>> member(12), face(12)
    ('member:12', 'member:12:face')
    """
    return f"member:{member_id}"


def face(member_id: int) -> str:
    """What was read from a member's face: its key goes alone when that consent is taken back."""
    return f"member:{member_id}:face"


def upload(upload_id: int) -> str:
    """A couple's photo that members gave, and what was cut from it."""
    return f"upload:{upload_id}"


def report(report_id: int) -> str:
    """The evidence of a report."""
    return f"report:{report_id}"


def day(kind: str, at: dt.datetime) -> str:
    """What only passes through (updates, what the bot says in the outbox): one key a day, destroyed soon after.

    >>> day("outbox", dt.datetime(2026, 11, 21, 23, tzinfo=dt.UTC))
    'outbox:2026-11-21'
    """
    return f"{kind}:{at.astimezone(dt.UTC).date().isoformat()}"


def vault(connection: Connection) -> Vault | None:
    """The vault that the database was opened with."""
    found: Vault | None = connection.get_execution_options().get("vault")
    return found


def seal(connection: Connection, scope: str, place: str, data: bytes) -> bytes:
    """`data` as it is stored: to be opened with the same scope and place only."""
    keys = vault(connection)
    return data if keys is None else keys.seal(scope, place, data)


def unseal(connection: Connection, scope: str, place: str, data: bytes) -> bytes:
    """What was sealed.

    Raises:
        KeyGone: the key was destroyed, and with it what it closed.
        Tampered: the bytes were changed or belong elsewhere.

    """
    keys = vault(connection)
    return _plain(data) if keys is None else keys.open_one(scope, place, data)


def unseal_all(connection: Connection, rows: Sequence[tuple[str, str, bytes]]) -> list[bytes | None]:
    """Several at once, as (scope, place, data), with one look into the vault; None where the key is gone."""
    keys = vault(connection)
    return [_plain(data) for _, _, data in rows] if keys is None else keys.open_all(rows)


def seal_json(connection: Connection, scope: str, place: str, value: Any) -> bytes:
    """A plain value as sealed JSON, for a column of bytes."""
    return seal(connection, scope, place, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def unseal_json(connection: Connection, scope: str, place: str, data: bytes) -> Any:
    """The value of `seal_json`; raises as `unseal`."""
    return json.loads(unseal(connection, scope, place, data))


def wrap(connection: Connection, scope: str, place: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object for a column of JSON: sealed, `{"sealed": "…"}`.  An empty one stays empty."""
    if vault(connection) is None or not value:
        return dict(value)
    return {SEALED: base64.b64encode(seal_json(connection, scope, place, value)).decode()}


def unwrap(connection: Connection, scope: str, place: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """The object of `wrap`; one from before there were seals as it is.  Raises as `unseal`."""
    if set(value) != {SEALED}:
        return dict(value)
    found: dict[str, Any] = unseal_json(connection, scope, place, base64.b64decode(value[SEALED]))
    return found


def destroy(connection: Connection, scopes: Iterable[str], *, final: bool = True) -> None:
    """Destroy the keys of `scopes` right before this transaction commits: what they closed is noise from then on, wherever it lies.

    First the keys and then the rows: whoever is interrupted in between leaves noise and no rows that can be read.  With `final` no
    new key is ever made for these scopes.
    """
    if vault(connection) is None:
        return
    if connection not in _doomed:
        raise RuntimeError("a key destroyed outside of Database.transact")
    _doomed[connection].update(dict.fromkeys(scopes, final))


@contextmanager
def collecting(connection: Connection) -> Iterator[None]:
    """Where `destroy` works: within one transaction, at whose end the caller calls `settle`."""
    _doomed[connection] = {}
    try:
        yield
    finally:
        del _doomed[connection]


def settle(connection: Connection) -> None:
    """Destroy the keys that this transaction asked for; right before COMMIT."""
    keys, doomed = vault(connection), _doomed[connection]
    if keys is None or not doomed:
        return
    for final in (True, False):
        scopes = [scope for scope, for_good in doomed.items() if for_good is final]
        if scopes:
            keys.destroy(scopes, final=final)
    doomed.clear()


def _plain(data: bytes) -> bytes:
    if is_sealed(data):
        raise KeyGone("the data is sealed, and the database was opened without its vault")
    return data
