"""What was answered to writes that may be sent twice."""

import sqlalchemy as sa
from alembic import op

revision = "answers"
down_revision = "alerting"


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("asked", sa.LargeBinary(length=16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_answers")),
    )
    op.create_index(op.f("ix_answers_at"), "answers", ["at"], unique=False)
