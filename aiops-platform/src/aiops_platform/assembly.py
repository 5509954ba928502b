"""The one place that wires: settings become a folder, databases, stations, applications."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiops_platform.api.front import Chore, Front
from aiops_platform.api.ingest import Ingest, KeyRing
from aiops_platform.api.ingest.body import Limits
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.process import folder
from aiops_platform.process.asgi import Receive, Scope, Send
from aiops_platform.process.clock import utc_now
from aiops_platform.process.duty import Duty
from aiops_platform.settings import Settings
from aiops_platform.storage.access import SqlAccess
from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.migrations import migrate

_TICK_SECONDS = 5.0
_USES_SECONDS = 0.5


@dataclass(frozen=True)
class Opened:
    """What commands work with, while the platform runs or not."""

    database: Database
    access: SqlAccess
    project_id: int


@contextmanager
def opened(settings: Settings) -> Iterator[Opened]:
    """The store, made ready first: folder, tables, project. Raises PlatformErrors."""
    folder.prepare(settings.data)
    with _database(settings) as database:
        migrate(database)
        access = _access(settings, database)
        project_id, _ = access.ensure_project("default", "Default", utc_now())
        yield Opened(database, access, project_id)


def build_door(settings: Settings) -> Front:
    """The application that the door serves. The store must have been made ready. Raises PlatformErrors."""
    database = open_database(settings.store_url)
    intake = SqliteIntake(settings.data / "intake.db")
    keys = KeyRing(_access(settings, database))

    async def tick() -> None:
        await asyncio.to_thread(intake.tick, utc_now())

    def close() -> None:
        intake.close()
        database.close()

    return Front(
        Ingest(intake, keys, limits=Limits(body=settings.max_body), clock=utc_now),
        _not_found,
        chores=[
            Chore("say that the door listens", _TICK_SECONDS, tick),
            Chore("note which keys are used", _USES_SECONDS, keys.write_down_uses),
        ],
        close=close,
    )


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        for word in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{word}.complete"})
        return
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    database = open_database(settings.store_url)
    try:
        yield database
    finally:
        database.close()


def _access(settings: Settings, database: Database) -> SqlAccess:
    secret = settings.secret.encode() if settings.secret else folder.server_secret(settings.data)
    return SqlAccess(database, server_secret=secret)


@contextmanager
def duties(settings: Settings) -> Iterator[list[Duty]]:
    """What the worker does. The store must have been made ready. Raises PlatformErrors."""
    with _database(settings):
        yield []
