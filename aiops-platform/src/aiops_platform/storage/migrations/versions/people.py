"""People: users, their roles in projects, invitations. Who is signed in already is the first admin from now on."""

import sqlalchemy as sa
from alembic import op

revision = "people"
down_revision = "scopes"

_SESSION = "hash, project_id, agent, created_at, seen_at, expires_at"


def upgrade() -> None:
    _users()
    _members()
    _invitations()
    _let_the_first_in()
    for table in ("signins", "api_tokens"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("user_id", _id(), nullable=True))
            batch.create_foreign_key(op.f(f"fk_{table}_user_id_users"), "users", ["user_id"], ["id"])
    op.execute(f"CREATE TEMPORARY TABLE moved AS SELECT {_SESSION} FROM sessions")
    op.drop_table("sessions")
    _sessions()
    op.execute(f"INSERT INTO sessions ({_SESSION}, user_id) SELECT {_SESSION}, (SELECT min(id) FROM users) FROM moved")
    op.execute("DROP TABLE moved")


def _id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _let_the_first_in() -> None:
    """Where somebody could sign in there is an admin; elsewhere the first sign-in makes one."""
    op.execute(
        "INSERT INTO users (name, created_at) SELECT 'Admin', created_at FROM projects "
        "WHERE id = (SELECT min(id) FROM projects) "
        "AND (EXISTS (SELECT hash FROM sessions) OR EXISTS (SELECT hash FROM signins))"
    )
    op.execute(
        "INSERT INTO members (user_id, project_id, role, since) "
        "SELECT users.id, projects.id, 'admin', projects.created_at FROM users, projects"
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", _id(), autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("project_id", _id(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_members_user_id_users")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_members_project_id_projects")),
        sa.PrimaryKeyConstraint("user_id", "project_id", name=op.f("pk_members")),
    )
    op.create_index("ix_members_project_id", "members", ["project_id"], unique=False)


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("project_id", _id(), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_invitations_project_id_projects")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_invitations")),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("project_id", _id(), nullable=False),
        sa.Column("user_id", _id(), nullable=False),
        sa.Column("agent", sa.String(length=200), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_sessions_project_id_projects")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
