"""How many ids of events were noted in each hour: so it is known from when on there is room for them."""

import sqlalchemy as sa
from alembic import op

revision = "seen_hours"
down_revision = "buried_once"

_HOUR = 60 * 60 * 1_000_000


def upgrade() -> None:
    op.create_table(
        "seen_hours",
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_seen_hours")),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO seen_hours SELECT seen_at - seen_at % {_HOUR}, count(*) FROM seen_events GROUP BY 1")
