"""Which of some events tells most."""

import msgspec

from aiops_platform.core.event import Event
from aiops_platform.core.telling_events import most_telling, tells, weight


def an_event(**said):
    return msgspec.convert({"signal_type": "exception", **said}, Event)


def with_frame(**frame):
    return an_event(exceptions=[{"type": "E", "frames": [{"file": "a.py", "in_app": True, **frame}]}])


BARE = an_event()
CALLS = with_frame()
VARIABLES = with_frame(locals={"x": "1"})


def test_variables_tell_more_than_calls_and_calls_more_than_nothing():
    assert weight(VARIABLES) > weight(CALLS) > weight(BARE) == 0
    assert most_telling([BARE, CALLS, VARIABLES, CALLS]) == 2


def test_among_equals_the_first_is_taken():
    assert most_telling([BARE, CALLS, CALLS]) == 1


def test_of_none_there_is_none():
    assert most_telling([]) is None


def test_what_only_libraries_hold_tells_nothing_of_the_application():
    library = an_event(exceptions=[{"type": "E", "frames": [{"file": "x", "in_app": False, "locals": {"x": "1"}}]}])
    assert tells(library) == ()


def test_it_says_what_an_event_tells():
    said = an_event(
        request={"method": "GET", "url": "https://shop.example/"}, user={"id": "7"}, tags={"a": "b"}, release="7",
        breadcrumbs=[{"message": "m"}], contexts={"runtime": {"name": "x"}, "cart": {"items": 3}},
        exceptions=[{"type": "E"}, {"type": "F", "parent": 0, "relation": "cause"}],
    )  # fmt: skip
    assert tells(said) == (
        "what was asked", "what happened before", "a chain of causes", "who met it", "tags", "contexts", "a release",
    )  # fmt: skip
