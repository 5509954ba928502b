"""Celery: each task is a piece of work of its own, and one that fails is one event, whichever process sees it.

Taken from Celery's signals in the process that runs the task. A task whose process is lost or stopped is seen by the
worker itself: in ``Request``, and where its pool says that a process has gone. Pool processes end by ``os._exit``, past
``atexit``: what they captured is sent when Celery says that one ends.
"""

from __future__ import annotations

import sys
from collections import deque

from aiops_sdk import _safety, modules, noise, scope, seen, values

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from contextvars import Token
    from types import ModuleType
    from typing import Any, Callable, Deque, Dict, List, Mapping, Optional

    from aiops_sdk.client import Client
    from aiops_sdk.scope import Work


KIND = "celery"

#: So many tasks that were stopped are remembered until their end is told a second time.
STOPPED = 100

# How a task says that it is not done, and not failed. By name: a signal must not load anything.
_NO_FAILURES = frozenset({"Retry", "Ignore", "Reject", "TaskRevokedError", "Terminated"})
_NOT_DONE = frozenset({"RETRY", "IGNORED", "REJECTED"})
# How the worker says that a task was ended from outside.
_ENDS = frozenset({"WorkerLostError", "TimeLimitExceeded"})
_THEIR_MODULES = ("celery.", "billiard.")

# How billiard's pool begins to say it; with the name, the process id, and the exit code or signal.
_PROCESS_IS_GONE = "Process %r pid:%r exited with %r"

# Who says that the members of a chord have failed, each of which was told already.
_CHORD_LOGS = ("celery.app.builtins", "celery.backends.base", "celery.backends.redis")
_CHORD_FAILED = "Chord %r raised: %r"


def install(client: Client) -> Callable[[], None]:
    """Listen to tasks, and say goodbye when Celery says that a pool process ends; the returned function ends it."""
    tasks = _Tasks(client)
    undos: List[Callable[[], None]] = [tasks.end]

    def say_goodbye(**_: object) -> None:
        _safety.whatever(lambda: client.close(client.exit_seconds), False)

    def connect(signals: Any) -> None:
        for signal, receiver in (
            (signals.task_prerun, tasks.begins),
            (signals.task_postrun, tasks.ended),
            (signals.task_failure, tasks.failed),
            (signals.worker_process_shutdown, say_goodbye),
        ):
            signal.connect(receiver, weak=False)
            undos.append(_disconnecting(signal, receiver))

    undos.append(modules.when_loaded("celery.signals", "worker_process_shutdown", connect))
    undos.append(
        modules.hook(
            ("celery.worker.request", "Request", tasks.watch_requests), ("billiard.pool", "error", tasks.watch_pool)
        )
    )

    def undo() -> None:
        for each in undos:
            each()

    return undo


class RunningTask(scope.TaskScope):
    """A task that is being run here; what is worth telling of it is found out when somebody asks."""

    #: What ends its scope.
    token: Token[Optional[Work]]
    #: What it ended with is nothing to report, and neither is what is logged of that.
    ended_in_silence: bool = False

    def __init__(self, name: str, task_id: str, request: Any, *, with_arguments: bool) -> None:
        scope.Work.__init__(self)
        self.kind = KIND
        self.name = name
        self.id = task_id
        self._request = request
        self._with_arguments = with_arguments

    @property
    def data(self) -> Mapping[str, object]:  # type: ignore[override]  # asked for, and never set
        """Its queue, which try it is, and, where that is wanted, its arguments."""
        return _safety.attempt(lambda: _described(self._request, with_arguments=self._with_arguments), {})


