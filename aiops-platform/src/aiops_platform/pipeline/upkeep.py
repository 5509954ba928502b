"""Upkeep: what people say of when services are watched: windows of maintenance, pauses, how many processes there have to be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aiops_platform.core import grouping
from aiops_platform.core import incident as rules
from aiops_platform.core.maintenance import MOST, MaintenanceError, Window
from aiops_platform.core.monitor import Looked, Monitor, MonitorError, MonitorState, expecting, paused, resumed
from aiops_platform.core.people import Actor
from aiops_platform.ports import IncidentChange, MonitorChange, Store, Transaction

MOST_PROCESSES: Final = 100
LONGEST_PAUSE: Final = timedelta(days=366)


class Upkeep:
    """Each answers whether this project has such a thing; doing it twice is as doing it once."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def plan(self, window: Window, now: datetime) -> Window:
        """A new window, with its number; where the same one holds already, that one, with the new end.

        The same: once, of the same name, for the same services and environments. Raises MaintenanceError where the project
        has too many.
        """
        with self._store.begin() as transaction:
            there = transaction.maintenance.windows([window.project_id], now).get(window.project_id, ())
            same = next((each for each in there if _is_same(each, window, now)), None)
            if same is not None:
                longer = replace(same, until=window.until, ends_with_deploy=window.ends_with_deploy)
                transaction.maintenance.save(longer)
                return longer
            if len(there) >= MOST:
                raise MaintenanceError(f"A project has at most {MOST} windows that are not over: end some first")
            return replace(window, id=transaction.maintenance.add(window))

    def end(self, project_id: int, window_id: int, now: datetime) -> Window | None:
        """The window is over, if it was not before; None when this project has no such."""
        with self._store.begin() as transaction:
            window = transaction.maintenance.window(project_id, window_id)
            if window is None:
                return None
            if not window.is_over(now):
                window = window.ended(now)
                transaction.maintenance.save(window)
            return window

    def pause(self, project_id: int, service_id: int, until: datetime | None, now: datetime, *, by: Actor) -> bool:
        """Nobody looks at the service until that time, or until it is resumed. Raises MonitorError."""
        if until is not None and not now < until <= now + LONGEST_PAUSE:
            raise MonitorError("Say a time that lies ahead, within a year from now")
        return self._change(project_id, service_id, lambda monitor: paused(monitor, until, now), now, by)

    def resume(self, project_id: int, service_id: int, now: datetime, *, by: Actor) -> bool:
        """The service is watched again."""
        return self._change(project_id, service_id, lambda monitor: resumed(monitor, now), now, by)

    def expect(self, project_id: int, service_id: int, instances: int | None, now: datetime, *, by: Actor) -> bool:
        """So many of its processes have to beat; None is as many as there happen to be. Raises MonitorError."""
        if instances is not None and not 1 <= instances <= MOST_PROCESSES:
            raise MonitorError(f"Expect 1 to {MOST_PROCESSES} processes, or do not say how many")
        return self._change(project_id, service_id, lambda monitor: expecting(monitor, instances, now), now, by)

    def _change(
        self, project_id: int, service_id: int, do: Callable[[Monitor], Looked], now: datetime, by: Actor
    ) -> bool:
        with self._store.begin() as transaction:
            monitor = transaction.maintenance.monitor(project_id, service_id)
            if monitor is None:
                return False
            looked = do(monitor)
            facts = tuple(fact.done_by(by) for fact in looked.facts)
            transaction.save_monitors(
                [MonitorChange(monitor=looked.monitor, project_id=project_id, states=looked.states, facts=facts)]
            )
            _end_incidents(transaction, looked, by, now)
            return True


def _end_incidents(transaction: Transaction, looked: Looked, by: Actor, now: datetime) -> None:
    keys = [grouping.silence_key()] if looked.broke_silence else []
    keys += [grouping.shortage_key()] if looked.is_whole_again else []
    service_id = looked.monitor.service_id
    known = transaction.grouped([(service_id, key) for key in keys])
    names = transaction.alerting.services({service_id}) if known else {}
    is_paused = looked.monitor.state is MonitorState.PAUSED
    said = f"was paused, by {by.name}" if is_paused else f"was told to expect other processes, by {by.name}"
    ended = [rules.recovered(each, now, f"{names[service_id].name} {said}") for each in known.values()]
    transaction.save_incidents(
        [IncidentChange(incident=each.incident, facts=each.facts) for each in ended if each.facts]
    )


def _is_same(known: Window, new: Window, now: datetime) -> bool:
    told = (new.name, new.services, new.environments)
    is_once = known.weekly is None and new.weekly is None
    return is_once and (known.name, known.services, known.environments) == told and known.since <= now >= new.since
