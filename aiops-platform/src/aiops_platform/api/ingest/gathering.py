"""Parcels of many requests, handed to the intake together: a signal and a sync cost more than to write a parcel."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future

from aiops_platform.core.parcel import Parcel
from aiops_platform.ports import Intake, IntakeUnavailableError

_MOST_PARCELS = 1_000
_MOST_BYTES = 8 * 1024 * 1024
# So long one group waits for more, and only where some came while the one before was written: when little comes, none does.
_PATIENCE_SECONDS = 0.003
# After so many groups that were large enough, one parcel more is waited for; less and less often where it does not come.
_GROUPS_TO_GROW = 8
_MOST_GROUPS_TO_GROW = 2048


class Gathering:
    """Belongs to one event loop. One group is being written, and whoever comes meanwhile is in the next one.

    That one waits a little until it is as large as those before have been: where clients wait for their answers before they
    send again, nobody else would come, and where they do not, the largest that comes together in that time is found.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._waiting: list[_Promise] = []
        self._is_busy = False
        self._patience: asyncio.TimerHandle | None = None
        self._enough = 1
        self._is_trying_more = False
        self._large_enough = 0
        self._groups_to_grow = _GROUPS_TO_GROW

    def keep(self, parcel: Parcel) -> asyncio.Future[None]:
        """Done when it is on durable storage. Raises IntakeUnavailableError when it is awaited."""
        loop = asyncio.get_running_loop()
        promise = _Promise(parcel, loop.create_future())
        self._waiting.append(promise)
        if not self._is_busy or (self._patience is not None and len(self._waiting) >= self._enough):
            self._end_waiting()
            self._is_busy = True
            # Whoever is served in the same turn of the loop comes along.
            loop.call_soon(self._hand_over, loop)
        return promise.kept

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        if len(self._waiting) >= self._enough:
            self._learn_of_enough()
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
        if 0 < len(self._waiting) < self._enough:
            self._patience = loop.call_later(_PATIENCE_SECONDS, self._wait_no_longer, loop)
        else:
            self._hand_over(loop)
        _tell(group, written.exception())

    def _wait_no_longer(self, loop: asyncio.AbstractEventLoop) -> None:
        self._end_waiting()
        if self._is_trying_more:
            self._groups_to_grow = min(2 * self._groups_to_grow, _MOST_GROUPS_TO_GROW)
        self._enough = max(len(self._waiting), self._enough - 1)
        self._is_trying_more, self._large_enough = False, 0
        self._hand_over(loop)

    def _learn_of_enough(self) -> None:
        if self._is_trying_more:
            self._is_trying_more, self._groups_to_grow = False, _GROUPS_TO_GROW
        self._large_enough += 1
        if self._large_enough >= self._groups_to_grow:
            self._enough += 1
            self._is_trying_more, self._large_enough = True, 0

    def _end_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

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
