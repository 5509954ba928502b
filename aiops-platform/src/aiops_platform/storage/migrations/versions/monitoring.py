"""What people say of monitors, when the platform listened, and what of it is shown to everybody."""

import sqlalchemy as sa
from alembic import op

revision = "monitoring"
down_revision = "channels"


def upgrade() -> None:
    id_ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("monitors", sa.Column("expected", sa.Integer(), nullable=True))
    for name in ("full_at", "short_since", "paused_until", "watched_from"):
        op.add_column("monitors", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "listened",
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("since", name=op.f("pk_listened")),
    )
    op.create_table(
        "badges",
        sa.Column("project_id", id_, nullable=False),
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_badges_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_badges")),
        sa.UniqueConstraint("token", name=op.f("uq_badges_token")),
    )
    op.create_table(
        "status_pages",
        sa.Column("project_id", id_, nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("shows_incidents", sa.Boolean(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_status_pages_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_status_pages")),
        sa.UniqueConstraint("slug", name=op.f("uq_status_pages_slug")),
    )
