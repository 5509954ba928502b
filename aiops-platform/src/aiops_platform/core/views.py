"""What pages and API read: frozen rows, shaped for showing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiops_platform.core.care import Care
from aiops_platform.core.event import RunState
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.job_watch import JobState, Trouble
from aiops_platform.core.likeness import Trait
from aiops_platform.core.listing import Period, Sort
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.search import EVERYTHING, Node


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A place in a list, after which it goes on: by the values that its order looks at, and the incident's number."""

    state: str
    values: tuple[int, ...]
    id: int


@dataclass(frozen=True, kw_only=True)
class IncidentQuery:
    """Which incidents to list, and in which order: empty fields do not filter. All that is said must hold.

    `text` holds words of which each must be found. In a `period` only those are listed that had events in it. `me` is the
    user who asks, where it is one. `after` goes on from there, and `page` says nothing then.
    """

    state: IncidentState | None = IncidentState.OPEN
    service: str | None = None
    environment: str | None = None
    text: str | None = None
    search: Node = EVERYTHING
    period: Period | None = None
    sort: Sort = Sort.NEWEST
    me: int | None = None
    after: Cursor | None = None
    page: int = 1
    per_page: int = 25


@dataclass(frozen=True, kw_only=True)
class IncidentRow:
    """One line of the list. `title` says it in one line; `trend` holds the events of the last 24 hours, oldest hour first.

    `count` is exact; of so many events `kept` can still be read. Of `people` a thousand are counted, and no more. `rising`
    is how many times as often as usual it comes now, where that is much (`core.rising`). Where a period was chosen, count,
    trend, first and last seen are those within it, as exact as the hours they are counted by.
    """

    id: int
    kind: IncidentKind
    state: IncidentState
    title: str
    type: str
    message: str
    place: str
    service: str
    environment: str
    level: str
    status_code: int | None
    path: str | None
    count: int
    kept: int
    first_seen_at: datetime
    last_seen_at: datetime
    reopened_at: datetime | None
    trend: tuple[int, ...]
    people: int = 0
    rising: float | None = None


@dataclass(frozen=True, kw_only=True)
class StateCounts:
    """How many incidents stand in each state."""

    open: int
    resolved: int
    muted: int

    @property
    def all(self) -> int:
        """All of them together."""
        return self.open + self.resolved + self.muted

    def of(self, state: IncidentState | None) -> int:
        """Those in this state; None stands for every state."""
        return self.all if state is None else {"open": self.open, "resolved": self.resolved, "muted": self.muted}[state]


@dataclass(frozen=True, kw_only=True)
class IncidentPage:
    """A page of rows. `counts` are of all that match the query but for its state; `total` of all that match it.

    `next` is where the page after this one begins; None where there is none.
    """

    rows: tuple[IncidentRow, ...]
    counts: StateCounts
    total: int
    page: int
    per_page: int
    next: Cursor | None = None


@dataclass(frozen=True, kw_only=True)
class FacetValue:
    """A value that a field has in so many of the incidents that match. `assigned` knows it by a name, all else as it is."""

    value: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Facet:
    """The values of a field of the search language that most of the incidents have that match; `others` are not told."""

    field: str
    values: tuple[FacetValue, ...]
    others: int = 0


@dataclass(frozen=True, kw_only=True)
class EventsOverTime:
    """How many events the incidents had that match, in stretches of so many hours, the oldest first."""

    period: Period
    hours: int
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All of them together."""
        return sum(self.counts)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page of rows, what all that match have in common, and their events over time, of one moment.

    `highest` is the highest number that an incident has. For who has been reading the page for a while (`core.reading`)
    so many are `new`.
    """

    page: IncidentPage
    facets: tuple[Facet, ...]
    events: EventsOverTime
    highest: int = 0
    new: int = 0


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """A view of the list under a name: `query` is what follows `?` in its address.

    `is_mine`: made by the one who asks; `is_default`: with which they begin.
    """

    id: int
    name: str
    query: str
    shared: bool
    owner: str
    is_mine: bool
    is_default: bool


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What every page says at its top: how many incidents are open, how the services are, how many jobs are in trouble.

    `failed_jobs` are those of which something counts as wrong, or whose last run that ended failed; paused ones are not.
    `asked_fixes` wait for somebody's yes or no; what is only suggested does not.
    """

    open_incidents: int
    services: int
    late: int
    silent: int
    failed_jobs: int
    buried: int = 0
    asked_fixes: int = 0


@dataclass(frozen=True, kw_only=True)
class HourCount:
    """How many events fell into the hour that begins at `hour`."""

    hour: datetime
    count: int


@dataclass(frozen=True, kw_only=True)
class FactRow:
    """One line of an incident's timeline."""

    kind: FactKind
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class GroupReason:
    """Why events came together: the version of the rule, and what it looked at."""

    version: int
    parts: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ValueCount:
    """How many events of an incident said this value of a tag, or this release.

    A tag has at most 50 values that are counted each by itself (a release 1,000); `value` is None for all others together.
    `name` is None for the tags beyond the first 30.
    """

    name: str | None
    value: str | None
    count: int


@dataclass(frozen=True, kw_only=True)
class IncidentDetail:
    """An incident's own page. `hours` covers 14 days without gaps, oldest first; `facts` are the newest 50, newest first.

    `values` are those that most events said, of each tag at most 50.
    """

    row: IncidentRow
    service_id: int
    state_since: datetime
    logger: str | None
    first_release: str | None
    last_release: str | None
    grouping: tuple[GroupReason, ...]
    hours: tuple[HourCount, ...]
    values: tuple[ValueCount, ...]
    facts: tuple[FactRow, ...]
    care: Care


