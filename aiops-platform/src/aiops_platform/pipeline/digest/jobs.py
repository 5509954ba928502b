"""Words on jobs and pings into runs; each counts once, in whatever order they come. What they mean for the job is judged."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from aiops_platform.core import facets, grouping, job, job_incident, job_ruling, job_settings, job_watch
from aiops_platform.core.event import JobReport, Ping, PingWord
from aiops_platform.core.job import Run
from aiops_platform.core.job_watch import Verdict, WatchedJob
from aiops_platform.core.parcel import Parcel
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.pipeline.digest.parcels import earliest, named
from aiops_platform.ports import IncidentChange, JobChange, JobStanding, Transaction

# A name with a number in it, new for each run, would make a job of each.
_MOST_JOBS: Final = 1_000
_KEPT_RUNS: Final = 100

Word: TypeAlias = JobReport | Ping


@dataclass(frozen=True, kw_only=True)
class _Told:
    service: Service
    at: datetime
    word: Word
    parcel: Parcel

    @property
    def place(self) -> tuple[int, str]:
        return self.service.id, self.word.job


def take_jobs(
    transaction: Transaction,
    words: Sequence[tuple[Word, Parcel]],
    services: Mapping[ServiceName, Service],
    bury: Callable[[Parcel, str], None],
    now: datetime,
) -> None:
    """The runs of jobs after these words, how the jobs stand with them, and the incidents of those that are wrong."""
    if not words:
        return
    told = _wanted(transaction, [_told(word, parcel, services) for word, parcel in words])
    transaction.note_releases(
        earliest(
            ((each.service.id, facets.release_of(each.word)), each.at)
            for each in told
            if isinstance(each.word, JobReport)
        )
    )
    first: dict[tuple[int, str], datetime] = {}
    for each in told:
        first.setdefault(each.place, each.parcel.received_at)
    jobs = transaction.jobs(first, most=_MOST_JOBS)
    for each in told:
        if each.place not in jobs:
            why = f"{each.service.named.name} has {_MOST_JOBS} jobs already: is there a number in the name?"
            bury(each.parcel, why)
    of_jobs = [(jobs[each.place], each) for each in _news(transaction, [each for each in told if each.place in jobs])]
    drafts = _drafts(transaction, of_jobs)
    for job_id, each in of_jobs:
        drafts[job_id].add(each)
    transaction.save_runs([draft.change() for draft in drafts.values() if draft.is_news], kept=_KEPT_RUNS)
    _judge(transaction, drafts.values(), now)


def _told(word: Word, parcel: Parcel, services: Mapping[ServiceName, Service]) -> _Told:
    # What pings say is true when it comes.
    at = job.time_of(word, parcel.received_at) if isinstance(word, JobReport) else parcel.received_at
    return _Told(service=services[named(word, parcel)], at=at, word=word, parcel=parcel)


def _wanted(transaction: Transaction, told: Sequence[_Told]) -> Sequence[_Told]:
    """Without pings of jobs that are not there and not to be made."""
    unmade = {each.place for each in told if isinstance(each.word, Ping) and not each.word.create}
    if not unmade:
        return told
    made = {each.place for each in told if not isinstance(each.word, Ping) or each.word.create}
    made |= transaction.watching.known(unmade)
    return [each for each in told if each.place in made]


def _news(transaction: Transaction, told: Sequence[_Told]) -> Sequence[_Told]:
    """Without pings that were taken before. One that is buried was not: it may come again."""
    pings = {(each.service.id, each.parcel.id): each.parcel.received_at for each in told if isinstance(each.word, Ping)}
    if not pings:
        return told
    new = transaction.remember(pings)
    return [each for each in told if not isinstance(each.word, Ping) or (each.service.id, each.parcel.id) in new]


def _drafts(transaction: Transaction, told: Sequence[tuple[int, _Told]]) -> dict[int, "_JobDraft"]:
    wanted = {(job_id, each.word.run_id.bytes) for job_id, each in told if each.word.run_id is not None}
    known = transaction.runs(wanted)
    loose = {job_id for job_id, each in told if isinstance(each.word, Ping) and each.word.run_id is None}
    noted = {job_id for job_id, each in told if isinstance(each.word, Ping) and each.word.word is PingWord.LOG}
    running = transaction.watching.newest_runs(loose, open_only=True)
    newest = transaction.watching.newest_runs(noted, open_only=False)
    drafts: dict[int, _JobDraft] = {}
    for job_id, watched in transaction.watching.watched({job_id for job_id, _ in told}).items():
        drafts[job_id] = _JobDraft(
            watched,
            known={run_id: run for (owner, run_id), run in known.items() if owner == job_id},
            running=running.get(job_id),
            newest=newest.get(job_id),
        )
    return drafts


@dataclass
class _JobDraft:
    """A job while the words of a transaction are added to it. `running` is the run that a ping without an id means."""

    job: WatchedJob
    known: dict[bytes, Run]
    running: Run | None
    newest: Run | None
    runs: dict[bytes, Run] = field(default_factory=dict)
    schedule: Mapping[str, Any] | None = None
    verdicts: list[Verdict] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._before = self.job

    @property
    def is_news(self) -> bool:
        return bool(self.runs) or self.schedule is not None

    @property
    def has_moved(self) -> bool:
        return self.job != self._before

    def add(self, told: _Told) -> None:
        if isinstance(told.word, JobReport):
            self._take_schedule(told.word, told)
            before = self._run(told.word.run_id.bytes)
            self._take(job.heard(told.word, before, at=told.at), before, told)
        else:
            before = self._meant(told.word)
            run_id = told.parcel.id if told.word.run_id is None else told.word.run_id.bytes
            self._take(job.pinged(told.word, before, run_id=run_id, at=told.at), before, told)

    def change(self) -> JobChange:
        return JobChange(
            job_id=self.job.id,
            project_id=self.job.service.named.project_id,
            runs=tuple(self.runs.values()),
            schedule=self.schedule,
            said_at=self.job.said_at,
        )

    def _run(self, run_id: bytes) -> Run | None:
        return self.runs.get(run_id) or self.known.get(run_id)

    def _meant(self, ping: Ping) -> Run | None:
        if ping.run_id is not None:
            return self._run(ping.run_id.bytes)
        if ping.word is PingWord.START:
            return None
        running = self.running and (self._run(self.running.run_id) or self.running)
        return running or (self.newest if ping.word is PingWord.LOG else None)

    def _take(self, run: Run | None, before: Run | None, told: _Told) -> None:
        if run is None or run == before:
            return
        self.runs[run.run_id] = run
        if self.newest is None or run.began_at >= self.newest.began_at:
            self.newest = run
        if run.loose:
            self.running = run if run.ended_at is None else None
        judged = job_watch.heard(self.job, run, before, received_at=told.parcel.received_at)
        self.job = judged.job
        self.verdicts += judged.verdicts

    def _take_schedule(self, report: JobReport, told: _Told) -> None:
        """The newest word's schedule is the job's; whether that is in force is another matter."""
        said_at = self.job.said_at
        if report.schedule is None or (said_at is not None and told.at < said_at):
            return
        is_other = report.schedule != self.job.said
        self.schedule = report.schedule
        self.job = replace(self.job, said=report.schedule, said_at=told.at)
        if is_other and not self.job.is_ruled:
            settings, _ = job_settings.in_force(report.schedule, None)
            self.job = job_ruling.planned(replace(self.job, settings=settings), told.parcel.received_at)


def _judge(transaction: Transaction, drafts: Collection[_JobDraft], now: datetime) -> None:
    transaction.watching.save(
        [
            JobStanding(draft.job, tuple(verdict.fact(draft.job, now) for verdict in draft.verdicts))
            for draft in drafts
            if draft.has_moved
        ]
    )
    judged = [draft for draft in drafts if draft.verdicts]
    keys = {draft.job.id: (draft.job.service.id, grouping.job_key(draft.job.name)) for draft in judged}
    known = transaction.grouped(list(keys.values()))
    changes = []
    for draft in judged:
        place = keys[draft.job.id]
        changed = job_incident.after(known.get(place), draft.job, draft.verdicts, now)
        if changed is not None:
            times = job_incident.hours_of(draft.verdicts)
            changes.append(IncidentChange(incident=changed.incident, key=place[1], facts=changed.facts, hours=times))
    transaction.save_incidents(changes)
