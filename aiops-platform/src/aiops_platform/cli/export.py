"""`aiops export events`: what is stored, line by line, for other tools."""

import sys
import time
from argparse import Namespace

import msgspec

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.settings import Settings
from aiops_platform.storage.exporting import Damaged, Wanted, exported

_SAY_EVERY_SECONDS = 0.5


def events(settings: Settings, given: Namespace) -> int:
    """1 when an event could not be read; all others are there. Raises PlatformErrors."""
    check_started(settings)
    wanted = Wanted(
        since=given.since,
        until=given.until,
        service=given.service,
        environment=given.environment,
        incident_id=given.incident,
    )
    encode, write = msgspec.json.Encoder().encode, sys.stdout.buffer.write
    progress, damaged = _Progress(), 0
    with assembly.stored(settings) as database:
        for each in exported(database, wanted):
            if isinstance(each, Damaged):
                damaged += 1
                print(f"aiops: the event {each.which} cannot be read: {each.why}", file=sys.stderr)
                continue
            write(encode(each) + b"\n")
            progress.one_more()
    sys.stdout.buffer.flush()
    progress.end()
    return int(damaged > 0)


class _Progress:
    """How far it is, for who sits in front of it."""

    def __init__(self) -> None:
        self._shows = sys.stderr.isatty() and not sys.stdout.isatty()
        self._done = 0
        self._said_at = time.monotonic()

    def one_more(self) -> None:
        self._done += 1
        if self._shows and time.monotonic() - self._said_at >= _SAY_EVERY_SECONDS:
            self._said_at = time.monotonic()
            self._say()

    def end(self) -> None:
        if self._shows:
            self._say(end="\n")

    def _say(self, end: str = "") -> None:
        print(f"\r{self._done:,} events", end=end, file=sys.stderr, flush=True)
