"""Invitations in the store: links that make somebody a member, once. Only hashes of them are kept."""

from collections.abc import Sequence
from datetime import datetime
from secrets import token_bytes
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select, update

from aiops_platform.core import access
from aiops_platform.core.passwords import checked_password
from aiops_platform.core.people import (
    INVITATION_LASTS,
    Invitation,
    PeopleError,
    Role,
    checked_email,
    checked_person,
)
from aiops_platform.storage.people import SqlMembers, insert_user, role_of
from aiops_platform.storage.schema import invitations, members, projects


class SqlPeople(SqlMembers):
    """Implements `ports.People`."""

    def invite(self, project_id: int, role: Role, *, email: str | None, by: str, now: datetime) -> str:
        """The secret part of a link that makes somebody a member, once, within seven days. Raises PeopleError."""
        link = access.link_token_from(token_bytes(access.ENTROPY_BYTES))
        statement = insert(invitations).values(
            hash=access.hash_of(link),
            project_id=project_id,
            role=role.value,
            email=None if email is None else checked_email(email),
            made_by=by,
            created_at=now,
            expires_at=now + INVITATION_LASTS,
        )
        with self._database.begin() as connection:
            connection.execute(statement)
        return link

    def invitations(self, project_id: int, now: datetime) -> Sequence[Invitation]:
        """Those that still work, the newest first."""
        statement = _working(now).where(invitations.c.project_id == project_id)
        with self._database.read() as connection:
            found = connection.execute(statement.order_by(invitations.c.created_at.desc(), invitations.c.hash))
            return [_invitation(row) for row in found.mappings()]

    def invitation(self, link: str, now: datetime) -> Invitation | None:
        """What a link invites to; None when it was used, withdrawn or has expired."""
        with self._database.read() as connection:
            return _behind(connection, link, now)

    def withdraw(self, project_id: int, invitation_id: str) -> bool:
        """From now on this invitation works no longer; whether it did."""
        try:
            hashed = bytes.fromhex(invitation_id)
        except ValueError:
            return False
        meant = (invitations.c.project_id == project_id, invitations.c.hash == hashed, invitations.c.used_at.is_(None))
        with self._database.begin() as connection:
            used = update(invitations).where(*meant).values(used_at=invitations.c.created_at)
            return connection.execute(used).rowcount == 1

    def accept(self, link: str, *, name: str, email: str, password: str, now: datetime) -> int | None:
        """Uses an invitation up for somebody new, and returns their id. None when it works no longer. Slow.

        Raises PeopleError for what will not do, and for an address that has an account: then nothing is used up.
        """
        found = self.invitation(link, now)
        if found is None:
            return None
        name, email = checked_person(name), found.email or checked_email(email)
        if self.user_with_email(email) is not None:
            raise PeopleError(f"There is an account with the address {email}: sign in, and open this link again")
        hashed = self._passwords.hash(checked_password(password, email=email, name=name))
        with self._database.begin() as connection:
            if _use_up(connection, link, now) is None:
                return None
            user_id = insert_user(connection, name=name, email=email, password=hashed, now=now)
            _join(connection, found, user_id, now)
            return user_id

    def join(self, link: str, user_id: int, now: datetime) -> Invitation | None:
        """Uses an invitation up for somebody who is known; who may more there already keeps that.

        None when it works no longer. Raises PeopleError for one that is somebody else's.
        """
        user = self.user(user_id)
        with self._database.begin() as connection:
            found = _use_up(connection, link, now)
            if found is None or user is None:
                return None
            if found.email not in (None, user.email):
                raise PeopleError(f"This invitation is for {found.email}: sign out, and open its link again")
            _join(connection, found, user_id, now)
            return found


def _working(now: datetime) -> Select[Any]:
    statement = select(invitations, projects.c.name.label("project")).join(projects)
    return statement.where(invitations.c.used_at.is_(None), invitations.c.expires_at > now)


def _behind(connection: Connection, link: str, now: datetime) -> Invitation | None:
    row = connection.execute(_working(now).where(invitations.c.hash == access.hash_of(link))).mappings().one_or_none()
    return None if row is None else _invitation(row)


def _use_up(connection: Connection, link: str, now: datetime) -> Invitation | None:
    found = _behind(connection, link, now)
    # Only one of two who come at once finds it unused.
    unused = (invitations.c.hash == access.hash_of(link), invitations.c.used_at.is_(None))
    if found is None or connection.execute(update(invitations).where(*unused).values(used_at=now)).rowcount != 1:
        return None
    return found


def _join(connection: Connection, found: Invitation, user_id: int, now: datetime) -> None:
    known = role_of(connection, user_id, found.project_id)
    if known is None:
        connection.execute(
            insert(members).values(user_id=user_id, project_id=found.project_id, role=found.role.value, since=now)
        )
    elif not known.covers(found.role):
        mine = (members.c.user_id == user_id, members.c.project_id == found.project_id)
        connection.execute(update(members).where(*mine).values(role=found.role.value))


def _invitation(row: RowMapping) -> Invitation:
    return Invitation(
        id=row["hash"].hex(),
        project_id=row["project_id"],
        project=row["project"],
        role=Role(row["role"]),
        email=row["email"],
        by=row["made_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
