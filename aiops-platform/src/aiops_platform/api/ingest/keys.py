"""Which key belongs to whom, remembered for a second: a revoked key is refused that soon, and the store is left in peace."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from aiops_platform.core.access import Holder, looks_like_api_key
from aiops_platform.ports import Access

_REMEMBERED_SECONDS = 1.0
_ASKED_AGAIN_SECONDS = 0.5
_MOST_REMEMBERED = 1000
# The first use is written down at once (somebody may be waiting for it), later ones rarely.
_WRITTEN_DOWN_EVERY = timedelta(minutes=1)


class KeyRing:
    """Keys of one kind. Belongs to one event loop. Only keys in force are remembered, so that wrong ones cannot push them out."""

    def __init__(
        self,
        access: Access,
        clock: Callable[[], float] = time.monotonic,
        *,
        looks_right: Callable[[str], bool] = looks_like_api_key,
    ) -> None:
        self._access = access
        # Keys of another kind open nothing here.
        self._looks_right = looks_right
        self._clock = clock
        # A thread of its own: a flood of wrong keys must not keep pages and the door's own chores waiting.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keys")
        self._known: dict[str, tuple[Holder, float]] = {}
        self._asking: dict[str, asyncio.Task[Holder | None]] = {}
        self._used: dict[int, datetime] = {}
        self._written_down: dict[int, datetime] = {}

    async def holder(self, key: str, now: datetime) -> Holder | None:
        """Whose key this is, if it is in force, and notes the use in memory. Raises StoreUnavailableError."""
        holder = self.remembered(key, now)
        if holder is None:
            holder = await self._look_up(key)
            if holder is not None:
                self._used[holder.id] = now
        return holder

    def remembered(self, key: str, now: datetime) -> Holder | None:
        """The same where the store need not be asked for it; None where it must. To be called in the event loop."""
        holder, until = self._known.get(key, (None, 0.0))
        left = until - self._clock()
        if holder is None or left <= 0:
            return None
        if left < _ASKED_AGAIN_SECONDS:
            # Beforehand, so that nobody has to wait for the store once a second.
            self._asked(key)
        self._used[holder.id] = now
        return holder

    async def write_down_uses(self) -> None:
        """Notes in the store when keys were last used. To be called about once a second. Raises StoreUnavailableError."""
        due = {key: at for key, at in self._used.items() if self._is_worth_a_write(key, at)}
        if due:
            await asyncio.to_thread(self._access.note_keys_used, due)
            self._written_down |= due

    def close(self) -> None:
        """Lets its thread go."""
        self._thread.shutdown()

    def _is_worth_a_write(self, key: int, at: datetime) -> bool:
        written = self._written_down.get(key)
        return written is None or at - written >= _WRITTEN_DOWN_EVERY

    async def _look_up(self, key: str) -> Holder | None:
        if not self._looks_right(key):
            return None
        return await asyncio.shield(self._asked(key))

    def _asked(self, key: str) -> "asyncio.Task[Holder | None]":
        # However many requests want to know at once, the store is asked once.
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.create_task(self._ask(key))
            task.add_done_callback(lambda done: self._answered(key, done))
        return task

    def _answered(self, key: str, task: "asyncio.Task[Holder | None]") -> None:
        del self._asking[key]
        # Where nobody waits for it, a store that cannot be asked is no news: the next one asks again.
        if not task.cancelled():
            task.exception()

    async def _ask(self, key: str) -> Holder | None:
        # Taken before the store is read: what is revoked in between counts from here.
        until = self._clock() + _REMEMBERED_SECONDS
        holder = await asyncio.get_running_loop().run_in_executor(self._thread, self._access.holder_of_key, key)
        self._known.pop(key, None)
        if holder is not None:
            if len(self._known) >= _MOST_REMEMBERED:
                del self._known[next(iter(self._known))]
            self._known[key] = (holder, until)
        return holder
