"""What a project says itself about which of its events are one problem."""

import sqlalchemy as sa
from alembic import op

revision = "group_rules"
down_revision = "releases"


def upgrade() -> None:
    op.create_table(
        "group_rules",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_group_rules_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_group_rules")),
    )
