"""Each project's way from a line of a traceback to its repository."""

import sqlalchemy as sa
from alembic import op

revision = "source_links"
down_revision = "understanding"


def upgrade() -> None:
    op.create_table(
        "source_links",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("template", sa.String(length=500), nullable=False),
        sa.Column("root", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_source_links_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_source_links")),
    )
