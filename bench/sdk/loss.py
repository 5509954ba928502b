"""What becomes of captured events when something goes wrong: the process ends or is killed, the platform is away or refuses."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from dataclasses import dataclass

import reading
from children import Bench, FailedError, Surroundings, line_of
from environments import Installed
from sink import SILENT, USUAL, Mood


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong. ``patience`` is how long the process lives on after it is over, in seconds."""

    name: str
    count: int
    lasts: float = 0.0
    patience: float = 0.0
    mood: Mood = USUAL
    refuses: bool = False
    kill: signal.Signals | None = None
    again: float = 0.0  # so long a second process lives, which captures nothing
    note: str = ""
    exits: bool = False  # how long the end takes is of interest


RESTART = 12.0
#: What each of them costs a host that waits for it is unbounded for some: then it is killed.
EXIT_DEADLINE = 90.0

FULL = [
    Fault(name="normal exit right after 200 captures", count=200, exits=True),
    Fault(
        name="normal exit after 200, the platform never answers; then a restart",
        count=200, mood=SILENT, again=RESTART, exits=True,
    ),
    Fault(name="SIGTERM right after 100 captures; then a restart", count=100, kill=signal.SIGTERM, again=RESTART),
    Fault(name="SIGKILL right after 100 captures; then a restart", count=100, kill=signal.SIGKILL, again=RESTART),
    Fault(name="refused for 30 s, 500 captures", count=500, lasts=30, patience=60, refuses=True),
    Fault(name="503 for 20 s, 200 captures", count=200, lasts=20, patience=60, mood=Mood(status=503)),
    Fault(
        name="429 with Retry-After: 5 for 20 s, 60 captures",
        count=60, lasts=20, patience=60, mood=Mood(status=429, headers={"Retry-After": "5"}),
    ),
    Fault(name="no answer for 20 s, 60 captures", count=60, lasts=20, patience=60, mood=SILENT),
    Fault(name="401 for 20 s, 60 captures: requests", count=60, lasts=20, mood=Mood(status=401)),
]  # fmt: skip

QUICK = [
    FULL[0],
    Fault(name="SIGKILL right after 100 captures; then a restart", count=100, kill=signal.SIGKILL, again=3),
    Fault(name="401 for 2 s, 60 captures: requests", count=60, lasts=2, mood=Mood(status=401)),
]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it. ``requests`` are all that came until then, ``seconds`` is how long the end of the process took."""

    captured: int
    arrived: int
    twice: int
    requests: int
    seconds: float
    killed: bool


def suffer(bench: Bench, sdk: Installed, fault: Fault) -> Outcome:
    """Let one SDK go through one fault."""
    with bench.surroundings() as around:
        _set(around, fault)
        stay = 600.0 if fault.kill else fault.lasts + fault.patience
        process = around.start(sdk, "lose", count=fault.count, stay=stay, pause=0.002 if fault.lasts else 0)
        over = threading.Timer(fault.lasts, _mend, [around]) if fault.lasts and fault.patience else None
        if over is not None:
            over.start()
        try:
            seconds, killed = _end(around, process, fault)
        finally:
            if over is not None:
                over.join()
        time.sleep(0.5)
        requests = len(around.sink.requests)
        _mend(around)
        if fault.again:
            second = around.start(sdk, "lose", count=0, stay=fault.again)
            around.ended(second, fault.again + EXIT_DEADLINE)
        return _outcome(around, fault, requests, seconds, killed=killed)


def _end(around: Surroundings, process: subprocess.Popen[str], fault: Fault) -> tuple[float, bool]:
    limit = fault.lasts + fault.patience + EXIT_DEADLINE
    killed = threading.Event()

    def kill() -> None:
        killed.set()
        process.kill()

    watch = threading.Timer(limit, kill)
    watch.start()
    try:
        if not line_of(process):
            raise FailedError(around.last_words())
        if fault.kill is not None:
            begun = time.monotonic()
            process.send_signal(fault.kill)
        else:
            line_of(process)
            begun = time.monotonic()
        process.wait()
        return time.monotonic() - begun, killed.is_set()
    finally:
        watch.cancel()
        process.kill()
        process.communicate()


def _set(around: Surroundings, fault: Fault) -> None:
    around.sink.mood = fault.mood
    if fault.refuses:
        around.sink.stop()


def _mend(around: Surroundings) -> None:
    around.sink.mood = USUAL
    if around.sink.is_stopped:
        around.sink.start()


def _outcome(around: Surroundings, fault: Fault, requests: int, seconds: float, *, killed: bool) -> Outcome:
    accepted = [request for request in around.sink.requests if request.accepted]
    messages = [one.message for request in accepted for one in reading.events_in(request)]
    return Outcome(
        captured=fault.count,
        arrived=len(set(messages)),
        twice=len(messages) - len(set(messages)),
        requests=requests,
        seconds=seconds,
        killed=killed,
    )
