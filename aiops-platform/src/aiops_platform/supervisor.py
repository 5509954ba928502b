"""Runs the parts of the platform as child processes: has them forked, forks again what dies, ends them all.

A part says over its lifeline when it is ready, and learns from it when the supervisor is gone (even by SIGKILL).
"""

import logging
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from types import FrameType, TracebackType
from typing import Self

from aiops_platform.process.forked import Child, Forked
from aiops_platform.process.lifeline import ChildLine, is_begun
from aiops_platform.process.nursery import Nursery

_LONGEST_PAUSE = 30.0
_STEADY_SECONDS = 60.0
# Longer than a child's own last resort would be too late: then this process would be the one that hangs.
_PATIENCE_SECONDS = 12.0
_REAP_SECONDS = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What is to be kept running. `work` gets the number of its lifeline's end, and returns an exit code.

    `descriptors` stay open for it.
    """

    name: str
    work: Callable[[int], int]
    descriptors: Sequence[int] = ()


def pause_before(failures: int) -> float:
    """Seconds to wait before a part that failed so many times in a row is started again."""
    return min(0.5 * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE)


class Ending(Enum):
    """How a supervisor's work came to its end."""

    STOPPED = "stopped when asked to"
    STOPPED_EARLY = "stopped when asked to, before all parts worked"
    FAILED = "a part could not even start for the first time; it has said why itself"


class Supervisor:
    """Belongs to the main thread of its process. What it has begun ends with its `with` block at the latest.

    Its parts come from the nursery, which is to fork them before they can run.
    """

    def __init__(self, parts: Sequence[Part], nursery: Nursery) -> None:
        self._children = [_Child(part, nursery) for part in parts]
        self._stops_asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_all()

    def run(self, when_ready: Callable[[], None]) -> Ending:
        """Until SIGINT or SIGTERM, which are ignored afterwards. `when_ready` is called once, when all parts work."""
        with self._signals() as wake_up, selectors.DefaultSelector() as selector:
            selector.register(wake_up, selectors.EVENT_READ)
            try:
                return self._watch(selector, when_ready)
            finally:
                # Who presses Ctrl-C once more is heard until all has ended.
                self._end_all()

    def _watch(self, selector: selectors.BaseSelector, when_ready: Callable[[], None]) -> Ending:
        all_ready = False
        while not self._stops_asked:
            for child in self._children:
                child.start_if_due(selector)
            selector.select(_seconds_until(self._children))
            for child in self._children:
                child.listen(selector)
            # A signal may go to the parts, too: that they are gone then is no failure.
            if not all_ready and not self._stops_asked and any(child.failures for child in self._children):
                return Ending.FAILED
            if not all_ready and all(child.is_ready for child in self._children):
                all_ready = True
                when_ready()
        return Ending.STOPPED if all_ready else Ending.STOPPED_EARLY

    def _end_all(self) -> None:
        patience = time.monotonic() + _PATIENCE_SECONDS
        for child in self._children:
            child.ask_to_end()
        asked = self._stops_asked
        while any(child.lives for child in self._children):
            # Whoever presses Ctrl-C again has waited enough.
            if time.monotonic() > patience or self._stops_asked > asked:
                for child in self._children:
                    child.kill()
            time.sleep(0.02)
        for child in self._children:
            child.close()

    @contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        reader, writer = socket.socketpair()
        reader.setblocking(False)
        writer.setblocking(False)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        wakeup_before = signal.set_wakeup_fd(writer.fileno())
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(wakeup_before)
            # All has ended, and so does the process: whoever asks once more must not turn a clean end into a kill.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            reader.close()
            writer.close()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stops_asked += 1


class _Child:
    """One part: its process if it runs, and when it is to be started if it does not."""

    def __init__(self, part: Part, nursery: Nursery) -> None:
        self._part = part
        self._line: ChildLine | None = ChildLine()
        descriptor = self._line.descriptor_for_child
        self._process: Child | None = nursery.add(
            lambda: part.work(descriptor) if is_begun(descriptor) else 0,
            name=self._name,
            keep=[descriptor, *part.descriptors],
        )
        self._started_at = 0.0
        self.starts_at: float | None = 0.0
        self.failures = 0
        self.is_ready = False

    @property
    def lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start_if_due(self, selector: selectors.BaseSelector) -> None:
        if self.starts_at is None or self.starts_at > time.monotonic():
            return
        self.starts_at = None
        self._started_at = time.monotonic()
        if self._line is None:
            self._line = ChildLine()
            self._fork(self._line.descriptor_for_child)
        self._line.hand_over()
        self._line.say_begin()
        selector.register(self._line, selectors.EVENT_READ)

    def listen(self, selector: selectors.BaseSelector) -> None:
        heard = "" if self._line is None else self._line.listen()
        if heard == "ready":
            self.is_ready = True
            if self.failures:
                log.info("A part works again", extra={"part": self._part.name})
        elif heard == "gone" and self._line is not None:
            selector.unregister(self._line)
            self._bury()

    def _fork(self, descriptor: int) -> None:
        self._process = Forked(
            lambda: self._part.work(descriptor), name=self._name, keep=[descriptor, *self._part.descriptors]
        )

    @property
    def _name(self) -> str:
        return f"aiops-{self._part.name}"

    def ask_to_end(self) -> None:
        if self._process is not None and self.lives:
            self._process.terminate()

    def kill(self) -> None:
        if self._process is not None and self.lives:
            log.warning("A part did not end when asked to, killing it", extra={"part": self._part.name})
            self._process.kill()

    def close(self) -> None:
        if self._line is not None:
            self._line.close()

    def _bury(self) -> None:
        assert self._process is not None
        code = self._process.wait(_REAP_SECONDS)
        if code is None:  # It closed its line, but lives on: of no use, and in the way of the next.
            code = self._process.kill()
        self.close()
        self._line = self._process = None
        was_steady = time.monotonic() - self._started_at > _STEADY_SECONDS
        self.failures = 1 if was_steady else self.failures + 1
        if self.is_ready:
            pause = pause_before(self.failures)
            self.starts_at = time.monotonic() + pause
            about = {"part": self._part.name, "ended_by": _ending(code), "pause": f"{pause:g}s"}
            log.warning("A part ended by itself, starting it again", extra=about)


def _seconds_until(children: Sequence[_Child]) -> float | None:
    due = [child.starts_at for child in children if child.starts_at is not None]
    return max(0.0, min(due) - time.monotonic()) if due else None


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
