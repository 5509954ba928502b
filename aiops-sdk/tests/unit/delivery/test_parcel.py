"""An event as bytes."""

from __future__ import annotations

import json

from events import an_event, an_origin

from aiops_sdk.delivery.parcel import MAX_BODY, pack
from aiops_sdk.event import ExceptionInfo, Frame, Request, SourceContext


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
