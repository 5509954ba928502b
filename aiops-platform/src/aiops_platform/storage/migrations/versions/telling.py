"""Why alerts are over, events by the minute, when people were last affected, and who is told of the platform itself."""

import sqlalchemy as sa
from alembic import op

revision = "telling"
down_revision = "answers"


def upgrade() -> None:
    op.add_column("alerts", sa.Column("ended_why", sa.String(length=400), nullable=True))
    op.add_column("incident_people", sa.Column("seen_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "incident_minutes",
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "incident_id", name=op.f("pk_incident_minutes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "platform_notes",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("note", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_platform_notes")),
    )
