"""What an SDK costs its host: each function measures one SDK once, and returns figures by the name of their row."""

from __future__ import annotations

import statistics
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import reading
from children import Bench, FailedError, Surroundings, line_of
from environments import Installed

Figures = dict[str, float]

_IMPORT = "import time, sys{first}\nt = time.perf_counter()\n{code}\nprint((time.perf_counter() - t) * 1e3)"


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is done: for a table to keep, or for a quick look."""

    rounds: int
    starts: int  # processes for each import and each init()
    captures: int
    seconds: float  # at most, for each of the measurements that repeat something
    deliveries: int
    burst: int
    burst_seconds: float
    kept: int  # captures after which memory is looked at
    pairs: int  # of processes that take turns, with the SDK and without
    turns: int


FULL = Effort(
    rounds=3, starts=5, captures=100, seconds=5.0, deliveries=3000, burst=10_000, burst_seconds=40.0,
    kept=1000, pairs=3, turns=16,
)  # fmt: skip
QUICK = Effort(
    rounds=1, starts=1, captures=15, seconds=0.4, deliveries=400, burst=10_000, burst_seconds=1.0,
    kept=100, pairs=1, turns=8,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One measurement: what it is called in the progress, and how it is taken."""

    name: str
    take: Callable[[Bench, Installed, Installed, Effort], Figures]
    once: bool = False


def _imports(bench: Bench, sdk: Installed, _: Installed, effort: Effort) -> Figures:
    return {
        "import": _import_ms(bench, sdk, "", effort),
        "import after Flask": _import_ms(bench, sdk, ", flask", effort),
    }


def _import_ms(bench: Bench, sdk: Installed, first: str, effort: Effort) -> float:
    code = _IMPORT.format(first=first, code=IMPORTS[sdk.sdk])
    times = []
    with bench.surroundings() as around:
        for _ in range(effort.starts + 1):
            process = around.program(sdk, ["-c", code])
            said, _ = process.communicate(timeout=60)
            if process.returncode:
                raise FailedError(around.last_words())
            times.append(float(said))
    # The first one reads from the disk.
    return statistics.median(times[1:])


IMPORTS = {
    "none": "pass",
    "ours": "import aiops_sdk",
    "published": "import aiops_sdk",
    "sentry": "import sentry_sdk",
    "rollbar": "import rollbar",
    "honeybadger": "import honeybadger",
    "bugsnag": "import bugsnag",
    "elastic": "import elasticapm",
    "logfire": "import logfire",
}


def _init(bench: Bench, sdk: Installed, _: Installed, effort: Effort) -> Figures:
    with bench.surroundings() as around:
        times = [around.run(sdk, "init", deadline=60)["us"] for _ in range(effort.starts)]
    return {"init()": statistics.median(times) / 1e3}


def _capture(bench: Bench, sdk: Installed, _: Installed, effort: Effort) -> Figures:
    found = {}
    for frames in (10, 40):
        with bench.surroundings() as around:
            said = around.run(
                sdk, "capture", deadline=120, frames=frames, count=effort.captures, seconds=effort.seconds
            )
        found[f"capture {frames}"] = said["us"]
        found[f"capture {frames}, CPU"] = said["cpu_us"]
    return found


def _deliver(bench: Bench, sdk: Installed, _: Installed, effort: Effort) -> Figures:
    with bench.surroundings() as around:
        said = around.run(sdk, "deliver", deadline=180, count=effort.deliveries, seconds=effort.seconds)
        told = [(request, reading.events_in(request)) for request in around.sink.requests]
    arrived = sum(one.count for _, events in told for one in events)
    if not arrived:
        raise FailedError("nothing arrived")
    size = sum(request.size for request, events in told if events)
    return {
        "CPU per event": said["cpu_us"],
        "events/s": said["count"] / said["seconds"] * min(1.0, arrived / said["captured"]),
        "bytes per event": size / arrived,
        "events per request": arrived / sum(1 for _, events in told if events),
    }


