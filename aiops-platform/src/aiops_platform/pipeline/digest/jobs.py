"""Words on jobs into runs; each word counts once, in whatever order they come."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from aiops_platform.core import facets, job
from aiops_platform.core.event import JobReport
from aiops_platform.core.job import Run
from aiops_platform.core.parcel import Parcel
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.pipeline.digest.parcels import earliest, named
from aiops_platform.ports import JobChange, Transaction

# A name with a number in it, new for each run, would make a job of each.
_MOST_JOBS: Final = 1_000
_KEPT_RUNS: Final = 100


def take_jobs(
    transaction: Transaction,
    words: Sequence[tuple[JobReport, Parcel]],
    services: Mapping[ServiceName, Service],
    bury: Callable[[Parcel, str], None],
) -> None:
    """The runs of jobs after these words."""
    if not words:
        return
    told = [
        (services[named(report, parcel)], job.time_of(report, parcel.received_at), report, parcel)
        for report, parcel in words
    ]
    transaction.note_releases(
        earliest(((service.id, facets.release_of(report)), at) for service, at, report, _ in told)
    )
    first: dict[tuple[int, str], datetime] = {}
    for service, _, report, parcel in told:
        first.setdefault((service.id, report.job), parcel.received_at)
    jobs = transaction.jobs(first, most=_MOST_JOBS)
    known = transaction.runs(
        {
            (jobs[service.id, report.job], report.run_id.bytes)
            for service, _, report, _ in told
            if (service.id, report.job) in jobs
        }
    )
    drafts: dict[int, _JobDraft] = {}
    for service, at, report, parcel in told:
        job_id = jobs.get((service.id, report.job))
        if job_id is None:
            bury(parcel, f"{service.named.name} has {_MOST_JOBS} jobs already: is there a number in the name?")
            continue
        drafts.setdefault(job_id, _JobDraft(service.named.project_id)).add(report, known, job_id=job_id, at=at)
    transaction.save_runs([draft.change(job_id) for job_id, draft in drafts.items() if draft.is_news], kept=_KEPT_RUNS)


@dataclass
class _JobDraft:
    """A job while the words of a transaction are added to it."""

    project_id: int
    runs: dict[bytes, Run] = field(default_factory=dict)
    schedule: Mapping[str, Any] | None = None
    said_at: datetime | None = None

    @property
    def is_news(self) -> bool:
        return bool(self.runs) or self.schedule is not None

    def add(self, report: JobReport, known: Mapping[tuple[int, bytes], Run], *, job_id: int, at: datetime) -> None:
        run_id = report.run_id.bytes
        before = self.runs.get(run_id) or known.get((job_id, run_id))
        run = job.heard(report, before, at=at)
        if run != before:
            self.runs[run_id] = run
        if report.schedule is not None and (self.said_at is None or at >= self.said_at):
            self.schedule, self.said_at = report.schedule, at

    def change(self, job_id: int) -> JobChange:
        return JobChange(
            job_id=job_id,
            project_id=self.project_id,
            runs=tuple(self.runs.values()),
            schedule=self.schedule,
            said_at=self.said_at,
        )
