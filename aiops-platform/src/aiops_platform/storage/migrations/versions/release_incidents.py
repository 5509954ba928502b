"""In which incidents each release was seen, as bits, so that many are counted at once."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "release_incidents"
down_revision = "telling"

_STRETCH = 4_096
_TOGETHER = 200


def upgrade() -> None:
    op.create_table(
        "release_incidents",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("release", sa.String(length=200), nullable=False),
        sa.Column("stretch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("bits", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_release_incidents_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", "release", "stretch", name=op.f("pk_release_incidents")),
    )
    connection = op.get_bind()
    table = sa.table(
        "release_incidents", *(sa.column(name) for name in ("project_id", "release", "stretch")), sa.column("bits")
    )
    rows: list[dict[str, Any]] = []
    for (project, release, stretch), ids in groupby(_seen(connection), key=lambda row: tuple(row[:3])):
        bits = 0
        for row in ids:
            bits |= 1 << row.id % _STRETCH
        held = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
        rows.append({"project_id": project, "release": release, "stretch": stretch, "bits": held})
        if len(rows) >= _TOGETHER:
            connection.execute(sa.insert(table), rows)
            rows = []
    if rows:
        connection.execute(sa.insert(table), rows)


def _seen(connection: sa.Connection) -> Iterator[sa.Row[Any]]:
    """Each incident of each release: by project, release and stretch."""
    seen = sa.text(
        f"SELECT project_id, value, id / {_STRETCH} AS stretch, id FROM incidents "  # noqa: S608 (a number of ours)
        "JOIN incident_values ON incident_id = id WHERE name = 'release' AND value <> '' "
        "ORDER BY project_id, value, stretch"
    )
    yield from connection.execute(seen)