@dataclass(frozen=True, kw_only=True)
class EventDetail:
    """One event as it is kept, and its neighbours within the incident (ids of this table, not `event_id`)."""

    id: int
    event_id: str
    incident_id: int
    occurred_at: datetime
    received_at: datetime
    body: dict[str, Any]
    number: int
    of: int
    earlier_id: int | None
    later_id: int | None


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """Another incident that happened in the same minutes; `later` is how much, below zero if it was earlier."""

    id: int
    title: str
    kind: IncidentKind
    state: IncidentState
    level: str
    service: str
    environment: str
    later: timedelta


@dataclass(frozen=True, kw_only=True)
class Similar:
    """Another incident that is like this one; `shares` says in what, the most telling first."""

    id: int
    title: str
    kind: IncidentKind
    state: IncidentState
    level: str
    service: str
    environment: str
    count: int
    last_seen_at: datetime
    shares: tuple[Trait, ...]


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """One line of an incident's events. `repeat_count` is how many occurrences it stands for."""

    id: int
    event_id: str
    occurred_at: datetime
    received_at: datetime
    repeat_count: int


@dataclass(frozen=True, kw_only=True)
class EventPage:
    """A page of rows, the newest event first, and how many are kept in all."""

    rows: tuple[EventRow, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class MonitorSpan:
    """A stretch of time in which a monitor stood in one state; `until` is None for the present one."""

    state: MonitorState
    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class InstanceRow:
    """A process of a service, as its newest heartbeat told. `stats` are its client's counts since it started.

    `lost` of its events nobody will see, the last of them since `lost_at`; `stuck_since`: since when nothing gets through.
    """

    name: str
    host: str | None
    pid: int | None
    sdk: str | None
    last_beat_at: datetime
    closing: bool
    stats: dict[str, Any]
    lost: int
    lost_at: datetime | None
    stuck_since: datetime | None


@dataclass(frozen=True, kw_only=True)
class ServiceRow:
    """A service in one environment. `state` is None when it has never sent a heartbeat.

    `spans` cover the last 24 hours, oldest first, as far as they are known; the first may have begun earlier. `stats` is
    what its client has counted, as the newest heartbeat told it: events delivered, dropped by reason, and so on.
    `instances` are its processes that beat lately, at most 50: those that live first, then the newest beat.
    """

    id: int
    name: str
    environment: str
    state: MonitorState | None
    state_since: datetime | None
    last_beat_at: datetime | None
    last_event_at: datetime | None
    first_seen_at: datetime
    base_url: str | None
    sdk: str | None
    host: str | None
    interval: int | None
    open_incidents: int
    stats: dict[str, Any]
    spans: tuple[MonitorSpan, ...]
    instances: tuple[InstanceRow, ...]


@dataclass(frozen=True, kw_only=True)
class ServicePage:
    """A page of rows, those that need looking after first, and how many there are in all."""

    rows: tuple[ServiceRow, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run of a job. `duration` is in seconds; `incident_id` is that of the failure, where its event is kept.

    `exit_status` is what a ping said of it; `has_output`: something that it printed is kept.
    """

    run_id: str
    state: RunState
    began_at: datetime
    ended_at: datetime | None
    duration: float | None
    host: str | None
    release: str | None
    event_id: str | None
    incident_id: int | None
    exit_status: int | None = None
    has_output: bool = False


@dataclass(frozen=True, kw_only=True)
class RunDetail:
    """A run's own page: with the job that it is of, and what it printed."""

    run: RunRow
    job_id: int
    job: str
    service: str
    environment: str
    output: str


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """A job of a service in one environment. `outcome` is how the last run that has ended ended.

    `runs` are the last to begin, the newest first. `schedule` is as the job said it, `settings` what people have set in its
    place, both in the words of the wire; `problem` says what of those in force is not understood. `state` and `trouble`
    say how it stands since when, and `expected_at` when it is to start next, or was to.
    """

    id: int
    name: str
    service: str
    environment: str
    schedule: dict[str, Any] | None
    outcome: RunState | None
    last_run_at: datetime | None
    first_seen_at: datetime
    runs: tuple[RunRow, ...]
    settings: dict[str, Any] | None = None
    problem: str = ""
    paused_at: datetime | None = None
    state: JobState = JobState.WAITING
    state_since: datetime | None = None
    trouble: Trouble | None = None
    expected_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class JobPage:
    """A page of jobs, each with its last 20 runs, and how many jobs there are in all."""

    rows: tuple[JobRow, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class JobDetail:
    """A job's own page: the row has every run that is kept."""

    row: JobRow
    service_id: int


@dataclass(frozen=True, kw_only=True)
class BuriedRow:
    """A report that was taken in and could not be digested; `size` in bytes, as it is kept."""

    id: int
    kind: ParcelKind
    received_at: datetime
    reason: str
    size: int


@dataclass(frozen=True, kw_only=True)
class BuriedPage:
    """A page of them, and how many there are; `total` stops at ten thousand."""

    total: int
    page: int
    per_page: int
    rows: tuple[BuriedRow, ...]


@dataclass(frozen=True, kw_only=True)
class BuriedDetail:
    """One of them with what came: JSON, or a batch packed with gzip."""

    row: BuriedRow
    body: bytes
