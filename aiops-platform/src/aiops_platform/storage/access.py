"""Keys and tokens in the store: only hashes of them, never their text."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Table,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from aiops_platform.core import access
from aiops_platform.core.access import AccessError, ApiKey, ApiToken, Holder, KeyKind, Scope
from aiops_platform.core.people import Role
from aiops_platform.storage import people
from aiops_platform.storage.database import Database
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import api_keys, api_tokens, members, projects, users
from aiops_platform.storage.sessions import SqlSessions

# How exact "last used" is: a write for each request would cost more than the request.
_USE_IS_NOTED_EVERY = timedelta(minutes=1)
_SHOWN = ("id", "project_id", "name", "hint", "created_at", "last_used_at", "revoked_at")
_WORDS = {api_keys.name: "key", api_tokens.name: "token"}

_OF_TOKEN = (
    select(
        api_tokens.c.id,
        api_tokens.c.project_id,
        api_tokens.c.name,
        api_tokens.c.scope,
        api_tokens.c.last_used_at,
        members.c.role,
        *people.COLUMNS,
    )
    .select_from(api_tokens)
    .outerjoin(users, users.c.id == api_tokens.c.user_id)
    .outerjoin(members, and_(members.c.user_id == users.c.id, members.c.project_id == api_tokens.c.project_id))
    .where(api_tokens.c.hash == bindparam("hash"), api_tokens.c.revoked_at.is_(None))
)


class SqlAccess(SqlSessions):
    """Implements `ports.Access`. `server_secret` encrypts what is derived from keys."""

    def __init__(self, database: Database, *, server_secret: bytes) -> None:
        super().__init__(database)
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

    def create_key(self, project_id: int, name: str, now: datetime, kind: KeyKind = KeyKind.REPORT) -> str:
        """A new key's text, which cannot be had again. Raises AccessError for a name that is taken or none."""
        key = access.key_from(token_bytes(access.ENTROPY_BYTES), kind)
        with self._database.begin() as connection:
            self._create_key(connection, project_id, name, key, now)
        return key

    def replace_key(self, project_id: int, id_or_name: str, now: datetime) -> str | None:
        """A new key's text of the same kind under the name of this one, which goes on letting in, under a name that says until when it was in use.

        None when no key in force has this id or name.
        """
        with self._database.begin() as connection:
            meant = _one_in_force(api_keys, project_id, id_or_name)
            named = select(api_keys.c.id, api_keys.c.name, api_keys.c.kind)
            old = connection.execute(named.where(*meant)).one_or_none()
            if old is None:
                return None
            key = access.key_from(token_bytes(access.ENTROPY_BYTES), KeyKind(old.kind))
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
        more = {"callback_secret": sealed, "kind": access.kind_of_key(key)}
        _create(connection, api_keys, project_id=project_id, name=name, text=key, now=now, **more)

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

    def create_token(
        self, project_id: int, name: str, now: datetime, scope: Scope = Scope.ACT, *, user_id: int | None = None
    ) -> str:
        """A new API token's text, which cannot be had again. Raises AccessError for a name that is taken or none.

        One of a user does what that user may do there, at most, and under their name.
        """
        token = access.api_token_from(token_bytes(access.ENTROPY_BYTES))
        more = {"scope": scope.value, "user_id": user_id}
        with self._database.begin() as connection:
            _create(connection, api_tokens, project_id=project_id, name=name, text=token, now=now, **more)
        return token

    def tokens(self, project_id: int, *, user_id: int | None = None) -> Sequence[ApiToken]:
        """Every token, oldest first, revoked ones too; with a user only theirs."""
        theirs = true() if user_id is None else api_tokens.c.user_id == user_id
        statement = select(api_tokens, users.c.name.label("owner")).outerjoin(users).order_by(api_tokens.c.id)
        with self._database.read() as connection:
            found = connection.execute(statement.where(api_tokens.c.project_id == project_id, theirs))
            return [_api_token(row, row["owner"]) for row in found.mappings()]

    def revoke_token(
        self, project_id: int, id_or_name: str, now: datetime, *, user_id: int | None = None
    ) -> ApiToken | None:
        """The token that no longer lets anyone in; None when no token in force has this id or name.

        With a user only theirs; without, a name is that of a token that is nobody's own.
        """
        theirs = api_tokens.c.user_id == user_id
        meant = true() if user_id is None and _is_id(id_or_name.strip()) else theirs
        with self._database.begin() as connection:
            row = _revoke(connection, api_tokens, project_id, id_or_name, now, meant)
        return None if row is None else _api_token(row)

    def holder_of_token(self, token: str, now: datetime) -> Holder | None:
        """Whose token this is, if it is in force. Notes the use, at most once a minute."""
        if not access.looks_like_api_token(token):
            return None
        with self._database.read() as connection:
            row = connection.execute(_OF_TOKEN, {"hash": access.hash_of(token)}).mappings().one_or_none()
        if row is None or (row["user_id"] is not None and row["role"] is None):
            return None
        if row["last_used_at"] is None or now - row["last_used_at"] >= _USE_IS_NOTED_EVERY:
            self._note(update(api_tokens).where(api_tokens.c.id == row["id"]).values(last_used_at=now))
        user = None if row["user_id"] is None else people.user_from(row)
        role = Role.ADMIN if user is None else Role(row["role"])
        return Holder(row["id"], row["project_id"], Scope(row["scope"]), name=row["name"], user=user, role=role)


