"""Whom incidents affected, noted as the events come: hashes, a bounded number of each incident."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, bindparam, case, delete, func, or_, select, update

from aiops_platform.core import affected, lately
from aiops_platform.core.affected import MOST_NAMES, MOST_PEOPLE
from aiops_platform.ports import IncidentChange
from aiops_platform.storage.dialects import add_missing, portions
from aiops_platform.storage.schema import incident_people, incidents, projects

# What is remembered is bounded: so many names of people, each with its incident, and how full so many incidents are.
_REMEMBERED: Final = 100_000
_INCIDENTS: Final = 5_000

_COUNT_OF: Final = (
    select(
        incident_people.c.incident_id,
        func.count().label("names"),
        func.count(case((incident_people.c.name == incident_people.c.person, 1))).label("people"),
    )
    .where(incident_people.c.incident_id.in_(bindparam("some", expanding=True)))
    .group_by(incident_people.c.incident_id)
)
_MORE: Final = (
    update(incidents)
    .where(incidents.c.id == bindparam("incident"))
    .values(people=incidents.c.people + bindparam("more"))
)

_SEEN: Final = (
    update(incident_people)
    .where(incident_people.c.incident_id == bindparam("incident"), incident_people.c.name == bindparam("who"))
    .where(or_(incident_people.c.seen_at.is_(None), incident_people.c.seen_at < bindparam("at")))
    .values(seen_at=bindparam("at"))
)

_Told: TypeAlias = Sequence[tuple[int, IncidentChange]]
_Place: TypeAlias = tuple[int, bytes]
_Came: TypeAlias = tuple[bytes, datetime]


class PeopleAffected:
    """Notes people; remembers whom it has noted lately, and who is full. Safe to share between threads.

    When they came last is noted by five minutes: who comes a thousand times in these is written once. When a transaction
    is undone, it is to be told: it might remember somebody who was never written.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[_Place, datetime] = {}
        self._room: dict[int, tuple[int, int]] = {}

    def note(self, connection: Connection, told: _Told) -> None:
        """Notes the people of these changes of incidents (by id), and counts those who are new to theirs."""
        came = self._came(told)
        if not came:
            return
        new = {place: each for place, each in came.items() if place not in self._known}
        added: set[_Place] = set()
        if new:
            room = self._room_of(connection, [incident for incident, _ in new])
            rows = _fitting(new, room)
            added = self._write(connection, rows, room) if rows else set()
        see_again(
            connection,
            {place: at for place, (person, at) in came.items() if place not in added and place[1] == person},
        )
        with self._lock:
            for place, (_, at) in came.items():
                # Who was met last is the last to go.
                self._known.pop(place, None)
                self._known[place] = at
            while len(self._known) > _REMEMBERED:
                self._known.pop(next(iter(self._known)))

    def forget_all(self) -> None:
        """Remembers nothing any more."""
        with self._lock:
            self._known.clear()
            self._room.clear()

    def _came(self, told: _Told) -> dict[_Place, _Came]:
        """Each name that nobody remembers, or not since so lately: with the person whose it is, and when they came."""
        came: dict[_Place, _Came] = {}
        for incident, change in told:
            for person, last in change.people.items():
                at = lately.step(last)
                for name in person:
                    known = self._known.get((incident, name))
                    # Only of the name by which a person is counted it is noted when they came.
                    if known is None or (known < at and name == person[0]):
                        came[incident, name] = person[0], at
        return came

    def _room_of(self, connection: Connection, ids: Collection[int]) -> dict[int, tuple[int, int]]:
        """For how many more people and names each of these incidents has room."""
        with self._lock:
            room = {each: self._room[each] for each in set(ids) if each in self._room}
        missing = [each for each in set(ids) if each not in room]
        for some in portions(missing):
            room |= dict.fromkeys(some, (MOST_PEOPLE, MOST_NAMES))
            for row in connection.execute(_COUNT_OF, {"some": some}):
                room[row.incident_id] = (MOST_PEOPLE - row.people, MOST_NAMES - row.names)
        return room

    def _write(
        self, connection: Connection, rows: list[dict[str, Any]], room: Mapping[int, tuple[int, int]]
    ) -> set[_Place]:
        """Those of them who were not there."""
        table = incident_people
        added = connection.execute(add_missing(connection, table, *table.c), rows).all()
        people: dict[int, int] = {}
        names: dict[int, int] = {}
        for row in added:
            names[row.incident_id] = names.get(row.incident_id, 0) + 1
            if row.name == row.person:
                people[row.incident_id] = people.get(row.incident_id, 0) + 1
        if people:
            told = [{"incident": incident, "more": more} for incident, more in sorted(people.items())]
            connection.execute(_MORE, told)
        with self._lock:
            for each, (of_people, of_names) in room.items():
                self._room.pop(each, None)
                self._room[each] = (of_people - people.get(each, 0), of_names - names.get(each, 0))
            while len(self._room) > _INCIDENTS:
                self._room.pop(next(iter(self._room)))
        return {(row.incident_id, row.name) for row in added}


def see_again(connection: Connection, came: Mapping[_Place, datetime]) -> None:
    """Notes when these people were last affected, by incident and name; those who are not noted stay so."""
    if came:
        rows = [{"incident": incident, "who": name, "at": at} for (incident, name), at in sorted(came.items())]
        connection.execute(_SEEN, rows)


def forget(connection: Connection, identity: str) -> int:
    """Takes out of every incident who is called so, under all names that are known of them; how many rows that were.

    The numbers stay as they are.
    """
    table = incident_people
    names = [affected.hashed(identity, each) for each in connection.scalars(select(projects.c.id))]
    persons = list(set(connection.scalars(select(table.c.person).where(table.c.name.in_(names)))))
    theirs = table.c.name.in_(names) | table.c.person.in_(persons)
    return connection.execute(delete(table).where(theirs)).rowcount


def _fitting(new: Mapping[_Place, _Came], room: Mapping[int, tuple[int, int]]) -> list[dict[str, Any]]:
    """Rows for those names for which there is room, the earliest first."""
    left = {each: list(of) for each, of in room.items()}
    rows = []
    for (incident, name), (person, at) in new.items():
        is_person = name == person
        people, names = left[incident]
        if names <= 0 or (is_person and people <= 0):
            continue
        left[incident] = [people - is_person, names - 1]
        seen_at = at if is_person else None
        rows.append({"incident_id": incident, "name": name, "person": person, "seen_at": seen_at})
    return sorted(rows, key=lambda row: (row["incident_id"], row["name"]))