class _Tasks:
    """Translates what Celery says of tasks."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._active = True
        self._stopped: Deque[object] = deque(maxlen=STOPPED)
        self._logs: List[logging.Logger] = []

    def end(self) -> None:
        """Nothing is listened to any more. Where somebody has wrapped ours since, it stays below theirs and does nothing."""
        self._active = False
        for log in self._logs:
            log.removeFilter(self._recognise)

    def begins(self, sender: Any = None, task_id: Any = None, **_: object) -> None:
        """In the process that runs it, right before."""
        with _safety.guarded():
            work = RunningTask(
                str(sender.name), str(task_id), sender.request, with_arguments=self._client.config.capture_body
            )
            # In a test, or with ``task_always_eager``, it runs in the midst of a request or another task.
            scope.inherit(work)
            work.token = scope.begin(work)
            if not self._logs:
                self._look_at_the_logs()

    def ended(self, task_id: Any = None, state: Any = None, **_: object) -> None:
        """Right after it, whatever came of it."""
        work = scope.current_work()
        if isinstance(work, RunningTask) and work.id == task_id:
            if state in _NOT_DONE:
                self._client.ignored("{}: {}".format(work.name, state), noise.NOT_DONE)
            scope.end(work.token)

    def failed(self, sender: Any = None, task_id: Any = None, exception: Any = None, **_: object) -> None:
        """It will not be tried again."""
        work, raised = scope.current_work(), exception
        if isinstance(work, RunningTask) and work.id == task_id:
            # What Celery hands over may be a stand-in, where the exception itself could not travel.
            raised = sys.exc_info()[1] or exception
        if _is_no_failure(raised):
            return
        if _safety.attempt(lambda: _is_expected(sender, raised), False):
            self._client.ignored(raised, noise.EXPECTED_ERROR)
            return
        event_id = self._client.capture_exception(raised, mechanism=KIND)
        if event_id is None and isinstance(work, RunningTask) and seen.known_event(raised) is None:
            work.ended_in_silence = True

    def watch_requests(self, module: ModuleType) -> Callable[[], None]:
        """In the worker: what ends a task from outside belongs to that task."""
        request: Any = vars(module)["Request"]
        undos = [_wrap(request, "on_failure", self._on_failure), _wrap(request, "on_timeout", self._on_timeout)]

        def undo() -> None:
            for each in undos:
                each()

        return undo

    def watch_pool(self, module: ModuleType) -> Callable[[], None]:
        """In the worker: a process that is gone has lost the task that it was running."""
        error: Any = vars(module)["error"]

        def say_whose_process(message: Any, *arguments: Any, **named: Any) -> Any:
            work = _safety.attempt(lambda: self._lost(message, arguments), None)
            if work is None:
                return error(message, *arguments, **named)
            token = scope.begin(work)
            try:
                return error(message, *arguments, **named)
            finally:
                scope.end(token)

        return modules.replace(module, "error", say_whose_process)

    def _lost(self, message: object, arguments: Any) -> Optional[Work]:
        """The task that this process was running, once its loss has been told; None where that is not known.

        Celery says it too, but ten seconds later, for a result may still be on its way.
        """
        if not self._active or message != _PROCESS_IS_GONE or len(arguments) != 3:
            return None
        for request in list(vars(sys.modules["celery.worker.state"])["active_requests"]):
            if getattr(request, "worker_pid", None) == arguments[1]:
                return self._stop(
                    request, _made("WorkerLostError", "Worker exited prematurely: {}".format(arguments[2]))
                )
        return None

    def _stop(self, request: Any, exc: Any) -> Work:
        """Tell that this ended the task: one incident for each task. What follows says the same, in several ways."""
        work = _task_of(request)
        if work.id not in self._stopped:
            self._stopped.append(work.id)
            token = scope.begin(work)
            try:
                # It says how, and was raised nowhere: of two tasks it would look the same.
                marked = (KIND, type(exc).__name__, work.name)
                self._client.capture_exception(exc, mechanism=KIND, fingerprint=marked)
            finally:
                scope.end(token)
        work.silent = True
        return work

    def _on_failure(self, request: Any, exc_info: Any, **_: object) -> Optional[Work]:
        if not self._active:
            return None
        exc = getattr(exc_info, "exception", None)
        # What failed in another process comes in a wrapping that carries its traceback.
        if type(exc).__name__ == "ExceptionWithTraceback":
            exc = exc.exc  # type: ignore[union-attr]  # it has one
        if type(exc).__name__ in _ENDS:
            return self._stop(request, exc)
        work = _task_of(request)
        work.silent = work.id in self._stopped or _is_no_failure(exc) or _could_not_travel(exc)
        return work

    def _on_timeout(self, request: Any, soft: Any, timeout: Any) -> Optional[Work]:
        if not self._active:
            return None
        return _task_of(request) if soft else self._stop(request, _made("TimeLimitExceeded", timeout))

    def _look_at_the_logs(self) -> None:
        """Celery logs what it told us, too, and may do so with a stand-in for the exception.

        Not before the first task: the program sets up its logging first.
        """
        import logging

        self._logs = [logging.getLogger(name) for name in ("celery.app.trace", *_CHORD_LOGS)]
        for log in self._logs:
            log.addFilter(self._recognise)

    def _recognise(self, record: logging.LogRecord) -> bool:
        """Mark the exception that a line carries where it was told before. Lets all lines pass, as they are."""
        _safety.attempt(lambda: _mark(record), None)
        return True


def _mark(record: logging.LogRecord) -> None:
    work = scope.current_work()
    carried = record.exc_info[1] if type(record.exc_info) is tuple else None
    if carried is None or not isinstance(work, RunningTask):
        return
    if record.msg == _CHORD_FAILED:
        if _comes_from_a_member(carried):
            # By another process, most likely: which event it was is not known here.
            seen.mark(carried, "")
        return
    raised = sys.exc_info()[1]
    event_id = None if raised is None else seen.known_event(raised, since=work.began)
    if event_id is None and work.ended_in_silence:
        event_id = seen.NOTHING
    if event_id is not None and carried is not raised:
        seen.mark(carried, event_id)


def _comes_from_a_member(exc: BaseException) -> bool:
    """Whether a chord failed because a member of it did: Celery says so, or raises the member's exception again."""
    if type(exc).__name__ == "ChordError" and str(exc).startswith("Dependency "):
        return True
    traceback = exc.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_code.co_name == "maybe_throw" and frame.f_globals.get("__name__") == "celery.result":
            return True
        traceback = traceback.tb_next
    return False


