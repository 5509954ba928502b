"""What SQLite and PostgreSQL say differently."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the words of this connection's engine."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
