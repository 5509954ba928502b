"""What runs inside the process of one SDK: it is told what to do, does it, and says the figures as lines of JSON."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import logging
import os
import resource
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict

import planted
import stacks

#: Below the smallest queue among the SDKs (Sentry's holds 100), so that none has to drop.
BLOCK = 50


def main() -> None:
    """``child.py MEASURE SDK OPTIONS``, the options as JSON."""
    measure, name, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    logging.basicConfig(stream=open(os.devnull, "w"))  # noqa: SIM115 - lives as long as the process
    MEASURES[measure](name, options)
    sys.stdout.flush()


def say(**figures: Any) -> None:
    """One line for the parent."""
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def start(name: str, options: Dict[str, Any]) -> Any:
    """Import the SDK's file and start it."""
    sdk: Any = importlib.import_module("sdks." + name)
    if options.get("aggregates"):
        sdk.aggregates = True
    sdk.start(options["url"])
    return sdk


def failing(options: Dict[str, Any]) -> Callable[[int, int], object]:
    """Code that fails at the depth in question."""
    return stacks.load(Path(options["folder"]), options.get("frames", 10))


def init(name: str, options: Dict[str, Any]) -> None:
    """The time that starting takes, after the import."""
    sdk: Any = importlib.import_module("sdks." + name)
    begun = time.perf_counter()
    sdk.start(options["url"])
    say(us=(time.perf_counter() - begun) * 1e6)


def capture(name: str, options: Dict[str, Any]) -> None:
    """What handing over one exception takes on the calling thread, when the SDK is otherwise idle."""
    fail = failing(options)
    sdk = start(name, options)
    walls, busy = [], []
    gc.collect()
    until = time.monotonic() + options["seconds"]
    for number in range(options["count"] + 5):
        try:
            fail(number, 0)
        except LookupError as exc:
            cpu, wall = time.thread_time_ns(), time.perf_counter_ns()
            sdk.capture(exc)
            walls.append((time.perf_counter_ns() - wall) / 1e3)
            busy.append((time.thread_time_ns() - cpu) / 1e3)
        sdk.flush()
        if time.monotonic() > until and number >= 10:
            break
    say(us=statistics.median(walls[5:]), cpu_us=statistics.median(busy[5:]), count=len(walls) - 5)


def deliver(name: str, options: Dict[str, Any]) -> None:
    """Process CPU for each event, from the capture to the last byte sent; and how many go out in a second."""
    fail = failing(options)

    def block(first: int, take: Callable[[BaseException], object]) -> None:
        for number in range(first, first + BLOCK):
            try:
                fail(number, 0)
            except LookupError as exc:
                take(exc)

    block(0, lambda _: None)
    before = time.process_time()
    for _ in range(20):
        block(0, lambda _: None)
    raising = (time.process_time() - before) / (20 * BLOCK)
    sdk = start(name, options)
    block(0, sdk.capture)
    sdk.flush()
    done = BLOCK
    cpu, wall = time.process_time(), time.perf_counter()
    until = wall + options["seconds"]
    while done < options["count"] and time.perf_counter() < until:
        block(done, sdk.capture)
        sdk.flush()
        done += BLOCK
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    measured = done - BLOCK
    say(cpu_us=(cpu / measured - raising) * 1e6, seconds=wall, count=measured, captured=done)


def burst(name: str, options: Dict[str, Any]) -> None:
    """One error again and again, as fast as it goes: the time that the calling thread loses."""
    fail = failing(options)
    sdk = start(name, {**options, "aggregates": True})
    lost, count = 0, 0
    until = time.monotonic() + options["seconds"]
    while count < options["count"] and time.monotonic() < until:
        try:
            fail(7, 0)
        except LookupError as exc:
            begun = time.perf_counter_ns()
            sdk.capture(exc)
            lost += time.perf_counter_ns() - begun
        count += 1
    say(caller_s=lost / 1e9, count=count)
    sdk.flush()


