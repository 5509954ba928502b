"""Twice what can be digested, for minutes: do answers stay quick, does memory stay flat, is all that was taken digested?

    python bench/platform/pressure.py                          ten minutes, with the settings that nobody sets
    python bench/platform/pressure.py --unlimited              the same without quotas: all of it is taken
    python bench/platform/pressure.py --minutes 1 --intake 64  a look, with an intake of 64 MiB, which is full soon

First it measures what can be sustained: a load that waits for its answers, until all of it is digested. Then requests are
sent at twice that rate whatever the answers take, a round after the other: the generator makes its requests ready between
them, and for these seconds nothing is sent.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from load import Found
from run import recorded
from servers import Ours, memory_of
from trying import Generator, drain, load

_CONNECTIONS = 64
_ROUND_SECONDS = 20.0
_SUSTAINED_SECONDS = 10.0
_MIB = 1024 * 1024


def main() -> int:
    """0 when all that was acknowledged was digested."""
    options = _options()
    settings = {"AIOPS_SERVER_MAX_INTAKE": str(options.intake * _MIB)} if options.intake else {}
    with TemporaryDirectory(prefix="pressure-", ignore_cleanup_errors=True) as folder:
        server = Ours(Path(folder), limited=not options.unlimited, settings=settings)
        try:
            server.start()
            return _press(server, options.minutes * 60, options.form)
        finally:
            server.kill()


def _press(server: Ours, seconds: float, form: str) -> int:
    mail = server.mails(recorded())[form]
    sustained = load(
        server, mail, connections=_CONNECTIONS, seconds=_SUSTAINED_SECONDS, most=int(6_000 * _SUSTAINED_SECONDS)
    )
    accepted, rate = sustained.accepted, sustained.digested / sustained.seconds
    print(f"digested as fast as it can, {form}: {rate:.0f}/s; from here on {2 * rate:.0f}/s are sent\n")
    print("| second | 202/s | 429/s | 503/s | no answer | p50 ms | p99 ms | longest ms | waiting | MB |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        generator = Generator(
            server, mail, connections=_CONNECTIONS, seconds=_ROUND_SECONDS,
            most=int(2 * rate * _ROUND_SECONDS), rate=2 * rate,
        )  # fmt: skip
        generator.go()
        found = generator.found()
        accepted += found.accepted * mail.events
        _print(found, time.monotonic() - begun, waiting=server.waiting(), memory=memory_of(server.processes()))
    ended = time.monotonic()
    drained = drain(server) - ended
    digested = server.digested()
    print(f"\nacknowledged {accepted}, digested {digested}; the last {drained:.0f} s after the load")
    return int(accepted != digested)


def _print(found: Found, second: float, *, waiting: int, memory: float) -> None:
    rates = [found.statuses.get(status, 0) / found.seconds for status in ("202", "429", "503")]
    times = [found.percentile(share) * 1000 for share in (0.5, 0.99, 1.0)]
    cells = [f"{second:.0f}", *(f"{each:.0f}" for each in rates), str(found.broken), *(f"{each:.1f}" for each in times)]
    print("| " + " | ".join([*cells, str(waiting), f"{memory:.0f}"]) + " |", flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--intake", type=int, help="the intake's budget in MiB; without it the platform's own")
    parser.add_argument("--unlimited", action="store_true", help="without quotas")
    parser.add_argument("--form", choices=("short", "long", "batch"), default="short", help="what is sent")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
