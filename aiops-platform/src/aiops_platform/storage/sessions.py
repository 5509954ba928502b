"""Sign-in links and sessions in the store: only hashes of them, never their text."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Select,
    and_,
    delete,
    func,
    insert,
    select,
    update,
)

from aiops_platform.core import access
from aiops_platform.core.access import Session
from aiops_platform.core.people import Role
from aiops_platform.ports import StoreUnavailableError
from aiops_platform.storage import people
from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import members, sessions, signins, users

_SIGHT_IS_NOTED_EVERY = timedelta(hours=1)

_other = members.alias()
_PROJECTS_OF_USER = select(func.count()).where(_other.c.user_id == sessions.c.user_id).scalar_subquery()


class SqlSessions:
    """Implements the part of `ports.Access` that is about people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_signin(self, now: datetime, user_id: int | None = None) -> str:
        """The secret part of a sign-in link: it works once, within 15 minutes; without a user for the first admin."""
        link = access.link_token_from(token_bytes(access.ENTROPY_BYTES))
        statement = insert(signins).values(
            hash=access.hash_of(link), user_id=user_id, created_at=now, expires_at=now + access.SIGNIN_LASTS
        )
        with self._database.begin() as connection:
            connection.execute(statement)
        return link

    def anyone_invited(self) -> bool:
        """Whether there is somebody, or a sign-in link, used, expired or not."""
        with self._database.read() as connection:
            return any(
                connection.scalar(select(column).limit(1)) is not None for column in (signins.c.hash, users.c.id)
            )

    def sign_in(self, link: str, now: datetime, agent: str = "") -> str | None:
        """Uses a sign-in link up: the text of a new session for the cookie. None when it was used or has expired."""
        unused = (signins.c.hash == access.hash_of(link), signins.c.used_at.is_(None), signins.c.expires_at > now)
        with self._database.begin() as connection:
            used = connection.execute(
                update(signins).where(*unused).values(used_at=now).returning(signins.c.user_id)
            ).one_or_none()
            if used is None:
                return None
            user_id = people.first_admin(connection, now) if used.user_id is None else used.user_id
            return _open_session(connection, user_id, now, agent, None)

    def open_session(self, user_id: int, now: datetime, agent: str = "", project_id: int | None = None) -> str | None:
        """The text of a new session of somebody, for the cookie; None for who is a member of nothing.

        It shows this project where they are a member of it, else their oldest.
        """
        with self._database.begin() as connection:
            return _open_session(connection, user_id, now, agent, project_id)

    def show_project(self, text: str, project_id: int) -> None:
        """From now on the session shows this project, if its user is a member of it."""
        is_member = select(members.c.user_id).where(
            members.c.user_id == sessions.c.user_id, members.c.project_id == project_id
        )
        mine = (sessions.c.hash == access.hash_of(text), is_member.exists())
        self._note(update(sessions).where(*mine).values(project_id=project_id))

    def session(self, text: str, now: datetime) -> Session | None:
        """The session that a cookie stands for, if it has not ended."""
        mine = sessions.c.hash == access.hash_of(text)
        with self._database.read() as connection:
            row = connection.execute(_of_members().where(mine, sessions.c.expires_at > now)).one_or_none()
        if row is None:
            return None
        if now - row.seen_at >= _SIGHT_IS_NOTED_EVERY:
            self._note(update(sessions).where(mine).values(seen_at=now))
        return _session(row._mapping)

    def sessions(self, user_id: int, now: datetime) -> Sequence[Session]:
        """Every session of somebody that has not ended, the one that was seen last first."""
        statement = _of_members().where(sessions.c.user_id == user_id, sessions.c.expires_at > now)
        with self._database.read() as connection:
            found = connection.execute(statement.order_by(sessions.c.seen_at.desc(), sessions.c.created_at.desc()))
            return [_session(row) for row in found.mappings()]

    def sign_out(self, text: str) -> None:
        """Ends a session. One that does not exist is no error."""
        with self._database.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.hash == access.hash_of(text)))

    def end_sessions(self, user_id: int, *, only: str | None = None, but: str = "") -> int:
        """Ends somebody's session with the id `only`, or all, except the one whose text is `but`; how many those were."""
        meant = [sessions.c.user_id == user_id, sessions.c.hash != access.hash_of(but)]
        if only is not None:
            meant.append(sessions.c.hash == _hash_from(only))
        with self._database.begin() as connection:
            return connection.execute(delete(sessions).where(*meant)).rowcount

    def _note(self, statement: Any) -> None:
        # A full disk must not keep people from reading.
        with suppress(StoreUnavailableError), self._database.begin() as connection:
            connection.execute(statement)


def _open_session(
    connection: Connection, user_id: int, now: datetime, agent: str, project_id: int | None
) -> str | None:
    known = None if project_id is None else people.role_of(connection, user_id, project_id)
    shown = people.first_project_of(connection, user_id) if known is None else project_id
    if shown is None:
        return None
    session = access.link_token_from(token_bytes(access.ENTROPY_BYTES))
    statement = insert(sessions).values(
        hash=access.hash_of(session),
        project_id=shown,
        user_id=user_id,
        agent=agent[: access.LONGEST_AGENT],
        created_at=now,
        seen_at=now,
        expires_at=now + access.SESSION_LASTS,
    )
    connection.execute(statement)
    return session


def _of_members() -> Select[Any]:
    """Sessions with their users and what these may do in the project that is shown: none where they are not members."""
    mine = and_(members.c.user_id == sessions.c.user_id, members.c.project_id == sessions.c.project_id)
    columns = (
        sessions.c.hash,
        sessions.c.project_id,
        sessions.c.agent,
        sessions.c.created_at,
        sessions.c.seen_at,
        sessions.c.expires_at,
        members.c.role,
        _PROJECTS_OF_USER.label("projects"),
        *people.COLUMNS,
    )
    return select(*columns).join_from(sessions, users, users.c.id == sessions.c.user_id).join(members, mine)


def _session(row: RowMapping) -> Session:
    return Session(
        id=row["hash"].hex(),
        project_id=row["project_id"],
        user=people.user_from(row),
        role=Role(row["role"]),
        projects=row["projects"],
        agent=row["agent"],
        created_at=row["created_at"],
        seen_at=row["seen_at"],
        expires_at=row["expires_at"],
    )


def _hash_from(session_id: str) -> bytes:
    try:
        return bytes.fromhex(session_id)
    except ValueError:
        return b""
