"""How the places of incidents were used since they were mended."""

import sqlalchemy as sa
from alembic import op

revision = "exercise"
down_revision = "fixing"


def upgrade() -> None:
    op.add_column("fixes", sa.Column("exercise", sa.JSON(), nullable=True))
