"""Running numbers, so that nobody has to count the rows of a large store."""

import sqlalchemy as sa
from alembic import op

revision = "counters"
down_revision = "jobs"


def upgrade() -> None:
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    _begin_with(counters, "stored_events", "SELECT count(*) FROM events")
    _begin_with(counters, "buried", "SELECT count(*) FROM buried")


def _begin_with(counters: sa.Table, name: str, question: str) -> None:
    there = op.get_bind().scalar(sa.text(question))
    op.bulk_insert(counters, [{"name": name, "number": there}])
