"""Whether a job does what is expected of it: judged from its runs and from the time that passes. Pure: `now` is an argument.

Nothing counts against a job of which the platform could not have heard: no time in which it did not listen, no window of
maintenance, and no word that came late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from aiops_platform.core import ahead
from aiops_platform.core.event import RunState
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.job import Run
from aiops_platform.core.job_settings import JobSettings
from aiops_platform.core.monitor import Listening
from aiops_platform.core.schedule import Schedule, span
from aiops_platform.core.service import Service

# A word that is so much older than its arrival has waited somewhere: it is history.
_HISTORY: Final = timedelta(minutes=5)
# Who has a schedule and no limit is given up after so long.
_DEAD_AFTER: Final = timedelta(days=1)
_MOST_OPEN: Final = 50
# Of one look, as one expects a time each second.
_MOST_MISSES: Final = 10


class JobState(StrEnum):
    """How a job stands. `WAITING`: nothing was heard of it since something is expected of it."""

    WAITING = "waiting"
    ON_TIME = "on_time"
    LATE = "late"
    WRONG = "wrong"


class Trouble(StrEnum):
    """What is wrong with a job."""

    MISSED = "missed"
    FAILED = "failed"
    DIED = "died"
    TOO_LONG = "too_long"
    TOO_SHORT = "too_short"
    TOO_OFTEN = "too_often"
    STARTED_LATE = "started_late"


_FACTS: Final = {
    Trouble.MISSED: FactKind.JOB_MISSED,
    Trouble.FAILED: FactKind.JOB_FAILED,
    Trouble.DIED: FactKind.JOB_FAILED,
    Trouble.TOO_LONG: FactKind.JOB_TOO_LONG,
    Trouble.TOO_SHORT: FactKind.JOB_TOO_SHORT,
    Trouble.TOO_OFTEN: FactKind.JOB_TOO_OFTEN,
    Trouble.STARTED_LATE: FactKind.JOB_LATE_START,
}


@dataclass(frozen=True)
class OpenRun:
    """A run that has not ended. A flawed one is no good run, however it ends; one that is over has run for too long already."""

    began_at: datetime
    is_flawed: bool = False
    is_over: bool = False


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a job stands since when, and what `trouble` it is in. `expected_at`: when it is to start next, or was to.

    `due_at`: when to look again; None when only a word can change it. So many runs were `bad`, or `good`, in a row.
    """

    state: JobState = JobState.WAITING
    since: datetime
    trouble: Trouble | None = None
    expected_at: datetime | None = None
    due_at: datetime | None = None
    last_start: datetime | None = None
    bad: int = 0
    good: int = 0
    open: Mapping[bytes, OpenRun] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, kw_only=True)
