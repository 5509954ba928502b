"""People in the store: who is there, and what they may do in which project. Invitations are in a module of their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, assert_never

from sqlalchemy import Connection, RowMapping, Select, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from aiops_platform.core.access import hash_of
from aiops_platform.core.acts import assigned
from aiops_platform.core.passwords import checked_password
from aiops_platform.core.people import (
    NAMELESS,
    PLATFORM,
    Member,
    PeopleError,
    Project,
    Role,
    User,
    checked_email,
    checked_person,
    checked_project,
    slug_of,
)
from aiops_platform.storage.database import Database
from aiops_platform.storage.passwords import Passwords
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import (
    api_tokens,
    facts,
    incidents,
    invitations,
    jobs,
    members,
    projects,
    services,
    sessions,
    users,
)

# What a user is read from, beside the columns of other tables.
COLUMNS: Final = (
    users.c.id.label("user_id"),
    users.c.email.label("user_email"),
    users.c.name.label("user_name"),
    users.c.password.is_not(None).label("user_has_password"),
    users.c.created_at.label("user_created_at"),
)
_ADMIN: Final = Role.ADMIN.value
_ADMINS_FIRST: Final = case({each.value: rank for rank, each in enumerate(reversed(Role))}, value=members.c.role)
_TAKEN: Final = "There is an account with the address {email} already: choose another one"


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
    """The admin who came first, of the oldest project that has one; where there is none yet, one is made for all projects."""
    admins = select(members.c.user_id).where(members.c.role == _ADMIN)
    known: int | None = connection.scalar(admins.order_by(members.c.project_id, members.c.user_id).limit(1))
    if known is not None:
        return known
    made = insert_user(connection, name=NAMELESS, email=None, password=None, now=now)
    rows = [
        {"user_id": made, "project_id": project, "role": _ADMIN, "since": now}
        for project in connection.scalars(select(projects.c.id))
    ]
    connection.execute(insert(members), rows)
    return made


def first_project_of(connection: Connection, user_id: int) -> int | None:
    """The oldest project that they are a member of."""
    first: int | None = connection.scalar(select(func.min(members.c.project_id)).where(members.c.user_id == user_id))
    return first


def insert_user(connection: Connection, *, name: str, email: str | None, password: str | None, now: datetime) -> int:
    """Somebody new; `password` as it is kept. Raises PeopleError for an address that is taken."""
    if email is not None and _with_email(connection, email) is not None:
        raise PeopleError(_TAKEN.format(email=email))
    statement = insert(users).values(name=name, email=email, password=password, created_at=now)
    try:
        made: int = connection.scalars(statement.returning(users.c.id)).one()
    except IntegrityError as cause:  # Somebody was faster, in this very moment.
        raise PeopleError(_TAKEN.format(email=email)) from cause
    return made


def role_of(connection: Connection, user_id: int, project_id: int) -> Role | None:
    """What somebody may do in a project; None for who is no member."""
    role = connection.scalar(select(members.c.role).where(*_membership(project_id, user_id)))
    return None if role is None else Role(role)


class SqlMembers:
    """Implements the part of `ports.People` that is about accounts, members and projects; see `invitations`."""

    def __init__(self, database: Database, passwords: Passwords | None = None) -> None:
        self._database = database
        self._passwords = passwords or Passwords()

    def user(self, user_id: int) -> User | None:
        """Somebody by their id."""
        return self._user(select(*COLUMNS).where(users.c.id == user_id))

    def user_with_email(self, email: str) -> User | None:
        """Somebody by their e-mail address, in any case of letters."""
        return self._user(select(*COLUMNS).where(users.c.email == email.strip().lower()))

    def users(self) -> Sequence[User]:
        """Everybody, also those who are in no project any more, by id."""
        with self._database.read() as connection:
            return [user_from(row) for row in connection.execute(select(*COLUMNS).order_by(users.c.id)).mappings()]

    def change_account(self, user_id: int, *, name: str, email: str | None) -> User:
        """Another name and address for somebody; None leaves no address. Raises PeopleError."""
        changed = {"name": checked_person(name), "email": None if email is None else checked_email(email)}
        try:
            with self._database.begin() as connection:
                connection.execute(update(users).where(users.c.id == user_id).values(changed))
                return _one(connection, user_id)
        except IntegrityError as cause:
            raise PeopleError(_TAKEN.format(email=changed["email"])) from cause

    def set_password(self, user_id: int, password: str, *, but: str = "") -> None:
        """From now on this is the password, and every session of theirs ends but the one with this text. Slow.

        Raises PeopleError for one that will not do.
        """
        user = self.user(user_id)
        if user is None:
            return
        self._keep(user_id, self._passwords.hash(checked_password(password, email=user.email, name=user.name)), but)

    def drop_password(self, user_id: int) -> None:
        """From now on only a link lets them in; their sessions end."""
        self._keep(user_id, None, "")

    def anyone_has_password(self) -> bool:
        """Whether there is a password that lets anybody in."""
        with self._database.read() as connection:
            return connection.scalar(select(users.c.id).where(users.c.password.is_not(None)).limit(1)) is not None

    def knows_password(self, email: str, password: str) -> User | None:
        """Whose address and password this is. Slow, and as slow where there is no such account."""
        with self._database.read() as connection:
            found = select(users.c.password, *COLUMNS).where(users.c.email == email.strip().lower())
            row = connection.execute(found).mappings().one_or_none()
        kept: str | None = None if row is None else row["password"]
        if not self._passwords.matches(kept, password) or row is None or kept is None:
            return None
        if self._passwords.is_old(kept):
            anew = update(users).where(users.c.id == row["user_id"], users.c.password == kept)
            with self._database.begin() as connection:
                connection.execute(anew.values(password=self._passwords.hash(password)))
        return user_from(row)

    def role(self, user_id: int, project_id: int) -> Role | None:
        """What somebody may do in a project; None for who is no member."""
        with self._database.read() as connection:
            return role_of(connection, user_id, project_id)

    def members(self, project_id: int) -> Sequence[Member]:
        """Everybody in a project, admins first, then by name."""
        statement = _members().where(members.c.project_id == project_id)
        with self._database.read() as connection:
            found = connection.execute(statement.order_by(_ADMINS_FIRST, func.lower(users.c.name), users.c.id))
            return [_member(row) for row in found.mappings()]

    def add_member(self, project_id: int, *, email: str, name: str, role: Role, now: datetime) -> User:
        """Somebody with this address is a member from now on; who is not known yet is made, without a password.

        Raises PeopleError for who is a member already.
        """
        email, name = checked_email(email), checked_person(name)
        with self._database.begin() as connection:
            user_id = _with_email(connection, email)
            if user_id is None:
                user_id = insert_user(connection, name=name, email=email, password=None, now=now)
            elif role_of(connection, user_id, project_id) is not None:
                raise PeopleError(f"{email} is a member already: `aiops user role` changes what they may do")
            connection.execute(
                insert(members).values(user_id=user_id, project_id=project_id, role=role.value, since=now)
            )
            return _one(connection, user_id)

    def set_role(self, project_id: int, user_id: int, role: Role) -> Member:
        """What a member may do from now on. Raises PeopleError for who is none, and for the last admin.

        Who is an admin no longer knows the links of invitations: those end.
        """
        with self._database.begin() as connection:
            member = _check_leaves_an_admin(connection, project_id, user_id, role)
            _withdraw_what_is_known(connection, member, project_id, role)
            connection.execute(update(members).where(*_membership(project_id, user_id)).values(role=role.value))
            return Member(user=member.user, role=role, since=member.since)

    def remove_member(self, project_id: int, user_id: int, now: datetime) -> Member:
        """They are in this project no longer: their tokens there end, and their sessions show another project, or end.

        What they cared for is cared for by nobody, which the incidents' timelines say.
        Of an admin the invitations end, too, as in `set_role`. Raises PeopleError for who is none, and for the last admin.
        """
        with self._database.begin() as connection:
            member = _check_leaves_an_admin(connection, project_id, user_id, None)
            _withdraw_what_is_known(connection, member, project_id, None)
            connection.execute(delete(members).where(*_membership(project_id, user_id)))
            theirs = (api_tokens.c.project_id == project_id, api_tokens.c.user_id == user_id)
            still = api_tokens.c.revoked_at.is_(None)
            connection.execute(update(api_tokens).where(*theirs, still).values(revoked_at=now))
            shown = (sessions.c.project_id == project_id, sessions.c.user_id == user_id)
            other = first_project_of(connection, user_id)
            if other is None:
                connection.execute(delete(sessions).where(*shown))
            else:
                connection.execute(update(sessions).where(*shown).values(project_id=other))
            _let_go(connection, project_id, user_id, now)
        return member

    def projects(self, user_id: int | None = None) -> Sequence[Project]:
        """The projects of somebody with their role there, by name; without a user all of them."""
        statement = select(projects, *([] if user_id is None else [members.c.role]))
        if user_id is not None:
            statement = statement.join(members, members.c.project_id == projects.c.id).where(
                members.c.user_id == user_id
            )
        with self._database.read() as connection:
            found = connection.execute(statement.order_by(func.lower(projects.c.name), projects.c.id))
            return [_project(row) for row in found.mappings()]

    def add_project(self, name: str, user_id: int | None, now: datetime) -> Project:
        """A new project, whose admin this user is; where none is named, all admins of the oldest project.

        Raises PeopleError for a name that is taken or none.
        """
        name = checked_project(name)
        with self._database.begin() as connection:
            _check_free(connection, name)
            slug = slug_of(name, set(connection.scalars(select(projects.c.slug))))
            oldest = connection.scalar(select(func.min(projects.c.id)))
            of_oldest = select(members.c.user_id).where(members.c.project_id == oldest, members.c.role == _ADMIN)
            admins = connection.scalars(of_oldest).all() if user_id is None else [user_id]
            made = insert(projects).values(slug=slug, name=name, created_at=now).returning(projects)
            project = _project(connection.execute(made).mappings().one())
            rows = [{"user_id": each, "project_id": project.id, "role": _ADMIN, "since": now} for each in admins]
            if rows:
                connection.execute(insert(members), rows)
            return project

    def rename_project(self, project_id: int, name: str) -> Project:
        """Another name; the short name that commands know it by stays. Raises PeopleError."""
        name = checked_project(name)
        with self._database.begin() as connection:
            _check_free(connection, name, but=project_id)
            changed = update(projects).where(projects.c.id == project_id).values(name=name).returning(projects)
            return _project(connection.execute(changed).mappings().one())

    def project_of(self, kind: Literal["incident", "service", "job"], number: int) -> int | None:
        """The project that holds the incident, service or job with this number."""
        match kind:
            case "incident":
                found = select(incidents.c.project_id).where(incidents.c.id == number)
            case "service":
                found = select(services.c.project_id).where(services.c.id == number)
            case "job":
                found = select(services.c.project_id).join(jobs).where(jobs.c.id == number)
            case _:
                assert_never(kind)
        with self._database.read() as connection:
            project_id: int | None = connection.scalar(found)
            return project_id

    def _user(self, statement: Select[Any]) -> User | None:
        with self._database.read() as connection:
            row = connection.execute(statement).mappings().one_or_none()
        return None if row is None else user_from(row)

    def _keep(self, user_id: int, password: str | None, but: str) -> None:
        theirs = (sessions.c.user_id == user_id, sessions.c.hash != hash_of(but))
        with self._database.begin() as connection:
            connection.execute(update(users).where(users.c.id == user_id).values(password=password))
            connection.execute(delete(sessions).where(*theirs))


def _membership(project_id: int, user_id: int) -> tuple[Any, Any]:
    return members.c.project_id == project_id, members.c.user_id == user_id


def _with_email(connection: Connection, email: str) -> int | None:
    found: int | None = connection.scalar(select(users.c.id).where(users.c.email == email))
    return found


def _one(connection: Connection, user_id: int) -> User:
    return user_from(connection.execute(select(*COLUMNS).where(users.c.id == user_id)).mappings().one())


def _members() -> Select[Any]:
    seen = select(func.max(sessions.c.seen_at)).where(
        sessions.c.user_id == members.c.user_id, sessions.c.project_id == members.c.project_id
    )
    columns = (members.c.role, members.c.since, seen.scalar_subquery().label("seen_at"), *COLUMNS)
    return select(*columns).join_from(members, users, users.c.id == members.c.user_id)


def _withdraw_what_is_known(connection: Connection, member: Member, project_id: int, then: Role | None) -> None:
    """Else who was an admin could come back as one: nobody can say which links they have kept, or made under which name."""
    if member.role is Role.ADMIN and then is not Role.ADMIN:
        open_ones = (invitations.c.project_id == project_id, invitations.c.used_at.is_(None))
        connection.execute(update(invitations).where(*open_ones).values(used_at=invitations.c.created_at))


def _member(row: RowMapping) -> Member:
    return Member(user=user_from(row), role=Role(row["role"]), since=row["since"], seen_at=row["seen_at"])


def _project(row: RowMapping) -> Project:
    role = row.get("role")
    return Project(id=row["id"], slug=row["slug"], name=row["name"], role=None if role is None else Role(role))


def _check_free(connection: Connection, name: str, *, but: int = 0) -> None:
    same = select(projects.c.id).where(func.lower(projects.c.name) == name.lower(), projects.c.id != but)
    if connection.scalar(same) is not None:
        raise PeopleError(f"There is a project named '{name}' already: choose another name")


def _let_go(connection: Connection, project_id: int, user_id: int, now: datetime) -> None:
    theirs = (incidents.c.project_id == project_id, incidents.c.assigned_to == user_id)
    found = connection.execute(select(incidents.c.id, incidents.c.service_id).where(*theirs)).all()
    if not found:
        return
    fact = assigned(None, now, PLATFORM)
    rows = [
        {
            "project_id": project_id,
            "kind": fact.kind,
            "at": fact.at,
            "incident_id": row.id,
            "service_id": row.service_id,
            "data": fact.data,
        }
        for row in found
    ]
    connection.execute(insert(facts), rows)
    connection.execute(update(incidents).where(*theirs).values(assigned_to=None))
    bump(connection, project_id, "incidents")


def _check_leaves_an_admin(connection: Connection, project_id: int, user_id: int, then: Role | None) -> Member:
    """The member as they are now. The rows are held, so that two admins cannot send each other away at once."""
    admins = select(members.c.user_id).where(members.c.project_id == project_id, members.c.role == _ADMIN)
    there_are = set(connection.scalars(admins.with_for_update()))
    row = connection.execute(_members().where(*_membership(project_id, user_id))).mappings().one_or_none()
    if row is None:
        raise PeopleError("They are no member of this project: somebody was faster")
    if there_are == {user_id} and then is not Role.ADMIN:
        raise PeopleError(f"{row['user_name']} is the last admin of this project: make somebody else an admin first")
    return _member(row)
