"""Parcels of many requests, handed to the intake together: a signal between threads costs more than to write a parcel."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future

from aiops_platform.core.parcel import Parcel
from aiops_platform.ports import Intake, IntakeUnavailableError

_MOST_PARCELS = 1_000
_MOST_BYTES = 8 * 1024 * 1024


class Gathering:
    """Belongs to one event loop. One group is being written, and whoever comes meanwhile is in the next one."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._waiting: list[_Promise] = []
        self._is_busy = False

    async def keep(self, parcel: Parcel) -> None:
        """Returns when it is on durable storage. Raises IntakeUnavailableError."""
        loop = asyncio.get_running_loop()
        promise = _Promise(parcel, loop.create_future())
        self._waiting.append(promise)
        if not self._is_busy:
            self._is_busy = True
            # Whoever is served in the same turn of the loop comes along.
            loop.call_soon(self._hand_over, loop)
        await promise.kept

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        group: list[_Promise] = []
        while self._waiting and not group:
            group = self._next_group()
        self._is_busy = bool(group)
        if not group:
            return
        try:
            written = self._intake.append([each.parcel for each in group])
        except IntakeUnavailableError as error:
            _tell(group, error)
            loop.call_soon(self._hand_over, loop)
            return

        def tell(written: Future[None]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._written, loop, group, written)

        written.add_done_callback(tell)

    def _written(self, loop: asyncio.AbstractEventLoop, group: "Sequence[_Promise]", written: Future[None]) -> None:
        # First the next: the disk is not to wait for our answers.
        self._hand_over(loop)
        _tell(group, written.exception())

    def _next_group(self) -> "list[_Promise]":
        group: list[_Promise] = []
        size = 0
        for promise in self._waiting:
            if len(group) == _MOST_PARCELS or size > _MOST_BYTES:
                break
            group.append(promise)
            size += len(promise.parcel.body)
        del self._waiting[: len(group)]
        # Who has gone meanwhile was promised nothing.
        return [each for each in group if not each.kept.done()]


class _Promise:
    __slots__ = ("kept", "parcel")

    def __init__(self, parcel: Parcel, kept: asyncio.Future[None]) -> None:
        self.parcel = parcel
        self.kept = kept


def _tell(group: Sequence[_Promise], error: BaseException | None) -> None:
    for each in group:
        if each.kept.done():
            continue
        if error is None:
            each.kept.set_result(None)
        else:
            each.kept.set_exception(error)
