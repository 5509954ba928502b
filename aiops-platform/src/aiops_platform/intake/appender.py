"""Group commit: one thread writes whatever has come together, and all who wait share one sync of the disk."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition, Thread

from aiops_platform.core.parcel import Parcel
from aiops_platform.ports import IntakeUnavailableError

_JOIN_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much may wait to be written, and how much is written at once."""

    waiting_parcels: int = 20_000
    waiting_bytes: int = 64 * 1024 * 1024
    group_parcels: int = 1_000
    group_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True)
class _Order:
    parcels: Sequence[Parcel]
    size: int
    written: Future[None]


class Appender:
    """Takes parcels from any thread and hands them to `write` in groups, on a thread of its own.

    `write` returns when its parcels are durable, and raises IntakeUnavailableError when none of them is.
    """

    def __init__(self, write: Callable[[Sequence[Parcel]], None], limits: Limits) -> None:
        self._write = write
        self._limits = limits
        self._orders: deque[_Order] = deque()
        self._parcels = 0
        self._bytes = 0
        self._closed = False
        self._changed = Condition()
        self._thread: Thread | None = None

    @property
    def waiting_bytes(self) -> int:
        """How much waits to be written."""
        return self._bytes

    def append(self, parcels: Sequence[Parcel]) -> Future[None]:
        """See `ports.Intake.append`."""
        order = _Order(parcels, sum(len(parcel.body) for parcel in parcels), Future())
        with self._changed:
            if self._closed:
                raise IntakeUnavailableError("The intake is closed: the platform is being stopped.")
            if self._parcels + len(parcels) > self._limits.waiting_parcels or (
                self._bytes + order.size > self._limits.waiting_bytes
            ):
                raise IntakeUnavailableError("Too much waits to be written: the disk is slower than what comes in.")
            self._orders.append(order)
            self._count(order, +1)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="intake-appender", daemon=True)
                self._thread.start()
            self._changed.notify()
        return order.written

    def close(self) -> None:
        """Takes nothing more, and returns when what was taken is written."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        while group := self._next_group():
            try:
                self._write([parcel for order in group for parcel in order.parcels])
            except Exception as error:  # noqa: BLE001 (whatever it is: who waits must hear of it, and the thread live on)
                for order in group:
                    order.written.set_exception(_as_unavailable(error))
            else:
                for order in group:
                    order.written.set_result(None)

    def _next_group(self) -> list[_Order]:
        """What is to be written next; empty when closed and all is written."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._orders or self._closed)
                group = self._take()
                if group or (not self._orders and self._closed):
                    return group

    def _take(self) -> list[_Order]:
        group: list[_Order] = []
        parcels = size = 0
        while self._orders and parcels < self._limits.group_parcels and size < self._limits.group_bytes:
            order = self._orders.popleft()
            self._count(order, -1)
            # False: whoever asked has gone meanwhile, and nobody was promised anything.
            if order.written.set_running_or_notify_cancel():
                group.append(order)
                parcels += len(order.parcels)
                size += order.size
        return group

    def _count(self, order: _Order, sign: int) -> None:
        self._parcels += sign * len(order.parcels)
        self._bytes += sign * order.size


def _as_unavailable(error: Exception) -> IntakeUnavailableError:
    if isinstance(error, IntakeUnavailableError):
        return error
    unavailable = IntakeUnavailableError(f"The parcels could not be written: {error}")
    unavailable.__cause__ = error
    return unavailable
