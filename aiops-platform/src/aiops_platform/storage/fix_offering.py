"""What services offer to do, as their beats tell, and where they can be asked for it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, select, tuple_

from aiops_platform.core.fixing.fixer import MOST_FIXERS, Fixer
from aiops_platform.ports.fixing import FixPlace, ToldOffers
from aiops_platform.storage import dialects
from aiops_platform.storage.dialects import portions
from aiops_platform.storage.fix_rows import fixer_of, row_of_fixer
from aiops_platform.storage.fix_tables import fix_addresses, fix_offers, fixers
from aiops_platform.storage.revisions import bump
from aiops_platform.storage.schema import monitors, services

#: Of what stays as it is, it is written down so often that it was seen.
_NOTED_EVERY: Final = timedelta(minutes=1)
# One that nobody has offered for so long makes room for another.
_STALE: Final = timedelta(minutes=10)
#: After an address was not proven, nothing is pushed there for so long.
NOT_AGAIN: Final = timedelta(minutes=5)
_ANY: Final = select(fix_offers.c.service_id).limit(1)
#: So many intervals without a beat, and a process is not asked any more.
BEATS: Final = 3


def note(connection: Connection, told: Sequence[ToldOffers]) -> None:
    """See `ports.Fixing.note_offers`."""
    # Nearly always nobody offers anything, nor did.
    if not any(each.fixers for each in told) and connection.execute(_ANY).first() is None:
        return
    newest = {(each.service_id, each.instance): each for each in told}
    service_ids = {service_id for service_id, _ in newest}
    known = _known(connection, service_ids)
    gone = [place for place, each in newest.items() if not each.fixers and place in known]
    for some in portions(gone):
        connection.execute(delete(fix_offers).where(tuple_(fix_offers.c.service_id, fix_offers.c.instance).in_(some)))
    offering = [each for place, each in newest.items() if each.fixers and known.get(place, each.at) <= each.at]
    if offering:
        _keep_offers(connection, offering)
        _keep_fixers(connection, offering)
    moved = {each.service_id for each in offering if (each.service_id, each.instance) not in known}
    moved |= {service_id for service_id, _ in gone}
    if moved:
        mine = select(services.c.project_id).where(services.c.id.in_(moved)).distinct()
        for project_id in connection.execute(mine).scalars().all():
            bump(connection, project_id, "fixes")


def known_fixers(connection: Connection, service_ids: Collection[int]) -> dict[tuple[int, str], Fixer]:
    """See `ports.Fixing.fixers`."""
    found = {}
    for some in portions(service_ids):
        wanted = select(fixers).where(fixers.c.service_id.in_(some)).order_by(fixers.c.service_id, fixers.c.name)
        for row in connection.execute(wanted).mappings():
            found[row["service_id"], row["name"]] = fixer_of(row)
    return found


def places(connection: Connection, service_ids: Collection[int], now: datetime) -> dict[int, FixPlace]:
    """See `ports.Fixing.places`."""
    found = {}
    for some in portions(service_ids):
        wanted = (
            select(services.c.id, services.c.project_id, services.c.name, services.c.environment)
            .add_columns(monitors.c.base_url, monitors.c.interval, monitors.c.last_beat_at)
            .add_columns(fix_addresses.c.address, fix_addresses.c.failed_at)
            .select_from(
                services.join(monitors, monitors.c.service_id == services.c.id).outerjoin(
                    fix_addresses, fix_addresses.c.service_id == services.c.id
                )
            )
            .where(services.c.id.in_(some))
        )
        offers = select(fix_offers).where(fix_offers.c.service_id.in_(some)).order_by(fix_offers.c.heard_at.desc())
        heard = connection.execute(offers).all()
        for row in connection.execute(wanted):
            since = now - BEATS * timedelta(seconds=row.interval)
            found[row.id] = _place(
                row, [each for each in heard if each.service_id == row.id and each.heard_at > since], now
            )
    return found


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Drops what was offered before this time and is not any more."""
    old = select(fixers.c.service_id, fixers.c.name).where(fixers.c.last_seen_at < before).limit(limit)
    many = connection.execute(delete(fixers).where(tuple_(fixers.c.service_id, fixers.c.name).in_(old))).rowcount
    silent = select(fix_offers.c.service_id, fix_offers.c.instance).where(fix_offers.c.heard_at < before).limit(limit)
    place = tuple_(fix_offers.c.service_id, fix_offers.c.instance)
    return max(many, connection.execute(delete(fix_offers).where(place.in_(silent))).rowcount)


