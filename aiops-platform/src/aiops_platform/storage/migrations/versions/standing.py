"""How incidents stand, who cares for them, what is said of them; deploys; and what may be undone."""

import sqlalchemy as sa
from alembic import op

revision = "standing"
down_revision = "people"


def upgrade() -> None:
    op.add_column("incidents", sa.Column("resolved_how", sa.String(length=10), server_default="now", nullable=False))
    for name, type_ in (
        ("mute", sa.JSON(none_as_null=True)),
        ("due_at", sa.BigInteger()),
        ("assigned_to", sa.BigInteger()),
        ("tracker", sa.Text()),
        ("merged_into", sa.BigInteger()),
    ):
        op.add_column("incidents", sa.Column(name, type_, nullable=True))
    for name in ("due_at", "merged_into"):
        some = sa.text(f"{name} IS NOT NULL")
        op.create_index(f"ix_incidents_{name}", "incidents", [name], sqlite_where=some, postgresql_where=some)
    for table in ("group_keys", "events"):
        op.add_column(table, sa.Column("home_id", sa.BigInteger(), nullable=True))
    _comments()
    _deploys()
    _undoings()


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("incident_id", _id(), nullable=False),
        sa.Column("by", sa.JSON(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("once", sa.LargeBinary(length=32), nullable=True),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_comments_incident_id_incidents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.UniqueConstraint("once", name=op.f("uq_comments_once")),
    )
    op.create_index(op.f("ix_comments_incident_id"), "comments", ["incident_id"], unique=False)


def _deploys() -> None:
    op.create_table(
        "deploys",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("service_id", _id(), nullable=False),
        sa.Column("release", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_deploys_service_id_services")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deploys")),
        sa.UniqueConstraint("service_id", "at", "release", name=op.f("uq_deploys_service_id_at_release")),
    )


def _undoings() -> None:
    op.create_table(
        "undoings",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("project_id", _id(), nullable=False),
        sa.Column("act", sa.String(length=20), nullable=False),
        sa.Column("by", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_undoings_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undoings")),
    )
    op.create_index(op.f("ix_undoings_at"), "undoings", ["at"], unique=False)
    op.create_table(
        "undoing_rows",
        sa.Column("undoing_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("incident_id", _id(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["undoing_id"], ["undoings.id"], name=op.f("fk_undoing_rows_undoing_id_undoings")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_undoing_rows_incident_id_incidents")),
        sa.PrimaryKeyConstraint("undoing_id", "incident_id", name=op.f("pk_undoing_rows")),
        sqlite_with_rowid=False,
    )
