"""An event laid out for its page."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenes import SAMPLES, a_sample

from aiops_platform.core import wire
from aiops_platform.core.event import Event
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.web import exhibit
from aiops_platform.web.cut import Budget

FRAME = {"file": "/srv/app/a.py", "function": "f", "line": 3, "in_app": True}
LIBRARY = {
    "file": "/usr/lib/python3.11/site-packages/flask/app.py",
    "function": "run",
    "module": "flask.app",
    "line": 9,
    "in_app": False,
}


def an_event(**fields):
    return msgspec.convert({"signal_type": "exception", **fields}, Event)


def raised(*frames, **fields):
    return an_event(exceptions=[{"type": "ValueError", "value": "no", "frames": list(frames)}], **fields)


def test_the_newest_call_comes_first():
    (shown,) = exhibit.lay_out(raised(FRAME | {"function": "outer"}, FRAME | {"function": "inner"})).exceptions
    assert [frame.function.shown for stretch in shown.stretches for frame in stretch.frames] == ["inner", "outer"]


def test_library_calls_in_a_row_are_one_folded_stretch_that_names_its_packages():
    (shown,) = exhibit.lay_out(raised(LIBRARY, LIBRARY | {"line": 10}, FRAME)).exceptions
    ours, library = shown.stretches
    assert (ours.in_app, ours.is_open) == (True, True)
    assert (library.in_app, library.is_open, library.calls, library.packages) == (False, False, 2, "flask")


def test_where_nothing_is_the_apps_own_the_newest_call_is_open():
    (shown,) = exhibit.lay_out(raised(LIBRARY, LIBRARY | {"line": 10})).exceptions
    assert shown.stretches[0].is_open
    assert [frame.is_open for frame in shown.stretches[0].frames] == [True, False]


def test_endless_recursion_is_told_in_one_line():
    (shown,) = exhibit.lay_out(raised(*[FRAME] * 900)).exceptions
    ((frame,),) = (stretch.frames for stretch in shown.stretches)
    assert frame.times == 900
    assert shown.hidden_frames == 0


def test_source_lines_are_numbered_around_the_one_that_ran():
    source = {"before": ["a", "b"], "line": "c", "after": ["d"]}
    (shown,) = exhibit.lay_out(raised(FRAME | {"source": source})).exceptions
    lines = shown.stretches[0].frames[0].source
    assert [(line.number, line.text.shown, line.is_here) for line in lines] == [
        (1, "a", False),
        (2, "b", False),
        (3, "c", True),
        (4, "d", False),
    ]


def test_causes_are_indented_under_what_they_caused():
    shown = exhibit.lay_out(msgspec.convert(a_sample("exception-chain"), Event, strict=False))
    assert [exception.depth for exception in shown.exceptions] == [0, 1, 2]
    assert shown.exceptions[0].because is None
    assert shown.exceptions[1].because == "OrderFailed was raised from this"
    assert shown.exceptions[2].because == "KeyError was raised while this was handled"


def test_members_of_a_group_say_so():
    shown = exhibit.lay_out(msgspec.convert(a_sample("exception-group"), Event, strict=False))
    assert shown.exceptions[1].because == "one of the group ExceptionGroup"
    assert {exception.depth for exception in shown.exceptions} == {0, 1, 2}


def test_the_text_of_an_old_client_is_read_into_calls():
    shown = exhibit.lay_out(msgspec.convert(a_sample("old-exception-flask"), Event, strict=False))
    assert shown.exceptions[0].type.shown == "ZeroDivisionError"
    assert shown.exceptions[0].stretches[0].in_app
    assert shown.exceptions[0].stretches[1].packages == "flask"
    assert shown.trace is not None


def test_text_that_is_no_traceback_is_shown_as_it_is():
    shown = exhibit.lay_out(an_event(stack_trace="it broke, somehow"))
    assert shown.exceptions == ()
    assert shown.trace.shown == "it broke, somehow"


def test_a_message_that_the_exception_says_is_not_said_twice():
    assert exhibit.lay_out(raised(FRAME, message="no")).message is None
    assert exhibit.lay_out(raised(FRAME, message="more")).message.shown == "more"


def test_what_is_cut_points_to_the_whole():
    event = an_event(message="x" * 9000, tags={"a/b~c": "y" * 900})
    shown = exhibit.lay_out(event)
    body = msgspec.to_builtins(event)
    assert exhibit.look_up(body, shown.message.at) == "x" * 9000
    assert exhibit.look_up(body, shown.tags.rows[0].value.at) == "y" * 900


@pytest.mark.parametrize(
    "pointer",
    [
        "/nothing",
        "/tags/nothing",
        "/exceptions/7",
        "/exceptions/x",
        "/message/deeper",
        "/exceptions/-1",
        "/exceptions/" + "9" * 50,
    ],
)
def test_a_pointer_to_nothing_is_a_lookup_error(pointer):
    with pytest.raises(LookupError):
        exhibit.look_up({"message": "m", "tags": {}, "exceptions": [1]}, pointer)


@pytest.mark.parametrize(
    "name",
    sorted(
        path.stem
        for path in SAMPLES.glob("*.json")
        if not path.stem.startswith(("refused", "answer")) and not {"heartbeat", "job"} & set(path.stem.split("-"))
    ),
)
def test_every_golden_event_can_be_laid_out(name):
    event = wire.parse(json.dumps(a_sample(name)).encode(), ParcelKind.EXCEPTION)
    kept = msgspec.convert(json.loads(wire.write(event)), Event, strict=False)
    assert exhibit.lay_out(kept).about is not None


def test_a_status_is_told_only_of_what_was_a_request():
    def told(**fields):
        shown = exhibit.lay_out(an_event(status_code=500, **fields)).request
        return [] if shown is None else [row.name for row in shown.rows]

    assert told() == []
    assert told(request_path="/orders/7") == ["path", "status"]
    assert told(request={"method": "GET"}) == ["method", "status"]
    assert told(signal_type="http_error") == ["status"]


texts = st.text(st.characters(codec="utf-8"), max_size=400)
frames = st.fixed_dictionaries(
    {"file": texts, "function": texts, "line": st.integers(0, 10**9)},
    optional={
        "in_app": st.booleans(),
        "locals": st.dictionaries(texts, texts, max_size=5),
        "source": st.fixed_dictionaries(
            {"before": st.lists(texts, max_size=20), "line": texts, "after": st.lists(texts, max_size=20)}
        ),
    },
)
exceptions = st.lists(
    st.fixed_dictionaries(
        {"type": texts, "value": texts, "frames": st.lists(frames, max_size=5)},
        optional={"parent": st.integers(-5, 5), "notes": st.lists(texts, max_size=3)},
    ),
    max_size=4,
)


@given(exceptions, texts, st.dictionaries(texts, texts, max_size=8), st.integers(0, 20_000))
def test_no_event_spends_more_than_its_page_allows(told, message, tags, left):
    budget = Budget(left)
    exhibit.lay_out(an_event(exceptions=told, message=message, tags=tags), budget=budget)
    assert budget.left >= 0


def test_a_section_whose_values_have_lines_of_their_own_gets_the_page_s_width():
    event = an_event(contexts={"os": {"name": "Linux"}, "threads": {"0x01": "Thread 0x01:\n  File a.py, line 3"}})
    assert [context.is_wide for context in exhibit.lay_out(event).surroundings] == [False, True]


def test_what_an_event_was_about_stands_apart_from_where_it_ran():
    contexts = {"runtime": {"name": "CPython"}, "task": {"name": "settle"}, "cart": {"items": 3}, "log": {"order": 7}}
    shown = exhibit.lay_out(an_event(contexts=contexts))
    assert [each.title for each in shown.concerns] == ["task", "cart", "log"]
    assert [each.title for each in shown.surroundings] == ["runtime"]
    assert shown.hidden_contexts == 0


def test_contexts_beyond_what_a_page_takes_are_counted():
    shown = exhibit.lay_out(an_event(contexts={f"context {number}": {"a": 1} for number in range(30)} | {"empty": {}}))
    assert len(shown.concerns) + shown.hidden_contexts == 30


def test_a_breadcrumb_of_no_known_level_is_information():
    crumbs = [{"message": "a"}, {"message": "b", "level": "warning"}, {"message": "c", "level": "<b>loud</b>"}]
    assert [each.level for each in exhibit.lay_out(an_event(breadcrumbs=crumbs)).crumbs] == ["info", "warning", "info"]
