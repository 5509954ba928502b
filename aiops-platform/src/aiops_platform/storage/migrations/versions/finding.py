"""Whom incidents affected, saved views of the list, and the way from a tag's value to the incidents that have it."""

import sqlalchemy as sa
from alembic import op

revision = "finding"
down_revision = "standing"


def upgrade() -> None:
    op.add_column("incidents", sa.Column("people", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_incident_values_name_value", "incident_values", ["name", "value"], unique=False)
    _people()
    _views()


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _people() -> None:
    op.create_table(
        "incident_people",
        sa.Column("incident_id", _id(), nullable=False),
        sa.Column("name", sa.LargeBinary(length=8), nullable=False),
        sa.Column("person", sa.LargeBinary(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_people_incident_id_incidents")
        ),
        sa.PrimaryKeyConstraint("incident_id", "name", name=op.f("pk_incident_people")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_incident_people_name"), "incident_people", ["name"], unique=False)


def _views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("project_id", _id(), nullable=False),
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_saved_views_project_id_projects")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_views_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index("ix_saved_views_project_id_user_id", "saved_views", ["project_id", "user_id"], unique=False)
    op.create_table(
        "default_views",
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("project_id", _id(), nullable=False),
        sa.Column("view_id", _id(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_default_views_user_id_users")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_default_views_project_id_projects")),
        sa.ForeignKeyConstraint(["view_id"], ["saved_views.id"], name=op.f("fk_default_views_view_id_saved_views")),
        sa.PrimaryKeyConstraint("user_id", "project_id", name=op.f("pk_default_views")),
    )
    op.create_index(op.f("ix_default_views_view_id"), "default_views", ["view_id"], unique=False)
