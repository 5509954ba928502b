"""In how many incidents releases were seen: bits agree with rows, whatever the numbers of incidents."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from seeds import Seeds
from sqlalchemy import insert
from tables import a_store

from aiops_platform.core import facets
from aiops_platform.storage import release_incidents, schema
from aiops_platform.storage.release_incidents import STRETCH

_IDS = st.integers(1, 3 * STRETCH) | st.sampled_from([STRETCH - 1, STRETCH, STRETCH + 1, 2 * STRETCH])
_SEEN = st.lists(st.tuples(st.sampled_from(["1", "2", "2026.11"]), _IDS), max_size=20)


@given(parts=st.lists(_SEEN, max_size=4), asked=st.lists(_IDS, max_size=30))
def test_each_is_counted_once_however_often_it_was_seen_and_in_whatever_portions(parts, asked):
    seeds = Seeds(a_store())
    project = seeds.project()
    with seeds.database.begin() as connection:
        for part in parts:
            seen = {}
            for release, number in part:
                seen.setdefault((project, release), []).append(number)
            release_incidents.add(connection, seen)
        counted = release_incidents.counted(connection, project, set(asked))
    seeds.database.close()
    assert counted == Counter(
        release for release, number in {pair for part in parts for pair in part} if number in asked
    )


def test_another_projects_releases_are_not_counted():
    seeds = Seeds(a_store())
    one, other = seeds.project(), seeds.project("other")
    with seeds.database.begin() as connection:
        release_incidents.add(connection, {(one, "7"): [1, 2], (other, "7"): [3], (other, "8"): [3]})
        assert release_incidents.counted(connection, one, [1, 2, 3]) == {"7": 2}
        assert release_incidents.counted(connection, one, []) == {}
    seeds.database.close()


def test_those_apart_are_asked_one_by_one_and_others_are_not():
    seeds = Seeds(a_store())
    project = seeds.project()
    service = seeds.service(project)
    apart, other = (seeds.incident(project, service) for _ in range(2))
    with seeds.database.begin() as connection:
        release_incidents.add(connection, {(project, "7"): [apart, other], (project, "8"): [apart]})
        row = {"incident_id": apart, "name": facets.RELEASE, "value": "9", "count": 1}
        connection.execute(insert(schema.incident_values), [row, row | {"value": facets.REST}])
        release_incidents.set_apart(connection, [apart])
        release_incidents.set_apart(connection, [apart])
        assert release_incidents.counted(connection, project, [apart, other]) == {"7": 1, "9": 1}
    seeds.database.close()