def _first_project(connection: Connection) -> int | None:
    first: int | None = connection.scalar(select(func.min(projects.c.id)))
    return first


def _create(
    connection: Connection, table: Table, *, project_id: int, name: str, text: str, now: datetime, **more: object
) -> None:
    name = access.checked_name(name)
    _check_free(connection, table, project_id, name, more.get("user_id"))
    statement = insert(table).values(
        project_id=project_id, name=name, hash=access.hash_of(text), hint=access.hint_of(text), created_at=now, **more
    )
    connection.execute(statement)


def _check_free(connection: Connection, table: Table, project_id: int, name: str, user_id: object = None) -> None:
    taken = select(table.c.id).where(
        table.c.project_id == project_id, table.c.name == name, table.c.revoked_at.is_(None)
    )
    if table is api_tokens:
        taken = taken.where(table.c.user_id == user_id)
    if connection.scalar(taken) is not None:
        raise AccessError(
            f"There is a {_WORDS[table.name]} named '{name}' already: choose another name, or revoke that one first"
        )


def _all(connection: Connection, table: Table, project_id: int) -> Sequence[RowMapping]:
    return (
        connection.execute(select(table).where(table.c.project_id == project_id).order_by(table.c.id)).mappings().all()
    )


def _revoke(
    connection: Connection, table: Table, project_id: int, id_or_name: str, now: datetime, *more: ColumnElement[bool]
) -> RowMapping | None:
    statement = update(table).where(*_one_in_force(table, project_id, id_or_name), *more)
    return connection.execute(statement.values(revoked_at=now).returning(table)).mappings().one_or_none()


def _one_in_force(table: Table, project_id: int, id_or_name: str) -> Sequence[ColumnElement[bool]]:
    wanted = id_or_name.strip()
    # Names of digits alone are not given out, so this is never in doubt.
    meant = table.c.id == int(wanted) if _is_id(wanted) else table.c.name == wanted
    return (table.c.project_id == project_id, meant, table.c.revoked_at.is_(None))


def _is_id(text: str) -> bool:
    # 18 digits always fit into what a database calls a big integer.
    return text.isascii() and text.isdigit() and len(text) <= 18


def _in_force(connection: Connection, table: Table, text: str) -> RowMapping | None:
    statement = select(table.c.id, table.c.project_id, table.c.last_used_at)
    in_force = statement.where(table.c.hash == access.hash_of(text), table.c.revoked_at.is_(None))
    return connection.execute(in_force).mappings().one_or_none()


def _api_key(row: RowMapping) -> ApiKey:
    return ApiKey(**_shown(row), kind=KeyKind(row["kind"]))


def _api_token(row: RowMapping, owner: str | None = None) -> ApiToken:
    return ApiToken(**_shown(row), scope=Scope(row["scope"]), user_id=row["user_id"], owner=owner)


def _shown(row: RowMapping) -> dict[str, Any]:
    return {name: row[name] for name in _SHOWN}
