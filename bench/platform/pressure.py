"""Twice what can be digested, for minutes: do answers stay quick, does memory stay flat, is all that was taken digested?

    python bench/platform/pressure.py                          ten minutes, with the settings that nobody sets
    python bench/platform/pressure.py --unlimited              the same without quotas: all of it is taken
    python bench/platform/pressure.py --minutes 1 --intake 64  a look, with an intake of 64 MiB, which is full soon

First it measures what can be sustained: a load that waits for its answers, until all of it is digested. Then requests are
sent at twice that rate whatever the answers take, a round after the other: the generator makes its requests ready between
them, and for these seconds nothing is sent.

The last column is how long the same small computation takes meanwhile, in the median: on a machine that is shared it says
which rounds had a slower one. It is time on a processor, without waiting for one.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event as Flag
from threading import Thread
from typing import Self

from load import Found
from run import recorded
from servers import Ours, memory_of
from trying import Generator, drain, load

_CONNECTIONS = 64
_ROUND_SECONDS = 20.0
_SUSTAINED_SECONDS = 10.0
_MIB = 1024 * 1024
_ADDITIONS = 20_000


def main() -> int:
    """0 when all that was acknowledged was digested."""
    options = _options()
    settings = {"AIOPS_SERVER_MAX_INTAKE": str(options.intake * _MIB)} if options.intake else {}
    with TemporaryDirectory(prefix="pressure-", ignore_cleanup_errors=True) as folder:
        server = Ours(Path(folder), limited=not options.unlimited, settings=settings)
        try:
            server.start()
            return _press(server, options.minutes * 60, options.form, options.rate)
        finally:
            server.kill()


def _press(server: Ours, seconds: float, form: str, rate: float | None) -> int:
    mail, accepted = server.mails(recorded())[form], 0
    if rate is None:
        sustained = load(
            server, mail, connections=_CONNECTIONS, seconds=_SUSTAINED_SECONDS, most=int(6_000 * _SUSTAINED_SECONDS)
        )
        accepted, rate = sustained.accepted, 2 * sustained.digested / sustained.seconds
        print(f"digested as fast as it can, {form}: {rate / 2:.0f}/s")
    print(f"{rate:.0f}/s are sent\n")
    print("| second | 202/s | 429/s | 503/s | no answer | p50 ms | p99 ms | longest ms | waiting | MB | computing ms |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        generator = Generator(
            server, mail, connections=_CONNECTIONS, seconds=_ROUND_SECONDS,
            most=int(rate * _ROUND_SECONDS), rate=rate,
        )  # fmt: skip
        with _Speed() as speed:
            generator.go()
            found = generator.found()
        accepted += found.accepted * mail.events
        memory = memory_of(server.processes())
        _print(found, time.monotonic() - begun, waiting=server.waiting(), memory=memory, speed=speed)
    ended = time.monotonic()
    drained = drain(server) - ended
    digested = server.digested()
    print(f"\nacknowledged {accepted}, digested {digested}; the last {drained:.0f} s after the load")
    return int(accepted != digested)


def _print(found: Found, second: float, *, waiting: int, memory: float, speed: _Speed) -> None:
    rates = [found.statuses.get(status, 0) / found.seconds for status in ("202", "429", "503")]
    times = [found.percentile(share) * 1000 for share in (0.5, 0.99, 1.0)]
    cells = [f"{second:.0f}", *(f"{each:.0f}" for each in rates), str(found.broken), *(f"{each:.1f}" for each in times)]
    print("| " + " | ".join([*cells, str(waiting), f"{memory:.0f}", f"{speed.median():.2f}"]) + " |", flush=True)


class _Speed:
    """How fast the machine computes, looked at once a second."""

    def __init__(self) -> None:
        self._took: list[float] = []
        self._over = Flag()
        self._thread = Thread(target=self._look, daemon=True)

    def median(self) -> float:
        """Milliseconds on a processor for the same sum."""
        return statistics.median(self._took)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(1.0):
            begun = time.thread_time_ns()
            sum(each for each in range(_ADDITIONS))
            self._took.append((time.thread_time_ns() - begun) / 1e6)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--intake", type=int, help="the intake's budget in MiB; without it the platform's own")
    parser.add_argument("--unlimited", action="store_true", help="without quotas")
    parser.add_argument("--rate", type=float, help="so many requests a second, whatever can be digested")
    parser.add_argument("--form", choices=("short", "long", "batch"), default="short", help="what is sent")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
