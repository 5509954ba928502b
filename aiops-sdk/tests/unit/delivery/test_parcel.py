"""An event as bytes."""

from __future__ import annotations

import json
from typing import Any, Dict, List

import pytest
from events import an_event, an_origin

from aiops_sdk.delivery.parcel import MAX_BODY, STACKS, EncodedFrames, Encoder, Parcel, pack
from aiops_sdk.event import Breadcrumb, Event, ExceptionInfo, Frame, Request, SourceContext
from aiops_sdk.frozen import replace

FRAME = Frame("a.py", "f", "a", 1, in_app=True, source=SourceContext(("1",), "2", ("3",)))


def a_full_event(**fields: Any) -> Event:
    """An event that says everything that can be taken away."""
    usual: Dict[str, Any] = {
        "stack_trace": "first " + "x" * 20_000 + " last",
        "exceptions": (
            ExceptionInfo("A", "m", "x", notes=("noted",), frames=(FRAME, replace(FRAME, locals={"a": "1"}))),
            ExceptionInfo("B", "m", "y", frames=(FRAME,), parent=0, relation="cause"),
        ),
        "request": Request("GET", url="http://shop/", body={"a": 1}),
        "tags": {"a": "b"},
        "breadcrumbs": (Breadcrumb(an_event().occurred_at, "log", "info", "x"),),
        "contexts": {"process": {"pid": 1}},
    }
    return an_event(**{**usual, **fields})


def body_of(parcel: Parcel) -> Dict[str, Any]:
    return json.loads(parcel.body)  # type: ignore[no-any-return]


def test_a_parcel_is_the_event_as_json():
    event = an_event(message="schön: \U0001f600 \x00")
    parcel = pack(event, an_origin())
    assert (parcel.event_id, parcel.signal_type) == (event.event_id, "exception")
    assert json.loads(parcel.body)["message"] == "schön: \U0001f600 \x00"


def test_half_a_surrogate_pair_that_got_this_far_does_no_harm():
    assert json.loads(pack(an_event(message="\ud800"), an_origin()).body)["message"] == "?"


def test_a_parcel_that_is_too_large_loses_sources_before_frames():
    source = SourceContext(("x" * 500,) * 5, "x" * 500, ("x" * 500,) * 5)
    frame = Frame("a.py", "f", "a", 1, in_app=True, source=source)
    event = an_event(exceptions=(ExceptionInfo("A", None, "", frames=(frame,) * 200),))
    body = pack(event, an_origin()).body
    assert len(body) <= MAX_BODY
    frames = json.loads(body)["exceptions"][0]["frames"]
    assert (len(frames), "source" in frames[0]) == (200, False)


def test_every_event_of_limited_parts_fits():
    frame = Frame("ä" * 4000, "f", "a", 1, in_app=True)
    event = an_event(
        message="\x00" * 8_192,
        stack_trace="\x00" * 65_536,
        template="\x00" * 8_192,
        request=Request(
            "GET", url="\x00" * 4096, query="\x00" * 4096, headers={str(n): "\x00" * 1024 for n in range(64)}
        ),
        exceptions=(ExceptionInfo("A", None, "\x00" * 4096, notes=("\x00" * 4096,) * 10, frames=(frame,) * 100),) * 50,
    )
    assert len(pack(event, an_origin()).body) <= MAX_BODY


def test_the_body_is_what_the_event_says_on_the_wire():
    event, origin = a_full_event(), an_origin(release="1.2.3", contexts={"os": {"name": "Linux"}})
    assert body_of(pack(event, origin)) == event.to_wire(origin)


def test_a_batch_is_told_what_the_origin_does_not_say():
    event, origin = a_full_event(repeat_count=3), an_origin(release="1.2.3", contexts={"os": {"name": "Linux"}})
    parcel = pack(event, origin)
    told = dict(parcel.fields)
    told["exceptions"] = [{**info, "frames": json.loads(info["frames"])} for info in told["exceptions"]]  # type: ignore[attr-defined]
    whole = event.to_wire(origin)
    left_out = {"service", "environment", "host", "instance", "sdk", "release", "timestamp", "stack_trace"}
    assert told == {**{name: whole[name] for name in whole if name not in left_out}, "contexts": event.contexts}
    assert parcel.repeat_count == 3