def _known(connection: Connection, service_ids: Collection[int]) -> dict[tuple[int, str], datetime]:
    found = {}
    for some in portions(service_ids):
        wanted = select(fix_offers.c.service_id, fix_offers.c.instance, fix_offers.c.heard_at)
        for row in connection.execute(wanted.where(fix_offers.c.service_id.in_(some))):
            found[row.service_id, row.instance] = row.heard_at
    return found


def _keep_offers(connection: Connection, offering: Sequence[ToldOffers]) -> None:
    statement = dialects.insert(connection, fix_offers)
    new = {name: statement.excluded[name] for name in ("names", "off", "heard_at")}
    rows = [
        {
            "service_id": each.service_id,
            "instance": each.instance,
            "names": [fixer.name for fixer in each.fixers],
            "off": each.off,
            "heard_at": each.at,
        }
        for each in offering
    ]
    keys = [fix_offers.c.service_id, fix_offers.c.instance]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), rows)


def _keep_fixers(connection: Connection, offering: Sequence[ToldOffers]) -> None:
    seen: dict[int, dict[str, tuple[Any, datetime]]] = {}
    for some in portions({each.service_id for each in offering}):
        for row in connection.execute(select(fixers).where(fixers.c.service_id.in_(some))).mappings():
            seen.setdefault(row["service_id"], {})[row["name"]] = (fixer_of(row), row["last_seen_at"])
    changed: dict[tuple[int, str], dict[str, Any]] = {}
    for each in offering:
        known = seen.setdefault(each.service_id, {})
        for fixer in each.fixers:
            before = known.get(fixer.name)
            if before is not None and before[0] == fixer and each.at - before[1] < _NOTED_EVERY:
                continue
            if before is None and not _has_room(connection, each, known):
                continue
            known[fixer.name] = (fixer, each.at)
            seen_at = {"service_id": each.service_id, "first_seen_at": each.at, "last_seen_at": each.at}
            changed[each.service_id, fixer.name] = {**row_of_fixer(fixer), **seen_at}
    if changed:
        statement = dialects.insert(connection, fixers)
        kept = ("service_id", "name", "first_seen_at")
        new = {column.name: statement.excluded[column.name] for column in fixers.c if column.name not in kept}
        keys = [fixers.c.service_id, fixers.c.name]
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), list(changed.values()))


def _has_room(connection: Connection, told: ToldOffers, known: dict[str, tuple[Any, datetime]]) -> bool:
    """Whether one more of this service can be kept; what nobody has offered for a while goes for it."""
    if len(known) < MOST_FIXERS:
        return True
    oldest = min(known, key=lambda name: known[name][1])
    if told.at - known[oldest][1] < _STALE:
        return False
    del known[oldest]
    connection.execute(delete(fixers).where(fixers.c.service_id == told.service_id, fixers.c.name == oldest))
    return True


def _place(row: Any, heard: Sequence[Any], now: datetime) -> FixPlace:
    offers: dict[str, list[str]] = {}
    for each in heard:
        for name in each.names:
            offers.setdefault(name, []).append(each.instance)
    failed = row.failed_at is not None and row.address == row.base_url and now - row.failed_at < NOT_AGAIN
    return FixPlace(
        service_id=row.id,
        project_id=row.project_id,
        service=row.name,
        environment=row.environment,
        address=None if failed else row.base_url,
        interval=row.interval,
        last_beat_at=row.last_beat_at,
        instances={each.instance: each.off for each in heard},
        offers={name: tuple(theirs) for name, theirs in offers.items()},
    )
