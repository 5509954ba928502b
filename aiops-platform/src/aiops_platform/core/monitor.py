"""A monitor expects beats; its state follows from the time since the last one. Pure: `now` is an argument."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from aiops_platform.core import ahead
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.event import Heartbeat
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.instance import name_of

_USUAL_INTERVAL: Final = 30
_LONGEST_INTERVAL: Final = 24 * 60 * 60
_INSTANCE_LIMIT: Final = 200
_DEAF: Final = timedelta(seconds=15)


class MonitorError(PlatformError):
    """What a monitor cannot be told; the message says why, and what to do."""


class MonitorState(StrEnum):
    """What is known of a service's life. `STOPPED`: it said goodbye with a closing beat. `PAUSED`: people look away."""

    NEW = "new"
    ALIVE = "alive"
    LATE = "late"
    SILENT = "silent"
    STOPPED = "stopped"
    PAUSED = "paused"


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

    `expected`: how many processes have to beat, where people have said so; `full_at`: when so many were last known to;
    `short_since`: since when there are fewer, where that was told. `paused_until`: when a pause ends by itself.
    `watched_from`: when the last pause has ended; nothing before counts.
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
    expected: int | None = None
    full_at: datetime | None = None
    short_since: datetime | None = None
    paused_until: datetime | None = None
    watched_from: datetime | None = None

    def beating(self, now: datetime) -> int:
        """How many processes beat, as far as is known now."""
        oldest = now - _silent_after(self.interval)
        return sum(1 for seen in self.instances.values() if seen > oldest)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A monitor after a beat or a look. `before` is the state it came from, None for a new one.

    `states` are the changes of its state with their times, oldest first. `was_short`: fewer processes had beaten than are
    expected, as was told.
    """

    monitor: Monitor
    before: MonitorState | None
    states: tuple[tuple[datetime, MonitorState], ...] = ()
    facts: tuple[Fact, ...] = ()
    was_short: bool = False

    @property
    def fell_silent(self) -> bool:
        """Whether it became silent just now."""
        return self.monitor.state is MonitorState.SILENT and self.before is not MonitorState.SILENT

    @property
    def broke_silence(self) -> bool:
        """Whether it was silent until just now."""
        return self.before is MonitorState.SILENT and self.monitor.state is not MonitorState.SILENT

    @property
    def fell_short(self) -> bool:
        """Whether it was told just now that fewer processes beat than are expected."""
        return self.monitor.short_since is not None and not self.was_short

    @property
    def is_whole_again(self) -> bool:
        """Whether fewer processes beat than are expected until just now."""
        return self.was_short and self.monitor.short_since is None


def beat(heartbeat: Heartbeat, monitor: Monitor | None, *, service_id: int, at: datetime, now: datetime) -> Looked:
    """The monitor after a beat that was received at `at`. A beat older than the newest one changes nothing."""
    if monitor is not None and ahead.is_ahead(monitor.last_beat_at, now):
        monitor = _put_right(monitor, at)
    if monitor is not None and at < monitor.last_beat_at:
        return Looked(monitor=monitor, before=monitor.state)
    interval = _interval_of(heartbeat)
    instances = _instances(heartbeat, monitor, interval=interval, at=at)
    before = monitor.state if monitor else None
    is_stopped = heartbeat.closing and not instances
    state = MonitorState.STOPPED if is_stopped else MonitorState.ALIVE
    if monitor is not None and _is_paused(monitor, at):
        state = MonitorState.PAUSED
    beaten = Monitor(
        id=monitor.id if monitor else None,
        service_id=service_id,
        state=state,
        state_since=monitor.state_since if monitor and monitor.state is state else at,
        last_beat_at=at,
        due_at=None,
        interval=interval,
        base_url=heartbeat.base_url or (monitor.base_url if monitor else None),
        last_beat=_kept(heartbeat),
        instances=instances,
        expected=monitor.expected if monitor else None,
        short_since=monitor.short_since if monitor else None,
        paused_until=monitor.paused_until if monitor and state is MonitorState.PAUSED else None,
        watched_from=monitor.watched_from if monitor else None,
    )
    beaten = replace(beaten, full_at=_full_at(monitor, beaten, instances | {name_of(heartbeat): at}))
    facts = () if before is state else _facts_of_beat(before, state, at)
    if beaten.short_since is not None and len(instances) >= (beaten.expected or 0):
        beaten, facts = replace(beaten, short_since=None), (*facts, _whole(beaten, at))
    return Looked(
        monitor=replace(beaten, due_at=_due_after_beat(beaten)),
        before=before,
        states=() if before is state else ((at, state),),
        facts=facts,
        was_short=monitor is not None and monitor.short_since is not None,
    )


def check(monitor: Monitor, listening: Listening, now: datetime, *, excused: datetime | None = None) -> Looked:
    """The monitor as it stands at `now`, when no beat that was received before `now` is still unread.

    Time in which nobody listened does not count against it, nor does what was before `excused`: the end of the last
    maintenance, which may lie ahead.
    """
    if ahead.is_ahead(monitor.last_beat_at, now):
        monitor = _put_right(monitor, now)
    if monitor.state is MonitorState.PAUSED:
        ends = monitor.paused_until
        if ends is not None and ends <= now:
            return resumed(monitor, ends)
        return Looked(monitor=replace(monitor, due_at=ends), before=monitor.state)
    counts_from = max(each for each in (listening.since, excused, monitor.watched_from) if each is not None)
    looked = _looked_for_silence(monitor, counts_from, now)
    return _looked_for_shortage(looked, counts_from, now)


def paused(monitor: Monitor, until: datetime | None, now: datetime) -> Looked:
    """The monitor that nobody looks at from now on, until that time or until it is resumed. It beats on, or not."""
    at_rest = replace(
        monitor,
        state=MonitorState.PAUSED,
        state_since=monitor.state_since if monitor.state is MonitorState.PAUSED else now,
        paused_until=until,
        due_at=until,
        short_since=None,
    )
    is_new = monitor.state is not MonitorState.PAUSED
    return Looked(
        monitor=at_rest,
        before=monitor.state,
        states=((now, MonitorState.PAUSED),) if is_new else (),
        facts=(Fact(kind=FactKind.SERVICE_PAUSED, at=now, data={"until": until.isoformat()} if until else {}),),
        was_short=monitor.short_since is not None,
    )


def resumed(monitor: Monitor, at: datetime) -> Looked:
    """The monitor after its pause: silence and missing processes count from then on."""
    if monitor.state is not MonitorState.PAUSED:
        return Looked(monitor=monitor, before=monitor.state, was_short=monitor.short_since is not None)
    if monitor.last_beat.get("closing") and not monitor.instances:
        state = MonitorState.STOPPED
    else:
        is_alive = at - monitor.last_beat_at < _late_after(monitor.interval)
        state = MonitorState.ALIVE if is_alive else MonitorState.LATE
    watched = replace(
        monitor,
        state=state,
        state_since=at,
        paused_until=None,
        watched_from=at,
        full_at=at if monitor.expected else None,
        due_at=at,
    )
    fact = Fact(kind=FactKind.SERVICE_RESUMED, at=at)
    return Looked(monitor=watched, before=monitor.state, states=((at, state),), facts=(fact,))


def expecting(monitor: Monitor, instances: int | None, now: datetime) -> Looked:
    """The monitor of which so many processes have to beat from now on; None is as many as there happen to be."""
    changed = replace(monitor, expected=instances, full_at=None if instances is None else now, due_at=now)
    if monitor.state in (MonitorState.SILENT, MonitorState.PAUSED):
        changed = replace(changed, due_at=monitor.due_at)
    facts: tuple[Fact, ...] = ()
    if monitor.short_since is not None and monitor.beating(now) >= (instances or 0):
        changed, facts = replace(changed, short_since=None), (_whole(changed, now),)
    return Looked(monitor=changed, before=monitor.state, facts=facts, was_short=monitor.short_since is not None)


def _looked_for_silence(monitor: Monitor, counts_from: datetime, now: datetime) -> Looked:
    was_short = monitor.short_since is not None
    if monitor.state is MonitorState.STOPPED or monitor.state is MonitorState.SILENT:
        return Looked(monitor=replace(monitor, due_at=None), before=monitor.state, was_short=was_short)
    interval, since = monitor.interval, max(monitor.last_beat_at, counts_from)
    deadlines = {MonitorState.LATE: since + _late_after(interval), MonitorState.SILENT: since + _silent_after(interval)}
    to_come = (
        [MonitorState.LATE, MonitorState.SILENT] if monitor.state is not MonitorState.LATE else [MonitorState.SILENT]
    )
    states = tuple((deadlines[state], state) for state in to_come if deadlines[state] <= now)
    left = to_come[len(states) :]
    state_since, state = states[-1] if states else (monitor.state_since, monitor.state)
    silent = Fact(kind=FactKind.SERVICE_SILENT, at=now, data={"last_beat_at": monitor.last_beat_at.isoformat()})
    return Looked(
        monitor=replace(monitor, state=state, state_since=state_since, due_at=deadlines[left[0]] if left else None),
        before=monitor.state,
        states=states,
        facts=(silent,) if state is MonitorState.SILENT else (),
        was_short=was_short,
    )


def _looked_for_shortage(looked: Looked, counts_from: datetime, now: datetime) -> Looked:
    """A service that is silent as a whole has told that already."""
    monitor = looked.monitor
    if not monitor.expected or monitor.short_since is not None or monitor.state is MonitorState.SILENT:
        return looked
    deadline = max(monitor.full_at or counts_from, counts_from) + _silent_after(monitor.interval)
    if deadline > now:
        return replace(looked, monitor=replace(monitor, due_at=min(monitor.due_at or deadline, deadline)))
    data = {"expected": monitor.expected, "beating": monitor.beating(now)}
    fact = Fact(kind=FactKind.SERVICE_SHORT, at=now, data=data)
    return replace(looked, monitor=replace(monitor, short_since=deadline), facts=(*looked.facts, fact))


def _is_paused(monitor: Monitor, at: datetime) -> bool:
    until = monitor.paused_until
    return monitor.state is MonitorState.PAUSED and (until is None or at < until)


def _full_at(before: Monitor | None, beaten: Monitor, seen: Mapping[str, datetime]) -> datetime | None:
    """When as many processes as are expected were last known to beat; while they start, they have their time."""
    if not beaten.expected:
        return None
    is_living = before is not None and before.state in (MonitorState.ALIVE, MonitorState.LATE)
    if before is None or before.full_at is None or not is_living:
        return beaten.last_beat_at
    newest_first = sorted(seen.values(), reverse=True)
    if len(newest_first) < beaten.expected:
        return before.full_at
    return max(before.full_at, newest_first[beaten.expected - 1])


def _due_after_beat(monitor: Monitor) -> datetime | None:
    if monitor.state is MonitorState.PAUSED:
        return monitor.paused_until
    due = [] if monitor.state is MonitorState.STOPPED else [monitor.last_beat_at + _late_after(monitor.interval)]
    if monitor.full_at is not None and monitor.short_since is None:
        due.append(monitor.full_at + _silent_after(monitor.interval))
    return min(due, default=None)


def _whole(monitor: Monitor, at: datetime) -> Fact:
    return Fact(kind=FactKind.SERVICE_FULL, at=at, data={"expected": monitor.expected})


def _put_right(monitor: Monitor, at: datetime) -> Monitor:
    """A monitor whose times were written by a clock that was ahead, as if all of it had happened at `at`."""
    return replace(
        monitor,
        last_beat_at=min(monitor.last_beat_at, at),
        state_since=min(monitor.state_since, at),
        instances={name: min(seen, at) for name, seen in monitor.instances.items()},
        full_at=monitor.full_at and min(monitor.full_at, at),
        short_since=monitor.short_since and min(monitor.short_since, at),
        watched_from=monitor.watched_from and min(monitor.watched_from, at),
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
    # How fixes ended stands with the fixes.
    kept.pop("fixes", None)
    return kept
