"""What people say of jobs: what is expected of them, and that nobody wants to hear of one for a while."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiops_platform.core import grouping, job_incident, job_ruling, job_settings
from aiops_platform.core.job_watch import Judged
from aiops_platform.core.people import Actor
from aiops_platform.core.views import RunDetail
from aiops_platform.ports import IncidentChange, JobReads, JobStanding, Store, Transaction


class JobDesk:
    """Every method may be called from any thread, and raises StoreUnavailableError. Those that act say whether there is such a job."""

    def __init__(self, store: Store, reads: JobReads) -> None:
        self._store = store
        self._reads = reads

    def run(self, project_id: int, job_id: int, run_id: str) -> RunDetail | None:
        """One run with what it printed."""
        return self._reads.run(project_id, job_id, run_id)

    def rule(self, project_id: int, job_id: int, told: Mapping[str, Any] | None, now: datetime) -> bool:
        """From now on this is expected of it, in the words of the wire; None hands it back to what it says itself.

        Raises ScheduleError for what is not understood: then nothing was changed.
        """
        given = None if told is None else job_settings.kept(told)
        with self._store.begin() as transaction:
            job = transaction.watching.of_project(project_id, job_id)
            if job is None:
                return False
            ruled = job_ruling.ruled(job, given, now)
            transaction.watching.rule(ruled, given)
            transaction.watching.save([JobStanding(ruled)])
        return True

    def pause(self, project_id: int, job_id: int, now: datetime, *, by: Actor) -> bool:
        """It is judged no longer; its incident is resolved."""
        with self._store.begin() as transaction:
            job = transaction.watching.of_project(project_id, job_id)
            if job is None:
                return False
            if not job.is_paused:
                judged = job_ruling.paused(job, now, by=by.name)
                transaction.watching.pause(judged.job, now)
                _save(transaction, judged, now)
        return True

    def resume(self, project_id: int, job_id: int, now: datetime) -> bool:
        """It is judged again, from now on."""
        with self._store.begin() as transaction:
            job = transaction.watching.of_project(project_id, job_id)
            if job is None:
                return False
            if job.is_paused:
                resumed = job_ruling.resumed(job, now)
                transaction.watching.pause(resumed, None)
                transaction.watching.save([JobStanding(resumed)])
        return True

    def delete(self, project_id: int, job_id: int, now: datetime, *, by: Actor) -> bool:
        """It is forgotten with its runs, and its incident resolved; with the next word on it, it makes itself again."""
        with self._store.begin() as transaction:
            job = transaction.watching.of_project(project_id, job_id)
            if job is None:
                return False
            _save(transaction, job_ruling.deleted(job, now, by=by.name), now)
            transaction.watching.forget(job)
        return True


def _save(transaction: Transaction, judged: Judged, now: datetime) -> None:
    job = judged.job
    transaction.watching.save([JobStanding(job, tuple(each.fact(job, now) for each in judged.verdicts))])
    place = job.service.id, grouping.job_key(job.name)
    changed = job_incident.after(transaction.grouped([place]).get(place), job, judged.verdicts, now)
    if changed is not None:
        transaction.save_incidents([IncidentChange(incident=changed.incident, facts=changed.facts)])
