"""What may happen to an incident."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW, SHOP, after, an_event

from aiops_platform.core import incident as rules
from aiops_platform.core.event import Event
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import Incident, IncidentKind, IncidentState, absorb, time_of


def an_incident(event: Event | None = None, at: datetime = NOW) -> Incident:
    return absorb(event or an_event(error_type="KeyError", message="'a'"), None, service=SHOP, at=at, now=at).incident


def kinds(changed: rules.Changed) -> list[FactKind]:
    return [fact.kind for fact in changed.facts]


def test_the_first_event_opens_an_incident():
    event = an_event(error_type="KeyError", message="'plum'", release="41", status_code=500, request_path="/orders/7")
    changed = absorb(event, None, service=SHOP, at=NOW, now=after(seconds=1))
    opened = changed.incident
    assert kinds(changed) == [FactKind.INCIDENT_OPENED]
    assert (opened.kind, opened.state, opened.count) == (IncidentKind.EXCEPTION, IncidentState.OPEN, 1)
    assert (opened.type, opened.message, opened.path, opened.first_release) == ("KeyError", "'plum'", "/orders/7", "41")
    assert (opened.first_seen_at, opened.state_since) == (NOW, after(seconds=1))


def test_further_events_are_counted_and_the_newest_is_shown():
    changed = absorb(
        an_event(message="newer", repeat_count=4), an_incident(), service=SHOP, at=after(hours=1), now=after(hours=1)
    )
    assert changed.facts == ()
    assert (changed.incident.count, changed.incident.message, changed.incident.last_seen_at) == (
        5,
        "newer",
        after(hours=1),
    )


def test_a_summary_of_repeats_is_as_old_as_the_last_of_them():
    first, last = after(minutes=-5).isoformat(), after(minutes=-1).isoformat()
    summary = an_event(repeat_count=12, occurred_at=after(minutes=-3).isoformat(), first_at=first, last_at=last)
    assert time_of(summary, NOW) == after(minutes=-1)
    opened = absorb(summary, None, service=SHOP, at=time_of(summary, NOW), now=NOW).incident
    assert (opened.count, opened.first_seen_at, opened.last_seen_at) == (12, after(minutes=-5), after(minutes=-1))
    assert time_of(an_event(occurred_at=first, last_at=last), NOW) == after(minutes=-5), "It stands for itself only."


def test_a_summary_of_repeats_reopens_what_was_resolved_while_they_happened():
    resolved = rules.resolved(an_incident(at=after(hours=-1)), after(minutes=-3)).incident
    summary = an_event(repeat_count=2, first_at=after(minutes=-5).isoformat(), last_at=after(minutes=-1).isoformat())
    changed = absorb(summary, resolved, service=SHOP, at=time_of(summary, NOW), now=NOW)
    assert kinds(changed) == [FactKind.INCIDENT_REOPENED]


@pytest.mark.parametrize(
    "off", [timedelta(days=-400), timedelta(minutes=-3), timedelta(hours=1), timedelta(days=30_000)]
)
def test_times_of_a_clock_that_is_wrong_are_put_right_by_what_it_showed_when_it_sent(off):
    def shown(**span: float) -> str:
        return (after(**span) - off).isoformat()

    told = an_event(sent_at=shown(), occurred_at=shown(days=-3), first_at=shown(days=-4), last_at=shown(days=-2))
    event = rules.by_our_clock(told, NOW)
    assert (event.occurred_at, event.first_at, event.last_at) == (after(days=-3), after(days=-4), after(days=-2))
    assert time_of(event, NOW) == after(days=-3)


def test_a_time_that_came_on_the_way_is_not_put_right():
    told = an_event(sent_at=after(seconds=-2).isoformat(), occurred_at=after(days=-3).isoformat())
    assert rules.by_our_clock(told, NOW) is told
    unsaid = an_event(occurred_at=after(days=-3).isoformat())
    assert rules.by_our_clock(unsaid, NOW) is unsaid


def test_no_time_is_moved_into_the_future():
    told = an_event(sent_at=after(hours=-2).isoformat(), occurred_at=after(hours=-1).isoformat(), timestamp=2e9)
    event = rules.by_our_clock(told, NOW)
    assert (event.occurred_at, event.timestamp) == (NOW, NOW.timestamp())


def test_a_whole_second_is_put_right_too():
    told = an_event(sent_at=after(hours=-2).isoformat(), timestamp=after(hours=-3).timestamp())
    assert rules.by_our_clock(told, NOW).timestamp == after(hours=-1).timestamp()


@given(sent=st.datetimes(timezones=st.just(UTC)), said=st.datetimes(timezones=st.just(UTC)), stamp=st.floats())
def test_the_oddest_clocks_are_survived(sent, said, stamp):
    told = msgspec.structs.replace(an_event(), sent_at=sent, occurred_at=said, last_at=said, timestamp=stamp)
    assert time_of(rules.by_our_clock(told, NOW), NOW) <= after(minutes=5)


@given(off=st.floats(-1e7, 1e7), microsecond=st.integers(0, 999_999), ago=st.floats(0, 100))
def test_a_time_in_whole_seconds_by_a_clock_that_is_wrong_is_that_second_by_ours(off, microsecond, ago):
    received = NOW.replace(microsecond=microsecond)
    sent = received - timedelta(seconds=off)
    stamp = int(sent.timestamp() - ago)
    # As an event has it that never was JSON: whole numbers are floats, too.
    for told in (stamp, float(stamp)):
        event = msgspec.structs.replace(an_event(), sent_at=sent, timestamp=told)
        happened = time_of(rules.by_our_clock(event, received), received)
        # A clock that is nearly right is left alone.
        assert received - timedelta(seconds=ago + 3) <= happened <= received + timedelta(seconds=2)


def test_an_older_event_counts_but_is_not_shown():
    changed = absorb(an_event(message="older"), an_incident(), service=SHOP, at=after(hours=-1), now=after(hours=1))
    assert (changed.incident.message, changed.incident.first_seen_at, changed.incident.last_seen_at) == (
        "'a'",
        after(hours=-1),
        NOW,
    )


def test_an_incident_last_seen_in_the_future_shows_its_next_event():
    ahead = an_incident(at=after(days=365))
    changed = absorb(an_event(message="newer"), ahead, service=SHOP, at=NOW, now=after(seconds=1))
    assert changed.incident.message == "newer"
    assert (changed.incident.first_seen_at, changed.incident.last_seen_at) == (NOW, after(seconds=1))
    assert changed.incident.state_since == after(seconds=1)
    assert changed.facts == ()


def test_an_incident_resolved_in_the_future_reopens_when_its_error_returns():
    resolved = rules.resolved(an_incident(), after(days=365)).incident
    changed = absorb(an_event(), resolved, service=SHOP, at=NOW, now=after(seconds=1))
    assert kinds(changed) == [FactKind.INCIDENT_REOPENED]
    assert (changed.incident.state, changed.incident.state_since) == (IncidentState.OPEN, after(seconds=1))


def test_a_silence_last_seen_in_the_future_is_put_right_by_the_next_one():
    first = rules.silenced(None, service=SHOP, last_beat_at=NOW, at=after(days=365), now=after(days=365)).incident
    again = rules.silenced(first, service=SHOP, last_beat_at=NOW, at=NOW, now=after(seconds=1)).incident
    assert again.last_seen_at == after(seconds=1)


def test_a_resolved_incident_reopens_when_its_error_returns():
    resolved = rules.resolved(an_incident(), after(hours=1)).incident
    changed = absorb(an_event(), resolved, service=SHOP, at=after(hours=2), now=after(hours=2))
    assert kinds(changed) == [FactKind.INCIDENT_REOPENED]
    assert (changed.incident.state, changed.incident.reopened_at) == (IncidentState.OPEN, after(hours=2))


def test_an_event_from_before_the_resolution_reopens_nothing():
    resolved = rules.resolved(an_incident(), after(hours=1)).incident
    changed = absorb(an_event(), resolved, service=SHOP, at=after(minutes=59), now=after(hours=2))
    assert kinds(changed) == [FactKind.INCIDENT_STAYED]
    assert (changed.incident.state, changed.incident.count) == (IncidentState.RESOLVED, 2)


def test_why_it_stays_resolved_is_told_once_for_each_reason_and_anew_after_the_next_resolution():
    def told(incident, **release):
        changed = absorb(an_event(**release), incident, service=SHOP, at=at, now=after(hours=9))
        return changed.incident, [fact.data["why"].partition(",")[0] for fact in changed.facts]

    resolved = rules.resolved(an_incident(), after(hours=1), release="1.1").incident
    at = after(minutes=59)
    late, whys = told(resolved)
    assert whys == ["an event that came late happened before that"]
    assert told(late)[1] == []
    at = after(hours=2)
    older, whys = told(late, release="1.0")
    assert whys == ["it happened in 1.0"]
    assert told(older, release="0.9")[1] == []
    again = rules.resolved(rules.reopened(older, after(hours=3)).incident, after(hours=4), release="1.1").incident
    at = after(hours=5)
    assert told(again, release="1.0")[1] == ["it happened in 1.0"]


def test_a_muted_incident_only_counts():
    muted = rules.muted(an_incident(), after(hours=1)).incident
    changed = absorb(an_event(), muted, service=SHOP, at=after(hours=2), now=after(hours=2))
    assert changed.facts == ()
    assert (changed.incident.state, changed.incident.count) == (IncidentState.MUTED, 2)


@pytest.mark.parametrize("act", [rules.resolved, rules.muted, rules.reopened])
def test_doing_twice_what_people_do_is_as_doing_it_once(act):
    once = act(rules.resolved(rules.muted(an_incident(), NOW).incident, NOW).incident, after(hours=1)).incident
    assert act(once, after(hours=2)) == rules.Changed(once)


def test_what_people_do_becomes_a_fact():
    incident = an_incident()
    assert kinds(rules.resolved(incident, NOW)) == [FactKind.INCIDENT_RESOLVED]
    assert kinds(rules.muted(incident, NOW)) == [FactKind.INCIDENT_MUTED]
    assert kinds(rules.reopened(rules.muted(incident, NOW).incident, NOW)) == [FactKind.INCIDENT_REOPENED]


def test_silence_opens_an_incident_and_recovery_resolves_it():
    silent = rules.silenced(None, service=SHOP, last_beat_at=NOW, at=after(seconds=90), now=after(seconds=91))
    assert kinds(silent) == [FactKind.INCIDENT_OPENED]
    assert silent.incident.message == "shop has sent no heartbeat since 2026-11-22 03:14:10 UTC"
    recovered = rules.recovered(silent.incident, after(minutes=5), "shop beats again")
    assert kinds(recovered) == [FactKind.INCIDENT_RESOLVED]
    assert recovered.facts[0].data["why"] == "shop beats again"
    again = rules.silenced(recovered.incident, service=SHOP, last_beat_at=NOW, at=after(hours=1), now=after(hours=1))
    assert kinds(again) == [FactKind.INCIDENT_REOPENED]
    assert again.incident.count == 2


def test_a_muted_silence_stays_muted():
    silent = rules.silenced(None, service=SHOP, last_beat_at=NOW, at=NOW, now=NOW).incident
    muted = rules.muted(silent, NOW).incident
    assert rules.recovered(muted, NOW, "shop beats again").incident.state is IncidentState.MUTED
    assert rules.silenced(muted, service=SHOP, last_beat_at=NOW, at=NOW, now=NOW).incident.state is IncidentState.MUTED


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"occurred_at": "2026-11-22T03:14:07.123456Z"}, NOW.replace(second=7, microsecond=123456)),
        ({"occurred_at": "2026-11-22T05:14:07+02:00"}, NOW.replace(second=7)),
        ({"timestamp": NOW.timestamp() - 60.5}, after(seconds=-60.5)),
        ({"timestamp": NOW.timestamp() - 60}, after(seconds=-59.000001)),
        ({"timestamp": NOW.timestamp()}, NOW),
        ({"timestamp": NOW.timestamp() + 299}, after(seconds=299)),
        ({"timestamp": NOW.timestamp() + 301}, NOW),
        ({"timestamp": NOW.timestamp() - 8 * 86400}, NOW),
        ({"timestamp": 1e300}, NOW),
        ({"timestamp": -1}, NOW),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, NOW),
        ({"occurred_at": "9999-12-31T23:59:59-14:00"}, NOW),
        ({}, NOW),
    ],
)
def test_a_clients_clock_is_believed_within_reason(fields, expected):
    assert time_of(an_event(**fields), NOW) == expected


def test_a_repeated_event_was_first_seen_at_its_first_occurrence():
    event = an_event(repeat_count=3, first_at="2026-11-22T03:14:00Z")
    assert an_incident(event).first_seen_at == NOW.replace(second=0)


def test_place_says_where_it_happened():
    frames = [{"file": "/srv/shop/orders.py", "function": "take", "in_app": True}, {"file": "x.py", "function": "lib"}]
    assert an_incident(an_event(exceptions=[{"type": "E", "frames": frames}])).place == "take (orders.py)"
    request = {"method": "POST"}
    http = an_event(signal_type="http_error", request=request, route="/orders/<int:id>", request_path="/orders/7")
    assert an_incident(http).place == "POST /orders/<int:id>"
    assert an_incident(an_event(signal_type="log_error", logger="shop.stock")).place == "shop.stock"


def test_what_is_shown_is_bounded():
    long = "x\n" * 500_000
    shown = an_incident(an_event(error_type=long, message=long, request_path=long, logger=long, release=long))
    assert len(shown.type) <= 200
    assert len(shown.message) <= 4_000
    assert len(shown.path or "") <= 2_000
    assert len(shown.logger or "") <= 200


@given(st.permutations(range(6)), st.lists(st.integers(1, 9), min_size=6, max_size=6))
def test_counts_and_times_do_not_depend_on_the_order_of_events(order, repeats):
    incident = None
    for number in order:
        event = an_event(repeat_count=repeats[number], message=str(number))
        incident = absorb(event, incident, service=SHOP, at=after(minutes=number), now=after(hours=1)).incident
    assert incident is not None
    assert (incident.count, incident.message) == (sum(repeats), "5")
    assert (incident.first_seen_at, incident.last_seen_at) == (NOW, after(minutes=5))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["1.9", "1.10", "2.0", ""])), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_whether_it_is_back_does_not_depend_on_the_order_of_arrival(events, chance):
    def state_after(arrivals: list[tuple[int, str]]) -> IncidentState:
        incident = rules.resolved(an_incident(), after(minutes=5), release="1.10").incident
        for minutes, release in arrivals:
            event = an_event(release=release)
            incident = absorb(event, incident, service=SHOP, at=after(minutes=minutes), now=after(hours=1)).incident
        return incident.state

    is_back = any(minutes > 5 and release != "1.9" for minutes, release in events)
    assert state_after(events) is (IncidentState.OPEN if is_back else IncidentState.RESOLVED)
    assert state_after(chance.sample(events, len(events))) is state_after(events)


@pytest.mark.parametrize(
    ("kind", "type_", "message", "title"),
    [
        (IncidentKind.EXCEPTION, "KeyError", "'plum'", "KeyError: 'plum'"),
        (IncidentKind.EXCEPTION, "KeyError", " \n", "KeyError"),
        (IncidentKind.EXCEPTION, "", "it broke", "it broke"),
        (IncidentKind.HTTP_ERROR, "HTTPError", "no\nentry", "HTTPError: no"),
        (IncidentKind.LOG_ERROR, "ERROR", "\n stock is low\nof apples", "stock is low"),
        (IncidentKind.LOG_ERROR, "CRITICAL", "", "CRITICAL"),
        (IncidentKind.EXCEPTION, "E" * 200, "m" * 200, "E" * 200 + ": " + "m" * 97 + "…"),
    ],
)
def test_a_title_says_an_incident_in_one_line(kind, type_, message, title):
    assert rules.title_of(kind, type_, message) == title
