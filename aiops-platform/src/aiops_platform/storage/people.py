"""People in the store: who is there, and what they may do in which project."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, func, insert, select

from aiops_platform.core.people import NAMELESS, Role, User
from aiops_platform.storage.schema import members, projects, users

# What a user is read from, beside the columns of other tables.
COLUMNS: Final = (
    users.c.id.label("user_id"),
    users.c.email.label("user_email"),
    users.c.name.label("user_name"),
    users.c.password.is_not(None).label("user_has_password"),
    users.c.created_at.label("user_created_at"),
)


def user_from(row: RowMapping) -> User:
    """What `COLUMNS` hold."""
    return User(
        id=row["user_id"],
        email=row["user_email"],
        name=row["user_name"],
        has_password=bool(row["user_has_password"]),
        created_at=row["user_created_at"],
    )


def first_admin(connection: Connection, now: datetime) -> int:
    """The admin who came first; where there is none yet, one is made for every project that there is."""
    known: int | None = connection.scalar(select(func.min(members.c.user_id)).where(members.c.role == Role.ADMIN.value))
    if known is not None:
        return known
    made: int = connection.scalars(insert(users).values(name=NAMELESS, created_at=now).returning(users.c.id)).one()
    rows = [
        {"user_id": made, "project_id": project, "role": Role.ADMIN.value, "since": now}
        for project in connection.scalars(select(projects.c.id))
    ]
    connection.execute(insert(members), rows)
    return made


def first_project_of(connection: Connection, user_id: int) -> int | None:
    """The oldest project that they are a member of."""
    first: int | None = connection.scalar(select(func.min(members.c.project_id)).where(members.c.user_id == user_id))
    return first
