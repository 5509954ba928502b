"""Services by their names: looked up for every report, hardly ever new, and never gone."""

from collections.abc import Collection
from threading import Lock
from typing import Final

from sqlalchemy import Connection

from aiops_platform.core.service import Service, ServiceName
from aiops_platform.storage import statements
from aiops_platform.storage.dialects import portions

_REMEMBERED: Final = 5_000


class Services:
    """Remembers those that it has read. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[ServiceName, Service] = {}

    def known(self, connection: Connection, names: Collection[ServiceName]) -> dict[ServiceName, Service]:
        """Those of these services that there are."""
        with self._lock:
            found = {name: self._known[name] for name in names if name in self._known}
        missing = [name for name in names if name not in found]
        read = _read(connection, missing)
        with self._lock:
            if len(self._known) + len(read) > _REMEMBERED:
                self._known.clear()
            # Only what was read: what is written in this transaction may be undone.
            self._known.update(read)
        return found | read


def _read(connection: Connection, names: Collection[ServiceName]) -> dict[ServiceName, Service]:
    found: dict[ServiceName, Service] = {}
    for some in portions(names):
        places = [(name.name, name.project_id, name.environment) for name in some]
        wanted = statements.told(places) | {"projects": list({name.project_id for name in some})}
        for row in connection.execute(statements.KNOWN_SERVICES, wanted):
            named = ServiceName(row.project_id, row.name, row.environment)
            found[named] = Service(row.id, named)
    return found
