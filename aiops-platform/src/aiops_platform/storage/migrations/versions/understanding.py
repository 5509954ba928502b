"""Events per service and hour, what incidents are alike by, and since when things are new to somebody."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from aiops_platform.core import likeness
from aiops_platform.core.grouping import KIN_KINDS

revision = "understanding"
down_revision = "finding"

_TOGETHER = 1_000


def upgrade() -> None:
    _service_hours()
    _likenesses()
    _visits()
    op.execute(
        "INSERT INTO service_hours (service_id, hour, count) SELECT incidents.service_id, incident_hours.hour, "
        "sum(incident_hours.count) FROM incident_hours JOIN incidents ON incidents.id = incident_hours.incident_id "
        "GROUP BY incidents.service_id, incident_hours.hour"
    )
    _find_likenesses()


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _service_hours() -> None:
    op.create_table(
        "service_hours",
        sa.Column("service_id", _id(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_service_hours_service_id_services")),
        sa.PrimaryKeyConstraint("service_id", "hour", name=op.f("pk_service_hours")),
        sqlite_with_rowid=False,
    )


def _likenesses() -> None:
    op.create_table(
        "likenesses",
        sa.Column("hash", sa.LargeBinary(length=8), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("trait", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("hash", "incident_id", name=op.f("pk_likenesses")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_likenesses_incident_id", "likenesses", ["incident_id"], unique=False)


def _visits() -> None:
    op.create_table(
        "visits",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "project_id", name=op.f("pk_visits")),
        sqlite_with_rowid=False,
    )


def _find_likenesses() -> None:
    connection = op.get_bind()
    table = sa.table("likenesses", sa.column("hash"), sa.column("incident_id"), sa.column("trait"))
    after = 0
    while ids := list(
        connection.scalars(
            sa.text("SELECT id FROM incidents WHERE id > :after ORDER BY id LIMIT :many"),
            {"after": after, "many": _TOGETHER},
        )
    ):
        after = ids[-1]
        if rows := list(_rows(connection, ids[0], after)):
            connection.execute(sa.insert(table), rows)


def _rows(connection: sa.Connection, first: int, last: int) -> Iterator[dict[str, Any]]:
    keyed = sa.text(
        "SELECT incidents.id, project_id, type, place, message, group_keys.parts FROM incidents "
        "JOIN group_keys ON group_keys.incident_id = incidents.id WHERE incidents.id BETWEEN :first AND :last"
    ).columns(
        *(sa.column(name) for name in ("id", "project_id", "type", "place", "message")), sa.column("parts", sa.JSON())
    )
    found: dict[tuple[bytes, int], dict[str, Any]] = {}
    for row in connection.execute(keyed, {"first": first, "last": last}):
        if row.parts.get("kind") in KIN_KINDS:
            continue
        for each in likeness.of(row.project_id, row.type, row.place, row.message, row.parts):
            found[each.hash, row.id] = {"hash": each.hash, "incident_id": row.id, "trait": each.trait.value}
    yield from found.values()
