"""Events take less room: bodies are packed with dictionaries, and not all of them are kept. Those there are stay as they are."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "compact"
down_revision = "counters"


def upgrade() -> None:
    _dictionaries()
    op.add_column("events", sa.Column("dictionary_id", sa.BigInteger(), nullable=True))
    op.add_column("events", sa.Column("passing", sa.Boolean(), server_default=sa.false(), nullable=False))
    _kept()
    op.create_index("ix_group_keys_hash", "group_keys", ["hash"], unique=False)
    _incident_values()
    _anew("seen_events", _seen_events, "service_id, event_id, seen_at")
    _anew("incident_hours", _incident_hours, "incident_id, hour, count")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _anew(table: str, create: Callable[[], None], columns: str) -> None:
    """The table made another way, with what is in it."""
    op.execute(f"CREATE TEMPORARY TABLE moved AS SELECT {columns} FROM {table} ORDER BY {columns}")
    op.drop_table(table)
    create()
    op.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM moved")
    op.execute("DROP TABLE moved")


def _seen_events() -> None:
    op.create_table(
        "seen_events",
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service_id", "event_id", name=op.f("pk_seen_events")),
        sqlite_with_rowid=False,
    )


def _incident_hours() -> None:
    op.create_table(
        "incident_hours",
        sa.Column("incident_id", _id(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("release", sa.String(length=200), server_default="", nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_incident_hours_incident_id_incidents")),
        sa.PrimaryKeyConstraint("incident_id", "hour", "release", name=op.f("pk_incident_hours")),
        sqlite_with_rowid=False,
    )


def _incident_values() -> None:
    op.create_table(
        "incident_values",
        sa.Column("incident_id", _id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_values_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("incident_id", "name", "value", name=op.f("pk_incident_values")),
        sqlite_with_rowid=False,
    )


def _kept() -> None:
    op.add_column("incidents", sa.Column("kept", sa.Integer(), server_default="0", nullable=False))
    op.add_column("incidents", sa.Column("kept_at", sa.BigInteger(), nullable=True))
    op.add_column("incidents", sa.Column("passing", sa.Boolean(), server_default=sa.false(), nullable=False))
    mine = "FROM events WHERE events.incident_id = incidents.id"
    op.execute(
        f"UPDATE incidents SET kept = (SELECT count(*) {mine}), kept_at = (SELECT max(events.received_at) {mine})"
    )
    op.create_index("ix_incidents_kept", "incidents", ["kept"], unique=False)


def _dictionaries() -> None:
    op.create_table(
        "dictionaries",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project_id", _id(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_dictionaries_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dictionaries")),
    )
