"""Events take less room: bodies are packed with dictionaries, and not all of them are kept. Those there are stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "compact"
down_revision = "counters"


def upgrade() -> None:
    _dictionaries()
    op.add_column("events", sa.Column("dictionary_id", sa.BigInteger(), nullable=True))
    op.add_column("events", sa.Column("passing", sa.Boolean(), server_default=sa.false(), nullable=False))
    _kept()


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


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
