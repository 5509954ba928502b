"""How things are said on the wire."""

from __future__ import annotations

import copy
import re
import threading
from datetime import datetime, timedelta, timezone

from events import an_event, an_origin

from aiops_sdk.event import Beat, ExceptionInfo, Frame, Ids, Request, SourceContext, new_id, rfc3339


def test_an_event_says_what_old_servers_know():
    body = an_event(message="it broke", stack_trace="Traceback …", status_code=500).to_wire(an_origin())
    told = {name: body[name] for name in ("service", "environment", "host", "timestamp", "signal_type", "status_code")}
    assert told == {
        "service": "shop",
        "environment": "production",
        "host": "vm-1",
        "timestamp": 1795317247,
        "signal_type": "exception",
        "status_code": 500,
    }
    assert (body["source"], body["error_type"], body["message"], body["stack_trace"], body["request_path"]) == (
        "manual",
        "ValueError",
        "it broke",
        "Traceback …",
        None,
    )


def test_what_is_not_known_is_left_out():
    body = an_event().to_wire(an_origin())
    assert not {"release", "exceptions", "request", "route", "logger", "template", "contexts"} & set(body)


def test_an_event_says_who_speaks():
    body = an_event().to_wire(an_origin(release="1.2.3"))
    assert body["instance"] == {"id": "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f", "host": "vm-1", "pid": 4711}
    assert (body["sdk"], body["release"]) == ({"name": "aiops-sdk", "version": "0.2.0"}, "1.2.3")


def test_exceptions_are_a_flat_list_in_which_the_first_has_no_parent():
    frame = Frame("a.py", "f", "a", 3, in_app=True, source=SourceContext(("1", "2"), "3", ("4",)))
    infos = (ExceptionInfo("A", "m", "x", frames=(frame,)), ExceptionInfo("B", None, "y", parent=0, relation="cause"))
    first, second = an_event(exceptions=infos).to_wire(an_origin())["exceptions"]  # type: ignore[misc,attr-defined]
    assert first == {
        "type": "A",
        "module": "m",
        "value": "x",
        "notes": [],
        "frames": [
            {
                "file": "a.py",
                "function": "f",
                "module": "a",
                "line": 3,
                "in_app": True,
                "source": {"before": ["1", "2"], "line": "3", "after": ["4"]},
            }
        ],
    }
    assert (second["parent"], second["relation"]) == (0, "cause")


def test_a_request_says_what_is_known_of_it():
    request = Request("GET", query="a=1", headers={"Host": "shop"})
    assert an_event(request=request).to_wire(an_origin())["request"] == {
        "method": "GET",
        "query": "a=1",
        "headers": {"Host": "shop"},
    }


def test_a_time_has_six_digits_of_a_second_and_is_utc():
    moment = datetime(2026, 11, 22, 4, 14, 7, tzinfo=timezone(timedelta(hours=1)))
    assert rfc3339(moment) == "2026-11-22T03:14:07.000000Z"


def test_a_heartbeat_is_one_for_old_servers_too():
    at = datetime(2026, 11, 22, 3, 14, 7, tzinfo=timezone.utc)
    beat = Beat(at=at, base_url="http://shop", interval=30.0, closing=False, stats={"captured": 0})
    body = beat.to_wire(an_origin())
    assert (body["signal_type"], body["status_code"], body["request_path"], body["base_url"]) == (
        "heartbeat",
        None,
        None,
        "http://shop",
    )
    assert (body["interval"], body["closing"], body["stats"]) == (30.0, False, {"captured": 0})
    assert "release" not in body
    assert beat.to_wire(an_origin(release="1.4.2"))["release"] == "1.4.2"


def test_ids_are_random_uuids():
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    shape = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(shape.fullmatch(each) for each in ids)


def test_threads_that_make_ids_at_once_make_different_ones():
    made = []
    ids, together = Ids(at_once=3), threading.Barrier(5)

    def make():
        together.wait(20)
        made.extend([ids.new() for _ in range(500)])

    def keep_ready():
        together.wait(20)
        for _ in range(500):
            ids.top_up()

    threads = [threading.Thread(target=make) for _ in range(4)] + [threading.Thread(target=keep_ready)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert len(set(made)) == 2000


def test_what_was_read_before_is_used_up_first(monkeypatch):
    ids = Ids(at_once=8)
    ids.new()
    for _ in range(5):
        ids.new()
    ids.top_up()
    monkeypatch.setattr("os.urandom", None)
    assert len({ids.new() for _ in range(10)}) == 10


def test_a_forked_child_makes_other_ids_than_its_parent(monkeypatch):
    parents = Ids(at_once=20)
    parents.new()
    childs = copy.deepcopy(parents)
    theirs = [parents.new() for _ in range(10)]

    monkeypatch.setattr("os.getpid", lambda: -7)

    assert set(theirs).isdisjoint([childs.new() for _ in range(10)])
