"""Bodies are read forgivingly: what can be understood is kept, what cannot is dropped and said."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import SAMPLES, a_body, a_heartbeat, a_sample, an_event, read

from aiops_platform.core import wire
from aiops_platform.core.event import Event, Heartbeat, JobReport, Relation
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.wire import Glance, Unreadable

NEW_EVENTS = [
    "event-everything",
    "event-from-the-future",
    "event-minimal",
    "exception-chain",
    "exception-group",
    "http-error",
    "log-error",
]
OLD_EVENTS = [path.stem for path in SAMPLES.glob("old-*.json") if "heartbeat" not in path.stem]
HEARTBEATS = [path.stem for path in SAMPLES.glob("*heartbeat*.json") if not path.stem.startswith("invalid")]
FORGIVEN = [path.stem for path in SAMPLES.glob("invalid-*.json")]
REFUSED = [path.stem for path in SAMPLES.glob("refused-*.json")]


def the_kind_of(body: Any) -> ParcelKind:
    signal = body.get("signal_type") if isinstance(body, dict) else None
    return {"heartbeat": ParcelKind.HEARTBEAT, "job": ParcelKind.JOB}.get(signal, ParcelKind.EXCEPTION)


@pytest.mark.parametrize("name", NEW_EVENTS + OLD_EVENTS)
def test_an_event_of_any_client_is_read_without_remarks(name):
    event = read(a_sample(name))
    assert event.signal_type == a_sample(name)["signal_type"]
    assert event.remarks == ()


@pytest.mark.parametrize("name", HEARTBEATS)
def test_a_heartbeat_of_any_client_is_read_without_remarks(name):
    heartbeat = wire.parse((SAMPLES / f"{name}.json").read_bytes(), ParcelKind.HEARTBEAT)
    assert isinstance(heartbeat, Heartbeat)
    assert heartbeat.remarks == ()


def test_every_field_of_the_wire_survives_reading_and_writing():
    told = a_sample("event-everything")
    kept = json.loads(wire.write(read(told)))
    assert told["timestamp"] == kept.pop("timestamp")
    for field in ("exceptions", "contexts"):
        # Empty lists and missing ones are the same on the wire.
        assert without_empty(kept.pop(field)) == without_empty(told.pop(field))
    assert kept == {name: value for name, value in told.items() if name != "timestamp"}


def without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_empty(item) for key, item in value.items() if item not in ([], {})}
    return [without_empty(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", FORGIVEN)
def test_a_mistake_in_a_field_does_not_cost_the_event(name):
    body = a_sample(name)
    report = wire.parse(json.dumps(body).encode(), the_kind_of(body))
    assert isinstance(report, (Event, Heartbeat, JobReport))


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_event_is_refused_with_a_reason(name):
    raw = (SAMPLES / f"{name}.json").read_bytes()
    refusal = wire.glance(raw, ParcelKind.EXCEPTION)
    assert isinstance(refusal, Unreadable)
    assert wire.parse(raw, ParcelKind.EXCEPTION) == refusal


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("status_code", "500", 500),
        ("status_code", 500.0, 500),
        ("status_code", "many", None),
        ("status_code", 10**12, None),
        ("message", 42, "42"),
        ("message", ["a"], ""),
        ("level", "fatal", None),
        ("service", None, "unknown-service"),
        ("service", "  ", "unknown-service"),
        ("service", "a\nb", "a b"),
        ("environment", 7, "7"),
        ("event_id", "seventeen", None),
        ("occurred_at", "yesterday", None),
        ("occurred_at", "2026-11-22T03:14:07", None),
        ("timestamp", "2026-11-22", None),
        ("tags", {"shard": 3, "deep": {"a": 1}}, {"shard": "3"}),
        ("tags", ["a"], {}),
        ("fingerprint", ["a", None, 7], ("a", "7")),
        ("repeat_count", 0, 1),
        ("repeat_count", 10**12, 1_000_000_000),
        ("exceptions", "none", ()),
    ],
)
def test_a_field_of_a_wrong_type_keeps_what_can_be_understood(field, value, kept):
    assert getattr(read(a_body(**{field: value})), field) == kept


def test_what_was_dropped_is_said():
    event = read(a_body(level="fatal", exceptions=[{"type": "KeyError", "frames": [{"line": "twelve"}]}]))
    assert event.exceptions[0].type == "KeyError"
    assert event.remarks == (
        "level: expected one of debug, info, warning, error, critical, found text ('fatal')",
        "exceptions[0].frames[0].line: expected a whole number, found text ('twelve')",
    )


def test_where_nearly_everything_is_wrong_the_rest_is_not_looked_for():
    event = read(a_body(tags={f"t{number}": [number] for number in range(5_000)}, level="error"))
    assert len(event.remarks) == 20
    assert event.tags == {}


def test_an_endless_name_of_a_frame_is_cut_where_it_says_least():
    long = {"file": "/" + "a" * 5_000 + "/shop.py", "function": "take" + "b" * 5_000, "module": "shop" + "c" * 5_000}
    event = read(a_body(exceptions=[{"frames": [{"file": "shop.py"}, {**long, "line": 3}]}]))
    short, frame = event.exceptions[0].frames
    assert short.file == "shop.py"
    assert (frame.file[:2], frame.file[-8:], frame.line) == ("…a", "/shop.py", 3)
    assert (frame.function[:5], frame.function[-2:]) == ("takeb", "b…")
    assert frame.module is not None
    assert {len(frame.file), len(frame.function), len(frame.module)} == {1_000, 500}
    assert event.remarks == (
        "exceptions[0].frames[1].file: longer than 1000",
        "exceptions[0].frames[1].function: longer than 500",
        "exceptions[0].frames[1].module: longer than 500",
    )


def test_the_frames_of_an_old_clients_traceback_are_cut_too():
    trace = f'Traceback (most recent call last):\n  File "{"a" * 5_000}", line 1, in {"b" * 5_000}\nE: x'
    (frame,) = an_event(stack_trace=trace).exceptions[0].frames
    assert (len(frame.file), len(frame.function)) == (1_000, 500)


def test_a_client_cannot_make_remarks():
    assert an_event(remarks=["all is well"]).remarks == ()


def test_an_unreadable_exception_leaves_the_others_in_their_places():
    event = read(a_body(exceptions=[{"type": "A"}, 7, {"type": "C", "parent": 0, "relation": "cause"}]))
    assert [each.type for each in event.exceptions] == ["A", "", "C"]
    assert event.exceptions[2].relation is Relation.CAUSE


@pytest.mark.parametrize("parent", [1, 2, -1, 10**30])
def test_parents_never_go_round_in_circles(parent):
    event = read(a_body(exceptions=[{"type": "A"}, {"type": "B", "parent": parent}]))
    assert event.exceptions[1].parent is None


def test_a_half_of_a_surrogate_pair_does_not_cost_the_event():
    event = wire.parse(rb'{"signal_type": "exception", "message": "file \udcff.txt"}', ParcelKind.EXCEPTION)
    assert isinstance(event, Event)
    assert event.message == "file ?.txt"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"signal_type": "exception", "message": "caf\xe9"}',
        b'{"signal_type": "exception", "timestamp": NaN}',
        b'{"signal_type": "exception", "timestamp": 1e999}',
        b'{"signal_type": "exception", "status_code": ' + b"9" * 5000 + b"}",
        b'\xef\xbb\xbf{"signal_type": "exception"}',
        b'{"signal_type": "exception", "message": "\\u0000"}',
        b'{"signal_type": "exception", "unknown": {"deep": ' + b"[" * 500 + b"]" * 500 + b"}}",
    ],
)
def test_strange_bytes_do_not_cost_the_event(raw):
    assert isinstance(wire.glance(raw, ParcelKind.EXCEPTION), Glance)
    event = wire.parse(raw, ParcelKind.EXCEPTION)
    assert isinstance(event, Event)
    json.loads(wire.write(event))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"not json", "not JSON"),
        (b"7", "expected an object, found a number"),
        (b"null", "expected an object, found null"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"signal_type": "heartbeat"}', "goes to /v1/sdk/heartbeat"),
        (b'{"signal_type": null}', "signal_type: missing"),
        (b'{"signal_type": ["exception"]}', "expected text, found an array"),
    ],
)
def test_a_refusal_says_why(raw, why):
    refusal = wire.glance(raw, ParcelKind.EXCEPTION)
    assert isinstance(refusal, Unreadable)
    assert why in refusal.why
    assert isinstance(wire.parse(raw, ParcelKind.EXCEPTION), Unreadable)


def test_an_event_at_the_heartbeats_door_is_told_where_to_go():
    refusal = wire.glance(b'{"signal_type": "exception"}', ParcelKind.HEARTBEAT)
    assert isinstance(refusal, Unreadable)
    assert "/v1/sdk/exception" in refusal.why


def test_deep_values_are_kept_only_as_deep_as_pages_can_show():
    deep: Any = "bottom"
    for _ in range(300):
        deep = [deep]
    event = read(
        a_body(request={"body": deep}, contexts={"app": {"deep": deep}}, breadcrumbs=[{"data": {"deep": deep}}])
    )
    assert "bottom" not in wire.write(event).decode()
    assert len(wire.write(event)) < 500


def test_only_addresses_that_can_be_called_are_kept_as_base_url():
    heartbeat = wire.parse(b'{"signal_type": "heartbeat", "base_url": "javascript:alert(1)"}', ParcelKind.HEARTBEAT)
    assert isinstance(heartbeat, Heartbeat)
    assert heartbeat.base_url is None
    assert heartbeat.remarks == ("base_url: expected an http or https address",)


def test_a_bloated_heartbeat_keeps_only_its_sign_of_life():
    heartbeat = wire.parse(
        json.dumps({"signal_type": "heartbeat", "stats": {"x": "y" * 100_000}}).encode(), ParcelKind.HEARTBEAT
    )
    assert isinstance(heartbeat, Heartbeat)
    assert heartbeat.stats == {}


def test_the_traceback_of_an_old_client_becomes_frames():
    event = read(a_sample("old-exception-flask"))
    assert event.exceptions[0].type == "ZeroDivisionError"
    assert [frame.function for frame in event.exceptions[0].frames if frame.in_app] == ["checkout", "price_of"]


def test_ids_are_read_in_any_spelling():
    assert an_event(event_id="0b0e7f0a52a44f3e8f576f5d2f2a1c05").event_id == UUID(
        "0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c05"
    )


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from([*Event.__struct_fields__, *Heartbeat.__struct_fields__])
frames = st.fixed_dictionaries({}, optional={"file": values, "function": values, "line": values, "locals": values})
exceptions = st.lists(
    st.fixed_dictionaries({}, optional={"type": values, "value": values, "parent": values, "frames": st.lists(frames)}),
    max_size=3,
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(fields, values, max_size=8), exceptions, st.sampled_from(["exception", "http_error", "log_error"])
)
def test_any_object_that_names_its_signal_is_read_and_can_be_written(body, thrown, signal):
    raw = json.dumps({"exceptions": thrown, **body, "signal_type": signal}).encode()
    assert isinstance(wire.glance(raw, ParcelKind.EXCEPTION), Glance)
    event = wire.parse(raw, ParcelKind.EXCEPTION)
    assert isinstance(event, Event)
    again = wire.parse(wire.write(event), ParcelKind.EXCEPTION)
    assert isinstance(again, Event)
    assert again.service == event.service
    assert len(event.service) <= 200


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(fields, values, max_size=8))
def test_any_heartbeat_is_read_and_can_be_written(body):
    heartbeat = wire.parse(json.dumps({**body, "signal_type": "heartbeat"}).encode(), ParcelKind.HEARTBEAT)
    assert isinstance(heartbeat, Heartbeat)
    json.loads(wire.write(heartbeat))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_alike_by_door_and_digest(raw):
    refused = isinstance(wire.glance(raw, ParcelKind.EXCEPTION), Unreadable)
    assert refused == isinstance(wire.parse(raw, ParcelKind.EXCEPTION), Unreadable)


def test_what_was_not_said_of_an_event_is_told_from_the_rest_of_it():
    thrown = [
        {
            "type": "KeyError",
            "module": "builtins",
            "value": "7",
            "frames": [{"file": "a.py", "function": "f", "line": 3}],
        }
    ]
    kept = json.loads(wire.write(read(a_body(exceptions=thrown, occurred_at="2026-11-22T03:14:07.9Z"))))
    whole = wire.completed(kept)
    assert whole["stack_trace"] == ('Traceback (most recent call last):\n  File "a.py", line 3, in f\nKeyError: 7\n')
    assert whole["timestamp"] == 1795317247
    assert {name: whole[name] for name in kept} == kept


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"exceptions": [{"type": "E"}], "stack_trace": "said"},
        {"exceptions": 7},
        {"occurred_at": "now"},
        {"occurred_at": None},
    ],
)
def test_what_was_said_of_an_event_or_cannot_be_told_stays_as_it_is(kept):
    assert wire.completed(kept) == kept


def a_job(**fields):
    said = {
        "signal_type": "job",
        "job": "nightly",
        "run_id": "0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c01",
        "state": "started",
    }
    return json.dumps({name: value for name, value in (said | fields).items() if value is not Ellipsis}).encode()


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"job": ...}, "job: expected the name"),
        ({"job": ""}, "job: expected the name"),
        ({"job": " \x00\n "}, "job: expected the name"),
        ({"job": {"a": 1}}, "job: expected the name"),
        ({"run_id": ...}, "run_id: expected a UUID"),
        ({"run_id": "7"}, "run_id: expected a UUID"),
        ({"run_id": None}, "run_id: expected a UUID"),
        ({"state": ...}, "state: expected one of started, succeeded, failed"),
        ({"state": "paused"}, "state: expected one of"),
        ({"signal_type": "exception"}, "an event goes to /v1/sdk/exception"),
        ({"signal_type": "heartbeat"}, "a heartbeat goes to /v1/sdk/heartbeat"),
    ],
)
def test_a_word_that_does_not_say_which_run_of_which_job_is_refused(fields, why):
    refusal = wire.glance(a_job(**fields), ParcelKind.JOB)
    assert isinstance(refusal, Unreadable)
    assert why in refusal.why
    assert wire.parse(a_job(**fields), ParcelKind.JOB) == refusal


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ({"duration": -1}, {"duration": None}),
        ({"duration": 1e300}, {"duration": None}),
        ({"duration": float("nan")}, {"duration": None}),
        ({"duration": "72.5"}, {"duration": 72.5}),
        ({"schedule": {"cron": "x" * 5000}}, {"schedule": None}),
        ({"schedule": "0 3 * * *"}, {"schedule": None}),
        ({"schedule": {"every": 10**400}}, {"schedule": {"every": str(10**400)}}),
        ({"job": "n" * 900}, {"job": "n" * 199 + "…"}),
        ({"job": "a\nb\u202e"}, {"job": "a b"}),
        ({"release": "\x00"}, {"release": None}),
        ({"event_id": "no"}, {"event_id": None}),
        ({"occurred_at": "yesterday"}, {"occurred_at": None}),
    ],
)
def test_a_mistake_in_another_field_of_a_word_costs_that_field(fields, kept):
    report = wire.parse(a_job(**fields), ParcelKind.JOB)
    assert isinstance(report, JobReport)
    assert {name: getattr(report, name) for name in kept} == kept


def test_a_word_on_a_job_belongs_to_its_own_door():
    for kind in (ParcelKind.EXCEPTION, ParcelKind.HEARTBEAT):
        refusal = wire.glance(a_job(), kind)
        assert isinstance(refusal, Unreadable)
        assert "goes to /v1/sdk/job" in refusal.why


def test_of_what_a_beat_says_was_answered_only_counts_are_kept_and_not_more_than_a_client_tells() -> None:
    said = [{"method": "GET", "route": "/pay", "count": 3}, {"route": "(other)", "count": 2}]
    beat = a_heartbeat(answered=[*said, {"route": "/a", "count": -1}, {"route": "/b", "count": 2**60}, {"route": "/c"}])
    assert [(each.method, each.route, each.count) for each in beat.answered] == [("GET", "/pay", 3), ("", "(other)", 2)]
    assert len(a_heartbeat(answered=said * 300).answered) == 200
    assert a_heartbeat(answered="many").answered == ()
    assert a_heartbeat().answered == ()
