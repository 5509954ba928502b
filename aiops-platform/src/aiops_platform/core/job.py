"""The runs of a job, put together from words that may come in any order, twice or never. Pure. What they mean is not judged."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import clocks
from aiops_platform.core.event import JobReport, Ping, PingWord, RunState
from aiops_platform.core.text import one_line

_NAME_LIMIT: Final = 200
#: Characters of what a run has printed that are kept.
MOST_OUTPUT: Final = 10_000


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


def pinged(ping: Ping, run: Run | None, *, run_id: bytes, at: datetime) -> Run | None:
    """The run after a ping that was received at `at`; `run` is the one that it is about, else it is a new one with this id.

    None where there is nothing to write: what is only noted needs a run. The first of its ends stays.
    """
    if ping.word is PingWord.LOG:
        return None if run is None else _printed(run, ping)
    if ping.word is PingWord.START:
        return _printed(run or _pinged_first(ping, run_id, at), ping)
    state = RunState.SUCCEEDED if ping.word is PingWord.SUCCESS else RunState.FAILED
    if run is None:
        ended = replace(_pinged_first(ping, run_id, at), state=state, ended_at=at, loose=False)
    elif run.ended_at is None:
        began_at = min(run.began_at, at)
        ended = replace(run, state=state, began_at=began_at, ended_at=at, duration=(at - began_at).total_seconds())
    else:
        return run
    return _printed(replace(ended, exit_status=ping.exit_status), ping)


def _pinged_first(ping: Ping, run_id: bytes, at: datetime) -> Run:
    return Run(
        run_id=run_id,
        state=RunState.STARTED,
        began_at=at,
        ended_at=None,
        duration=None,
        host=None,
        release=None,
        event_id=None,
        loose=ping.run_id is None,
    )


def _printed(run: Run, ping: Ping) -> Run:
    """With what it has printed: of several pings, one under the other, no more than is kept of one."""
    if ping.output is None:
        return run
    output = ping.output if run.output is None else f"{run.output}\n{ping.output}"
    return replace(run, output=output[:MOST_OUTPUT])


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
