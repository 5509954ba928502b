"""What comes again is not gone through again, and becomes what it became the first time."""

import json
from typing import Any

import pytest
from made import SAMPLES, a_body, a_heartbeat_body, read
from msgspec.structs import replace

from aiops_platform.core import wire
from aiops_platform.core.event import Event
from aiops_platform.core.grouping import key_for
from aiops_platform.core.opening import Opened, Opener
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.parts import Parts
from aiops_platform.core.scrubbing import Rules, Scrubber
from aiops_platform.core.telling_events import tells
from aiops_platform.core.wire import Unreadable

CALL = {"file": "/srv/shop/orders.py", "function": "reserve", "module": "orders", "line": 16, "in_app": True}


def an_opener(**rules: Any) -> Opener:
    return Opener(Scrubber(Rules(**rules)))


def opened(opener: Opener, body: object) -> tuple[Event, dict[str, Any]]:
    """The event, and what is written of it."""
    found = opener.open(json.dumps(body).encode(), ParcelKind.EXCEPTION)
    assert isinstance(found, Opened)
    assert isinstance(found.report, Event)
    return found.report, json.loads(wire.write(found.form or found.report))


def decided(event: Event) -> list[object]:
    """All that is decided from an event, and what is said besides."""
    calls = [
        (call.file, call.function, call.module, call.line, call.in_app, call.source and call.source.line)
        for each in event.exceptions
        for call in each.frames
    ]
    rest = replace(event, exceptions=tuple(replace(each, frames=()) for each in event.exceptions))
    return [calls, wire.write(rest), key_for(event), tells(event)]


def calls_of(written: dict[str, Any]) -> list[dict[str, Any]]:
    calls: list[dict[str, Any]] = written["exceptions"][0]["frames"]
    return calls


def thrown(*frames: object, **fields: Any) -> dict[str, Any]:
    return a_body(exceptions=[{"type": "KeyError", "value": "7", "frames": list(frames)}], **fields)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("event-*.json")), ids=lambda path: path.stem)
def test_an_event_is_opened_as_it_is_read_the_first_time_and_again(path: Any):
    opener, body = an_opener(), json.loads(path.read_text())
    wanted = Scrubber().report(read(body))
    for _ in range(3):
        event, written = opened(opener, body)
        assert written == json.loads(wire.write(wanted))
        assert decided(event) == decided(wanted)


def test_in_a_call_that_comes_again_its_secret_is_hidden_again():
    opener = an_opener()
    body = thrown({**CALL, "locals": {"password": "hunter2"}, "source": {"line": 'connect("password=hunter2")'}})
    for _ in range(3):
        event, written = opened(opener, body)
        assert calls_of(written)[0]["locals"] == {"password": "[hidden]"}
        call = event.exceptions[0].frames[0]
        assert call.source is not None
        assert call.source.line == 'connect("password=[hidden]")'
        assert "hunter2" not in json.dumps(written)


def test_a_secret_beside_calls_that_are_known_is_hidden():
    opener = an_opener()
    opened(opener, thrown(CALL, CALL))
    event, written = opened(
        opener, thrown(CALL, {**CALL, "locals": {"token": "s3cr3tT0ken"}}, CALL, message="pwd=x9y8z7")
    )
    assert [call.get("locals") for call in calls_of(written)] == [None, {"token": "[hidden]"}, None]
    assert event.message == written["message"] == "pwd=[hidden]"


def test_calls_keep_their_order_whichever_of_them_are_known():
    opener = an_opener()
    calls = [{**CALL, "line": line} for line in range(8)]
    opened(opener, thrown(*calls[::2]))
    event, _ = opened(opener, thrown(*calls))
    assert [call.line for call in event.exceptions[0].frames] == list(range(8))


def test_calls_that_differ_in_a_value_share_their_lines_of_source():
    opener = an_opener()
    source = {"before": ["def reserve(cart):"], "line": "    raise KeyError(cart)", "after": []}
    found = [opened(opener, thrown({**CALL, "source": source, "locals": {"cart": str(n)}})) for n in range(3)]
    assert [calls_of(written)[0]["locals"] for _, written in found] == [{"cart": "0"}, {"cart": "1"}, {"cart": "2"}]
    assert [calls_of(written)[0]["source"]["before"] for _, written in found] == [source["before"]] * 3
    calls = [event.exceptions[0].frames[0] for event, _ in found]
    assert calls[0].source is calls[1].source is calls[2].source


def test_the_same_bytes_in_different_places_are_not_mixed_up():
    body = thrown({}, {"source": {}}, {"source": None}, request={}, contexts={}, user={}, sdk={}, instance=None)
    opener = an_opener()
    wanted = json.loads(wire.write(read(body)))
    for _ in range(2):
        _, written = opened(opener, body)
        assert written == wanted


def test_a_projects_own_words_are_hidden_also_in_what_comes_again():
    opener = an_opener(values=frozenset({"Rumpelstilzchen"}), names=frozenset({"iban"}))
    body = thrown({**CALL, "locals": {"iban": "DE02", "name": "Rumpelstilzchen"}}, contexts={"bank": {"iban": "DE02"}})
    for _ in range(2):
        _, written = opened(opener, body)
        assert "Rumpelstilzchen" not in json.dumps(written)
        assert "DE02" not in json.dumps(written)


def test_what_is_wrong_with_a_call_is_said_each_time():
    opener = an_opener()
    body = thrown(CALL, {**CALL, "line": "sixteen"}, {**CALL, "file": "x" * 2_000})
    wanted = read(body).remarks
    assert len(wanted) == 2
    assert [opened(opener, body)[0].remarks for _ in range(2)] == [wanted, wanted]


def test_of_too_many_calls_the_middle_is_left_out_also_when_all_are_known():
    opener = an_opener()
    opened(opener, thrown(CALL))
    event, _ = opened(opener, thrown(*[CALL] * 300))
    assert len(event.exceptions[0].frames) == wire.MOST_FRAMES
    assert event.remarks


def test_a_traceback_that_came_as_text_is_read():
    trace = 'Traceback (most recent call last):\n  File "/srv/shop.py", line 3, in pay\n    charge()\nValueError: no'
    event, _ = opened(
        an_opener(), a_body(stack_trace=trace, error_type="ValueError", message="no", sdk={"name": "old"})
    )
    assert [call.function for call in event.exceptions[0].frames] == ["pay"]


def test_what_is_no_event_is_not_opened_as_one():
    opener = an_opener()
    assert isinstance(opener.open(b'{"signal_type": "job"}', ParcelKind.EXCEPTION), Unreadable)
    assert opener.open(b"password=hunter2", ParcelKind.EXCEPTION) == Unreadable(
        "the body is not JSON: Expecting value: line 1 column 1 (char 0)"
    )
    beat = opener.open(json.dumps(a_heartbeat_body(release="7")).encode(), ParcelKind.HEARTBEAT)
    assert isinstance(beat, Opened)


def test_what_is_remembered_is_bounded_and_what_is_met_again_stays():
    parts = Parts(100_000)
    parts.learn(b"again", "met")
    for number in range(10_000):
        parts.learn(b"%d" % number, "once")
        assert parts.get(b"again") is not None, number
    assert len(parts) < 1_000
