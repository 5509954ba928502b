"""Buried parcels: what was taken in and could not be digested, with the reason."""

from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, literal, select, update

from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.views import BuriedDetail, BuriedPage, BuriedRow
from aiops_platform.storage import counters
from aiops_platform.storage.dialects import add_missing
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import buried

# More than these are only said to be many: who counts all has to read all.
_COUNTED = 10_000
_SHOWN = (buried.c.id, buried.c.kind, buried.c.received_at, buried.c.reason, func.length(buried.c.body).label("size"))


def bury(connection: Connection, parcel: Parcel, reason: str) -> None:
    """See `ports.Transaction.bury`."""
    row = {
        "project_id": parcel.project_id,
        "parcel_id": parcel.id,
        "kind": parcel.kind,
        "received_at": parcel.received_at,
        "reason": reason,
        "body": parcel.body,
    }
    if connection.execute(add_missing(connection, buried, buried.c.id), [row]).all():
        counters.count(connection, {"buried": 1})
        bump(connection, parcel.project_id, "buried")


def counted(project_id: ColumnElement[int]) -> Select[int]:
    """How many there are, at most ten thousand."""
    some = select(buried.c.id).where(buried.c.project_id == project_id).limit(_COUNTED).subquery()
    return select(func.count()).select_from(some)


def page_of(connection: Connection, project_id: int, *, page: int, per_page: int) -> BuriedPage:
    """See `ports.Reads.buried`."""
    rows = _newest(project_id, *_SHOWN).limit(per_page).offset((page - 1) * per_page)
    return BuriedPage(
        total=connection.execute(counted(literal(project_id))).scalar_one(),
        page=page,
        per_page=per_page,
        rows=tuple(_row(row) for row in connection.execute(rows)),
    )


def one(connection: Connection, project_id: int, buried_id: int) -> BuriedDetail | None:
    """See `ports.Reads.buried_parcel`."""
    wanted = _newest(project_id, *_SHOWN, buried.c.body).where(buried.c.id == buried_id)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else BuriedDetail(row=_row(row), body=row.body)


def parcels(
    connection: Connection, project_id: int, *, after: int, only: int | None, limit: int
) -> Sequence[tuple[int, Parcel]]:
    """See `ports.Transaction.buried`."""
    wanted = select(buried).where(buried.c.project_id == project_id, buried.c.id > after).order_by(buried.c.id)
    if only is not None:
        wanted = wanted.where(buried.c.id == only)
    return [(row.id, _parcel(row)) for row in connection.execute(wanted.limit(limit))]


def forget(connection: Connection, before: datetime, limit: int, *, latest: datetime) -> int:
    """See `ports.Transaction.forget_buried`."""
    connection.execute(update(buried).where(buried.c.received_at > latest).values(received_at=latest))
    old = select(buried.c.id).where(buried.c.received_at < before).order_by(buried.c.id).limit(limit)
    return _drop(connection, buried.c.id.in_(old))


def unbury(connection: Connection, ids: Collection[int]) -> None:
    """See `ports.Transaction.unbury`."""
    _drop(connection, buried.c.id.in_(ids))


def _drop(connection: Connection, theirs: ColumnElement[bool]) -> int:
    projects = connection.execute(select(buried.c.project_id).where(theirs).distinct()).scalars().all()
    gone = connection.execute(delete(buried).where(theirs)).rowcount
    counters.count(connection, {"buried": -gone})
    for project_id in sorted(projects):
        bump(connection, project_id, "buried")
    return gone


def _newest(project_id: int, *columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns).where(buried.c.project_id == project_id).order_by(buried.c.id.desc())


def _row(row: Row[Any]) -> BuriedRow:
    return BuriedRow(
        id=row.id, kind=ParcelKind(row.kind), received_at=row.received_at, reason=row.reason, size=row.size
    )


def _parcel(row: Row[Any]) -> Parcel:
    # Always the same id: what was handed on, and by a crash is still here, is known when it is handed on again. Not the
    # one that it had: buried once more before this one is gone, it would be taken for it.
    return Parcel(
        id=blake2b(row.parcel_id, digest_size=16).digest(),
        project_id=row.project_id,
        kind=ParcelKind(row.kind),
        received_at=row.received_at,
        body=row.body,
        reports=0,
    )
