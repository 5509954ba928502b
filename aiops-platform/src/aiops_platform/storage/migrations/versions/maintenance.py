"""Windows of time in which silence and failures are expected."""

import sqlalchemy as sa
from alembic import op

revision = "maintenance"
down_revision = "source_links"


def upgrade() -> None:
    id_ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "maintenance",
        sa.Column("id", id_, autoincrement=True, nullable=False),
        sa.Column("project_id", id_, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("environments", sa.JSON(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("weekly", sa.JSON(), nullable=True),
        sa.Column("ends_with_deploy", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_maintenance_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_maintenance")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_maintenance_project_id_until", "maintenance", ["project_id", "until"], unique=False)
