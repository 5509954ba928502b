"""Jobs: work with a name that runs again and again, and says when it starts and how it ended.

``monitor`` is a decorator and a context manager. It adds nothing to what it watches: results, exceptions and signatures
pass on unchanged.
"""

from __future__ import annotations

import collections.abc
import functools
import time

from aiops_sdk import _safety, scope, values
from aiops_sdk import client as clients
from aiops_sdk.event import new_id
from aiops_sdk.loading import late

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import (
        Any,
        AsyncGenerator,
        Awaitable,
        Callable,
        Dict,
        Generator,
        List,
        Mapping,
        Optional,
        Tuple,
        Type,
        TypeVar,
        Union,
    )

    from typing_extensions import ParamSpec

    from aiops_sdk import noise
    from aiops_sdk.client import Client
    from aiops_sdk.delivery import words

    Given = ParamSpec("Given")
    Returned = TypeVar("Returned")

    Schedule = Union[str, float, Mapping[str, object]]
else:
    noise, words = late("noise", "delivery.words")

#: Characters of a job's name that are told.
NAME = 200
# One field of a cron expression: numbers and names, alone or from one to another, every so many of them, several of these.
_NAMES = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT"
_VALUE = r"(?:\*|\?|L?W|L|(?:\d{{1,2}}|{})(?:[LW]|#\d)?)".format(_NAMES)
# What each field may be, and what cron understands instead of five.
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (0, 59))
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELD = r"{0}(?:-{0})?(?:/\d+)?(?:,{0}(?:-{0})?(?:/\d+)?)*".format(_VALUE)


def monitor(
    name: str,
    *,
    schedule: Optional[Schedule] = None,
    grace: Optional[float] = None,
    max_run: Optional[float] = None,
) -> Monitor:
    """Tell the platform of each run of a job: that it started, how it ended, and how long it took.

    As a decorator, for functions, coroutine functions, generators and asynchronous generators, where a run is a call, from
    its beginning to its end; or as a context manager, also with ``async with``, where it is the block::

        @aiops_sdk.monitor("nightly-import", schedule="0 3 * * *")
        def import_everything(): ...

    A run fails with the exception that leaves it, which is reported, once, and passes on unchanged. ``sys.exit()`` with 0
    or None, and a generator that is not used up, are no failures. ``schedule`` says when it is meant to run: a cron
    expression (in UTC), a number of seconds from one run to the next, or a mapping with ``cron``, ``every`` or
    ``on_calendar``, and ``timezone``. It may start ``grace`` seconds later, and take ``max_run`` seconds: the platform tells
    people where it does not. Before ``init()`` nothing is told.

    What is no schedule is left out, with a warning. Raises ``TypeError`` where the name is missing: ``@monitor`` without
    parentheses.
    """
    if not isinstance(name, str):
        raise TypeError("monitor() needs the name of the job: @aiops_sdk.monitor('nightly-import')")
    return Monitor(name, _schedule(schedule, {"grace": grace, "max_run": max_run}))


# A hundred years. More is no schedule, and some numbers are longer than a line of JSON can be.
LONGEST_SECONDS = 3.2e9


