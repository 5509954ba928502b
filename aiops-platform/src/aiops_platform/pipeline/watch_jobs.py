"""Watch over jobs: those whose time has come are looked at; what did not start, or does not end, gets an incident."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from aiops_platform.core import grouping, job_incident, job_watch
from aiops_platform.core.ahead import Doubt
from aiops_platform.core.job_watch import Judged, WatchedJob
from aiops_platform.core.maintenance import Window
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.ports import IncidentChange, Intake, JobStanding, Store, Transaction

_BATCH: Final = 500
_WORDS: Final = (ParcelKind.JOB, ParcelKind.PING)
# Windows of maintenance that held while a run went on, or before it was to start: more than the longest of either matters.
_REACH: Final = timedelta(days=8)
# What is due later than this is looked at once more after a start: it may be what a clock ahead has said.
_PUT_OFF: Final = timedelta(days=1)
_Stretch: TypeAlias = tuple[datetime, datetime]


class WatchJobs:
    """A station. One at a time for each store."""

    def __init__(self, store: Store, intake: Intake) -> None:
        self._store = store
        self._intake = intake
        self._doubt = Doubt(_PUT_OFF)

    def step(self, now: datetime) -> bool:
        """Looks at some jobs; says whether more are due already.

        Raises StoreUnavailableError and IntakeUnavailableError: then nothing was changed.
        """
        listening = self._intake.listening()
        if listening is None or not listening.goes_on(now):
            # Nobody would have heard a word.
            return False
        if (beyond := self._doubt.beyond(now)) is not None:
            with self._store.begin() as transaction:
                transaction.watching.hurry(beyond, now)
            self._doubt.settled()
        as_of = self._judged_as_of(now)
        with self._store.begin() as transaction:
            due = transaction.watching.due(as_of, _BATCH)
            if not due:
                return False
            windows = transaction.maintenance.windows({each.service.named.project_id for each in due}, as_of - _REACH)
            # Once for all jobs: there may be hundreds of both.
            held = {
                project_id: [(window, window.spans(as_of - _REACH, as_of)) for window in theirs]
                for project_id, theirs in windows.items()
            }
            looked = [
                job_watch.look(each, listening, _held(held.get(each.service.named.project_id, ()), each), as_of)
                for each in due
            ]
            transaction.watching.save(
                [
                    JobStanding(each.job, tuple(verdict.fact(each.job, as_of) for verdict in each.verdicts))
                    for each in looked
                ]
            )
            _open_incidents(transaction, [each for each in looked if each.verdicts], as_of)
        return len(due) == _BATCH

    def _judged_as_of(self, now: datetime) -> datetime:
        """What arrived since then has not been read, so nothing can be said of later."""
        unread = [at for at in map(self._intake.oldest_waiting, _WORDS) if at is not None]
        return min([now, *unread])


def _held(windows: Sequence[tuple[Window, Sequence[_Stretch]]], job: WatchedJob) -> tuple[_Stretch, ...]:
    named = job.service.named
    return tuple(each for window, spans in windows if window.covers(named.name, named.environment) for each in spans)


def _open_incidents(transaction: Transaction, judged: Sequence[Judged], now: datetime) -> None:
    keys = {each.job.id: (each.job.service.id, grouping.job_key(each.job.name)) for each in judged}
    known = transaction.grouped(list(keys.values()))
    changes = []
    for each in judged:
        place = keys[each.job.id]
        changed = job_incident.after(known.get(place), each.job, each.verdicts, now)
        if changed is not None:
            times = job_incident.hours_of(each.verdicts)
            changes.append(IncidentChange(incident=changed.incident, key=place[1], facts=changed.facts, hours=times))
    transaction.save_incidents(changes)
