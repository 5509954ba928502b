"""What every store promises to the stations: all of a transaction or nothing, each id once, and no other project's."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from made import NOW, SHOP, a_heartbeat, after, an_event
from sqlalchemy import event, func, insert, select

from aiops_platform.core import grouping, hours
from aiops_platform.core import incident as rules
from aiops_platform.core.incident import Incident
from aiops_platform.core.monitor import Monitor, MonitorState, beat
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.core.views import IncidentQuery
from aiops_platform.ports import IncidentChange, KeptEvent, MonitorChange, Store
from aiops_platform.storage import schema
from aiops_platform.storage.database import Database, open_database
from aiops_platform.storage.migrations import migrate
from aiops_platform.storage.reads import SqlReads
from aiops_platform.storage.transactions import SqlStore


@pytest.fixture(params=["file", "memory"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'store.db'}" if request.param == "file" else "sqlite://")
    migrate(database)
    with database.begin() as connection:
        rows = [{"slug": name, "name": name, "created_at": NOW} for name in ("one", "two")]
        connection.execute(insert(schema.projects), rows)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Store:
    return SqlStore(database)


def a_service(store: Store, name: str = "shop") -> Service:
    named = ServiceName(1, name, "production")
    with store.begin() as transaction:
        return transaction.services({named: NOW})[named]


def an_incident(service: Service, message: str = "no") -> IncidentChange:
    event = an_event(message=message)
    changed = rules.absorb(event, None, service=service, at=NOW, now=NOW)
    kept = KeptEvent(event_id=bytes(16), occurred_at=NOW, received_at=NOW, repeat_count=1, body=b"{}")
    key = grouping.key_for(event)
    return IncidentChange(incident=changed.incident, key=key, facts=changed.facts, events=(kept,), hours={(NOW, ""): 1})


def found(store: Store, change: IncidentChange) -> Incident | None:
    assert change.key is not None
    place = (change.incident.service_id, change.key)
    with store.begin() as transaction:
        return transaction.grouped([place]).get(place)


def saved(store: Store, change: IncidentChange) -> Incident:
    with store.begin() as transaction:
        transaction.save_incidents([change])
    incident = found(store, change)
    assert incident is not None
    return incident


def a_monitor(service: Service) -> Monitor:
    return beat(a_heartbeat(instance={"id": "one"}), None, service_id=service.id, at=NOW, now=NOW).monitor


def counted(database: Database, table) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_an_incident_is_found_by_its_key_as_it_was_saved(store):
    change = an_incident(a_service(store))
    incident = saved(store, change)
    assert incident.id is not None
    assert vars(incident) == vars(change.incident) | {"id": incident.id}


def test_an_incident_with_an_id_is_changed_not_added(store, database):
    first = an_incident(a_service(store))
    incident = saved(store, first)
    resolved = rules.resolved(incident, after(minutes=1))
    assert saved(store, IncidentChange(incident=resolved.incident, key=first.key)) == resolved.incident
    assert counted(database, schema.incidents) == 1


def test_new_and_known_incidents_are_saved_together_each_with_its_own_events(store, database):
    service = a_service(store)
    known = saved(store, an_incident(service, "known"))
    more = an_incident(service, "known")
    changes = [an_incident(service, "a"), IncidentChange(incident=known, events=more.events), an_incident(service, "b")]
    with store.begin() as transaction:
        transaction.save_incidents(changes)
    with database.read() as connection:
        rows = connection.execute(
            select(schema.incidents.c.message, func.count())
            .join(schema.events, schema.events.c.incident_id == schema.incidents.c.id)
            .group_by(schema.incidents.c.message)
        )
        assert {message: count for message, count in rows} == {"known": 2, "a": 1, "b": 1}  # noqa: C416 (rows are no pairs)


def test_hours_are_added_up(store, database):
    change = an_incident(a_service(store))
    incident = saved(store, change)
    saved(store, IncidentChange(incident=incident, key=change.key, hours={(NOW, ""): 4, (after(hours=1), ""): 2}))
    with database.read() as connection:
        table = schema.incident_hours
        assert connection.execute(select(table.c.count).order_by(table.c.hour)).scalars().all() == [5, 2]


def test_a_service_of_an_undone_transaction_is_not_remembered(store, database):
    named = ServiceName(1, "shop", "production")

    def undone() -> None:
        with store.begin() as transaction:
            assert transaction.services({named: NOW}) == transaction.services({named: NOW})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    assert counted(database, schema.services) == 0
    known = a_service(store)
    assert a_service(store) == known
    assert counted(database, schema.services) == 1


def test_rules_are_read_while_another_writes(database, store):
    if database.engine.url.database in (None, ":memory:", ""):
        pytest.skip("in memory there is one connection")
    other = open_database(str(database.engine.url), busy_seconds=0)
    reader = SqlStore(other)
    reader.used_bytes()
    with store.begin():
        assert reader.scrub_rules() == {}
        assert reader.group_rules() == {}
    other.close()


def test_an_exception_undoes_everything(store, database):
    service = a_service(store)

    def failing() -> None:
        with store.begin() as transaction:
            transaction.save_incidents([an_incident(service)])
            transaction.remember({(service.id, bytes(16)): NOW})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    tables = (schema.incidents, schema.events, schema.group_keys, schema.seen_events, schema.seen_hours)
    for table in (*tables, schema.incident_hours):
        assert counted(database, table) == 0


def test_an_id_is_new_once_in_each_service(store):
    one, two = bytes(16), bytes([1] * 16)
    with store.begin() as transaction:
        assert transaction.remember({(1, one): NOW}) == {(1, one)}
        assert transaction.remember({(1, one): NOW, (1, two): NOW, (2, one): NOW}) == {(1, two), (2, one)}
        assert transaction.remember({}) == set()


def test_it_is_known_how_many_ids_were_noted_in_each_hour(store):
    one, two, three = (bytes([number] * 16) for number in range(3))
    early, late = hours.of(NOW), hours.of(after(hours=5))
    with store.begin() as transaction:
        transaction.remember({(1, one): NOW, (1, two): after(hours=5)})
        transaction.remember({(1, one): after(hours=5), (2, one): early, (2, three): late})
        assert transaction.ids_by_hour(early, late) == {early: 2, late: 2}
        assert transaction.ids_by_hour(after(hours=1), after(hours=9)) == {late: 2}
        assert transaction.ids_by_hour(early, after(hours=1)) == {}


def test_old_ids_are_forgotten_piece_by_piece_and_young_ones_stay(store):
    ids = {(1, number.to_bytes(16, "big")): after(days=number % 2) for number in range(10)}
    with store.begin() as transaction:
        transaction.remember(ids)
        dropped, place, steps = 0, None, 0
        while place or not steps:
            gone, place = transaction.forget_seen_events(after(hours=1), 4, latest=after(days=1), after=place)
            dropped, steps = dropped + gone, steps + 1
        assert (dropped, steps) == (5, 3)
        assert transaction.remember(ids) == {place for place, at in ids.items() if at == NOW}


def test_a_great_many_are_asked_for_at_once(store):
    names = {ServiceName(1, f"s{number}", "production"): NOW for number in range(1_000)}
    with store.begin() as transaction:
        first = transaction.services(names)
        assert transaction.services(names) == first
        assert len(transaction.remember({(1, number.to_bytes(16, "big")): NOW for number in range(5_000)})) == 5_000
        changes = [an_incident(service) for service in first.values()]
        transaction.save_incidents(changes)
        assert len(transaction.grouped([(each.incident.service_id, each.key) for each in changes if each.key])) == 1_000


def test_nothing_that_is_looked_for_makes_the_store_go_through_a_whole_table(store, database):
    asked: list[tuple[str, tuple]] = []
    listened = lambda _c, _k, statement, parameters, *_: asked.append((statement, parameters))  # noqa: E731
    event.listen(database.engine, "before_cursor_execute", listened)
    service = a_service(store)
    key = grouping.silence_key()
    with store.begin() as transaction:
        transaction.services({service.named: NOW, ServiceName(1, "other", "x"): NOW})
        transaction.grouped([(service.id, key), (2, key)])
        transaction.instances([(service.id, "one"), (2, "two")])
        transaction.jobs({(service.id, "one"): NOW, (2, "two"): NOW}, most=9)
        transaction.runs([(1, b"one"), (2, b"two")])
        transaction.kept_for_good([1, 2])
    tables = "|".join(schema.metadata.tables)
    with database.read() as connection:
        for statement, parameters in [each for each in asked if each[0].lstrip().startswith("SELECT")]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            assert not [step for *_, step in plan if re.match(rf"SCAN ({tables})\b", step)], statement
    event.remove(database.engine, "before_cursor_execute", listened)


def test_two_writers_at_once_do_not_make_two_of_one_service(store, database):
    with ThreadPoolExecutor(8) as pool:
        services = list(pool.map(lambda _: a_service(store), range(40)))
    assert len(set(services)) == 1
    assert counted(database, schema.facts) == 1


def test_an_incident_of_another_project_is_not_found(store):
    incident = saved(store, an_incident(a_service(store)))
    assert incident.id is not None
    with store.begin() as transaction:
        assert transaction.incident(1, incident.id) == incident
        assert transaction.incident(2, incident.id) is None


def test_a_monitor_is_found_as_it_was_saved(store):
    service = a_service(store)
    monitor = a_monitor(service)
    with store.begin() as transaction:
        transaction.save_monitors([MonitorChange(monitor=monitor, project_id=1, states=((NOW, MonitorState.ALIVE),))])
    with store.begin() as transaction:
        kept = transaction.monitors([service.id])[service.id]
        assert vars(kept) == vars(monitor) | {"id": kept.id}
        assert transaction.due_monitors(after(seconds=59), 10) == []
        assert transaction.due_monitors(after(seconds=60), 10) == [(service, kept)]


def test_the_time_of_the_last_event_never_goes_back(store, database):
    service = a_service(store)
    for moment in (NOW, after(hours=2), after(hours=1)):
        with store.begin() as transaction:
            transaction.heard_from({service.id: moment}, after(hours=2))
    with database.read() as connection:
        assert connection.execute(select(schema.services.c.last_event_at)).scalars().all() == [after(hours=2)]


def test_the_time_of_the_last_event_comes_back_from_the_future(store, database):
    service = a_service(store)
    for moment, now in ((after(days=365), after(days=365)), (after(hours=-1), NOW)):
        with store.begin() as transaction:
            transaction.heard_from({service.id: moment}, now)
    with database.read() as connection:
        assert connection.execute(select(schema.services.c.last_event_at)).scalars().all() == [after(hours=-1)]


def test_a_monitor_that_was_last_beaten_in_the_future_is_due(store):
    service = a_service(store)
    ahead = beat(a_heartbeat(), None, service_id=service.id, at=after(minutes=11), now=after(minutes=11)).monitor
    with store.begin() as transaction:
        transaction.save_monitors([MonitorChange(monitor=ahead, project_id=1)])
        assert [each.service_id for _, each in transaction.due_monitors(NOW, 10)] == [service.id]
        assert transaction.due_monitors(after(minutes=5), 10) == []


def test_a_silent_monitor_of_the_future_waits_for_its_beat(store):
    service = a_service(store)
    ahead = beat(a_heartbeat(closing=True), None, service_id=service.id, at=after(days=9), now=after(days=9)).monitor
    with store.begin() as transaction:
        transaction.save_monitors([MonitorChange(monitor=ahead, project_id=1)])
        assert transaction.due_monitors(NOW, 10) == []


def test_nothing_to_save_is_no_change(store, database):
    with store.begin() as transaction:
        transaction.save_incidents([])
        transaction.save_monitors([])
        transaction.heard_from({}, NOW)
        assert transaction.services({}) == {}
        assert transaction.grouped([]) == {}
    assert counted(database, schema.revisions) == 0
    assert SHOP.named.name == "shop"


def test_of_a_release_the_earliest_time_stays_also_when_another_program_noted_it(store, database):
    service = a_service(store)
    for other, at in ((False, after(hours=2)), (True, after(hours=1)), (False, after(hours=3)), (False, NOW)):
        with (SqlStore(database) if other else store).begin() as transaction:
            transaction.note_releases({(service.id, "1.0"): at, (service.id, "2.0"): after(hours=5)})
    with store.begin() as transaction:
        assert transaction.releases([service.id, 99]) == {service.id: {"1.0": NOW, "2.0": after(hours=5)}}


def test_a_release_that_was_noted_in_a_transaction_that_was_undone_is_noted_by_the_next(store):
    service = a_service(store)

    def failing() -> None:
        with store.begin() as transaction:
            transaction.note_releases({(service.id, "1.0"): NOW})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    with store.begin() as transaction:
        transaction.note_releases({(service.id, "1.0"): NOW})
        assert transaction.releases([service.id]) == {service.id: {"1.0": NOW}}


def test_a_release_that_was_seen_in_a_transaction_that_was_undone_is_counted_by_the_next(store, database):
    service = a_service(store)
    seen = replace(an_incident(service), values={("release", "1.0"): 1})

    def failing() -> None:
        with store.begin() as transaction:
            transaction.save_incidents([seen])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    with store.begin() as transaction:
        transaction.save_incidents([seen])
    (releases,) = (each for each in SqlReads(database).facets(1, IncidentQuery(), NOW) if each.field == "release")
    assert [(each.value, each.count) for each in releases.values] == [("1.0", 1)]


def test_of_a_service_that_names_ever_new_releases_the_newest_stay(store):
    service = a_service(store)
    with store.begin() as transaction:
        transaction.note_releases({(service.id, f"r{number}"): after(seconds=number) for number in range(1_500)})
        known = transaction.releases([service.id])[service.id]
    assert len(known) == 1_000
    assert {"r500", "r1499"} <= set(known)


def test_a_projects_rules_for_grouping_are_replaced_as_a_whole_and_are_its_own(store):
    for project_id, text in ((1, "type:A -> a"), (2, "type:B -> b"), (1, "type:C -> c"), (2, "")):
        with store.begin() as transaction:
            transaction.save_group_rules(project_id, text)
    assert store.group_rules() == {1: "type:C -> c"}
