"""A monitor expects beats; its state follows from the time since the last one. Pure: `now` is an argument."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from aiops_platform.core import ahead
from aiops_platform.core.event import Heartbeat
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.instance import name_of

_USUAL_INTERVAL: Final = 30
_LONGEST_INTERVAL: Final = 24 * 60 * 60
_INSTANCE_LIMIT: Final = 200
_DEAF: Final = timedelta(seconds=15)


class MonitorState(StrEnum):
    """What is known of a service's life. `STOPPED`: it said goodbye with a closing beat."""

    NEW = "new"
    ALIVE = "alive"
    LATE = "late"
    SILENT = "silent"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Listening:
    """A stretch of time in which the door listened: only within it can a service be found silent."""

    since: datetime
    until: datetime

    def goes_on(self, now: datetime) -> bool:
        """Whether the door listens now, as far as can be known: it says so every 5 s."""
        return now - self.until <= _DEAF and not ahead.is_ahead(self.until, now)

    def heard_at(self, now: datetime) -> "Listening":
        """The stretch after one more sign of the door: the same one longer, or a new one after a gap."""
        # A clock that was put back leaves `until` in the future: that is a gap too.
        unbroken = -_DEAF <= now - self.until <= _DEAF
        return Listening(self.since, max(self.until, now)) if unbroken else Listening(now, now)


@dataclass(frozen=True, kw_only=True)
class Monitor:
    """`id` is None until it is saved. `due_at`: when to look again; None when only a beat can change the state.

    `interval` is in seconds. `last_beat` is the newest heartbeat as JSON; `instances` the processes that beat, each
    with the time of its last beat.
    """

    id: int | None
    service_id: int
    state: MonitorState
    state_since: datetime
    last_beat_at: datetime
    due_at: datetime | None
    interval: int
    base_url: str | None
    last_beat: Mapping[str, Any]
    instances: Mapping[str, datetime]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A monitor after a beat or a look. `before` is the state it came from, None for a new one.

    `states` are the changes of its state with their times, oldest first.
    """

    monitor: Monitor
    before: MonitorState | None
    states: tuple[tuple[datetime, MonitorState], ...] = ()
    facts: tuple[Fact, ...] = ()

    @property
    def fell_silent(self) -> bool:
        """Whether it became silent just now."""
        return self.monitor.state is MonitorState.SILENT and self.before is not MonitorState.SILENT

    @property
    def broke_silence(self) -> bool:
        """Whether it was silent until just now."""
        return self.before is MonitorState.SILENT and self.monitor.state is not MonitorState.SILENT


def beat(heartbeat: Heartbeat, monitor: Monitor | None, *, service_id: int, at: datetime, now: datetime) -> Looked:
    """The monitor after a beat that was received at `at`. A beat older than the newest one changes nothing."""
    if monitor is not None and ahead.is_ahead(monitor.last_beat_at, now):
        monitor = _put_right(monitor, at)
    if monitor is not None and at < monitor.last_beat_at:
        return Looked(monitor=monitor, before=monitor.state)
    interval = _interval_of(heartbeat)
    instances = _instances(heartbeat, monitor, interval=interval, at=at)
    state = MonitorState.STOPPED if heartbeat.closing and not instances else MonitorState.ALIVE
    before = monitor.state if monitor else None
    beaten = Monitor(
        id=monitor.id if monitor else None,
        service_id=service_id,
        state=state,
        state_since=monitor.state_since if monitor and monitor.state is state else at,
        last_beat_at=at,
        due_at=None if state is MonitorState.STOPPED else at + _late_after(interval),
        interval=interval,
        base_url=heartbeat.base_url or (monitor.base_url if monitor else None),
        last_beat=_kept(heartbeat),
        instances=instances,
    )
    if before is state:
        return Looked(monitor=beaten, before=before)
    return Looked(monitor=beaten, before=before, states=((at, state),), facts=_facts_of_beat(before, state, at))


def check(monitor: Monitor, listening: Listening, now: datetime) -> Looked:
    """The monitor as it stands at `now`, when no beat that was received before `now` is still unread.

    Time in which nobody listened does not count against it.
    """
    if ahead.is_ahead(monitor.last_beat_at, now):
        monitor = _put_right(monitor, now)
    interval, since = monitor.interval, max(monitor.last_beat_at, listening.since)
    deadlines = {MonitorState.LATE: since + _late_after(interval), MonitorState.SILENT: since + _silent_after(interval)}
    if monitor.state is MonitorState.STOPPED or monitor.state is MonitorState.SILENT:
        return Looked(monitor=replace(monitor, due_at=None), before=monitor.state)
    to_come = (
        [MonitorState.LATE, MonitorState.SILENT] if monitor.state is not MonitorState.LATE else [MonitorState.SILENT]
    )
    states = tuple((deadlines[state], state) for state in to_come if deadlines[state] <= now)
    left = to_come[len(states) :]
    state_since, state = states[-1] if states else (monitor.state_since, monitor.state)
    looked = replace(monitor, state=state, state_since=state_since, due_at=deadlines[left[0]] if left else None)
    silent = Fact(kind=FactKind.SERVICE_SILENT, at=now, data={"last_beat_at": monitor.last_beat_at.isoformat()})
    return Looked(
        monitor=looked,
        before=monitor.state,
        states=states,
        facts=(silent,) if state is MonitorState.SILENT else (),
    )


def _put_right(monitor: Monitor, at: datetime) -> Monitor:
    """A monitor whose times were written by a clock that was ahead, as if all of it had happened at `at`."""
    return replace(
        monitor,
        last_beat_at=min(monitor.last_beat_at, at),
        state_since=min(monitor.state_since, at),
        instances={name: min(seen, at) for name, seen in monitor.instances.items()},
    )


def _facts_of_beat(before: MonitorState | None, state: MonitorState, at: datetime) -> tuple[Fact, ...]:
    facts = []
    if before is MonitorState.SILENT:
        facts.append(Fact(kind=FactKind.SERVICE_RECOVERED, at=at))
    if state is MonitorState.STOPPED:
        facts.append(Fact(kind=FactKind.SERVICE_STOPPED, at=at))
    return tuple(facts)


def _instances(heartbeat: Heartbeat, monitor: Monitor | None, *, interval: int, at: datetime) -> dict[str, datetime]:
    """The processes that live. A service is several of them: one that closes does not stop it while others beat."""
    oldest = at - _silent_after(interval)
    living = {name: seen for name, seen in (monitor.instances if monitor else {}).items() if seen > oldest}
    name = name_of(heartbeat)
    living.pop(name, None)
    if not heartbeat.closing:
        living[name] = at
    return dict(list(living.items())[-_INSTANCE_LIMIT:])


def _interval_of(heartbeat: Heartbeat) -> int:
    said = heartbeat.interval
    # Written so that NaN fails it too.
    if said is None or not said > _USUAL_INTERVAL:
        return _USUAL_INTERVAL
    return math.ceil(min(said, _LONGEST_INTERVAL))


def _late_after(interval: int) -> timedelta:
    return timedelta(seconds=2 * interval)


def _silent_after(interval: int) -> timedelta:
    return timedelta(seconds=3 * interval)


def _kept(heartbeat: Heartbeat) -> Mapping[str, Any]:
    # By way of text, because JSON has no infinity: it becomes null.
    kept: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(heartbeat))
    return kept
