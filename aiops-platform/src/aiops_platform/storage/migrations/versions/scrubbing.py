"""What people say is secret in a project."""

import sqlalchemy as sa
from alembic import op

revision = "scrubbing"
down_revision = "compact"


def upgrade() -> None:
    op.create_table(
        "scrub_rules",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_scrub_rules_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", "kind", "text", name=op.f("pk_scrub_rules")),
    )