def test_a_traceback_that_the_frames_cannot_tell_stays_in_a_batch():
    bare = ExceptionInfo("A", None, "", frames=(Frame("<made up>", "f", None, 1, in_app=True),))
    for exceptions in ((), (ExceptionInfo("A", None, ""),), (bare,)):
        parcel = pack(an_event(stack_trace="Traceback …", exceptions=exceptions), an_origin())
        assert parcel.fields["stack_trace"] == "Traceback …"


def test_the_same_stack_is_the_same_text():
    frames = (FRAME,)
    first, second = (
        pack(an_event(exceptions=(ExceptionInfo("A", None, text, frames=frames),)), an_origin()) for text in "ab"
    )
    texts = [parcel.fields["exceptions"][0]["frames"] for parcel in (first, second)]  # type: ignore[index]
    assert texts[0] is texts[1]
    assert type(texts[0]) is EncodedFrames


def test_what_is_remembered_of_stacks_is_bounded():
    encoder = Encoder()
    for number in range(3 * STACKS):
        encoder.frames((Frame(str(number), "f", None, 1, in_app=True),))
    assert len(encoder._stacks) <= STACKS


def test_a_parcel_can_be_made_of_its_body():
    parcel = pack(a_full_event(repeat_count=7), an_origin(release="1.2.3"))
    again = Parcel.from_body(parcel.body)
    assert (again.event_id, again.signal_type, again.repeat_count) == (parcel.event_id, "exception", 7)
    assert again.body == parcel.body
    assert again.fields["release"] == "1.2.3"
    assert again.fields["exceptions"] == parcel.fields["exceptions"]
    lighter, lighter_again = parcel.lighter(), again.lighter()
    assert lighter is not None
    assert lighter_again is not None
    assert body_of(lighter) == body_of(lighter_again)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"null"], ids=repr)
def test_what_is_no_event_is_said_to_be_none(body: bytes):
    with pytest.raises(ValueError):
        Parcel.from_body(body)


@pytest.mark.parametrize("exceptions", ["x", [1], [{}], [{"frames": 1}], [{"frames": [1]}], None])
def test_a_damaged_body_can_still_be_sent(exceptions: Any):
    parcel = Parcel.from_body(json.dumps({"exceptions": exceptions, "stack_trace": 1, "repeat_count": "x"}).encode())
    assert parcel.repeat_count == 1
    while parcel is not None:
        json.loads(parcel.body)
        assert parcel.fields is not None
        parcel = parcel.lighter()  # type: ignore[assignment]


def test_a_parcel_gets_lighter_in_the_stated_order():
    parcel = pack(a_full_event(), an_origin())
    lost: List[Any] = []
    before = told_by(parcel)
    lighter = parcel.lighter()
    while lighter is not None:
        after = told_by(lighter)
        lost.append({name for name in before if before[name] != after[name]})
        before, lighter = after, lighter.lighter()
    assert lost == [
        {"locals"},
        {"breadcrumbs"},
        {"source"},
        {"request body"},
        {"contexts", "tags"},
        {"exceptions"},
        {"frames", "notes"},
        {"request"},
        {"stack_trace"},
        {"stack_trace"},
    ]


def told_by(parcel: Parcel) -> Dict[str, Any]:
    body = body_of(parcel)
    infos = body["exceptions"]
    return {
        "exceptions": len(infos),
        "frames": len(infos[0]["frames"]),
        "notes": infos[0]["notes"],
        "locals": "locals" in json.dumps(infos),
        "source": "source" in json.dumps(infos),
        "breadcrumbs": "breadcrumbs" in body,
        "request": "request" in body,
        "request body": "body" in body.get("request", {}),
        "contexts": "process" in body.get("contexts", {}),
        "tags": "tags" in body,
        "stack_trace": body["stack_trace"],
    }


def test_a_step_that_takes_nothing_away_is_left_out():
    lighter = pack(an_event(stack_trace="Traceback …"), an_origin()).lighter()
    assert lighter is not None
    assert body_of(lighter)["stack_trace"] == ""
    assert lighter.lighter() is None