def memory(name: str, options: Dict[str, Any]) -> None:
    """Resident memory before the import, after the start, after the first capture, and after a thousand."""
    fail = failing(options)
    with contextlib.suppress(LookupError):
        fail(0, 0)
    gc.collect()
    figures = [_resident()]
    sdk = start(name, options)
    time.sleep(0.3)
    gc.collect()
    figures.append(_resident())
    for number in range(options["count"] + 1):
        try:
            fail(number, 0)
        except LookupError as exc:
            sdk.capture(exc)
        if number == 0 or number % BLOCK == 0:
            sdk.flush()
        if number == 0:
            figures.append(_resident())
    sdk.flush()
    time.sleep(0.3)
    gc.collect()
    figures.append(_resident())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    say(before=figures[0], started=figures[1], first=figures[2], after=figures[3], peak=peak)


def _resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def paced(name: str, options: Dict[str, Any]) -> None:
    """Run a batch each time the parent says so: a request of a Flask app, or a log line, hundreds of times."""
    one, flush = {"request": _request, "crash": _crash, "log": _log}[options["what"]](name, options)
    count = options["count"]
    for _ in range(count):
        one()
    flush()
    gc.collect()
    say(ready=True)
    for _ in sys.stdin:
        cpu, wall, mine = time.process_time_ns(), time.perf_counter_ns(), time.thread_time_ns()
        for _ in range(count):
            one()
        mine, wall = time.thread_time_ns() - mine, time.perf_counter_ns() - wall
        if options["what"] == "crash":
            flush()
        cpu = time.process_time_ns() - cpu
        say(cpu_us=cpu / count / 1e3, wall_us=wall / count / 1e3, thread_us=mine / count / 1e3)


def _log(name: str, options: Dict[str, Any]) -> Any:
    sdk = start(name, options)
    logging.getLogger().setLevel(logging.INFO)
    logger = logging.getLogger("shop.orders")
    return lambda: logger.info("Order %s shipped", 17), sdk.flush


def _request(name: str, options: Dict[str, Any]) -> Any:
    return _flask(name, options, "/orders/17")


def _crash(name: str, options: Dict[str, Any]) -> Any:
    return _flask(name, options, "/crash/17")


def _flask(name: str, options: Dict[str, Any], path: str) -> Any:
    fail = failing(options)
    sdk = start(name, options)
    import flask
    from werkzeug.test import EnvironBuilder

    app = flask.Flask("shop")
    sdk.attach(app)

    @app.route("/orders/<int:number>")
    def order(number: int) -> str:
        return "ok"

    numbers = iter(range(1, 10**9))

    @app.route("/crash/<int:number>")
    def crash(number: int) -> str:
        return str(fail(next(numbers), 0))

    headers = [("User-Agent", "bench"), ("Accept", "*/*")]
    environ = EnvironBuilder(path=path, headers=headers).get_environ()
    environ["wsgi.errors"] = open(os.devnull, "w")  # noqa: SIM115 - lives as long as the process

    def start_response(*_: Any) -> Any:
        pass

    def one() -> None:
        body: Any = app(dict(environ), start_response)
        for _ in body:
            pass
        body.close()

    return one, sdk.flush


def lose(name: str, options: Dict[str, Any]) -> None:
    """Capture some, say so, live on for a while, and end normally: the parent sees to what goes wrong meanwhile."""
    fail = failing(options)
    sdk = start(name, options)
    begun = time.monotonic()
    for number in range(options["count"]):
        try:
            fail(number, 0)
        except LookupError as exc:
            sdk.capture(exc)
        if options.get("pause"):
            time.sleep(options["pause"])
    say(captured=options["count"], seconds=time.monotonic() - begun)
    threading.Event().wait(options["stay"])
    say(leaving=True)


def leak(name: str, options: Dict[str, Any]) -> None:
    """Report a request that is full of secrets, which the parent then looks for."""
    os.environ.update(planted.environment())
    sdk = start(name, options)
    planted.fail(planted.app(sdk.attach))
    sdk.flush()
    say(done=True)


MEASURES = {each.__name__: each for each in (init, capture, deliver, burst, memory, paced, lose, leak)}

if __name__ == "__main__":
    main()