class Monitor:
    """What ``monitor()`` gives. One may be used again and again, and in many threads and tasks at once."""

    def __init__(self, name: str, schedule: Optional[Mapping[str, object]]) -> None:
        self._name = name.strip()[:NAME] or "unnamed"
        self._schedule = schedule
        self._open: List[_Run] = []

    def __call__(self, function: Callable[Given, Returned]) -> Callable[Given, Returned]:
        """The same function, of the same kind and with the same signature, each call of which is a run."""
        given: Any = function
        if isinstance(given, (staticmethod, classmethod)):
            return type(given)(self(given.__func__))  # type: ignore[return-value]  # the same kind of method
        watched: Callable[Given, Returned] = self._watched(given)
        return watched

    def _watched(self, function: Any) -> Any:
        import inspect

        # Of an object that can be called, its class knows what a call gives.
        called = (function, getattr(type(function), "__call__", None))  # noqa: B004 - the method itself is looked at
        if any(map(inspect.iscoroutinefunction, called)):
            return self._coroutine(function)
        if any(map(inspect.isasyncgenfunction, called)):
            return self._async_generator(function)
        if any(map(inspect.isgeneratorfunction, called)):
            return self._generator(function)
        return self._function(function)

    def __enter__(self) -> None:
        self._open.append(self._run())

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], tb: Optional[TracebackType]
    ) -> None:
        self._leave(error)

    async def __aenter__(self) -> None:
        self._open.append(self._run())

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], tb: Optional[TracebackType]
    ) -> None:
        self._leave(error)

    def _run(self) -> _Run:
        run = _Run(self._name, self._schedule)
        run.resume()
        return run

    def _leave(self, error: Optional[BaseException]) -> None:
        """The run that is being left here. Others of this monitor may be open in other threads and tasks."""
        work = scope.current_work()
        for run in reversed(self._open[:]):
            if run.work is work:
                self._open.remove(run)
                run.end(error)
                return
        # Left in another context than it was entered in: the newest one, most likely.
        if self._open:
            self._open.pop().end(error)

    def _function(self, function: Any) -> Any:
        @functools.wraps(function)
        def run_and_tell(*args: object, **named: object) -> object:
            run = self._run()
            try:
                result = function(*args, **named)
            except BaseException as error:
                run.end(error)
                raise
            run.end()
            return result

        return run_and_tell

    def _coroutine(self, function: Any) -> Any:
        @functools.wraps(function)
        async def run_and_tell(*args: object, **named: object) -> object:
            run = self._run()
            try:
                result = await function(*args, **named)
            except BaseException as error:
                run.end(error)
                raise
            run.end()
            return result

        return run_and_tell

    def _generator(self, function: Any) -> Any:
        @functools.wraps(function)
        def run_and_tell(*args: object, **named: object) -> Generator[object, object, object]:
            # As "yield from", but what happens between two steps belongs to whoever asks for them.
            run = self._run()
            try:
                generator = function(*args, **named)
                step: Callable[[], object] = functools.partial(next, generator)
                while True:
                    try:
                        made = step()
                    except StopIteration as stop:
                        run.end()
                        return stop.value
                    run.pause()
                    try:
                        sent = yield made
                    except BaseException as thrown:
                        if isinstance(thrown, GeneratorExit):
                            run.resume()
                            generator.close()
                            raise
                        step = functools.partial(generator.throw, thrown)
                    else:
                        step = functools.partial(generator.send, sent)
                    run.resume()
            except BaseException as error:
                run.end(error)
                raise

        return run_and_tell

    def _async_generator(self, function: Any) -> Any:
        @functools.wraps(function)
        async def run_and_tell(*args: object, **named: object) -> AsyncGenerator[object, object]:
            run = self._run()
            try:
                generator = function(*args, **named)
                step: Callable[[], Awaitable[object]] = generator.__anext__
                while True:
                    try:
                        made = await step()
                    except StopAsyncIteration:
                        run.end()
                        return
                    run.pause()
                    try:
                        sent = yield made
                    except BaseException as thrown:
                        if isinstance(thrown, GeneratorExit):
                            run.resume()
                            await generator.aclose()
                            raise
                        step = functools.partial(generator.athrow, thrown)
                    else:
                        step = functools.partial(generator.asend, sent)
                    run.resume()
            except BaseException as error:
                run.end(error)
                raise

        return run_and_tell


class _Run:
    """One run. What happens between ``resume`` and ``pause`` or ``end`` belongs to it."""

    def __init__(self, job: str, schedule: Optional[Mapping[str, object]]) -> None:
        self._client: Optional[Client] = clients.current()
        self._schedule = schedule
        self._job = job
        self._id = new_id()
        self.work = scope.TaskScope("job", job, id=self._id)
        if scope.current_work() is not None:
            scope.inherit(self.work)
        elif self._client is not None:
            scope.carry_on(self.work, self._client.config.max_breadcrumbs)
        self._say(words.STARTED)
        # Only now: the first one may have waited for parts of ours to be loaded.
        self.work.began = time.monotonic()

    def resume(self) -> None:
        self._token = scope.begin(self.work)

    def pause(self) -> None:
        scope.end(self._token)

    def end(self, error: Optional[BaseException] = None) -> None:
        """It is over; ``error`` is what left it."""
        duration = time.monotonic() - self.work.began
        try:
            if error is None or _is_no_failure(error):
                self._say(words.SUCCEEDED, duration)
            else:
                self._say(words.FAILED, duration, self._event_of(error))
        finally:
            self.pause()

    def _event_of(self, error: BaseException) -> Optional[str]:
        """The event that tells why it failed: made now, unless there is one already or it is noise."""
        client = self._client
        if client is None or noise.is_cancellation(error):
            return None
        made = client.capture_exception(error, source="manual", mechanism="monitor")
        return (made if made is not None else client.event_of(error)) or None

    def _say(self, state: str, duration: Optional[float] = None, event_id: Optional[str] = None) -> None:
        client = self._client
        if client is None:
            return
        with _safety.guarded():
            client.say_of_job(
                words.Word(
                    job=self._job,
                    run_id=self._id,
                    state=state,
                    at=time.time(),
                    duration=None if duration is None else round(duration, 6),
                    event_id=event_id,
                    schedule=self._schedule,
                )
            )


