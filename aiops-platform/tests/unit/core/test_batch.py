"""A batch is read as the single bodies that it stands for, and one bad line costs itself only."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made import NOW, a_sample

from aiops_platform.core import batch, gzipped, wire
from aiops_platform.core.batch import Limits, Looked, NoBatchError, TooMuch
from aiops_platform.core.event import Event
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.wire import Unreadable

HEAD = {
    "service": "shop",
    "environment": "staging",
    "contexts": {"os": {"name": "Linux"}, "runtime": {"name": "CPython"}},
}
FRAME = {"file": "/srv/shop.py", "function": "take", "line": 7, "in_app": True}


def an_event(**fields: Any) -> dict[str, Any]:
    return {"signal_type": "exception", "error_type": "E", **fields}


def thrown(frames: object, **fields: Any) -> dict[str, Any]:
    return an_event(exceptions=[{"type": "E", "frames": frames}], **fields)


def text(*lines: object) -> bytes:
    """Lines as JSON, or as they are if they are bytes."""
    return b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)


def look(*lines: object, **limits: int) -> Looked:
    looked = batch.look(text(*lines), Limits(**limits))
    assert isinstance(looked, Looked), looked
    return looked


def parcels(raw: bytes, number: int = 1) -> list[Parcel]:
    body = gzipped.pack(raw)
    whole = Parcel(id=number.to_bytes(16, "big"), project_id=1, kind=ParcelKind.BATCH, received_at=NOW, body=body)
    return list(batch.parcels(whole))


def bodies(*lines: object) -> list[Any]:
    return [json.loads(each.body) for each in parcels(text(*lines))]


def events(*lines: object) -> list[Event | Unreadable]:
    found = [wire.parse(each.body, each.kind) for each in parcels(text(*lines))]
    return [each for each in found if isinstance(each, (Event, Unreadable))]


def test_each_event_says_what_the_head_says_unless_it_says_it_itself():
    head = {"service": "shop", "environment": "staging", "release": "7"}
    assert bodies(head, an_event(), an_event(service="till", release=None)) == [
        an_event() | head,
        an_event(service="till", environment="staging", release=None),
    ]


def test_contexts_are_shared_one_by_one():
    own = {"process": {"pid": 4}, "runtime": {"version": "3.8"}}
    (body,) = bodies(HEAD, an_event(contexts=own))
    assert body["contexts"] == {"os": {"name": "Linux"}, **own}


def test_an_event_without_contexts_has_those_of_the_head():
    assert bodies(HEAD, an_event())[0]["contexts"] == HEAD["contexts"]


def test_frames_may_be_the_number_of_a_stack():
    other = [FRAME | {"line": 8}]
    found = bodies({}, {"frames": [FRAME]}, thrown(0), {"frames": other}, thrown(1), thrown(0), thrown([FRAME]))
    assert [body["exceptions"][0]["frames"] for body in found] == [[FRAME], other, [FRAME], [FRAME]]


def test_a_body_written_as_a_batch_is_read_as_if_it_had_come_alone():
    whole = a_sample("event-everything")
    shared = {
        name: whole[name] for name in ("service", "environment", "host", "instance", "sdk", "release", "contexts")
    }
    stacks = [{"frames": each["frames"]} for each in whole["exceptions"]]
    own = {name: value for name, value in whole.items() if name not in shared}
    own["exceptions"] = [{**each, "frames": number} for number, each in enumerate(whole["exceptions"])]
    (event,) = events(shared, *stacks, own)
    assert event == wire.parse(json.dumps(whole).encode(), ParcelKind.EXCEPTION)


@pytest.mark.parametrize("number", [1, -1, 2**70, 0.5, True, None, "0", {}, 10**6])
def test_a_stack_that_does_not_exist_costs_the_frames_only(number):
    (event,) = events({}, {"frames": [FRAME]}, thrown(number, message="no"))
    assert isinstance(event, Event)
    assert (event.message, event.exceptions[0].type, event.exceptions[0].frames) == ("no", "E", ())


def test_a_stack_is_known_only_from_its_line_on():
    first, second = events({}, thrown(0), {"frames": [FRAME]}, thrown(0))
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert (len(first.exceptions[0].frames), len(second.exceptions[0].frames)) == (0, 1)
    assert first.remarks == ("exceptions[0].frames: expected an array, found a number",)


def test_a_damaged_stack_does_not_shift_the_numbers_of_others():
    found = events({}, b'{"frames": [{"file"', {"frames": [FRAME]}, {"frames": 1}, thrown(0), thrown(1), thrown(2))
    assert [len(each.exceptions[0].frames) for each in found if isinstance(each, Event)] == [0, 1, 0]


BAD_LINES = {
    "no JSON": b"{ this is none",
    "cut off": b'{"signal_type": "exception", "message": "hal',
    "a heartbeat": {"signal_type": "heartbeat"},
    "another word": {"signal_type": "metric"},
    "no signal_type": {"service": "shop"},
    "an empty object": {},
    "a stack and more": {"frames": [], "more": 1},
    "an array": [1],
    "a number": 7,
    "null": None,
    "a zero byte": b'{"signal_type": "exception", "message": "\x00"}',
    "too deep": b'{"signal_type": "exception", "tags": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "two on a line": text(an_event()) + text(an_event()),
}


@pytest.mark.parametrize("bad", BAD_LINES.values(), ids=BAD_LINES)
def test_a_line_that_is_no_event_costs_itself_only(bad):
    looked = look({}, an_event(), bad, an_event())
    assert (looked.accepted, list(looked.rejected)) == (2, [1])
    assert looked.rejected[1]
    lines = text({}, an_event(), bad, an_event())
    found = [wire.parse(each.body, each.kind) for each in parcels(lines)]
    assert [isinstance(each, Event) for each in found] == [True, False, True]
    assert look(*batch.without(lines, looked.lines).split(b"\n")).rejected == {}


ODD_LINES = {
    "not a number": b'{"signal_type": "log_error", "message": "a", "timestamp": NaN}',
    "half a character": b'{"signal_type": "log_error", "message": "a", "logger": "\\ud800"}',
    "a name of half a character": b'{"signal_type": "log_error", "message": "a", "tags": {"\\ud800": "x"}}',
    "no UTF-8": b'{"signal_type": "log_error", "message": "a", "logger": "\xff"}',
    "a long integer": b'{"signal_type": "log_error", "message": "a", "timestamp": 1' + b"0" * 5_000 + b"}",
    "the same name twice": b'{"signal_type": "metric", "message": "b", "message": "a", "signal_type": "log_error"}',
    "a carriage return": b'{"signal_type": "log_error", "message": "a"}\r',
    "spaces": b'  {"signal_type"  :"log_error", "message":\t"a"}  ',
    "a field of a wrong type": b'{"signal_type": "log_error", "message": "a", "tags": [], "exceptions": 7}',
    "contexts of a wrong type": b'{"signal_type": "log_error", "message": "a", "contexts": 7}',
    "an escaped name": b'{"signal\\u005ftype": "log_error", "message": "a"}',
}


@pytest.mark.parametrize("odd", ODD_LINES.values(), ids=ODD_LINES)
def test_a_line_that_can_be_read_somehow_is_taken(odd):
    assert look(HEAD, {"frames": []}, odd).accepted == 1
    (event,) = events(HEAD, {"frames": []}, odd)
    assert isinstance(event, Event)
    assert (event.service, event.message, event.signal_type) == ("shop", "a", "log_error")


def test_an_odd_head_is_taken_too():
    (event,) = events(b'{"service": "shop", "release": "\\ud800", "host": NaN}', an_event())
    assert isinstance(event, Event)
    assert event.service == "shop"


BAD_HEADS = {
    "nothing": b"",
    "blank lines": b"\n \n\r\n",
    "no JSON": b"{",
    "an array": b"[]",
    "an event": text(an_event()),
    "a stack": text({"frames": []}),
    "an id": text({"event_id": "0b0e7f0a-52a4-4f3e-8f57-6f5d2f2a1c01"}),
}


@pytest.mark.parametrize("head", BAD_HEADS.values(), ids=BAD_HEADS)
def test_without_a_head_nothing_can_be_read(head):
    refused = batch.look(head + b"\n", Limits())
    assert isinstance(refused, Unreadable)
    assert "expected the head" in refused.why
    with pytest.raises(NoBatchError):
        parcels(head)


def test_what_is_not_packed_is_no_parcel():
    with pytest.raises(NoBatchError):
        list(batch.parcels(Parcel(id=bytes(16), project_id=1, kind=ParcelKind.BATCH, received_at=NOW, body=b"{}")))


def test_blank_lines_and_a_byte_order_mark_are_no_mistakes():
    raw = b"\xef\xbb\xbf\n" + text(HEAD, b"", an_event(), b"  ", an_event()) + b"\n\n"
    looked = batch.look(raw, Limits())
    assert isinstance(looked, Looked)
    assert (looked.accepted, looked.rejected) == (2, {})
    assert [each.line for each in parcels(raw)] == [4, 6]


def test_a_head_alone_says_nothing():
    assert look(HEAD) == Looked(events=[], rejected={}, lines=set())


def test_each_event_has_an_id_of_its_own_that_does_not_change():
    raw = text(HEAD, *[an_event()] * 3)
    first, again, other = ([each.id for each in parcels(raw, number)] for number in (1, 1, 2))
    assert first == again
    assert len({*first, *other}) == 6
    assert {len(each) for each in first} == {16}


def test_what_is_too_much_is_said():
    assert isinstance(batch.look(text({}, *[an_event()] * 3), Limits(events=2)), TooMuch)
    assert isinstance(batch.look(text({}, *[{"frames": []}] * 3), Limits(lines=2)), TooMuch)
    assert isinstance(batch.look(b"\n" * 20_000, Limits()), TooMuch)
    assert look({}, *[an_event()] * 3, events=3).accepted == 3


def test_an_event_is_measured_as_it_is_written_out():
    lines: tuple[object, ...] = ({"host": "h" * 100}, {"frames": [FRAME] * 10}, an_event(), thrown(0), thrown(1))
    looked = look(*lines, event=400)
    assert (looked.accepted, list(looked.rejected)) == (2, [1])
    assert "larger than the 400 bytes" in looked.rejected[1]
    assert all(len(each.body) <= 400 for each in parcels(batch.without(text(*lines), looked.lines)))


def test_a_line_that_would_become_endless_is_never_written_out():
    exceptions = [{"type": "E", "frames": 0}] * 50_000
    looked = batch.look(text({}, {"frames": [FRAME] * 10_000}, an_event(exceptions=exceptions)), Limits())
    assert isinstance(looked, TooMuch)
    looked = look({}, {"frames": [FRAME] * 10_000}, an_event(exceptions=exceptions[:50]), an_event())
    assert (looked.accepted, list(looked.rejected)) == (1, [0])


def test_a_few_lines_that_would_become_endless_are_too_much():
    raw = text({}, {"frames": [FRAME] * 10_000}, *[thrown(0)] * 900)
    assert len(raw) < 1024 * 1024
    assert isinstance(batch.look(raw, Limits()), TooMuch)


@given(raw=st.lists(st.binary(max_size=60) | st.sampled_from([text(each) for each in BAD_LINES.values()]), max_size=8))
def test_whatever_comes_is_answered(raw):
    looked = batch.look(b"\n".join(raw), Limits())
    assert isinstance(looked, (Looked, TooMuch, Unreadable))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_frames = st.integers(-1, 3) | st.lists(st.just(FRAME), max_size=2) | _json
_exceptions = st.lists(st.fixed_dictionaries({"type": st.text(max_size=5), "frames": _frames}), max_size=3)
_fields = {"message": _json, "service": _json, "contexts": _json, "exceptions": _exceptions | _json}
_lines = st.one_of(
    st.fixed_dictionaries({"signal_type": st.just("exception")}, optional=_fields),
    st.fixed_dictionaries({}, optional={"signal_type": _json, **_fields}),
    st.fixed_dictionaries({"frames": _json | st.lists(st.just(FRAME), max_size=2)}),
    _json,
)


@settings(deadline=None)
@given(
    head=st.fixed_dictionaries({}, optional={"host": _json, "contexts": _json, "tags": _json}),
    lines=st.lists(_lines, max_size=8),
)
def test_what_the_door_accepts_is_just_what_the_digest_reads(head, lines):
    raw = text(head, *lines)
    looked = look(head, *lines)
    readable = [not isinstance(wire.parse(each.body, each.kind), Unreadable) for each in parcels(raw)]
    assert readable == [index not in looked.rejected for index in range(len(readable))]
    kept = parcels(batch.without(raw, looked.lines))
    assert len(kept) == looked.accepted
    assert [each.body for each in kept] == [
        each.body for each, good in zip(parcels(raw), readable, strict=True) if good
    ]
