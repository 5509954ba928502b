"""Keys, tokens, sign-in links and sessions in the store: only hashes of them, never their text."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from aiops_platform.core import access
from aiops_platform.core.access import AccessError, ApiKey, ApiToken, Holder, Scope, Session
from aiops_platform.core.people import Role
from aiops_platform.ports import StoreUnavailableError
from aiops_platform.storage import people
from aiops_platform.storage.database import Database
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import api_keys, api_tokens, members, projects, sessions, signins, users

# How exact "last used" is: a write for each request would cost more than the request.
_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_SIGHT_IS_NOTED_EVERY = timedelta(hours=1)
_SHOWN = ("id", "project_id", "name", "hint", "created_at", "last_used_at", "revoked_at")
_WORDS = {api_keys.name: "key", api_tokens.name: "token"}


class SqlAccess:
    """Implements `ports.Access`. `server_secret` encrypts what is derived from keys."""

    def __init__(self, database: Database, *, server_secret: bytes) -> None:
        self._database = database
        self._server_secret = server_secret

    def ensure_project(self, slug: str, name: str, now: datetime) -> tuple[int, bool]:
        """The project's id, and whether it had to be created."""
        with self._database.begin() as connection:
            known: int | None = connection.scalar(select(projects.c.id).where(projects.c.slug == slug))
            if known is not None:
                return known, False
            statement = insert(projects).values(slug=slug, name=name, created_at=now)
            return connection.scalars(statement.returning(projects.c.id)).one(), True

    def first_project(self) -> int | None:
        """The oldest project; None before the first start."""
        with self._database.read() as connection:
            return _first_project(connection)

    def create_key(self, project_id: int, name: str, now: datetime) -> str:
        """A new API key's text, which cannot be had again. Raises AccessError for a name that is taken or none."""
        key = access.api_key_from(token_bytes(access.ENTROPY_BYTES))
        with self._database.begin() as connection:
            self._create_key(connection, project_id, name, key, now)
        return key

    def replace_key(self, project_id: int, id_or_name: str, now: datetime) -> str | None:
        """A new key's text under the name of this one, which goes on letting in, under a name that says until when it was in use.

        None when no key in force has this id or name.
        """
        key = access.api_key_from(token_bytes(access.ENTROPY_BYTES))
        with self._database.begin() as connection:
            meant = _one_in_force(api_keys, project_id, id_or_name)
            old = connection.execute(select(api_keys.c.id, api_keys.c.name).where(*meant)).one_or_none()
            if old is None:
                return None
            _check_free(connection, api_keys, project_id, freed := access.replaced_name(old.name, now))
            connection.execute(update(api_keys).where(api_keys.c.id == old.id).values(name=freed))
            self._create_key(connection, project_id, old.name, key, now)
        return key

    def _create_key(self, connection: Connection, project_id: int, name: str, key: str, now: datetime) -> None:
        sealed = access.seal(
            access.callback_secret_of(key),
            server_secret=self._server_secret,
            nonce=token_bytes(access.NONCE_BYTES),
            owner=access.hash_of(key),
        )
        _create(connection, api_keys, project_id=project_id, name=name, text=key, now=now, callback_secret=sealed)

    def keys(self, project_id: int) -> Sequence[ApiKey]:
        """Every key, oldest first, revoked ones too."""
        with self._database.read() as connection:
            return [_api_key(row) for row in _all(connection, api_keys, project_id)]

    def revoke_key(self, project_id: int, id_or_name: str, now: datetime) -> ApiKey | None:
        """The key that no longer lets anyone in; None when no key in force has this id or name."""
        with self._database.begin() as connection:
            row = _revoke(connection, api_keys, project_id, id_or_name, now)
        return None if row is None else _api_key(row)

    def holder_of_key(self, key: str) -> Holder | None:
        """Whose key this is, if it is in force."""
        with self._database.read() as connection:
            row = _in_force(connection, api_keys, key)
        return None if row is None else Holder(row["id"], row["project_id"])

    def note_keys_used(self, used: Mapping[int, datetime]) -> None:
        """Notes when keys were last used, by id. Never goes back. A first use is told to open pages."""
        if not used:
            return
        table = api_keys
        unused = select(table.c.project_id).where(table.c.id.in_(used), table.c.last_used_at.is_(None)).distinct()
        later = or_(table.c.last_used_at.is_(None), table.c.last_used_at < bindparam("at"))
        statement = update(table).where(table.c.id == bindparam("key"), later).values(last_used_at=bindparam("at"))
        with self._database.begin() as connection:
            for project_id in connection.scalars(unused).all():
                bump(connection, project_id, "services")
            connection.execute(statement, [{"key": key, "at": at} for key, at in used.items()])

    def sealed_secrets_open(self) -> bool:
        """Whether the server secret is the one that the newest key was made with; true when there is no key."""
        newest = select(api_keys.c.hash, api_keys.c.callback_secret).order_by(api_keys.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(newest).one_or_none()
        if row is None:
            return True
        try:
            access.unseal(row.callback_secret, server_secret=self._server_secret, owner=row.hash)
        except access.SecretMismatchError:
            return False
        return True

    def create_token(self, project_id: int, name: str, now: datetime, scope: Scope = Scope.ACT) -> str:
        """A new API token's text, which cannot be had again. Raises AccessError for a name that is taken or none."""
        token = access.api_token_from(token_bytes(access.ENTROPY_BYTES))
        with self._database.begin() as connection:
            _create(connection, api_tokens, project_id=project_id, name=name, text=token, now=now, scope=scope.value)
        return token

    def tokens(self, project_id: int) -> Sequence[ApiToken]:
        """Every token, oldest first, revoked ones too."""
        with self._database.read() as connection:
            return [_api_token(row) for row in _all(connection, api_tokens, project_id)]

    def revoke_token(self, project_id: int, id_or_name: str, now: datetime) -> ApiToken | None:
        """The token that no longer lets anyone in; None when no token in force has this id or name."""
        with self._database.begin() as connection:
            row = _revoke(connection, api_tokens, project_id, id_or_name, now)
        return None if row is None else _api_token(row)

    def holder_of_token(self, token: str, now: datetime) -> Holder | None:
        """Whose token this is, if it is in force. Notes the use, at most once a minute."""
        if not access.looks_like_api_token(token):
            return None
        with self._database.read() as connection:
            row = _in_force(connection, api_tokens, token, api_tokens.c.scope, api_tokens.c.name)
        if row is None:
            return None
        if row["last_used_at"] is None or now - row["last_used_at"] >= _USE_IS_NOTED_EVERY:
            self._note(update(api_tokens).where(api_tokens.c.id == row["id"]).values(last_used_at=now))
        return Holder(row["id"], row["project_id"], Scope(row["scope"]), name=row["name"])

    def create_signin(self, now: datetime) -> str:
        """The secret part of a sign-in link: it works once, within 15 minutes."""
        link = access.link_token_from(token_bytes(access.ENTROPY_BYTES))
        with self._database.begin() as connection:
            statement = insert(signins).values(
                hash=access.hash_of(link), created_at=now, expires_at=now + access.SIGNIN_LASTS
            )
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
        session = access.link_token_from(token_bytes(access.ENTROPY_BYTES))
        with self._database.begin() as connection:
            used = connection.execute(
                update(signins).where(*unused).values(used_at=now).returning(signins.c.user_id)
            ).one_or_none()
            if used is None:
                return None
            user_id = people.first_admin(connection, now) if used.user_id is None else used.user_id
            project_id = people.first_project_of(connection, user_id)
            if project_id is None:
                return None
            statement = insert(sessions).values(
                hash=access.hash_of(session),
                project_id=project_id,
                user_id=user_id,
                agent=agent[: access.LONGEST_AGENT],
                created_at=now,
                seen_at=now,
                expires_at=now + access.SESSION_LASTS,
            )
            connection.execute(statement)
        return session

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

    def sessions(self, project_id: int, now: datetime) -> Sequence[Session]:
        """Every session that has not ended, the one that was seen last first."""
        statement = _of_members().where(sessions.c.project_id == project_id, sessions.c.expires_at > now)
        with self._database.read() as connection:
            found = connection.execute(statement.order_by(sessions.c.seen_at.desc(), sessions.c.created_at.desc()))
            return [_session(row) for row in found.mappings()]

    def sign_out(self, text: str) -> None:
        """Ends a session. One that does not exist is no error."""
        with self._database.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.hash == access.hash_of(text)))

    def end_sessions(self, project_id: int, *, only: str | None = None, but: str = "") -> int:
        """Ends the session with the id `only`, or all, except the one whose text is `but`; how many those were."""
        meant = [sessions.c.project_id == project_id, sessions.c.hash != access.hash_of(but)]
        if only is not None:
            meant.append(sessions.c.hash == _hash_from(only))
        with self._database.begin() as connection:
            return connection.execute(delete(sessions).where(*meant)).rowcount

    def _note(self, statement: Any) -> None:
        # A full disk must not keep people from reading.
        with suppress(StoreUnavailableError), self._database.begin() as connection:
            connection.execute(statement)


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
        *people.COLUMNS,
    )
    return select(*columns).join_from(sessions, users, users.c.id == sessions.c.user_id).join(members, mine)