def _is_no_failure(error: BaseException) -> bool:
    """A generator that nobody wants more of, and a program that ends on purpose."""
    kind = type(error)
    return issubclass(kind, GeneratorExit) or (kind is SystemExit and _ends_well(error.code))  # type: ignore[attr-defined]  # it is one


def _ends_well(code: object) -> bool:
    return code is None or (type(code) is int and code == 0)


def _schedule(given: Optional[Schedule], besides: Mapping[str, object]) -> Optional[Mapping[str, object]]:
    """As the wire has it; None where there is none. What of it is not understood is left out, and said."""
    if given is None or (isinstance(given, str) and not given.strip()):
        parts: Dict[str, object] = {}
    elif isinstance(given, collections.abc.Mapping):
        parts = dict(given)
    else:
        parts = {"cron" if isinstance(given, str) else "every": given}
    parts.update((name, part) for name, part in besides.items() if part is not None)
    told: Dict[str, object] = {}
    for name, part in parts.items():
        if name == "cron" and isinstance(part, str) and _is_cron(_spelt_out(part)):
            told["cron"] = _spelt_out(part)
        elif _is_understood(name, part):
            told[name] = part
        else:
            _warn_of(name, part)
    # A time zone or a grace of nothing say nothing.
    return told if any(name in told for name in ("cron", "every", "on_calendar", "max_run")) else None


def _is_understood(name: str, part: object) -> bool:
    if name in ("every", "max_run"):
        return _is_a_number(part)
    if name == "grace":
        return part == 0 or _is_a_number(part)
    if name == "on_calendar":
        return isinstance(part, str) and bool(part.strip())
    return name == "timezone" and _is_timezone(part)


def _warn_of(name: object, part: object) -> None:
    import warnings

    warnings.warn(
        "monitor() leaves out {} of the schedule: it is neither a cron expression (as '0 3 * * *'), nor a number of seconds, "
        "nor a timezone.".format(values.shown({name: part})),
        stacklevel=4,
    )


def _spelt_out(cron: str) -> str:
    """The fields, where one of cron's words stands for them."""
    text = " ".join(cron.split())
    return _WORDS.get(text.lower(), text)


def _is_cron(text: str) -> bool:
    """Five fields, or six with the seconds last, of what the usual programs understand."""
    fields = text.split()
    return len(fields) in (5, 6) and all(map(_is_field, fields, _RANGES))


def _is_field(field: str, among: Tuple[int, int]) -> bool:
    import re

    if not re.fullmatch(_FIELD, field, re.IGNORECASE):
        return False
    # How many times, and which one of a month, has other limits than what is counted.
    numbers = re.findall(r"(?<![/#\d])\d+", field)
    return all(among[0] <= int(number) <= among[1] for number in numbers)


def _is_timezone(given: object) -> bool:
    """Whether there is one of this name. Where none is known (Python 3.8, or a system without them), each one is taken."""
    return (
        isinstance(given, str)
        and bool(given.strip())
        and (_is_known_zone(given) or not _is_known_zone("Europe/Berlin"))
    )


def _is_known_zone(name: str) -> bool:
    def look() -> bool:
        import zoneinfo

        return bool(zoneinfo.ZoneInfo(name).key)

    return _safety.attempt(look, False)


def _is_a_number(given: object) -> bool:
    return isinstance(given, (int, float)) and not isinstance(given, bool) and 0 < given < LONGEST_SECONDS
