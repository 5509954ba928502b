"""In which incidents each release was seen, as bits: many incidents are counted by their releases at once.

Bits are only ever set. An incident that may have lost a release (it was parted from another one, somebody was erased) is
set apart, under no release: of these `incident_values` is asked.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, TypeAlias

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, update

from aiops_platform.core import facets
from aiops_platform.storage.dialects import add_missing, portions
from aiops_platform.storage.schema import incident_values, incidents, release_incidents

# So many incidents, by their numbers, have their bits in one row.
STRETCH: Final = 4_096
_APART: Final = facets.REST

_Place: TypeAlias = tuple[int, str, int]

_TABLE: Final = release_incidents
_SET: Final = (
    update(_TABLE)
    .where(
        _TABLE.c.project_id == bindparam("project"),
        _TABLE.c.release == bindparam("of"),
        _TABLE.c.stretch == bindparam("place"),
    )
    .values(bits=bindparam("now"))
)


def add(connection: Connection, seen: Mapping[tuple[int, str], Collection[int]]) -> None:
    """Notes the incidents (by id) in which a release of a project was seen for the first time."""
    new: defaultdict[_Place, int] = defaultdict(int)
    for (project, release), ids in seen.items():
        for each in ids:
            new[project, release, each // STRETCH] |= 1 << each % STRETCH
    if not new:
        return
    # In order: two writers of PostgreSQL would otherwise wait for each other.
    places = sorted(new)
    empty = [{"project_id": place[0], "release": place[1], "stretch": place[2], "bits": b""} for place in places]
    connection.execute(add_missing(connection, _TABLE), empty)
    for some in portions(places):
        known = _known(connection, some)
        rows = [(place, known[place] | new[place]) for place in some if known[place] | new[place] != known[place]]
        if rows:
            connection.execute(_SET, [_row(*row) for row in rows])


def add_values(connection: Connection, incident_id: int, values: Iterable[tuple[str, str]]) -> None:
    """Notes the releases among the values (names of tags, and what they say) that an incident has from now on."""
    project = connection.execute(select(incidents.c.project_id).where(incidents.c.id == incident_id)).scalar_one()
    releases = {value for name, value in values if name == facets.RELEASE and value != facets.REST}
    add(connection, {(project, release): [incident_id] for release in releases})


def set_apart(connection: Connection, ids: Iterable[int]) -> None:
    """From now on these incidents are asked for their releases one by one."""
    for some in portions(ids):
        found = connection.execute(select(incidents.c.id, incidents.c.project_id).where(incidents.c.id.in_(some)))
        apart: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        for row in found:
            apart[row.project_id, _APART].append(row.id)
        add(connection, apart)


def forget(connection: Connection, names_them: Callable[[str], bool]) -> None:
    """Releases of which this says so are named here no longer; their incidents are set apart."""
    releases = connection.execute(select(_TABLE.c.release).distinct()).scalars().all()
    for release in filter(names_them, releases):
        mine = _TABLE.c.release == release
        rows = connection.execute(select(_TABLE.c.stretch, _TABLE.c.bits).where(mine)).all()
        set_apart(
            connection, (each for row in rows for each in _ids_of(row.stretch, int.from_bytes(row.bits, "little")))
        )
        connection.execute(delete(_TABLE).where(mine))


def counted(connection: Connection, project_id: int, ids: Collection[int]) -> Counter[str]:
    """In how many of these incidents each release was seen."""
    asked = _by_stretch(ids)
    if not asked:
        return Counter()
    bits = _TABLE.c.release, _TABLE.c.stretch, _TABLE.c.bits
    mine = select(*bits).where(_TABLE.c.project_id == project_id, _TABLE.c.stretch.in_(sorted(asked)))
    # Those apart come first, for they have no name.
    counts: Counter[str] = Counter()
    apart: list[int] = []
    for release, stretch, held in connection.execute(mine.order_by(_TABLE.c.release, _TABLE.c.stretch)):
        among = int.from_bytes(held, "little") & asked[stretch]
        if release == _APART:
            asked[stretch] &= ~among
            apart += _ids_of(stretch, among)
        elif among:
            counts[release] += among.bit_count()
    for some in portions(apart):
        counts.update(_asked_one_by_one(connection, some))
    return counts


def _known(connection: Connection, places: Collection[_Place]) -> dict[_Place, int]:
    columns = _TABLE.c.project_id, _TABLE.c.release, _TABLE.c.stretch
    # Not as a list of rows in one IN: it is looked through from its beginning for each row of the table.
    these = or_(*(and_(*(column == said for column, said in zip(columns, place, strict=True))) for place in places))
    rows = connection.execute(select(*columns, _TABLE.c.bits).where(these).with_for_update())
    return {(row.project_id, row.release, row.stretch): int.from_bytes(row.bits, "little") for row in rows}


def _row(place: _Place, bits: int) -> dict[str, object]:
    project, release, stretch = place
    held = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    return {"project": project, "of": release, "place": stretch, "now": held}


def _by_stretch(ids: Iterable[int]) -> dict[int, int]:
    """Each stretch with the bits of those of the incidents that lie in it."""
    held: dict[int, bytearray] = {}
    for each in ids:
        stretch, place = divmod(each, STRETCH)
        bits = held.get(stretch)
        if bits is None:
            bits = held[stretch] = bytearray(STRETCH // 8)
        bits[place >> 3] |= 1 << (place & 7)
    return {stretch: int.from_bytes(bits, "little") for stretch, bits in held.items()}


def _ids_of(stretch: int, bits: int) -> list[int]:
    found = []
    while bits:
        lowest = bits & -bits
        found.append(stretch * STRETCH + lowest.bit_length() - 1)
        bits ^= lowest
    return found


def _asked_one_by_one(connection: Connection, ids: Collection[int]) -> Counter[str]:
    table = incident_values
    query = select(table.c.value, func.count().label("many")).where(
        table.c.incident_id.in_(ids), table.c.name == facets.RELEASE, table.c.value != facets.REST
    )
    return Counter({row.value: row.many for row in connection.execute(query.group_by(table.c.value))})
