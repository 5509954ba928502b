"""Counts by the hour, the release and the values of tags, added up as the events come; nothing is ever scanned for them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Table, bindparam, select

from aiops_platform.core import facets
from aiops_platform.core.facets import Pair
from aiops_platform.ports import IncidentChange
from aiops_platform.storage import release_incidents
from aiops_platform.storage.dialects import add_up, portions
from aiops_platform.storage.schema import incident_hours, incident_values, service_hours

# What is remembered is bounded: so many incidents, each with few values.
_REMEMBERED: Final = 5_000
_FEW: Final = 100

_VALUES_OF: Final = select(incident_values.c.incident_id, incident_values.c.name, incident_values.c.value).where(
    incident_values.c.incident_id.in_(bindparam("some", expanding=True))
)

_Told: TypeAlias = Sequence[tuple[int, IncidentChange]]


class Tallies:
    """Adds up; remembers which values it has seen lately, so as not to read them each time. Safe to share between threads.

    When a transaction is undone, it is to be told: it might remember a value that was never written.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[int, frozenset[Pair]] = {}

    def add(self, connection: Connection, told: _Told) -> None:
        """Adds what these changes say of incidents (by id) to what is counted."""
        known = self._known_of(connection, [incident for incident, change in told if change.values])
        hours: defaultdict[tuple[Any, ...], int] = defaultdict(int)
        of_services: defaultdict[tuple[Any, ...], int] = defaultdict(int)
        values: defaultdict[tuple[Any, ...], int] = defaultdict(int)
        seen: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
        for incident, change in told:
            before = known.get(incident, frozenset())
            places = facets.places(before, change.values)
            self._remember(incident, before, places.values())
            for name, value in set(places.values()) - before:
                if name == facets.RELEASE and value != facets.REST:
                    seen[change.incident.project_id, value].add(incident)
            for pair, count in change.values.items():
                values[(incident, *places[pair])] += count
            for (hour, release), count in (change.hours or {}).items():
                place = places.get((facets.RELEASE, release), (facets.RELEASE, release))
                hours[incident, hour, place[1]] += count
                of_services[change.incident.service_id, hour] += count
        _raise(connection, incident_hours, hours)
        _raise(connection, service_hours, of_services)
        _raise(connection, incident_values, values)
        release_incidents.add(connection, seen)

    def forget_all(self) -> None:
        """Remembers nothing any more."""
        with self._lock:
            self._known.clear()

    def _known_of(self, connection: Connection, incidents: Collection[int]) -> dict[int, frozenset[Pair]]:
        with self._lock:
            known = {incident: self._known[incident] for incident in incidents if incident in self._known}
        read: defaultdict[int, set[Pair]] = defaultdict(set)
        missing = [incident for incident in incidents if incident not in known]
        for some in portions(missing):
            for incident, name, value in connection.execute(_VALUES_OF, {"some": some}):
                read[incident].add((name, value))
        return known | {incident: frozenset(read.get(incident, ())) for incident in missing}

    def _remember(self, incident: int, known: frozenset[Pair], places: Iterable[Pair]) -> None:
        now_known = known.union(places)
        with self._lock:
            # The one that was met last is the last to go.
            self._known.pop(incident, None)
            if len(now_known) <= _FEW:
                self._known[incident] = now_known
            while len(self._known) > _REMEMBERED:
                self._known.pop(next(iter(self._known)))


def _raise(connection: Connection, table: Table, counts: Mapping[tuple[Any, ...], int]) -> None:
    if not counts:
        return
    keys = [column.name for column in table.primary_key]
    # In order: two writers of PostgreSQL would otherwise wait for each other, and SQLite finds its way faster.
    rows = [dict(zip(keys, place, strict=True)) | {"count": count} for place, count in sorted(counts.items())]
    connection.execute(add_up(connection, table, table.c.count), rows)
