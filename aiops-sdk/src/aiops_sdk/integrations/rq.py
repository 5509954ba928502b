"""RQ: each job is a piece of work of its own, and one that fails for good is one event.

Taken at ``Job.perform``, which every kind of worker calls. A work horse ends by ``os._exit``, past ``atexit``: what it
captured is sent when its job is done.
"""

from __future__ import annotations

import functools
import sys

from aiops_sdk import _safety, modules, scope, seen, values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable, Dict, List, Mapping

    from aiops_sdk.client import Client


KIND = "rq"

# How a worker begins to say that it has lost the process that was running a job.
_HORSE_IS_GONE = ("Work-horse ", "Work horse ")


def install(client: Client) -> Callable[[], None]:
    """Listen to jobs and to the workers that run them; the returned function ends it."""
    active = [client]

    def watch_jobs(job: ModuleType) -> Callable[[], None]:
        return _watch_jobs(active, vars(job)["Job"])

    def watch_workers(worker: ModuleType) -> Callable[[], None]:
        return _watch_workers(active, vars(worker)["Worker"])

    take_back = modules.hook(("rq.job", "Job", watch_jobs), ("rq.worker", "SimpleWorker", watch_workers))

    def undo() -> None:
        # Where somebody has wrapped ours since, it stays below theirs and does nothing.
        active.clear()
        take_back()

    return undo


class RunningJob(scope.TaskScope):
    """A job that is being run here; what is worth telling of it is found out when somebody asks."""

    def __init__(self, job: Any, *, with_arguments: bool) -> None:
        scope.Work.__init__(self)
        self.kind = KIND
        self.name = _safety.attempt(lambda: str(job.func_name), "unknown")
        self.id = str(job.id)
        self._job = job
        self._with_arguments = with_arguments

    @property
    def data(self) -> Mapping[str, object]:  # type: ignore[override]  # asked for, and never set
        """Its queue, how many retries are left, and, where that is wanted, its arguments."""
        return _safety.attempt(lambda: _described(self._job, with_arguments=self._with_arguments), {})


def _watch_jobs(active: List[Client], kind: Any) -> Callable[[], None]:
    perform = vars(kind)["perform"]

    @functools.wraps(perform)
    def perform_and_watch(job: Any) -> Any:
        work = _safety.attempt(lambda: _begun(active[0], job), None) if active else None
        if work is None:
            return perform(job)
        token = scope.begin(work)
        try:
            return perform(job)
        except BaseException:
            for client in active:
                _failed(client, job)
            raise
        finally:
            scope.end(token)

    return modules.replace(kind, "perform", perform_and_watch)


def _begun(client: Client, job: Any) -> RunningJob:
    work = RunningJob(job, with_arguments=client.config.capture_body)
    # Without ``async``, a job is run in the midst of what enqueues it.
    scope.inherit(work)
    return work


def _failed(client: Client, job: Any) -> None:
    exc = sys.exc_info()[1]
    if exc is None:
        return
    if _safety.attempt(lambda: bool(job.retries_left and job.retries_left > 0), False):
        # It will be tried again. RQ logs it all the same, as an error.
        _safety.attempt(lambda: seen.mark(exc, ""), None)
    else:
        client.capture_exception(exc, mechanism=KIND)


def _watch_workers(active: List[Client], kind: Any) -> Callable[[], None]:
    undos = [
        modules.replace(_owner(kind, name), name, watch(active, vars(_owner(kind, name))[name]))
        for name, watch in (("perform_job", _saying_goodbye), ("handle_job_failure", _telling_losses))
    ]

    def undo() -> None:
        for each in undos:
            each()

    return undo


def _owner(kind: Any, name: str) -> Any:
    """The class in which workers have this method."""
    return next(each for each in kind.__mro__ if name in vars(each))


def _saying_goodbye(active: List[Client], perform_job: Any) -> Any:
    @functools.wraps(perform_job)
    def perform_and_say_goodbye(worker: Any, *args: Any, **named: Any) -> Any:
        try:
            return perform_job(worker, *args, **named)
        finally:
            # The next thing it does is to leave.
            is_horse = _safety.attempt(lambda: bool(worker.is_horse), False)
            for client in active if is_horse else ():
                _safety.whatever(functools.partial(client.close, client.exit_seconds), False)

    return perform_and_say_goodbye


def _telling_losses(active: List[Client], handle_job_failure: Any) -> Any:
    @functools.wraps(handle_job_failure)
    def tell_and_handle(worker: Any, job: Any, *args: Any, **named: Any) -> Any:
        why = named.get("exc_string")
        if active and isinstance(why, str) and why.startswith(_HORSE_IS_GONE):
            _safety.attempt(lambda: _tell_loss(active[0], job, why), None)
        return handle_job_failure(worker, job, *args, **named)

    return tell_and_handle


def _tell_loss(client: Client, job: Any, why: str) -> None:
    work = _begun(client, job)
    token = scope.begin(work)
    try:
        # It would be the same of two jobs, and differs by the number of a process from one time to the next.
        client.capture_message(why, "error", fingerprint=(KIND, "work horse", work.name))
    finally:
        scope.end(token)


def _described(job: Any, *, with_arguments: bool) -> Dict[str, object]:
    told: Dict[str, object] = {"queue": job.origin, "retries_left": job.retries_left}
    if with_arguments:
        told.update(args=values.as_json(list(job.args or ())), kwargs=values.as_json(dict(job.kwargs or {})))
    return {name: value for name, value in told.items() if value is not None}
