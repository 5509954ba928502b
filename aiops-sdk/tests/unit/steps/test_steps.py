"""The steps run in their order."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional

import pytest
from events import an_event, an_origin

from aiops_sdk.delivery import batch
from aiops_sdk.delivery.parcel import packed
from aiops_sdk.event import Event, ExceptionInfo, Frame, Later, Request, SourceContext
from aiops_sdk.steps import Scrubber, Steps

Body = Dict[str, Any]


def asked(before_send: Callable[[Body], Optional[Body]], event: Optional[Event] = None) -> Optional[Body]:
    return Steps(Scrubber(), before_send).run(event or an_event(), an_origin())


def changed(**fields: Any) -> Callable[[Body], Body]:
    return lambda body: {**body, **fields}


def test_before_send_sees_the_event_as_it_would_travel():
    seen: List[Body] = []
    frame = Frame("a.py", "f", "a", 1, in_app=True, source=SourceContext(("b",), "l", ()))
    event = an_event(exceptions=(ExceptionInfo("A", None, "b", frames=(frame,)),), request=Request("GET"))
    asked(lambda body: seen.append(body) or body, event)  # type: ignore[func-returns-value]
    assert seen == [event.to_wire(an_origin())]
    assert json.loads(json.dumps(seen[0])) == seen[0]


def test_what_the_platform_files_an_event_under_cannot_be_taken_away():
    for taken in (lambda body: {}, changed(service="", environment=" ", source="")):
        told = asked(taken)
        assert told is not None
        assert (told["service"], told["environment"], told["source"]) == ("shop", "production", "manual")
        assert (told["signal_type"], "event_id" in told, "timestamp" in told) == ("exception", True, True)
    # But what it says may be nobody's business.
    assert "message" not in (asked(lambda body: {}) or {})


def test_what_it_changes_travels():
    told = asked(changed(message="other", fingerprint=["a", "b"], tags={"shop": "berlin"}))
    assert told is not None
    assert (told["message"], told["fingerprint"], told["tags"]) == ("other", ["a", "b"], {"shop": "berlin"})


def test_what_it_drops_does_not():
    assert asked(lambda _: None) is None


def test_it_may_change_what_it_got_in_place():
    def change(body: Body) -> Body:
        body["message"] = "other"
        del body["stack_trace"]
        return body

    told = asked(change)
    assert told is not None
    assert told["message"] == "other"
    assert "stack_trace" not in told


def test_scrubbing_is_the_last():
    told = asked(changed(message="password=hunter2", contexts={"order": {"api_key": "abc"}}))
    assert told is not None
    assert told["message"] == "password=[hidden]"
    assert told["contexts"]["order"] == {"api_key": "[hidden]"}


@pytest.mark.parametrize(
    "before_send",
    [
        lambda _: 1 / 0,
        lambda _: "a text",
        lambda _: [1],
        lambda body: body.clear() or 1 / 0,
    ],
)
def test_what_fails_in_it_is_told_once_and_the_event_goes_out_unchanged(before_send: Callable[[Body], Any]):
    complaints: List[str] = []
    steps = Steps(Scrubber(), before_send, complaints.append)
    event = an_event()
    assert [steps.run(event, an_origin()) for _ in range(3)] == [event.to_wire(an_origin())] * 3
    assert steps.failed == 3
    assert len(complaints) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"message": 7},
        {"level": "terrible"},
        {"contexts": ["a"]},
        {"contexts": {"a": 1}},
        {"tags": {"a": [1]}},
        {"exceptions": "none"},
        {"fingerprint": [[1]]},
        {"event_id": "mine"},
        {"signal_type": "heartbeat"},
        {"repeat_count": 0},
        {"occurred_at": "never"},
    ],
)
def test_a_field_that_would_not_be_understood_stays_as_it_was(wrong: Body):
    event = an_event(tags={"a": "b"}, fingerprint=("x",))
    assert asked(changed(**wrong), event) == asked(changed(), event)


def test_what_is_no_json_is_told_as_text():
    told = asked(changed(contexts={"order": {"thing": object(), 7: {1}, "nan": float("nan"), "half": "\ud800"}}))
    assert told is not None
    assert told["contexts"]["order"] == {"thing": "<object>", "7": [1], "nan": "nan", "half": "\\ud800"}
    json.dumps(told, allow_nan=False).encode()


def test_what_it_took_away_does_not_come_back_in_a_batch():
    def drop(body: Body) -> Body:
        return {name: value for name, value in body.items() if name not in ("host", "contexts")}

    head = {**an_origin().head(), "host": "db-7", "contexts": {"os": {"name": "Linux"}}}
    steps = Steps(Scrubber(), drop)
    told = steps.again({**an_event().to_wire(an_origin()), **head})
    assert told is not None
    body, _ = batch.encode(head, [packed(told, head)])
    (line,) = body.splitlines()[1:]
    assert json.loads(line)["host"] == ""
    assert json.loads(line)["contexts"] == {"os": {}}


def test_what_the_program_handed_in_is_never_changed():
    def spoil(body: Body) -> Body:
        body["contexts"]["cart"]["items"].append("more")
        body["tags"].clear()
        return body

    items = ["a"]
    cart = {"items": items, "password": "hunter2"}
    tags = {"token": "abc"}
    event = an_event(contexts={"cart": cart}, tags=tags)
    for steps in (Steps(Scrubber()), Steps(Scrubber(), spoil)):
        steps.run(event, an_origin())
    assert (items, cart, tags) == (["a"], {"items": ["a"], "password": "hunter2"}, {"token": "abc"})


def test_values_that_run_code_are_not_run():
    class Hostile:
        def __repr__(self) -> str:
            raise AssertionError

        __str__ = __hash__ = __eq__ = __repr__  # type: ignore[assignment]

    told = Steps(Scrubber()).run(an_event(contexts={"a": {"b": [Hostile()]}}), an_origin())
    assert told is not None
    assert told["contexts"] == {"a": {"b": ["<Hostile>"]}}


def test_numbers_among_texts_are_told_as_texts():
    body = asked(lambda body: {**body, "tags": {"a": 1, "b": True, "c": "x"}, "fingerprint": ["x", 7]})
    assert body is not None
    assert body["tags"] == {"a": "1", "b": "True", "c": "x"}
    assert body["fingerprint"] == ["x", "7"]


def test_a_field_that_stays_as_it_was_is_counted_and_told_once():
    complaints: List[str] = []
    steps = Steps(Scrubber(), lambda body: {**body, "tags": {"a": None}, "user": 7}, complaints.append)
    for _ in range(2):
        assert steps.run(an_event(), an_origin()) is not None
    assert steps.failed == 2
    assert complaints == ["of what it returned, tags, user cannot be in an event like this, and stays as it was"]


def test_the_text_of_a_traceback_is_made_when_it_is_wanted_and_then_without_secrets():
    made: List[str] = []
    trace = Later(100, lambda: made.append("once") or "Traceback …\nValueError: password=hunter2-and-more")  # type: ignore[func-returns-value]
    frame = Frame("a.py", "f", "a", 1, in_app=True, source=SourceContext((), "l", ()))
    event = an_event(stack_trace=trace, exceptions=(ExceptionInfo("A", None, "b", frames=(frame,)),))
    head = an_origin().head()
    told = Steps(Scrubber()).run(event, an_origin())
    assert told is not None
    parcel = packed(told, head)
    batch.encode(head, [parcel])
    assert made == []
    for _ in range(2):
        assert json.loads(parcel.body)["stack_trace"] == "Traceback …\nValueError: password=[hidden]"
    assert made == ["once"]
