"""How pages say times, spans and numbers."""

from datetime import timedelta

import pytest
from seeds import NOW

from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.maintenance import Window
from aiops_platform.core.monitor import MonitorState
from aiops_platform.web import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "just now"),
        (9.9, "just now"),
        (10, "10 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (47 * 3600, "47 h ago"),
        (48 * 3600, "2 days ago"),
        (29 * 86400, "29 days ago"),
        (30 * 86400, "2026-10-23"),
        (-30, "just now"),
        (-90, "2026-11-22 03:15"),
    ],
)
def test_a_time_is_said_by_how_long_ago_it_was(seconds, said):
    assert words.ago(NOW - timedelta(seconds=seconds), NOW) == said


def test_the_exact_time_is_said_in_utc():
    assert words.exactly(NOW) == "2026-11-22 03:14:10 UTC"
    assert words.machine(NOW) == "2026-11-22T03:14:10Z"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (1234, "1.2k"),
        (44_300, "44.3k"),
        (123_456, "123k"),
        (2_500_000, "2.5M"),
        (10**13, "10000G"),
    ],
)
def test_a_long_number_is_shortened(number, said):
    assert words.short(number) == said


def test_one_is_not_many():
    assert words.many(1, "event") == "1 event"
    assert words.many(12345, "event") == "12,345 events"
    assert words.many(2, "entry", "entries") == "2 entries"


def test_every_kind_state_life_and_fact_has_its_word():
    assert all(words.kind(kind) for kind in IncidentKind)
    assert all(words.state(state) for state in IncidentState)
    assert all(words.life(state) and words.life_means(state) for state in (*MonitorState, None))
    assert all(words.fact(kind, {}) for kind in FactKind)


def test_a_fact_tells_its_reason_when_it_has_one():
    assert words.fact(FactKind.INCIDENT_REOPENED, {"why": "its error returned"}) == "Reopened: its error returned"
    assert words.fact(FactKind.INCIDENT_REOPENED, {"why": 7}) == "Reopened"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 ms"),
        (0.0042, "4 ms"),
        (1, "1 s"),
        (1.25, "1.2 s"),
        (59.99, "60 s"),
        (60, "1 min"),
        (185, "3 min 5 s"),
        (7805, "2 h 10 min"),
        (3600, "1 h"),
        (200_000, "2 days 7 h"),
        (366 * 86400, "366 days"),
    ],
)
def test_a_duration_is_said_with_two_parts_at_most(seconds, said):
    assert words.took(seconds) == said


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (None, ""),
        ({}, ""),
        ({"cron": "0 3 * * *"}, "cron 0 3 * * *"),
        ({"cron": "0 3 * * *", "every": 60, "timezone": "Europe/Berlin"}, "cron 0 3 * * * (Europe/Berlin)"),
        ({"every": 900}, "every 15 min"),
        ({"every": True}, '{"every":true}'),
        ({"every": -1}, '{"every":-1}'),
        ({"cron": ["x"]}, '{"cron":["x"]}'),
        ({"every": 10**400}, '{"every":'),
    ],
)
def test_a_schedule_is_said_in_words_where_it_is_one(schedule, said):
    assert words.schedule(schedule).startswith(said)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36 Edg/150.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile Safari/604.1",
            "Safari on iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8.5.0", "curl"),
        ("", "A browser"),
    ],
)
def test_browsers_are_called_as_people_call_them(agent: str, said: str):
    assert words.browser(agent) == said


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (NOW + timedelta(hours=2), "2026-11-22 03:14 to 05:14 UTC"),
        (NOW + timedelta(hours=22), "2026-11-22 03:14 to 2026-11-23 01:14 UTC"),
    ],
)
def test_maintenance_is_said_with_a_day_where_it_is_another_one(until, said):
    window = Window(id=1, project_id=1, name="Move", since=NOW, until=until, made_by="Ana", made_at=NOW)
    assert words.maintenance_when(window) == said