def _described(request: Any, *, with_arguments: bool) -> Dict[str, object]:
    delivery = request.delivery_info or {}
    told = {
        "queue": delivery.get("routing_key"),
        "retries": request.retries,
        "worker": request.hostname,
        "eager": bool(request.is_eager) or None,
    }
    if with_arguments:
        told.update(args=values.as_json(list(request.args or ())), kwargs=values.as_json(dict(request.kwargs or {})))
    return {name: value for name, value in told.items() if value is not None}


def _task_of(request: Any) -> scope.TaskScope:
    """The task of a request, as the worker sees it."""
    name = _safety.attempt(lambda: str(request.name), "unknown")
    delivery: Any = _safety.attempt(lambda: request.delivery_info, None) or {}
    queue = delivery.get("routing_key") if isinstance(delivery, dict) else None
    return scope.TaskScope(KIND, name, id=str(request.id), data={} if queue is None else {"queue": queue})


def _made(name: str, *arguments: object) -> BaseException:
    # Its module was loaded long since.
    made: BaseException = vars(sys.modules["celery.exceptions"])[name](*arguments)
    return made


def _is_no_failure(exc: object) -> bool:
    kind = type(exc)
    return kind.__name__ in _NO_FAILURES and kind.__module__.startswith(_THEIR_MODULES)


def _could_not_travel(exc: object) -> bool:
    """Whether this is all that older versions know here of a task that failed: its process has told it in full."""
    return type(exc).__name__ == "MaybeEncodingError" and "<ExceptionInfo" in _safety.attempt(lambda: str(exc), "")


def _is_expected(task: Any, exc: object) -> bool:
    """The task says of some exceptions that they are part of its business; Celery logs them as information."""
    throws: Any = getattr(task, "throws", None)
    return bool(throws) and isinstance(exc, throws)


def _wrap(owner: Any, name: str, work_of: Callable[..., Optional[Work]]) -> Callable[[], None]:
    """Let what this method does belong to the work that ``work_of`` gives for its arguments, if it gives any."""
    import functools

    earlier = vars(owner)[name]

    @functools.wraps(earlier)
    def within_its_work(request: Any, *args: Any, **named: Any) -> Any:
        work = _safety.attempt(lambda: work_of(request, *args, **named), None)
        if work is None:
            return earlier(request, *args, **named)
        token = scope.begin(work)
        try:
            return earlier(request, *args, **named)
        finally:
            scope.end(token)

    return modules.replace(owner, name, within_its_work)


def _disconnecting(signal: Any, receiver: Callable[..., None]) -> Callable[[], None]:
    def disconnect() -> None:
        signal.disconnect(receiver)

    return disconnect