def _burst(bench: Bench, sdk: Installed, _: Installed, effort: Effort) -> Figures:
    with bench.surroundings() as around:
        said = around.run(sdk, "burst", deadline=240, count=effort.burst, seconds=effort.burst_seconds)
        told = [one for request in around.sink.requests for one in reading.events_in(request)]
    scale = effort.burst / said["count"]
    return {
        "burst in the caller": said["caller_s"] * scale,
        "burst counted": 100.0 * sum(one.count for one in told) / said["count"],
        "burst sent": len(told) * scale,
        "burst done": said["count"],
    }


def _memory(bench: Bench, sdk: Installed, _: Installed, effort: Effort) -> Figures:
    with bench.surroundings() as around:
        said = around.run(sdk, "memory", deadline=240, count=effort.kept)
    return {
        "memory started": (said["started"] - said["before"]) / 1e6,
        "memory after captures": (said["after"] - said["started"]) / 1e6,
        "memory in all": (said["after"] - said["before"]) / 1e6,
    }


def _flask(bench: Bench, sdk: Installed, host: Installed, effort: Effort) -> Figures:
    added = _added(bench, sdk, host, what="request", count=200, effort=effort)
    crashed = _added(bench, sdk, host, what="crash", count=10, effort=effort)
    return {
        "Flask request": added["cpu_us"],
        "Flask crash": crashed["wall_us"] / 1e3,
        "Flask crash, CPU": crashed["cpu_us"] / 1e3,
    }


def _log(bench: Bench, sdk: Installed, host: Installed, effort: Effort) -> Figures:
    return {"logger.info": _added(bench, sdk, host, what="log", count=2000, effort=effort)["thread_us"]}


def _added(bench: Bench, sdk: Installed, host: Installed, *, what: str, count: int, effort: Effort) -> Figures:
    """What the SDK adds to one thing: two processes, with it and without, take turns, and the difference of medians counts.

    So what else the machine does at that time falls on both. Where things lie in memory makes a difference of some percent
    between two processes that do the same: so several pairs of processes, and the median of their differences.
    """
    turns = effort.turns
    differences = [_difference(bench, sdk, host, what=what, count=count, turns=turns) for _ in range(effort.pairs)]
    return {name: statistics.median(each[name] for each in differences) for name in differences[0]}


def _difference(bench: Bench, sdk: Installed, host: Installed, *, what: str, count: int, turns: int) -> Figures:
    with_it: list[Figures] = []
    without: list[Figures] = []
    with (
        bench.surroundings() as around,
        bench.surroundings() as plain,
        _pacer(around, sdk, what, count) as one,
        _pacer(plain, host, what, count) as other,
    ):
        for number in range(turns):
            both = [(one, with_it, around), (other, without, plain)]
            for process, found, where in both if number % 2 else reversed(both):
                assert process.stdin is not None
                process.stdin.write("go\n")
                process.stdin.flush()
                figures = line_of(process)
                if not figures:
                    raise FailedError(where.last_words())
                found.append(figures)
    return {
        name: statistics.median(each[name] for each in with_it) - statistics.median(each[name] for each in without)
        for name in with_it[0]
    }


@contextmanager
def _pacer(around: Surroundings, sdk: Installed, what: str, count: int) -> Iterator[subprocess.Popen[str]]:
    process = around.start(sdk, "paced", what=what, count=count)
    watch = threading.Timer(180, process.kill)
    watch.start()
    try:
        if not line_of(process):
            raise FailedError(around.last_words())
        yield process
    finally:
        watch.cancel()
        process.kill()
        process.communicate()


MEASUREMENTS = [
    Measurement(name="import", take=_imports),
    Measurement(name="init()", take=_init),
    Measurement(name="capture", take=_capture),
    Measurement(name="deliver", take=_deliver),
    Measurement(name="burst", take=_burst, once=True),
    Measurement(name="logger.info", take=_log),
    Measurement(name="Flask", take=_flask),
    Measurement(name="memory", take=_memory),
]
