"""A death is news only where nothing else can explain what was left: each case of daily life is a row."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

import pytest

from aiops_sdk.delivery.journal import Remains, Stub
from aiops_sdk.frozen import replace
from aiops_sdk.machine import Kills, Process
from aiops_sdk.postmortem import Crash, Surroundings, Vanished, body_of, event_id_of, verdict

NOW = 1_800_000_000.0
GROUP = "/sys/fs/cgroup/shop:17"
HERE = Surroundings(host="web-1", boot_id="this boot", kills=Kills(GROUP, 3))

SEGFAULT = """Fatal Python error: Segmentation fault

Thread 0x00007f5d00000001 (most recent call first):
  File "/srv/shop/stock.py", line 3 in wait
  File "/usr/lib/python3.11/threading.py", line 975 in run

Current thread 0x00007f5d00000002 (most recent call first):
  Garbage-collecting
  File "/srv/shop/native.py", line 12 in crash
  File "/srv/shop/app.py", line ??? in <module>

Extension modules: numpy.core (total: 1)
"""
ABORT = SEGFAULT.replace("Segmentation fault", "Aborted")


def remains(**known: Any) -> Remains:
    """Of a process that ran for an hour here, beat until NOW, and left nothing but its marker."""
    left = Remains("/does/not/exist/an-id.journal", b"", NOW)
    left.head = {
        "service": "shop",
        "host": "web-1",
        "contexts": {"runtime": {"name": "CPython"}, "process": {"argv0": "app"}},
    }
    left.process = Process(7, 1000, "pid:[1]", "this boot", 1, 10)
    left.opened_at = NOW - 3600
    left.alive_at = NOW
    left.memory = 812 * 1_048_576
    left.kills = Kills(GROUP, 3)
    left.sees_stops = True
    for name, value in known.items():
        assert hasattr(left, name), name
        setattr(left, name, value)
    return left


def process(**known: Any) -> Process:
    return replace(Process(7, 1000, "pid:[1]", "this boot", 1, 10), **known)


def a_stub(at: float) -> Stub:
    return Stub("an-event", at, "exception", "error", "manual", "ValueError", "no stock")


CASES: Dict[str, Dict[str, Any]] = {
    # No death at all.
    "a clean end": {"left": {"ended": True}},
    "a clean end that left something to be told": {"left": {"ended": True, "stubs": [a_stub(NOW)]}},
    "os._exit, exec, or a signal that it sent itself": {"left": {"ended": True}},
    "a server in C that starts anew by exec": {"left": {"replaced": True}},
    "a crash while it ended in order, as gunicorn asks a slow worker to": {
        "left": {"ended": True, "fault": ABORT, "fault_at": NOW}
    },
    # Told to stop.
    "docker stop, systemd, Kubernetes: SIGTERM": {"left": {"signal": "x", "signal_at": NOW + 5}},
    "SIGTERM, and SIGKILL after ten seconds": {"left": {"signal": "x", "signal_at": NOW - 10}},
    "SIGTERM, and half an hour of grace": {"left": {"signal": "x", "signal_at": NOW - 1800}},
    "SIGTERM before the first beat": {"left": {"signal": "x", "signal_at": NOW, "alive_at": NOW - 60}},
    "a closed terminal: SIGHUP": {"left": {"signal": "x", "signal_at": NOW}},
    "Ctrl-\\: SIGQUIT": {"left": {"signal": "x", "signal_at": NOW}},
    "a stop during which the group also ran out of memory": {
        "left": {"signal": "x", "signal_at": NOW},
        "here": {"kills": Kills(GROUP, 4)},
    },
    "a machine that was shut down in order": {
        "left": {"signal": "x", "signal_at": NOW},
        "here": {"boot_id": "next boot"},
    },
    # Nobody knows whether a stop would have been noticed.
    "killed before the program had settled": {"left": {"sees_stops": False}},
    "a terminal, a debugger, pytest, a notebook, a reloader": {"left": {"sees_stops": False}},
    "a child of multiprocessing that its parent killed": {"left": {"sees_stops": False}},
    "a server in C that handles SIGTERM itself": {"left": {"sees_stops": False}},
    "the same, and the machine started anew": {"left": {"sees_stops": False}, "here": {"boot_id": "next boot"}},
    # Not from here.
    "a folder that was copied from a machine where the process lives": {
        "left": {"is_copy": True},
        "here": {"host": "web-2", "boot_id": "another"},
    },
    "a copy on the same machine": {"left": {"is_copy": True}},
    "a volume that moved to another machine": {"here": {"host": "web-2", "boot_id": "another"}},
    "a system that does not say when it started": {"left": {"process": process(boot_id=None)}},
    "a reader that does not know it": {"here": {"boot_id": None}},
    "a damaged file": {"left": {"process": None, "head": {}}},
    # Survived.
    "a crash that a handler of the host's outlived": {
        "left": {"fault": ABORT, "fault_at": NOW - 120, "signal": "x", "signal_at": NOW}
    },
    "something else in the file for crashes, and a stop": {
        "left": {"fault": "garbage", "fault_at": NOW, "signal": "x", "signal_at": NOW}
    },
    # News.
    "SIGKILL": {"found": "ProcessVanished"},
    "SIGKILL in a container whose processes are numbered anew": {
        "left": {"process": process(pid=1, pid_namespace="pid:[2]")},
        "found": "ProcessVanished",
    },
    "a laptop that slept, and SIGKILL": {"left": {"opened_at": NOW - 9_000_000}, "found": "ProcessVanished"},
    "a SIGTERM that it ignored, hours before": {
        "left": {"signal": "x", "signal_at": NOW - 7200},
        "found": "ProcessVanished",
    },
    "memory ran out in its group": {"here": {"kills": Kills(GROUP, 4)}, "found": "OutOfMemoryKilled"},
    "the same, in a process that somebody sat in front of": {
        "left": {"sees_stops": False},
        "here": {"kills": Kills(GROUP, 4)},
        "found": "OutOfMemoryKilled",
    },
    "memory ran out in another group": {"here": {"kills": Kills("/other:1", 9)}, "found": "ProcessVanished"},
    "nobody counts kills": {"left": {"kills": None}, "found": "ProcessVanished"},
    "a power cut": {"here": {"boot_id": "next boot", "kills": Kills(GROUP, 9)}, "found": "MachineRestarted"},
    "a segmentation fault": {"left": {"fault": SEGFAULT, "fault_at": NOW + 3}, "found": "SegmentationFault"},
    "the same, found on another machine": {
        "left": {"fault": SEGFAULT, "fault_at": NOW},
        "here": {"host": "web-2", "boot_id": "another"},
        "found": "SegmentationFault",
    },
    "a worker of gunicorn that hung in C: SIGABRT, then SIGKILL": {
        "left": {"fault": ABORT, "fault_at": NOW - 1},
        "found": "Aborted",
    },
    "a crash after SIGTERM": {
        "left": {"fault": SEGFAULT, "fault_at": NOW, "signal": "x", "signal_at": NOW},
        "found": "SegmentationFault",
    },
}


@pytest.mark.parametrize("case", CASES)
def test_the_verdict(case: str):
    row = CASES[case]
    found = verdict(remains(**row.get("left", {})), replace(HERE, **row.get("here", {})))
    assert (found.error_type if found else None) == row.get("found")


def test_a_capture_is_a_sign_of_life_too():
    found = verdict(remains(stubs=[a_stub(NOW + 20)]), HERE)
    assert found is not None
    assert found.at == NOW + 20


def test_a_crash_says_its_calls_and_what_the_other_threads_did():
    left = remains(fault=SEGFAULT, fault_at=NOW + 3)
    found = verdict(left, HERE)
    assert isinstance(found, Crash)
    assert found.calls == (("/srv/shop/app.py", None, "<module>"), ("/srv/shop/native.py", 12, "crash"))
    assert list(found.threads) == ["0x00007f5d00000001"]
    assert found.message == "Fatal Python error: Segmentation fault"
    body: Dict[str, Any] = json.loads(json.dumps(body_of(found, left)))
    assert body["stack_trace"].splitlines()[2].startswith("Current thread")
    assert "wait" in body["contexts"]["threads"]["0x00007f5d00000001"]
    frames: List[Dict[str, Optional[object]]] = body["exceptions"][0]["frames"]
    assert frames[-1] == {
        "file": "/srv/shop/native.py",
        "function": "crash",
        "module": None,
        "line": 12,
        "in_app": True,
    }


def test_the_threads_of_the_sdk_tell_nothing():
    ours = (
        '\nThread 0x02 (most recent call first):\n  File "/lib/aiops_sdk/delivery/worker.py", line 7 in wait\n'
        '  File "/lib/aiops_sdk/_safety.py", line 9 in body\n'
    )
    found = verdict(remains(fault=SEGFAULT.replace("\nThread", ours + "\nThread", 1), fault_at=NOW + 3), HERE)
    assert isinstance(found, Crash)
    assert list(found.threads) == ["0x00007f5d00000001"]


def test_a_crash_outside_of_python_has_no_calls():
    text = "Fatal Python error: Bus error\n\nThread 0x01 (most recent call first):\n  <no Python frame>\n"
    found = verdict(remains(fault=text, fault_at=NOW), HERE)
    assert isinstance(found, Crash)
    assert (found.error_type, found.calls, list(found.threads)) == ("BusError", (), ["0x01"])


def test_only_the_first_crash_of_two_is_told():
    found = verdict(remains(fault=SEGFAULT + ABORT, fault_at=NOW), HERE)
    assert isinstance(found, Crash)
    assert (found.error_type, len(found.calls)) == ("SegmentationFault", 2)


def test_the_event_says_what_is_known():
    left = remains()
    found = verdict(left, HERE)
    assert isinstance(found, Vanished)
    assert found.message == (
        "The process ended without a word: SIGKILL, or out of memory; at its last sign of life it used 812 MiB"
    )
    body: Dict[str, Any] = json.loads(json.dumps(body_of(found, left)))
    assert (body["service"], body["signal_type"], body["source"], body["level"]) == (
        "shop",
        "exception",
        "process",
        "critical",
    )
    assert body["occurred_at"] == "2027-01-15T08:00:00.000000Z"
    assert body["contexts"]["runtime"] == {"name": "CPython"}
    assert body["contexts"]["process"] == {
        "argv0": "app",
        "instance_id": "an-id",
        "pid": 7,
        "started_at": "2027-01-15T07:00:00.000000Z",
        "last_sign_at": "2027-01-15T08:00:00.000000Z",
        "memory_bytes": 812 * 1_048_576,
    }


def test_two_who_find_the_same_make_one_event():
    assert event_id_of("an-id") == event_id_of("an-id") != event_id_of("another")
    assert event_id_of("an-id")[14] == "5"
