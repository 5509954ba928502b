"""What is said to one engine can be said to the other, and is put together once."""

from types import SimpleNamespace

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from aiops_platform.storage import dialects, schema, statements

ENGINES = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}


@pytest.mark.parametrize("name", ENGINES)
def test_rows_are_added_up_or_left_where_they_are_in_the_words_of_each_engine(name):
    connection = SimpleNamespace(dialect=SimpleNamespace(name=name))
    hours, seen = schema.incident_hours, schema.seen_events
    added_up = str(dialects.add_up(connection, hours, hours.c.count).compile(dialect=ENGINES[name]))
    assert "ON CONFLICT (incident_id, hour, release) DO UPDATE SET count = (incident_hours.count + excluded.count)" in (
        added_up
    )
    missing = str(dialects.add_missing(connection, seen, seen.c.event_id).compile(dialect=ENGINES[name]))
    assert "ON CONFLICT DO NOTHING RETURNING" in missing


@pytest.mark.parametrize("name", ENGINES)
def test_what_is_asked_for_each_portion_can_be_said_to_each_engine(name):
    named = {name: each for name, each in vars(statements).items() if name.isupper()}
    assert {"GROUPED", "KNOWN_SERVICES"} <= set(named)
    for each in named.values():
        assert str(each.compile(dialect=ENGINES[name]))


def test_they_are_put_together_once():
    connection = SimpleNamespace(dialect=SimpleNamespace(name="sqlite"))
    counters = schema.counters
    assert dialects.add_up(connection, counters, counters.c.number) is dialects.add_up(
        connection, counters, counters.c.number
    )
    assert statements.changing(schema.incidents, "id", "count") is statements.changing(schema.incidents, "id", "count")
