"""Nothing is endless."""

from __future__ import annotations

import json

from events import an_event, an_origin
from hypothesis import given
from hypothesis import strategies as st

from aiops_sdk.event import ExceptionInfo, Request
from aiops_sdk.frozen import replace
from aiops_sdk.steps.truncating import cut, cut_middle, truncate


def test_what_is_short_stays_as_it_is():
    event = an_event(stack_trace="Traceback …", request=Request("GET", headers={"Host": "shop"}))
    assert truncate(event) == event


def test_whatever_comes_the_event_stays_within_bounds():
    long = "x" * 1_000_000
    event = an_event(
        message=long,
        stack_trace=long,
        error_type=long,
        request_path=long,
        route=long,
        logger=long,
        template=long,
        exceptions=tuple(ExceptionInfo("A", None, long, notes=(long,)) for _ in range(3)),
        request=Request(
            long, url=long, query=long, remote_addr=long, headers={str(n) + long: long for n in range(100)}
        ),
    )
    assert len(json.dumps(truncate(event).to_wire(an_origin()))) < 350_000


def test_of_a_traceback_the_end_is_kept():
    event = truncate(an_event(stack_trace="begin" + "x" * 200_000 + "end"))
    assert event.stack_trace.startswith("begin")
    assert event.stack_trace.endswith("end")
    assert "characters are left out" in event.stack_trace


def test_lines_of_a_traceback_stay_whole():
    lines = [f"line {number:05d} of many" for number in range(10_000)]
    kept = cut_middle("\n".join(lines), 65_536).split("\n")
    assert [line for line in kept if line not in lines] == [line for line in kept if "left out" in line]
    assert len(kept) > 3_000


def test_words_of_one_long_line_stay_whole():
    words = [f"word-{number:05d}" for number in range(10_000)]
    before, gap, after = cut_middle(" ".join(words), 65_536).split("\n")
    assert "left out" in gap
    assert set(before.split()) | set(after.split()) < set(words)


@given(st.text(max_size=100), st.integers(min_value=2, max_value=50))
def test_a_cut_text_is_within_its_limit(text: str, limit: int):
    assert len(cut(text, limit)) <= limit
    assert cut_middle(text, limit).count("\n") >= 2 or cut_middle(text, limit) == text


@given(st.integers(min_value=0, max_value=20_000))
def test_cutting_twice_changes_nothing_more(length: int):
    event = an_event(message="x" * length)
    once = truncate(event)
    assert truncate(once) == once == replace(event, message=once.message)
