"""Events take less room: their bodies are packed with dictionaries. Those that are there stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "compact"
down_revision = "counters"


def upgrade() -> None:
    _dictionaries()
    op.add_column("events", sa.Column("dictionary_id", sa.BigInteger(), nullable=True))


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


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
