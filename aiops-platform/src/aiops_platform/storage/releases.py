"""The releases of each service, with the time at which each was first seen; the newest thousand of each service."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from threading import Lock
from typing import Final

from sqlalchemy import Connection, and_, delete, select, tuple_

from aiops_platform.storage.dialects import insert, portions
from aiops_platform.storage.schema import releases

MOST: Final = 1_000
_REMEMBERED: Final = 5_000


class Releases:
    """Notes releases; remembers what it has read of them, so that nearly every event costs nothing. Safe to share."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[tuple[int, str], datetime] = {}

    def note(self, connection: Connection, seen: Mapping[tuple[int, str], datetime]) -> None:
        """Notes that releases of services (by id) were seen at that time; the earliest time stays."""
        with self._lock:
            new = {each: at for each, at in seen.items() if each not in self._known or at < self._known[each]}
        if not new:
            return
        read = _read(connection, new)
        earlier = {each: at for each, at in new.items() if each not in read or at < read[each]}
        if earlier:
            _write(connection, earlier)
            _keep_newest(
                connection, {service_id for service_id, release in earlier if (service_id, release) not in read}
            )
        # Only what was read: what is written here may be undone.
        self._remember({each: at for each, at in read.items() if each not in earlier})

    def _remember(self, read: Mapping[tuple[int, str], datetime]) -> None:
        with self._lock:
            if len(self._known) + len(read) > _REMEMBERED:
                self._known.clear()
            self._known.update(read)


def of_services(connection: Connection, service_ids: Collection[int]) -> dict[int, dict[str, datetime]]:
    """The releases of each of these services, with the time at which each was first seen."""
    found: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    for some in portions(service_ids):
        for row in connection.execute(select(releases).where(releases.c.service_id.in_(some))):
            found[row.service_id][row.release] = row.first_seen_at
    return dict(found)


def _read(connection: Connection, wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], datetime]:
    found: dict[tuple[int, str], datetime] = {}
    for some in portions(wanted):
        mine = and_(
            releases.c.service_id.in_({service_id for service_id, _ in some}),
            tuple_(releases.c.service_id, releases.c.release).in_(some),
        )
        for row in connection.execute(select(releases).where(mine)):
            found[row.service_id, row.release] = row.first_seen_at
    return found


def _write(connection: Connection, earlier: Mapping[tuple[int, str], datetime]) -> None:
    statement = insert(connection, releases)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[releases.c.service_id, releases.c.release],
            set_={"first_seen_at": statement.excluded.first_seen_at},
            where=statement.excluded.first_seen_at < releases.c.first_seen_at,
        ),
        [
            {"service_id": service_id, "release": release, "first_seen_at": at}
            for (service_id, release), at in sorted(earlier.items())
        ],
    )


def _keep_newest(connection: Connection, service_ids: Collection[int]) -> None:
    for service_id in service_ids:
        mine = releases.c.service_id == service_id
        newest = select(releases.c.release).where(mine).order_by(releases.c.first_seen_at.desc(), releases.c.release)
        # SQLite knows an offset only beside a limit.
        connection.execute(delete(releases).where(mine, releases.c.release.in_(newest.offset(MOST).limit(MOST))))
