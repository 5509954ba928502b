"""Whatever very long text is made of, reading, grouping and showing it takes time in proportion to its length.

All of it happens in a child process with a deadline: a pattern that tries everything holds on to the interpreter, so it
cannot be stopped from inside. What is in proportion takes seconds here, and anything else hours.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiops_platform.core import grouping, incident, wire
from aiops_platform.core.event import Event
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.traceback_text import is_in_app

TESTS = Path(__file__).parents[1]
SECONDS = 100
LENGTH = 700_000

# What the patterns look for, and nearly so: each is repeated, and then follows what no pattern expects.
PIECES = [
    *(
        "/Lib/",
        "\\Lib\\",
        "/lib/python",
        "site-packages/",
        "/src",
        "<",
        "<a",
        "{",
        "/<a>",
        "/:a",
        "/1",
        "a",
        "a.",
        "A ",
    ),
    *("1", "1.", "1:", "1e", "1-", "11:11:11.", "2026-11-22T", "0x1", "a1", "1" + "a" * 63, "f", "f0", "f:", "0f-"),
    *("'1", '"1', "'1'", "' ", "a@", "a@a.", "+", "http://", "http://a/", "https://a/1?", "+-", "-", "~", "^ ", "_"),
    *(" ", "\t ", "\n", " \n", "\x00", "\u2028", "  | ", "  +-", "   +-+-", "a: ", "\u0131", "Traceback "),
    *('  File "a", line 1, in f\n', '  File "', "Traceback (most recent call last):\n", "E: x\n"),
    "\nDuring handling of the above exception, another exception occurred:\n",
]
ENDS = ["\n!", "/src/x"]


def bodies(text: str) -> Iterator[dict[str, Any]]:
    """The places where text of an event is looked at."""
    trace, frame = "Traceback (most recent call last):\n", {"file": text, "function": text, "module": text}
    yield {"signal_type": "exception", "stack_trace": trace + text}
    yield {"signal_type": "exception", "stack_trace": f'{trace}  File "{text}!", line 1, in {text}\n{text}: x'}
    yield {"signal_type": "exception", "exceptions": [{"type": text, "value": text, "frames": [frame]}]}
    yield {"signal_type": "exception", "message": text, "error_type": text, "service": text, "fingerprint": [text]}
    yield {"signal_type": "http_error", "message": f"GET {text} returned HTTP", "request_path": text, "release": text}
    yield {"signal_type": "log_error", "message": text, "template": text, "logger": text, "route": text}


def read(body: dict[str, Any]) -> None:
    """All that digesting does with an event's text, and what showing it does beyond that."""
    from made import NOW, SHOP

    from aiops_platform.web.exhibit import lay_out

    event = wire.parse(json.dumps(body).encode(), ParcelKind.EXCEPTION)
    assert isinstance(event, Event)
    grouping.key_for(event)
    incident.absorb(event, None, service=SHOP, at=NOW, now=NOW)
    lay_out(event)


def test_endless_text_of_any_kind_takes_time_in_proportion():
    paths = os.pathsep.join([str(TESTS), *sys.path])
    child = subprocess.run(
        [sys.executable, __file__], timeout=SECONDS, env={**os.environ, "PYTHONPATH": paths}, capture_output=True
    )
    assert child.returncode == 0, child.stderr.decode()


if __name__ == "__main__":
    for piece in PIECES:
        for end in ENDS:
            whole = piece * (LENGTH // len(piece)) + end
            is_in_app(whole)
            for each in bodies(whole):
                read(each)
