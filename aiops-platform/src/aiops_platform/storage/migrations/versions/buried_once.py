"""A parcel is buried once, however often it comes, and the number that people know it by is never another's."""

import sqlalchemy as sa
from alembic import op

revision = "buried_once"
down_revision = "group_rules"

_COLUMNS = "id, project_id, kind, received_at, reason, body"
# Nobody knows any more which parcels they were.
_ANY_ID = {"sqlite": "randomblob(16)", "postgresql": "decode(md5(id::text), 'hex')"}


def upgrade() -> None:
    any_id = _ANY_ID[op.get_bind().dialect.name]
    op.execute(f"CREATE TEMPORARY TABLE moved AS SELECT {_COLUMNS}, {any_id} AS parcel_id FROM buried")
    op.drop_table("buried")
    _buried()
    op.execute(f"INSERT INTO buried ({_COLUMNS}, parcel_id) SELECT {_COLUMNS}, parcel_id FROM moved ORDER BY id")
    op.execute("DROP TABLE moved")


def _buried() -> None:
    op.create_table(
        "buried",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("parcel_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_buried_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buried")),
        sa.UniqueConstraint("parcel_id", name=op.f("uq_buried_parcel_id")),
        sqlite_autoincrement=True,
    )
