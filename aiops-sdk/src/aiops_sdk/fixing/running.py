"""One fix being done: in a thread of its own, within its time, and whatever comes of it becomes a result."""

from __future__ import annotations

import time
from contextvars import Context

from aiops_sdk import _safety, hostile, scope, values
from aiops_sdk.delivery.bell import Bell
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Awaitable, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

    from aiops_sdk.fixing.declaring import Fixer
    from aiops_sdk.scope import Crumb

SUCCEEDED = "succeeded"
FAILED = "failed"
TIMED_OUT = "timed_out"

#: Characters of the log, of which the last are kept, and of the traceback.
LOG = 16_384
TRACE = 8_192
LINES = 200
_ERROR = 1_000


class Outcome(Frozen):
    """How a fix ended. ``duration`` is in seconds."""

    state: str
    duration: float
    value: object = None
    error: str = ""
    stack_trace: str = ""
    log: str = ""

    def told(self) -> Dict[str, object]:
        """As the wire has it; what there is not, is left out."""
        told: Dict[str, object] = {"state": self.state, "duration": round(self.duration, 6)}
        optional = {"value": self.value, "error": self.error, "stack_trace": self.stack_trace, "log": self.log}
        told.update({name: each for name, each in optional.items() if each is not None and each != ""})
        return told


class Run:
    """A fixer at work with these parameters. ``ended`` hears how it ended, once; ``free`` that it does nothing any more.

    What has not ended after ``seconds`` is told as timed out. A thread cannot be stopped: so a function may go on after
    that, and until it is done its fixer is not free. A coroutine is cancelled.
    """

    def __init__(
        self,
        fixer: Fixer,
        params: Mapping[str, object],
        *,
        request: str,
        seconds: float,
        loop: Optional[asyncio.AbstractEventLoop],
        ended: Callable[[Outcome], None],
        free: Callable[[], None],
    ) -> None:
        self._fixer = fixer
        self._params = params
        self._seconds = seconds
        self._loop = loop
        self._awaits = False
        self._ended = ended
        self._free = free
        self._done = Bell()
        self._result: Tuple[object, Optional[BaseException]] = (None, None)
        self._began = time.monotonic()
        self._work = scope.TaskScope("fix", fixer.name, id=request)

    def start(self) -> None:
        """Begin; never waits."""
        if not _safety.start_thread("aiops-fix-watch", self._watch):
            self._free()
            self._ended(Outcome(FAILED, 0.0, error="RuntimeError: no thread could be started"))
        elif not _safety.start_thread("aiops-fix", self._do):
            self._end((None, RuntimeError("no thread could be started")))

    def _do(self) -> None:
        # In a context of its own: what the function logs and raises is the host's, and not ours.
        self._end(Context().run(_safety.caught, self._call))

    def _end(self, result: Tuple[object, Optional[BaseException]]) -> None:
        self._result = result
        self._free()
        self._done.ring()

    def _watch(self) -> None:
        in_time = self._done.wait(self._seconds)
        _safety.whatever(lambda: self._ended(self._outcome(in_time=in_time)), None)

    def _call(self) -> object:
        from collections import deque

        self._work.trail = deque(maxlen=LINES)
        token = scope.begin(self._work)
        try:
            made = self._fixer.function(**self._params)
            return self._await(made) if hasattr(type(made), "__await__") else made
        finally:
            scope.end(token)

    def _await(self, made: Awaitable[object]) -> object:
        """On the loop that serves the app, where what it awaits may belong; where there is none, on one of its own."""
        import asyncio

        self._awaits = True
        coroutine = asyncio.wait_for(made, self._seconds)
        loop = self._loop
        if loop is not None and loop.is_running():
            return asyncio.run_coroutine_threadsafe(coroutine, loop).result()
        return asyncio.run(coroutine)

    def _outcome(self, *, in_time: bool) -> Outcome:
        result, error = self._result
        duration = time.monotonic() - self._began
        log = _log(tuple(self._work.trail or ()))
        if not in_time or (error is not None and self._is_its_own_timeout(error, duration)):
            return Outcome(
                TIMED_OUT, duration, error="It had not ended after {:g} seconds".format(self._seconds), log=log
            )
        if error is None:
            return Outcome(SUCCEEDED, duration, value=_safety.attempt(lambda: values.as_json(result), None), log=log)
        return Outcome(FAILED, duration, error=_error(error), stack_trace=_trace(error), log=log)

    def _is_its_own_timeout(self, error: BaseException, duration: float) -> bool:
        """Whether it is the one that ends a coroutine whose time is over."""
        return self._awaits and type(error).__name__ == "TimeoutError" and duration >= self._seconds


def _error(error: BaseException) -> str:
    name = hostile.name_of(type(error))
    message = _safety.attempt(lambda: hostile.message_of(error), "")
    return ("{}: {}".format(name, message) if message else name)[:_ERROR]


def _trace(error: BaseException) -> str:
    def print_it() -> str:
        import traceback

        # Without the calls of ours that lead to the function.
        own = error.__traceback__
        for _ in range(2):
            own = own.tb_next if own is not None and own.tb_next is not None else own
        return "".join(traceback.format_exception(type(error), error, own))[-TRACE:]

    return _safety.attempt(print_it, "")


def _log(crumbs: Sequence[Crumb]) -> str:
    """What was logged meanwhile, and what else it left a breadcrumb of, one line each."""
    lines: List[str] = []
    for at, category, level, message, _ in crumbs:
        moment = time.strftime("%H:%M:%S", time.gmtime(at))
        lines.append("{} {} {}: {}".format(moment, level, category, message))
    text = "\n".join(lines)
    return text if len(text) <= LOG else "…" + text[1 - LOG :]