class WatchedJob:
    """A job with all that it takes to judge it. A paused one is not judged.

    `settings` are in force: what people have set where `is_ruled`, else what the job `said` itself at `said_at`.
    """

    id: int
    service: Service
    name: str
    settings: JobSettings
    is_paused: bool
    standing: Standing
    is_ruled: bool = False
    said: Mapping[str, Any] | None = None
    said_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Something that became true of a job: a trouble (None: it is over), in words, at a time.

    `run_id` is the run that it is about, `event_id` the event that tells why that failed; 16 bytes each.
    """

    trouble: Trouble | None
    why: str
    at: datetime
    run_id: bytes | None = None
    event_id: bytes | None = None

    def fact(self, job: WatchedJob, now: datetime) -> Fact:
        """The same for the outbox."""
        data: dict[str, Any] = {"job": job.name, "job_id": job.id, "why": self.why}
        if self.trouble is not None:
            data["trouble"] = self.trouble.value
        if self.run_id is not None:
            data["run_id"] = str(UUID(bytes=self.run_id))
        if self.event_id is not None:
            data["event_id"] = str(UUID(bytes=self.event_id))
        kind = FactKind.JOB_RECOVERED if self.trouble is None else _FACTS[self.trouble]
        return Fact(kind=kind, at=now, data=data)


@dataclass(frozen=True)
class Judged:
    """A job after a word or a look, and what became true, in order."""

    job: WatchedJob
    verdicts: tuple[Verdict, ...] = ()


def heard(job: WatchedJob, run: Run, before: Run | None, *, received_at: datetime) -> Judged:
    """The job after a word on a run, which was `before` without it. A word that waited for long is history.

    History answers what is expected, and nothing else: it is neither a trouble nor the end of one.
    """
    if job.is_paused:
        return Judged(job)
    judge = _Judge(job, received_at)
    has_ended = run.ended_at is not None and (before is None or before.ended_at is None)
    is_flawed = before is None and judge.start(run)
    if has_ended:
        judge.end(run, is_flawed=is_flawed)
    elif before is None and run.ended_at is None:
        judge.open_run(run, is_flawed=is_flawed)
    return judge.judged()


def look(job: WatchedJob, listening: Listening, held: Sequence[tuple[datetime, datetime]], now: datetime) -> Judged:
    """The job as it stands at `now`, when no word that was received before is still unread.

    `held` are the stretches of maintenance.
    """
    if job.is_paused:
        return Judged(replace(job, standing=replace(job.standing, due_at=None)))
    judge = _Judge(job, now)
    judge.doubt()
    judge.look_at_open(listening, held)
    judge.look_at_expected(listening, held)
    return judge.judged()


class _Judge:
    """One job while it is judged at one time."""

    def __init__(self, job: WatchedJob, now: datetime) -> None:
        self._job = job
        self._settings = job.settings
        self._now = now
        self._verdicts: list[Verdict] = []
        self._standing = _put_right(job.standing, job.settings.schedule, now)

    def judged(self) -> Judged:
        """How it came out."""
        standing = self._standing
        if standing.state is not JobState.WRONG:
            state = self._calm_state()
            standing = replace(standing, state=state, since=standing.since if state is standing.state else self._now)
        job = replace(self._job, standing=standing)
        job = replace(job, standing=replace(standing, due_at=due_at(job, self._now)))
        return Judged(job, tuple(self._verdicts))

    def start(self, run: Run) -> bool:
        """A run has begun; whether something is wrong with that."""
        at, standing, settings = run.began_at, self._standing, self._settings
        is_history = self._now - at > _HISTORY
        flaws = 0
        if not is_history:
            expected, last = standing.expected_at, standing.last_start
            if settings.max_delay is not None and expected is not None and at - expected > settings.max_delay:
                said = f"{self._job.name} started {_about(at - expected)} late: expected {self._clock(expected)}"
                flaws += self._bad(Trouble.STARTED_LATE, said, run)
            if settings.min_gap is not None and last is not None and timedelta() <= at - last < settings.min_gap:
                said = (
                    f"{self._job.name} ran again after {_about(at - last)}: expected {_span(settings.min_gap)} at least"
                )
                flaws += self._bad(Trouble.TOO_OFTEN, said, run)
            self._change(last_start=at if last is None else max(at, last))
        self._expect_after(at, is_history=is_history)
        return flaws > 0

    def open_run(self, run: Run, *, is_flawed: bool) -> None:
        """It goes on."""
        runs = {**self._standing.open, run.run_id: OpenRun(run.began_at, is_flawed)}
        self._change(open=MappingProxyType(dict(list(runs.items())[-_MOST_OPEN:])))

    def end(self, run: Run, *, is_flawed: bool) -> None:
        """A run has ended."""
        opened = self._standing.open.get(run.run_id)
        self._change(open=_without(self._standing.open, run.run_id))
        if run.ended_at is None or self._now - run.ended_at > _HISTORY:
            return
        was_over = opened is not None and opened.is_over
        took, settings = None if run.duration is None else timedelta(seconds=run.duration), self._settings
        if run.state is RunState.FAILED:
            status = "" if run.exit_status is None else f" with exit status {run.exit_status}"
            self._bad(Trouble.FAILED, f"{self._job.name} failed{status}", run, run.event_id)
        elif took is not None and settings.max_run is not None and took > settings.max_run and not was_over:
            said = f"{self._job.name} took {_about(took)}: expected {_span(settings.max_run)} at most"
            self._bad(Trouble.TOO_LONG, said, run)
        elif took is not None and settings.min_run is not None and took < settings.min_run:
            said = f"{self._job.name} took {_about(took)} only: expected {_span(settings.min_run)} at least"
            self._bad(Trouble.TOO_SHORT, said, run)
        elif not (is_flawed or was_over or (opened is not None and opened.is_flawed)):
            self._good(run)

    def doubt(self) -> None:
        """What a clock ahead has said is not waited for: a start after the next but one, the end of a run that is to begin."""
        schedule, expected = self._settings.schedule, self._standing.expected_at
        following = None if schedule is None else schedule.next_after(self._now)
        if schedule is not None and following is not None and expected is not None:
            latest = schedule.next_after(following)
            if latest is not None and expected > latest:
                self._change(expected_at=following)
        runs = {
            run_id: replace(run, began_at=ahead.put_right(run.began_at, self._now))
            for run_id, run in self._standing.open.items()
        }
        self._change(open=MappingProxyType(runs))

    def look_at_open(self, listening: Listening, held: Sequence[tuple[datetime, datetime]]) -> None:
        """Runs that should have ended."""
        limit = _limit(self._settings)
        for run_id, run in self._standing.open.items():
            if limit is None or run.is_over or run.began_at + limit > self._now:
                continue
            over = {run_id: replace(run, is_flawed=True, is_over=True)}
            self._change(open=MappingProxyType({**self._standing.open, **over}))
            # Its end may have been told while nobody listened.
            if listening.since > run.began_at or _touches(held, run.began_at, self._now):
                continue
            began = f"it began {self._clock(run.began_at)}"
            if self._settings.max_run is None:
                said = f"{self._job.name} has said nothing for {_span(limit)}: {began} and never ended"
                self._bad(Trouble.DIED, said, None, run_id=run_id)
            else:
                said = f"{self._job.name} runs for longer than {_span(limit)}: {began}"
                self._bad(Trouble.TOO_LONG, said, None, run_id=run_id)

    def look_at_expected(self, listening: Listening, held: Sequence[tuple[datetime, datetime]]) -> None:
        """Starts that did not come."""
        schedule, grace = self._settings.schedule, self._settings.grace
        for number in range(_MOST_MISSES + 1):
            expected = self._standing.expected_at
            if schedule is None or expected is None or expected + grace > self._now:
                return
            if number == _MOST_MISSES:
                self._change(expected_at=schedule.next_after(self._now))
                return
            since = expected - schedule.early(expected)
            void_until = _void_until(listening, held, since, expected + grace)
            if void_until is None:
                said = f"{self._job.name} did not start: expected {self._clock(expected)}, {_span(grace)} grace"
                self._bad(Trouble.MISSED, said, None)
                self._change(expected_at=schedule.next_after(expected))
            else:
                # A period is counted from when it could have been heard of.
                counted = max(expected, void_until) if schedule.every is not None else expected
                self._change(expected_at=schedule.next_after(counted))

    def _expect_after(self, at: datetime, *, is_history: bool) -> None:
        schedule, expected = self._settings.schedule, self._standing.expected_at
        if schedule is None:
            self._change(expected_at=None)
            return
        last = self._standing.last_start
        counted = at if schedule.every is None or last is None else max(at, last)
        following = schedule.after_start(counted)
        if is_history and expected is not None and (following is None or following < expected):
            return
        self._change(expected_at=following)

    def _calm_state(self) -> JobState:
        expected = self._standing.expected_at
        if expected is not None and expected <= self._now:
            return JobState.LATE
        return JobState.WAITING if self._standing.last_start is None else JobState.ON_TIME

    def _bad(
        self,
        trouble: Trouble,
        why: str,
        run: Run | None,
        event_id: bytes | None = None,
        *,
        run_id: bytes | None = None,
    ) -> int:
        standing = self._standing
        bad = standing.bad + 1
        self._change(bad=bad, good=0)
        was_wrong = standing.state is JobState.WRONG
        if not was_wrong and bad < self._settings.in_a_row:
            return 1
        is_told = was_wrong and trouble is Trouble.MISSED and standing.trouble is Trouble.MISSED
        self._change(state=JobState.WRONG, since=standing.since if was_wrong else self._now, trouble=trouble)
        if not is_told:
            often = f" ({bad} in a row)" if self._settings.in_a_row > 1 else ""
            run_id = run.run_id if run is not None else run_id
            self._verdicts.append(
                Verdict(trouble=trouble, why=why + often, at=self._now, run_id=run_id, event_id=event_id)
            )
        return 1

    def _good(self, run: Run) -> None:
        good = self._standing.good + 1
        self._change(bad=0, good=good)
        if self._standing.state is not JobState.WRONG or good < self._settings.good_runs:
            return
        self._change(state=JobState.ON_TIME, since=self._now, trouble=None)
        why = f"{self._job.name} ran as expected again"
        self._verdicts.append(Verdict(trouble=None, why=why, at=self._now, run_id=run.run_id))

    def _change(self, **fields: Any) -> None:
        self._standing = replace(self._standing, **fields)

    def _clock(self, moment: datetime) -> str:
        return (self._settings.schedule or Schedule()).clock(moment)


def _put_right(standing: Standing, schedule: Schedule | None, now: datetime) -> Standing:
    """One that a clock ahead has written: then what it expected is not to be believed."""
    if not ahead.is_ahead(max(standing.since, standing.last_start or standing.since), now):
        return standing
    expected = None if schedule is None else schedule.next_after(now)
    return replace(standing, since=min(standing.since, now), last_start=None, expected_at=expected)


def due_at(job: WatchedJob, now: datetime) -> datetime | None:
    """When to look at it again."""
    standing, limit = job.standing, _limit(job.settings)
    times = [] if limit is None else [run.began_at + limit for run in standing.open.values() if not run.is_over]
    if standing.expected_at is not None:
        is_late = standing.expected_at <= now or standing.state is JobState.WRONG
        times.append(standing.expected_at + job.settings.grace if is_late else standing.expected_at)
    return min(times, default=None)


def _limit(settings: JobSettings) -> timedelta | None:
    if settings.max_run is not None:
        return settings.max_run
    return None if settings.schedule is None else _DEAD_AFTER


def _void_until(
    listening: Listening, held: Sequence[tuple[datetime, datetime]], since: datetime, until: datetime
) -> datetime | None:
    """Until when nothing could be told within this stretch of time; None where all of it could."""
    ends = [end for begin, end in held if begin < until and end > since]
    if listening.since > since:
        ends.append(listening.since)
    return max(ends, default=None)


def _touches(held: Sequence[tuple[datetime, datetime]], since: datetime, until: datetime) -> bool:
    return any(begin < until and end > since for begin, end in held)


def _without(runs: Mapping[bytes, OpenRun], run_id: bytes) -> Mapping[bytes, OpenRun]:
    return MappingProxyType({each: run for each, run in runs.items() if each != run_id})


def _span(length: timedelta) -> str:
    return span(length.total_seconds())


def _about(length: timedelta) -> str:
    """A measured length of time, no more exactly than matters."""
    seconds = length.total_seconds()
    if seconds >= 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min".removesuffix(" 0 min")
    if seconds >= 60:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s".removesuffix(" 0 s")
    return f"{seconds:.3g} s"
