"""What people and jobs say of what is expected, and what follows for how the job stands. Pure: `now` is an argument."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from aiops_platform.core import job_settings
from aiops_platform.core.job_watch import JobState, Judged, Verdict, WatchedJob, due_at


def planned(job: WatchedJob, now: datetime) -> WatchedJob:
    """The job once something else is expected of it, or it goes on after a pause: what is past does not count.

    A trouble stays until a good run ends it.
    """
    schedule = job.settings.schedule
    is_wrong = job.standing.state is JobState.WRONG
    standing = replace(
        job.standing,
        state=JobState.WRONG if is_wrong else JobState.WAITING,
        since=job.standing.since if is_wrong else now,
        expected_at=None if schedule is None else schedule.next_after(now),
        bad=job.standing.bad if is_wrong else 0,
        good=0,
        open=MappingProxyType({}),
    )
    planned = replace(job, standing=standing)
    return replace(planned, standing=replace(standing, due_at=None if job.is_paused else due_at(planned, now)))


def ruled(job: WatchedJob, given: Mapping[str, Any] | None, now: datetime) -> WatchedJob:
    """The job of which people expect this from now on; None hands it back to what it says itself."""
    settings, _ = job_settings.in_force(job.said, given)
    return planned(replace(job, settings=settings, is_ruled=given is not None), now)


def paused(job: WatchedJob, now: datetime, *, by: str) -> Judged:
    """The job of which nobody wants to hear for now; a trouble that it is in is over with that."""
    return _left_alone(job, now, f"{job.name} is paused by {by}: it is not judged until it goes on")


def deleted(job: WatchedJob, now: datetime, *, by: str) -> Judged:
    """The job that is to be forgotten; a trouble that it is in is over with that."""
    return _left_alone(job, now, f"{job.name} is deleted by {by}")


def resumed(job: WatchedJob, now: datetime) -> WatchedJob:
    """The job that is judged again, from now on."""
    return planned(replace(job, is_paused=False), now)


def _left_alone(job: WatchedJob, now: datetime, why: str) -> Judged:
    is_wrong = job.standing.state is JobState.WRONG
    standing = replace(
        job.standing, state=JobState.WAITING, since=now, trouble=None, expected_at=None, due_at=None, bad=0, good=0
    )
    over = Verdict(trouble=None, why=why, at=now)
    return Judged(replace(job, is_paused=True, standing=standing), (over,) if is_wrong else ())
