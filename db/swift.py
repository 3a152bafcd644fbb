"""Statements of the relay's path, compiled once for each dialect and run with plain parameters.

SQLAlchemy spends some 60 to 100 microseconds of processor time on each statement that it runs from its cache (keys, parameters,
contexts of results), several times what SQLite itself needs, and a relayed message takes nine of them (docs/adr/0034).  A `Swift`
statement is written with SQLAlchemy like any other; its text and the conversions of its types are taken from the compiled form
and used as they are.  Only for statements with a fixed number of parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

from db.columns import Utc, utc_moment, utc_text

Convert = Callable[[Any], Any] | None
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement in one dialect.

    Attributes:
        text: as the driver takes it.
        given: under which names the parameters are given, in the order of the text.
        converts: which of them are converted, by place, and how.
        fixed: those that never change, as the driver takes them; nobody gives them.
        named: the parameters' names in the text, where the driver knows them by name and not by their order.
        read: which columns of a result are converted, and how.

    """

    text: str
    given: tuple[str, ...]
    converts: tuple[tuple[int, Callable[[Any], Any]], ...]
    fixed: Mapping[str, Any]
    named: tuple[str, ...] | None
    read: tuple[tuple[int, Callable[[Any], Any]], ...]

    def parameters(self, given: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them."""
        known = {**self.fixed, **given} if self.fixed else given
        values = [known[name] for name in self.given]
        for place, convert in self.converts:
            values[place] = convert(values[place])
        return values if self.named is None else dict(zip(self.named, values, strict=True))


class Written(NamedTuple):
    """What a statement that writes did: how many rows it met, and the number of the row that it inserted, where the table numbers them."""

    rowcount: int
    lastrowid: int


class Swift:
    """One statement.

    Args:
        statement: of SQLAlchemy Core, parameters as `bindparam`.
        columns: of an INSERT, the columns that are given.

    """

    def __init__(self, statement: Executable, columns: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._plans: dict[str, Plan] = {}

    def run(self, connection: Connection, given: Mapping[str, Any]) -> Written:
        """Run a statement that writes."""

        def write(cursor: Any, plan: Plan) -> Written:
            cursor.execute(plan.text, plan.parameters(given))
            return Written(cursor.rowcount, cursor.lastrowid)

        return self._use(connection, write)

    def run_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run a statement that writes once for each of `rows`; how many rows of the table it met."""
        if len(rows) == 1:
            return self.run(connection, rows[0]).rowcount

        def write(cursor: Any, plan: Plan) -> int:
            cursor.executemany(plan.text, [plan.parameters(row) for row in rows])
            return int(cursor.rowcount)

        return self._use(connection, write)

    def rows(self, connection: Connection, given: Mapping[str, Any]) -> list[Sequence[Any]]:
        """What a statement that only reads finds, as plain sequences."""

        def read(cursor: Any, plan: Plan) -> list[Sequence[Any]]:
            cursor.execute(plan.text, plan.parameters(given))
            found = cursor.fetchall()
            return [_converted(row, plan.read) for row in found] if plan.read else list(found)

        return self._use(connection, read)

    def _use(self, connection: Connection, act: Callable[[Any, Plan], T]) -> T:
        """Call `act` with the driver's cursor; its errors become what SQLAlchemy would raise, other errors are left alone."""
        plan = self._plan(connection)
        cursor = _cursor(connection)
        try:
            found = act(cursor, plan)
        except Exception as error:
            _translate(connection, cursor, plan, error)
            raise
        cursor.close()
        return found

    def _plan(self, connection: Connection) -> Plan:
        plan = self._plans.get(connection.dialect.name)
        if plan is None:
            plan = self._plans[connection.dialect.name] = self._compile(connection)
        return plan

    def _compile(self, connection: Connection) -> Plan:
        dialect = connection.dialect
        assert isinstance(self._statement, ClauseElement)  # noqa: S101 every statement of Core is one
        compiled: Any = self._statement.compile(dialect=dialect, column_keys=None if self._columns is None else list(self._columns))
        names = tuple(compiled.binds) if compiled.positiontup is None else tuple(compiled.positiontup)
        binds = [compiled.binds[name] for name in names]
        writes = {bind.key: _writes(bind.type, dialect) for bind in binds}
        fixed = {bind.key: bind.value for bind in binds if not bind.required}
        return Plan(
            compiled.string,
            tuple(bind.key for bind in binds),
            tuple((place, convert) for place, bind in enumerate(binds) if (convert := writes[bind.key]) is not None and bind.required),
            {name: value if (convert := writes[name]) is None else convert(value) for name, value in fixed.items()},
            names if compiled.positiontup is None else None,
            tuple(
                (place, read)
                for place, entry in enumerate(getattr(self._statement, "selected_columns", ()))
                if (read := _reads(entry.type, dialect)) is not None
            ),
        )


def _writes(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    """What turns a value of this type into the driver's."""
    if isinstance(kind, Utc) and dialect.name == "sqlite":
        return utc_text  # a tenth of the cost of its chain of three
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reads(kind: TypeEngine[Any], dialect: Dialect) -> Convert:
    """What turns the driver's value into one of this type."""
    if isinstance(kind, Utc) and dialect.name == "sqlite":
        return utc_moment
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _cursor(connection: Connection) -> Any:
    """A cursor of the driver's."""
    raw = connection.connection.dbapi_connection
    assert raw is not None  # noqa: S101 a connection in use has the driver's
    return raw.cursor()


def _translate(connection: Connection, cursor: Any, plan: Plan, error: Exception) -> None:
    """Raise what SQLAlchemy would for an error of the driver; other errors are the caller's."""
    dialect = connection.dialect
    driver = dialect.loaded_dbapi.Error
    if not isinstance(error, driver):
        return
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
    with suppress(driver):
        cursor.close()
    if lost:
        connection.invalidate(error)
    raise DBAPIError.instance(plan.text, None, error, driver, hide_parameters=True, connection_invalidated=lost, dialect=dialect) from error


_inserts: dict[tuple[Table, tuple[str, ...]], Swift] = {}


def insert(connection: Connection, table: Table, values: Mapping[str, Any]) -> Written:
    """Insert a row."""
    key = (table, tuple(values))
    made = _inserts.get(key)
    if made is None:
        made = _inserts[key] = Swift(table.insert(), key[1])
    return made.run(connection, values)


def _converted(row: Sequence[Any], read: tuple[tuple[int, Callable[[Any], Any]], ...]) -> list[Any]:
    values = list(row)
    for place, convert in read:
        values[place] = convert(values[place])
    return values
