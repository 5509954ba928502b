"""The runs of a job, put together from words that may come in any order, twice or never. Pure. What they mean is not judged."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import clocks
from aiops_platform.core.event import JobReport, RunState
from aiops_platform.core.text import one_line

_NAME_LIMIT: Final = 200


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run. `run_id` and `event_id` are 16 bytes; `duration` is in seconds, as the client measured it.

    One whose state is STARTED may be running, or have died without a word. `event_id` is of the event that tells why it
    failed. `exit_status` and `output` are what pings told of it; a `loose` one was begun by a ping that named no run.
    """

    run_id: bytes
    state: RunState
    began_at: datetime
    ended_at: datetime | None
    duration: float | None
    host: str | None
    release: str | None
    event_id: bytes | None
    exit_status: int | None = None
    output: str | None = None
    loose: bool = False


def time_of(report: JobReport, received_at: datetime) -> datetime:
    """When it happened, by our clock as far as the client's can be believed."""
    off = clocks.off_by(report.sent_at, received_at)
    said = report.occurred_at
    return clocks.happened(said and clocks.moved(said, off, received_at), report.timestamp, received_at)


def heard(report: JobReport, run: Run | None, *, at: datetime) -> Run:
    """The run after a word on it. The first of its ends stays; `at` is when what was said happened (`time_of`)."""
    if report.state is RunState.STARTED:
        return _begun(report, at) if run is None else _began_then(run, at)
    if run is not None and run.state is not RunState.STARTED:
        return run
    known = run or _begun(report, at)
    return replace(
        known,
        state=report.state,
        began_at=_beginning(report.duration, known.began_at, at),
        ended_at=at,
        duration=report.duration,
        release=known.release or report.release,
        event_id=report.event_id.bytes if report.event_id else None,
    )


def _begun(report: JobReport, at: datetime) -> Run:
    host = (report.instance.host if report.instance else None) or report.host
    return Run(
        run_id=report.run_id.bytes,
        state=RunState.STARTED,
        began_at=at,
        ended_at=None,
        duration=None,
        host=one_line(host or "", _NAME_LIMIT) or None,
        release=report.release,
        event_id=None,
    )


def _began_then(run: Run, at: datetime) -> Run:
    """A beginning that is heard of late says something new only of a run whose duration nobody told."""
    if run.ended_at is None or run.duration is not None:
        return run
    return replace(run, began_at=min(at, run.ended_at))


def _beginning(duration: float | None, known: datetime, ended_at: datetime) -> datetime:
    return min(known, ended_at) if duration is None else ended_at - timedelta(seconds=duration)
