"""What is expected of jobs, and how they stand; what their pings say; keys that only ping."""

import sqlalchemy as sa
from alembic import op

revision = "job_watch"
down_revision = "monitoring"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("settings", sa.JSON(), nullable=True))
    op.add_column("jobs", sa.Column("paused_at", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("state", sa.String(length=20), server_default="waiting", nullable=False))
    op.add_column("jobs", sa.Column("state_since", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("trouble", sa.String(length=20), nullable=True))
    op.add_column("jobs", sa.Column("expected_at", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("watch", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_jobs_due_at"), "jobs", ["due_at"], unique=False)
    op.add_column("job_runs", sa.Column("exit_status", sa.Integer(), nullable=True))
    op.add_column("job_runs", sa.Column("output", sa.Text(), nullable=True))
    op.add_column("job_runs", sa.Column("loose", sa.Boolean(), server_default=sa.false(), nullable=False))
    # Those there are let services report, and only that.
    op.add_column("api_keys", sa.Column("kind", sa.String(length=10), server_default="report", nullable=False))
