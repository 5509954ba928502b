"""What SQLite and PostgreSQL say differently.

Statements that every portion of reports needs are put together once: that takes SQLAlchemy longer than to run them.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sqlalchemy import Boolean, Column, ColumnElement, Connection, Executable, Table, literal
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.visitors import InternalTraversal

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_Value = TypeVar("_Value")

# In one list of values; an engine takes some thousands.
_IN_LIMIT: Final = 300


def insert(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An INSERT that knows ON CONFLICT, in the words of this connection's engine."""
    return _insert(connection.dialect.name, table)


def add_missing(connection: Connection, table: Table, *returned: Column[object]) -> Executable:
    """Adds those rows that are not there yet, and returns these columns of them."""
    return _add_missing(connection.dialect.name, table, returned)


def add_up(connection: Connection, table: Table, number: Column[int]) -> Executable:
    """Adds rows; where one is there already, its number is raised by the new one."""
    return _add_up(connection.dialect.name, table, number)


class any_case_like(ColumnElement[bool]):  # noqa: N801 (named as it reads in a statement)
    """Whether a text is like a pattern, whatever the case of its letters (of ASCII, for SQLite). `/` escapes."""

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 (as SQLAlchemy wants it)
        ("text", InternalTraversal.dp_clauseelement),
        ("pattern", InternalTraversal.dp_clauseelement),
    ]
    type = Boolean()

    def __init__(self, text: ColumnElement[Any], pattern: str) -> None:
        self.text = text
        self.pattern = literal(pattern)


@compiles(any_case_like)
def _any_case_like(element: any_case_like, compiler: Any, **how: Any) -> str:
    word = "ILIKE" if compiler.dialect.name == "postgresql" else "LIKE"
    return f"({compiler.process(element.text, **how)} {word} {compiler.process(element.pattern, **how)} ESCAPE '/')"


def portions(values: Iterable[_Value]) -> Iterator[list[_Value]]:
    """The values, as many at a time as one statement takes in a list."""
    every = list(values)
    for start in range(0, len(every), _IN_LIMIT):
        yield every[start : start + _IN_LIMIT]


@cache
def _add_missing(dialect: str, table: Table, returned: tuple[Column[object], ...]) -> Executable:
    statement = _insert(dialect, table).on_conflict_do_nothing()
    return statement.returning(*returned) if returned else statement


@cache
def _add_up(dialect: str, table: Table, number: Column[int]) -> Executable:
    statement = _insert(dialect, table)
    keys = list(table.primary_key)
    raised = {number.name: number + statement.excluded[number.name]}
    return statement.on_conflict_do_update(index_elements=keys, set_=raised)


def _insert(dialect: str, table: Table) -> "sqlite.Insert | postgresql.Insert":
    if dialect != "postgresql":
        return sqlite.insert(table)
    # Late: it is large, and hardly anybody has it.
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