def _session(row: RowMapping) -> Session:
    return Session(
        id=row["hash"].hex(),
        project_id=row["project_id"],
        user=people.user_from(row),
        role=Role(row["role"]),
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


def _first_project(connection: Connection) -> int | None:
    first: int | None = connection.scalar(select(func.min(projects.c.id)))
    return first


def _create(
    connection: Connection, table: Table, *, project_id: int, name: str, text: str, now: datetime, **more: object
) -> None:
    name = access.checked_name(name)
    _check_free(connection, table, project_id, name)
    statement = insert(table).values(
        project_id=project_id, name=name, hash=access.hash_of(text), hint=access.hint_of(text), created_at=now, **more
    )
    connection.execute(statement)


def _check_free(connection: Connection, table: Table, project_id: int, name: str) -> None:
    taken = select(table.c.id).where(
        table.c.project_id == project_id, table.c.name == name, table.c.revoked_at.is_(None)
    )
    if connection.scalar(taken) is not None:
        raise AccessError(
            f"There is a {_WORDS[table.name]} named '{name}' already: choose another name, or revoke that one first"
        )


def _all(connection: Connection, table: Table, project_id: int) -> Sequence[RowMapping]:
    return (
        connection.execute(select(table).where(table.c.project_id == project_id).order_by(table.c.id)).mappings().all()
    )


def _revoke(connection: Connection, table: Table, project_id: int, id_or_name: str, now: datetime) -> RowMapping | None:
    statement = update(table).where(*_one_in_force(table, project_id, id_or_name))
    return connection.execute(statement.values(revoked_at=now).returning(table)).mappings().one_or_none()


def _one_in_force(table: Table, project_id: int, id_or_name: str) -> Sequence[ColumnElement[bool]]:
    wanted = id_or_name.strip()
    # Names of digits alone are not given out, so this is never in doubt.
    meant = table.c.id == int(wanted) if _is_id(wanted) else table.c.name == wanted
    return (table.c.project_id == project_id, meant, table.c.revoked_at.is_(None))


def _is_id(text: str) -> bool:
    # 18 digits always fit into what a database calls a big integer.
    return text.isascii() and text.isdigit() and len(text) <= 18


def _in_force(connection: Connection, table: Table, text: str, *more: ColumnElement[str]) -> RowMapping | None:
    statement = select(table.c.id, table.c.project_id, table.c.last_used_at, *more)
    in_force = statement.where(table.c.hash == access.hash_of(text), table.c.revoked_at.is_(None))
    return connection.execute(in_force).mappings().one_or_none()


def _api_key(row: RowMapping) -> ApiKey:
    return ApiKey(**_shown(row))


def _api_token(row: RowMapping) -> ApiToken:
    return ApiToken(**_shown(row), scope=Scope(row["scope"]))


def _shown(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in _SHOWN}
