"""Watch: monitors whose time has come are looked at; who has fallen silent, or lacks processes, gets an incident."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import facets, grouping, hours, maintenance
from aiops_platform.core import incident as rules
from aiops_platform.core.grouping import GroupKey
from aiops_platform.core.incident import Changed, Incident
from aiops_platform.core.maintenance import LONGEST
from aiops_platform.core.monitor import Listening, Looked, Monitor, check
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.service import Service
from aiops_platform.ports import IncidentChange, Intake, MonitorChange, Store, Transaction

_BATCH: Final = 500
# The end of a stretch of listening is moved on so seldom: it is written for time lines.
_NOTED_EVERY: Final = timedelta(minutes=1)


class Watch:
    """A station. One at a time for each store."""

    def __init__(self, store: Store, intake: Intake) -> None:
        self._store = store
        self._intake = intake
        self._noted: Listening | None = None

    def step(self, now: datetime) -> bool:
        """Looks at some monitors; says whether more are due already.

        Raises StoreUnavailableError and IntakeUnavailableError: then nothing was changed.
        """
        listening = self._intake.listening()
        if listening is None or not listening.goes_on(now):
            # Nobody would have heard a beat.
            return False
        as_of = self._judged_as_of(now)
        with self._store.begin() as transaction:
            is_news = self._is_news(listening)
            if is_news:
                transaction.maintenance.note_listening(listening)
            due = transaction.due_monitors(as_of, _BATCH)
            looked = _look(transaction, due, listening, as_of)
            transaction.save_monitors(
                [
                    MonitorChange(
                        monitor=each.monitor, project_id=service.named.project_id, states=each.states, facts=each.facts
                    )
                    for service, each in looked
                ]
            )
            _open_silences(transaction, looked, as_of)
            _open_shortages(transaction, looked, as_of)
        if is_news:
            self._noted = listening
        return len(due) == _BATCH

    def _judged_as_of(self, now: datetime) -> datetime:
        """What arrived since then has not been read, so nothing can be said of later."""
        unread = self._intake.oldest_waiting(ParcelKind.HEARTBEAT)
        return now if unread is None else min(now, unread)

    def _is_news(self, listening: Listening) -> bool:
        noted = self._noted
        return noted is None or noted.since != listening.since or listening.until - noted.until >= _NOTED_EVERY


def _look(
    transaction: Transaction, due: Sequence[tuple[Service, Monitor]], listening: Listening, now: datetime
) -> list[tuple[Service, Looked]]:
    windows = transaction.maintenance.windows({service.named.project_id for service, _ in due}, now - LONGEST)
    ends = {project_id: maintenance.ends_of(theirs, now) for project_id, theirs in windows.items()}
    return [
        (
            service,
            check(
                monitor,
                listening,
                now,
                excused=maintenance.excused_until(
                    ends.get(service.named.project_id, ()), service.named.name, service.named.environment
                ),
            ),
        )
        for service, monitor in due
    ]


def _open_silences(transaction: Transaction, looked: Sequence[tuple[Service, Looked]], now: datetime) -> None:
    def opened(into: Incident | None, service: Service, monitor: Monitor) -> Changed:
        since = monitor.state_since
        return rules.silenced(into, service=service, last_beat_at=monitor.last_beat_at, at=since, now=now)

    silent = [(service, each.monitor, each.monitor.state_since) for service, each in looked if each.fell_silent]
    _open(transaction, grouping.silence_key(), silent, opened)


def _open_shortages(transaction: Transaction, looked: Sequence[tuple[Service, Looked]], now: datetime) -> None:
    def opened(into: Incident | None, service: Service, monitor: Monitor) -> Changed:
        numbers = {"expected": monitor.expected or 0, "beating": monitor.beating(now)}
        return rules.short_of_processes(into, service=service, **numbers, at=monitor.short_since or now, now=now)

    short = [(service, each.monitor, each.monitor.short_since or now) for service, each in looked if each.fell_short]
    _open(transaction, grouping.shortage_key(), short, opened)


def _open(
    transaction: Transaction,
    key: GroupKey,
    found: Sequence[tuple[Service, Monitor, datetime]],
    opened: Callable[[Incident | None, Service, Monitor], Changed],
) -> None:
    if not found:
        return
    known = transaction.grouped([(service.id, key) for service, _, _ in found])
    changes = []
    for service, monitor, at in found:
        changed = opened(known.get((service.id, key)), service, monitor)
        counted = {(hours.of(at), facets.REST): 1}
        changes.append(IncidentChange(incident=changed.incident, key=key, facts=changed.facts, hours=counted))
    transaction.save_incidents(changes)
