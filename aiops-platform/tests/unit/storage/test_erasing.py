"""A dictionary that was trained on events of a person who is erased goes with them, and all else can still be read."""

import gzip
import json

from seeds import HOUR, Seeds
from sqlalchemy import insert, select, update
from tables import a_store

from aiops_platform.core.monitor import MonitorState
from aiops_platform.storage import bodies, release_incidents, schema
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.erasing import erase
from aiops_platform.storage.exporting import Wanted, exported
from aiops_platform.storage.schema import (
    buried,
    comments,
    dictionaries,
    events,
    group_keys,
    incident_values,
    incidents,
    monitors,
)

ADA = "ada@example.com"


def test_what_a_dictionary_has_learned_of_them_is_gone_and_every_event_opens():
    seeds = Seeds(a_store())
    project = seeds.project()
    incident = seeds.incident(project, seeds.service(project))
    rows = [seeds.event(incident) for _ in range(150)]
    told = [
        json.dumps({"message": f"order {n} of {ADA if n % 10 == 0 else 'nobody'}", "trace": f"line {n}" * 40}).encode()
        for n in range(len(rows))
    ]
    opener = Bodies()
    with seeds.database.begin() as connection:
        learned = bodies.add(connection, bodies.trained(told), project_id=project, at=seeds.now, up_to=0)
        for row, body in zip(rows, told, strict=True):
            used, (packed,) = opener.pack(connection, project, [body])
            assert used == learned
            connection.execute(update(events).where(events.c.id == row).values(body=packed, dictionary_id=used))

    done = erase(seeds.database, ADA, lambda _: None)

    with seeds.database.read() as connection:
        assert not any(ADA.encode() in row.content for row in connection.execute(select(dictionaries)))
        assert connection.scalar(select(dictionaries.c.id).where(dictionaries.c.id == learned)) is None
    messages = [each["message"] for each in exported(seeds.database, Wanted())]
    assert messages[10] == "order 10 of [erased]"
    assert messages[11] == "order 11 of nobody"
    assert (len(messages), done.events) == (150, 150)


def test_what_lies_packed_among_the_buried_is_found_too():
    seeds = Seeds(a_store())
    project = seeds.project()
    seeds.buried(project, body=gzip.compress(b"{spoilt: Ada@example.com"))
    kept = seeds.buried(project, body=b"{spoilt: another@example.com")
    assert erase(seeds.database, ADA, lambda _: None).buried == 1
    with seeds.database.read() as connection:
        assert connection.scalars(select(buried.c.id)).all() == [kept]


def test_what_is_said_in_json_beside_events_is_found_and_values_that_become_one_are_added_up():
    seeds = Seeds(a_store())
    project = seeds.project()
    service = seeds.service(project)
    incident = seeds.incident(project, service, message="no Ängström.Ünal")
    monitor = seeds.monitor(service, [(MonitorState.ALIVE, HOUR)], last_beat={"stats": {"last_error": "ÄNGSTRÖM.ÜNAL"}})
    with seeds.database.begin() as connection:
        key = {"service_id": service, "version": 1, "hash": b"1" * 16, "incident_id": incident}
        connection.execute(insert(group_keys).values(**key, parts={"message": "no Ängström.Ünal"}))
        values = [("by", "Ängström.Ünal", 2), ("by", "ängström.ünal", 3), ("Ängström.Ünal", "x", 1)]
        rows = [{"incident_id": incident, "name": name, "value": value, "count": many} for name, value, many in values]
        connection.execute(insert(incident_values), rows)

    assert erase(seeds.database, "Ängström.Ünal", lambda _: None).incidents == 1

    with seeds.database.read() as connection:
        assert connection.scalar(select(incidents.c.message)) == "no [erased]"
        assert connection.scalar(select(group_keys.c.parts)) == {"message": "no [erased]"}
        beat = connection.scalar(select(monitors.c.last_beat).where(monitors.c.id == monitor))
        assert beat == {"stats": {"last_error": "[erased]"}}
        counted = connection.execute(select(incident_values.c["name", "value", "count"])).all()
    assert {("by", "[erased]", 5), ("[erased]", "x", 1)} <= set(map(tuple, counted))


def test_a_release_that_names_them_is_counted_under_another_name():
    seeds = Seeds(a_store())
    project = seeds.project()
    service = seeds.service(project)
    incident, other = (seeds.incident(project, service) for _ in range(2))
    told = [(incident, f"{ADA}-1"), (incident, "2"), (other, "2"), (other, f"by {ADA}")]
    with seeds.database.begin() as connection:
        for number, release in told:
            row = {"incident_id": number, "name": "release", "value": release, "count": 1}
            connection.execute(insert(incident_values), [row])
            release_incidents.add(connection, {(project, release): [number]})
    erase(seeds.database, ADA, lambda _: None)
    with seeds.database.read() as connection:
        counted = release_incidents.counted(connection, project, [incident, other])
        assert counted == {"[erased]-1": 1, "by [erased]": 1, "2": 2}
        assert ADA not in str(connection.execute(select(schema.release_incidents)).all())


def test_what_people_said_of_them_is_erased_too():
    seeds = Seeds(a_store())
    project = seeds.project()
    incident = seeds.incident(project, seeds.service(project))
    said = {"incident_id": incident, "by": {"kind": "user", "id": 1, "name": "Eve"}, "created_at": seeds.now}
    with seeds.database.begin() as connection:
        connection.execute(insert(comments), [{**said, "text": f"wrote to {ADA}"}, {**said, "text": "nobody"}])
    erase(seeds.database, ADA, lambda _: None)
    with seeds.database.read() as connection:
        assert connection.scalars(select(comments.c.text).order_by(comments.c.id)).all() == [
            "wrote to [erased]",
            "nobody",
        ]
