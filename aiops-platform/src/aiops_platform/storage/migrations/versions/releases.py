"""When each release of a service was first seen, and in which one an incident was resolved."""

import sqlalchemy as sa
from alembic import op

revision = "releases"
down_revision = "scrubbing"

# Where releases were named so far, and when.
_NAMED = """
SELECT incidents.service_id AS service_id, incident_hours.release AS release, incident_hours.hour AS at
FROM incident_hours JOIN incidents ON incidents.id = incident_hours.incident_id WHERE incident_hours.release <> ''
UNION ALL SELECT service_id, first_release, first_seen_at FROM incidents WHERE first_release IS NOT NULL
UNION ALL SELECT service_id, last_release, last_seen_at FROM incidents WHERE last_release IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "releases",
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("release", sa.String(length=200), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_releases_service_id_services")),
        sa.PrimaryKeyConstraint("service_id", "release", name=op.f("pk_releases")),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO releases SELECT service_id, release, min(at) FROM ({_NAMED}) AS named GROUP BY 1, 2")
    op.add_column("incidents", sa.Column("resolved_in", sa.String(length=200), nullable=True))
    op.add_column("incidents", sa.Column("stayed", sa.String(length=40), server_default="", nullable=False))
