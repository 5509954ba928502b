"""Whether an incident is still the same as when it began."""

import msgspec

from aiops_platform.core.event import Event
from aiops_platform.core.sameness import compared, host_of


def an_event(*, function="reserve", line=16, code="raise Sold(sku)", release=None, causes=(), **said):
    frame = {"file": "/srv/shop/stock.py", "function": function, "line": line, "in_app": True, "source": {"line": code}}
    chain = [{"type": name, "parent": 0, "relation": "cause"} for name in causes]
    body = {
        "signal_type": "exception",
        "release": release,
        "exceptions": [{"type": "E", "frames": [frame]}, *chain],
        **said,
    }
    return msgspec.convert(body, Event)


def test_the_same_line_is_the_same():
    assert compared(an_event(), an_event()) == ("same line of code",)


def test_a_line_that_was_moved_is_the_same_elsewhere():
    assert compared(an_event(), an_event(line=21)) == ("same line of code, moved to stock.py:21",)


def test_another_line_of_the_function_is_told():
    assert compared(an_event(), an_event(line=21, code="x = 1")) == ("same function, another line: stock.py:21",)


def test_another_function_is_told():
    assert compared(an_event(), an_event(function="book", line=3)) == ("another function: book in stock.py:3",)


def test_without_code_the_place_is_told():
    assert compared(an_event(code=""), an_event(code="")) == ("same place",)


def test_another_release_and_another_cause_are_told():
    first, newest = an_event(release="1", causes=("KeyError",)), an_event(release="2", causes=("TimeoutError",))
    assert compared(first, newest)[1:] == ("raised because of TimeoutError, not of KeyError", "release 2, not 1")


def test_events_without_a_place_tell_nothing():
    bare = msgspec.convert({"signal_type": "log_error"}, Event)
    assert compared(bare, an_event()) == ()
    assert host_of(bare) is None


def test_the_host_is_that_of_the_process_where_it_is_known():
    assert host_of(an_event(host="a")) == "a"
    assert host_of(an_event(host="a", instance={"id": "1", "host": "b"})) == "b"
