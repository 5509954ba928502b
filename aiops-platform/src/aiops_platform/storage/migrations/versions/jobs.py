"""Jobs and their runs, the processes of a service, and the way from an event's id to its incident."""

import sqlalchemy as sa
from alembic import op

revision = "jobs"
down_revision = "initial"


def upgrade() -> None:
    _jobs()
    _job_runs()
    _instances()
    op.create_index("ix_events_event_id", "events", ["event_id"], unique=False)


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("service_id", _id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("schedule", sa.JSON(), nullable=True),
        sa.Column("schedule_at", sa.BigInteger(), nullable=True),
        sa.Column("last_run_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_jobs_service_id_services")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("service_id", "name", name=op.f("uq_jobs_service_id_name")),
    )


def _job_runs() -> None:
    op.create_table(
        "job_runs",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("job_id", _id(), nullable=False),
        sa.Column("run_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("host", sa.String(length=200), nullable=True),
        sa.Column("release", sa.String(length=200), nullable=True),
        sa.Column("event_id", sa.LargeBinary(length=16), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_runs_job_id_jobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_runs")),
        sa.UniqueConstraint("job_id", "run_id", name=op.f("uq_job_runs_job_id_run_id")),
    )
    op.create_index("ix_job_runs_job_id_began_at", "job_runs", ["job_id", "began_at"], unique=False)


def _instances() -> None:
    op.create_table(
        "instances",
        sa.Column("service_id", _id(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=True),
        sa.Column("pid", sa.Integer(), nullable=True),
        sa.Column("sdk", sa.String(length=200), nullable=True),
        sa.Column("last_beat_at", sa.BigInteger(), nullable=False),
        sa.Column("closing", sa.Boolean(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=False),
        sa.Column("stats", sa.JSON(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("lost_at", sa.BigInteger(), nullable=True),
        sa.Column("stuck_since", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_instances_service_id_services")),
        sa.PrimaryKeyConstraint("service_id", "name", name=op.f("pk_instances")),
    )
    op.create_index(op.f("ix_instances_gone_at"), "instances", ["gone_at"], unique=False)
