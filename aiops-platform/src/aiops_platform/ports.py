"""What doors, stations and pages need from outside, in domain verbs: the intake and the store."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from aiops_platform.core.access import ApiKey, ApiToken, Holder, Scope, Session
from aiops_platform.core.affected import Person
from aiops_platform.core.briefing import Briefing
from aiops_platform.core.care import Assignee, CommentRow, DeployRow, ReleaseRow
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.event import Event
from aiops_platform.core.event_filter import Filter
from aiops_platform.core.event_views import Companion, EventTable, Origin
from aiops_platform.core.facts import Fact
from aiops_platform.core.grouping import GroupKey
from aiops_platform.core.incident import Incident
from aiops_platform.core.instance import Instance
from aiops_platform.core.job import Run
from aiops_platform.core.monitor import Listening, Monitor, MonitorState
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.people import Actor, Invitation, Member, Project, Role, User
from aiops_platform.core.places import Place
from aiops_platform.core.scrubbing import Rules
from aiops_platform.core.scrubbing.rules import RuleKind
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.core.service_views import ServiceDetail
from aiops_platform.core.source_links import SourceLink
from aiops_platform.core.views import (
    BuriedDetail,
    BuriedPage,
    EventDetail,
    EventPage,
    Facet,
    Found,
    IncidentDetail,
    IncidentPage,
    IncidentQuery,
    JobDetail,
    JobPage,
    Neighbour,
    Overview,
    SavedView,
    ServicePage,
    Similar,
)
from aiops_platform.core.visits import Visit


class StoreUnavailableError(PlatformError):
    """The store cannot be read or written now: busy, or its disk is full. What was asked for has not happened."""


class StoreDamagedError(StoreUnavailableError):
    """A part of the store's file cannot be read any more. What lies elsewhere in it can."""


class IntakeUnavailableError(PlatformError):
    """The intake could not keep the parcels: its disk is full or failing, it is busy, or too much waits already."""


@dataclass(frozen=True, kw_only=True)
class Leased:
    """A parcel taken out to be worked on. `deaths`: how many workers died while they held it; it might be the reason."""

    ticket: int
    parcel: Parcel
    deaths: int


class Intake(Protocol):
    """The durable log between door and digest. At least once: what is not done is handed out again.

    Every method may be called from any thread, and raises IntakeUnavailableError when the log cannot be used.
    """

    def append(self, parcels: Sequence[Parcel]) -> Future[None]:
        """The future is done when all of them are on durable storage, and fails with IntakeUnavailableError otherwise.

        Never blocks. Raises IntakeUnavailableError at once when too much waits to be written. Their `reports` are added
        to the number "accepted" with them.
        """
        ...

    def has_room(self, kind: ParcelKind) -> bool:
        """Whether so little waits to be digested that another of this kind should be taken. Costs nothing to ask.

        What is not an event has some room of its own: whoever beats must not look silent because others are loud.
        """
        ...

    def measure(self) -> None:
        """Sees how much room there is again. To be called about twice a second, when nothing is appended."""
        ...

    def count(self, numbers: Mapping[str, int]) -> None:
        """Adds to the log's running numbers, by name: how many reports were refused, and why."""
        ...

    def lease(self, limit: int, now: datetime) -> Sequence[Leased]:
        """The oldest parcels that nobody works on, at most `limit`, for a minute: then they are handed out again.

        A batch is the last of them: it holds many events, and others are to have their turn.
        """
        ...

    def done(self, tickets: Collection[int]) -> None:
        """Forgets these parcels: what they said is in the store. Unknown tickets are no error."""
        ...

    def give_back(self, tickets: Collection[int]) -> None:
        """Ends these leases as if they had not been: handed out again at once."""
        ...

    def set_aside(self, tickets: Collection[int]) -> None:
        """Ends these leases, and hands them out again only after the next `release`: what they need is damaged."""
        ...

    def aside(self) -> int:
        """How many parcels are set aside."""
        ...

    def release(self) -> None:
        """For the one worker when it starts: what an earlier one held when it died is to be taken at once, and counted.

        What was set aside is taken again, too.
        """
        ...

    def waiting(self) -> int:
        """How many parcels are not done."""
        ...

    def oldest_waiting(self, kind: ParcelKind) -> datetime | None:
        """When the oldest parcel of this kind that is not done was received."""
        ...

    def changed(self) -> bool:
        """Whether anyone else has written to the log since this was last asked. Cheap: made to be polled."""
        ...

    def tick(self, now: datetime) -> None:
        """Says that the door listens now. To be called every 5 s by a door that accepts parcels."""
        ...

    def listening(self) -> Listening | None:
        """The newest stretch of time in which the door listened without a gap; None before the first tick."""
        ...

    def tidy(self) -> None:
        """Gives disk space back that done parcels held. For a quiet moment."""
        ...

    def close(self) -> None:
        """Waits for what is being written, then lets go of the file."""
        ...


@dataclass(frozen=True, kw_only=True)
class KeptEvent:
    """An event as the store keeps it: `body` is its JSON. `event_id` is 16 bytes. `passing`: until the next one comes."""

    event_id: bytes
    occurred_at: datetime
    received_at: datetime
    repeat_count: int
    body: bytes
    passing: bool = False


@dataclass(frozen=True, kw_only=True)
class IncidentChange:
    """An incident after one or many events, and all that is to be written with it.

    `hours` (by hour and release) and `values` (by a tag's name and value, see `facets`) are additions; `people` are those
    it affected, by their names.

    `key` and `also` are keys that are to lead to it from now on; one that leads elsewhere already stays as it is.
    `dropped` are stored events (by the ids of their rows) that are kept no longer; also the passing one goes, if
    `ends_passing`.
    """

    incident: Incident
    key: GroupKey | None = None
    also: tuple[GroupKey, ...] = ()
    facts: tuple[Fact, ...] = ()
    events: tuple[KeptEvent, ...] = ()
    dropped: tuple[int, ...] = ()
    ends_passing: bool = False
    hours: Mapping[tuple[datetime, str], int] | None = None
    values: Mapping[tuple[str, str], int] = field(default_factory=dict)
    people: Collection[Person] = ()


@dataclass(frozen=True, kw_only=True)
class MonitorChange:
    """A monitor after one or many beats or looks; `states` are the changes of its state, oldest first."""

    monitor: Monitor
    project_id: int
    states: tuple[tuple[datetime, MonitorState], ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class JobChange:
    """Runs of a job after one or many words on them; `schedule` as it was said at `said_at`, None where nothing was."""

    job_id: int
    project_id: int
    runs: tuple[Run, ...] = ()
    schedule: Mapping[str, Any] | None = None
    said_at: datetime | None = None


class Transaction(Protocol):
    """Everything in it becomes true at once, or nothing does. Changes raise the revisions that pages watch."""

    def remember(self, seen: Mapping[tuple[int, bytes], datetime]) -> set[tuple[int, bytes]]:
        """Notes ids of services' events (with the time they were received), and says which of them were new."""
        ...

    def services(self, seen: Mapping[ServiceName, datetime]) -> dict[ServiceName, Service]:
        """These services; those not known are created, as first seen at the time given, with a SERVICE_SEEN fact."""
        ...

    def heard_from(self, events: Mapping[int, datetime], now: datetime) -> None:
        """Notes the time of the last event of services, by id. Never goes back, unless it was ahead of now."""
        ...

    def note_releases(self, seen: Mapping[tuple[int, str], datetime]) -> None:
        """Notes that these releases of services (by id) were seen at that time; the earliest time stays."""
        ...

    def releases(self, service_ids: Collection[int]) -> Mapping[int, Mapping[str, datetime]]:
        """When each release of these services (by id) was first seen, where any was named; of each the newest 1,000."""
        ...

    def grouped(self, keys: Collection[tuple[int, GroupKey]]) -> dict[tuple[int, GroupKey], Incident]:
        """The incidents that these keys of these services (by id) lead to, where there are any."""
        ...

    def incident(self, project_id: int, incident_id: int) -> Incident | None:
        """One incident; None when this project has no such."""
        ...

    def fullest(self, above: int, limit: int) -> list[int]:
        """The incidents of which more than so many events are stored, those with most first."""
        ...

    def kept_for_good(self, incident_ids: Collection[int]) -> dict[int, list[tuple[int, datetime]]]:
        """The stored events of these incidents (by the ids of their rows, with their times of receipt), oldest first.

        Without those that are kept only until the next one comes.
        """
        ...

    def save_incidents(self, changes: Sequence[IncidentChange]) -> None:
        """Writes incidents (new when they have no id), their keys, events, hours and facts."""
        ...

    def monitors(self, service_ids: Collection[int]) -> dict[int, Monitor]:
        """The monitors of these services, by service id, where there are any."""
        ...

    def due_monitors(self, now: datetime, limit: int) -> Sequence[tuple[Service, Monitor]]:
        """Monitors that are to be looked at, longest due first; also those whose last beat lies ahead of now."""
        ...

    def save_monitors(self, changes: Sequence[MonitorChange]) -> None:
        """Writes monitors, the changes of their states, and facts."""
        ...

    def instances(self, names: Collection[tuple[int, str]]) -> dict[tuple[int, str], Instance]:
        """The processes of services (by id) with these names, where they are known."""
        ...

    def save_instances(self, instances: Mapping[int, Sequence[Instance]]) -> None:
        """Writes processes of services, by id. Tells nobody: their monitors change with them."""
        ...

    def jobs(self, seen: Mapping[tuple[int, str], datetime], *, most: int) -> dict[tuple[int, str], int]:
        """The ids of these jobs of services (by id); those not known are created, but no more than `most` in a service."""
        ...

    def runs(self, wanted: Collection[tuple[int, bytes]]) -> dict[tuple[int, bytes], Run]:
        """These runs of jobs (by id), where they are known."""
        ...

    def save_runs(self, changes: Sequence[JobChange], *, kept: int) -> None:
        """Writes runs and schedules; of each of these jobs, all but the last `kept` runs to begin are forgotten."""
        ...

    def add_scrub_rule(self, project_id: int, kind: RuleKind, text: str) -> None:
        """Adds to what is secret in the project; a rule that is there stays."""
        ...

    def drop_scrub_rule(self, project_id: int, kind: RuleKind, text: str) -> bool:
        """Takes a rule away; whether there was one."""
        ...

    def save_group_rules(self, project_id: int, text: str) -> None:
        """Puts these in the place of the project's rules; an empty text leaves none."""
        ...

    def bury(self, parcel: Parcel, reason: str) -> None:
        """Keeps a parcel that could not be understood, for people to look at. One that is kept already stays as it is."""
        ...

    def count(self, numbers: Mapping[str, int]) -> None:
        """Adds to the store's running numbers, by name: how many reports were digested, and the like."""
        ...

    def drop_events(self, row_ids: Collection[int]) -> None:
        """Drops these stored events; their incidents go on, and say that fewer are kept."""
        ...

    def forget_events(
        self, before: datetime, limit: int, *, latest: datetime, after: int | None
    ) -> tuple[int, int | None]:
        """Looks at `limit` stored events in the order in which they came, and drops those received before this time.

        None is received after `latest`: what says so, by a clock that was ahead, is as old as what came after it. Where
        all say so, it is to be looked on from there (`after`) at the next time. Returns how many were dropped, and
        where to look on; None is at the beginning.
        """
        ...

    def drop_oldest(self, limit: int) -> int:
        """Drops the stored events that came first, at most `limit`; returns how many."""
        ...

    def newest_buried(self, project_id: int) -> int:
        """The number of the parcel that was buried last; 0 where none is."""
        ...

    def buried(
        self, project_id: int, *, after: int, only: int | None = None, limit: int
    ) -> Sequence[tuple[int, Parcel]]:
        """Buried parcels with their numbers, the oldest first: those with a higher number than `after`, or one of them."""
        ...

    def unbury(self, ids: Collection[int]) -> None:
        """Drops buried parcels that are to be digested again: they count as buried no longer."""
        ...

    def ids_by_hour(self, since: datetime, latest: datetime) -> Mapping[datetime, int]:
        """How many ids were noted in each hour between these times; of others it is known no longer."""
        ...

    def forget_seen_events(
        self, before: datetime, limit: int, *, latest: datetime, after: tuple[int, bytes] | None
    ) -> tuple[int, tuple[int, bytes] | None]:
        """Looks at `limit` ids in their order, from the one after that on, and drops those noted before this time.

        Those noted after `latest` are from then on as if they had been noted then. Returns how many were dropped, and
        which was looked at last; None when that was the end.
        """
        ...

    def forget_access(self, before: datetime) -> int:
        """Drops sign-in links, sessions and invitations that expired before this time; returns how many."""
        ...

    def forget_buried(self, before: datetime, limit: int, *, latest: datetime) -> int:
        """Drops buried parcels received before this time, at most `limit`; returns how many.

        Those received after `latest` are from then on as if they had been received then.
        """
        ...

    def forget_instances(self, now: datetime, limit: int) -> int:
        """Drops processes that have been gone for long enough, at most `limit`; returns how many."""
        ...

    def forget_states(self, before: datetime, limit: int) -> int:
        """Drops changes of monitors' states that no longer matter since this time, at most `limit`; returns how many."""
        ...

    @property
    def settling(self) -> "Settling":
        """What people decide of incidents, as a part of this transaction."""
        ...


@dataclass(frozen=True, kw_only=True)
class Undoing:
    """Something that was done to many incidents at once, of which `many` can be put back; `undone_at`: when that was done."""

    many: int
    act: str
    by: str
    at: datetime
    undone_at: datetime | None


class Settling(Protocol):
    """What people decide of incidents, and what it takes to carry that out. A part of a transaction.

    States and facts are written by `Transaction.save_incidents`.
    """

    def incidents(self, project_id: int, ids: Collection[int]) -> list[Incident]:
        """Those of these incidents that the project has, however they stand."""
        ...

    def overdue(self, now: datetime, limit: int) -> list[Incident]:
        """Incidents of every project with which something is to be done by itself by now, the longest due first."""
        ...

    def matching(
        self, project_id: int, query: IncidentQuery, now: datetime, *, after: int, upto: int | None, limit: int
    ) -> list[int]:
        """The incidents that match the query, by their number: those after this one, and up to that one."""
        ...

    def member(self, project_id: int, user_id: int) -> Assignee | None:
        """Somebody who is in the project."""
        ...

    def assigned(self, ids: Collection[int]) -> dict[int, int | None]:
        """Who cares for these incidents: users, by id."""
        ...

    def assign(self, ids: Collection[int], user_id: int | None) -> None:
        """This user cares for them from now on; None is nobody."""
        ...

    def link(self, incident_id: int, url: str | None) -> bool:
        """Notes where else it is dealt with; whether that is news."""
        ...

    def add_comment(self, incident: Incident, by: Actor, text: str, now: datetime, *, once: str | None) -> CommentRow:
        """A new comment; one that the same one has sent with this `once` before is there already."""
        ...

    def comment(self, project_id: int, incident_id: int, comment_id: int) -> CommentRow | None:
        """A comment of this incident; None when the project has no such."""
        ...

    def edit_comment(self, project_id: int, comment_id: int, text: str, now: datetime) -> None:
        """Says something else in its place."""
        ...

    def drop_comment(self, project_id: int, comment_id: int) -> None:
        """Takes a comment away."""
        ...

    def join(self, part: int, into: int) -> None:
        """Keys and events of the part are the other one's from now on, and what it has counted is added there.

        What the part has counted stays with it, too. Both have to be saved before: this counts their events anew.
        """
        ...

    def whole_of(self, project_id: int, part: int) -> Incident | None:
        """The incident, there by itself, of which this one is a part."""
        ...

    def part_from(self, part: int) -> None:
        """The reverse of `join`, for what came before that; the part's numbers are taken from what it is a part of.

        The whole's own `count` and times are left to who saves it.
        """
        ...

    def span_left(self, incident_id: int) -> tuple[datetime, datetime] | None:
        """When the first and the last of an incident's events happened, as far as what is kept of them tells."""
        ...

    def take_keys(self, ids: Collection[int], wiped_at: datetime) -> dict[int, list[dict[str, Any]]]:
        """No key leads to these any longer, and at that time they are `overdue`. Returns the keys, as JSON."""
        ...

    def give_keys(self, keys: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
        """These keys lead to those incidents again, unless they lead elsewhere by now."""
        ...

    def events_of(self, incident_id: int, limit: int) -> list[int]:
        """Some of the stored events of an incident, by the ids of their rows."""
        ...

    def wipe(self, incident_id: int) -> None:
        """All that is left of an incident but its number, its state and its events goes."""
        ...

    def deployed(self, service_id: int, release: str, at: datetime, *, by: str, url: str | None) -> tuple[int, bool]:
        """Notes that a release was put to work; the number of that note, and whether it is new."""
        ...

    def tell_pages(self, project_id: int) -> None:
        """Has open pages look again."""
        ...

    def begin_undoing(self, id_: bytes, project_id: int, act: str, by: Actor, at: datetime) -> None:
        """Notes that something is done to many incidents at once; `id_` is 16 random bytes."""
        ...

    def note_undoing(self, id_: bytes, before: Mapping[int, Mapping[str, Any]], since: datetime) -> None:
        """Notes how incidents stood before that, by their numbers, and since when they stand as they were put."""
        ...

    def undoing(self, project_id: int, id_: bytes) -> Undoing | None:
        """What was noted under this id; None when the project has no such."""
        ...

    def undoing_rows(self, id_: bytes, limit: int) -> list[tuple[int, dict[str, Any], datetime]]:
        """Some of those that are still to be put back, as `note_undoing` was told."""
        ...

    def drop_undoing_rows(self, id_: bytes, ids: Collection[int]) -> None:
        """These are put back."""
        ...

    def finish_undoing(self, id_: bytes, at: datetime) -> None:
        """All are put back."""
        ...

    def forget_undoings(self, now: datetime, limit: int) -> int:
        """Drops how incidents stood before what can be undone no longer, at most `limit`; returns how many."""
        ...


class Store(Protocol):
    """The truth. Every method may be called from any thread, and raises StoreUnavailableError when it cannot be used."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction: written at the end of the block, undone by any exception. Never one inside another."""
        ...

    def scrub_rules(self) -> Mapping[int, Rules]:
        """What is secret besides what is everywhere, by project, where people have said so."""
        ...

    def group_rules(self) -> Mapping[int, str]:
        """The projects' own rules for grouping as they were written, by project, where there are any."""
        ...

    def used_bytes(self) -> int:
        """How much room all of it takes. Cheap."""
        ...

    def event_bytes(self) -> int:
        """How much of it stored events take, nearly: of a great many, some are looked at."""
        ...

    def shrink(self) -> bool:
        """Gives some disk space back in which nothing is stored; says whether there is more. For a quiet moment."""
        ...

    def train(self, now: datetime) -> bool:
        """Learns to keep the events of projects shorter, where that is due; says whether it was."""
        ...


class Reads(Protocol):
    """What pages and the API show. Every method may be called from any thread, and raises StoreUnavailable."""

    def revision(self, project_id: int) -> dict[str, int]:
        """The number of each topic; one that is missing has never changed. Cheap: made to be polled."""
        ...

    def overview(self, project_id: int) -> Overview:
        """How the project is, in a few numbers."""
        ...

    def incidents(self, project_id: int, query: IncidentQuery, now: datetime) -> IncidentPage:
        """A page of incidents in the order that is asked for, as `core.listing.Sort` says it."""
        ...

    def facets(self, project_id: int, query: IncidentQuery, now: datetime) -> tuple[Facet, ...]:
        """What the incidents that match have in common: for each field the values that most of them have.

        `query.search` may say one of the values already; then the others of its field are counted as if it did not.
        """
        ...

    def found(self, project_id: int, query: IncidentQuery, now: datetime) -> Found:
        """The page, the facets, and the events of all that match: in the query's period, else in the last 24 hours."""
        ...

    def values(self, project_id: int, field: str, begin: str, limit: int) -> tuple[str, ...]:
        """Values of a field of the search language that begin so, as far as the store knows any; of `tag.` the names."""
        ...

    def incident(self, project_id: int, incident_id: int, now: datetime) -> IncidentDetail | None:
        """One incident with its numbers and its story; None when this project has no such."""
        ...

    def event(self, project_id: int, incident_id: int, which: Literal["newest", "oldest"] | int) -> EventDetail | None:
        """One kept event, by its place or by the id of its row; None when this incident has no such."""
        ...

    def deploys(
        self, project_id: int, *, service: str | None, environment: str | None, limit: int
    ) -> Sequence[DeployRow]:
        """What was put to work last, the newest first."""
        ...

    def releases(
        self, project_id: int, *, service: str | None, environment: str | None, limit: int
    ) -> Sequence[ReleaseRow]:
        """The releases that were first seen last, the newest first."""
        ...

    def members(self, project_id: int) -> Sequence[Assignee]:
        """Who is in the project, by name: to them incidents can be given."""
        ...

    def neighbours(self, project_id: int, incident_id: int, event_id: int) -> tuple[Neighbour, ...]:
        """The other incidents that had events within five minutes of this one (its row's id), or were opened then."""
        ...

    def events(self, project_id: int, incident_id: int, *, page: int = 1, per_page: int = 25) -> EventPage | None:
        """A page of an incident's kept events, the newest first; None when this project has no such incident."""
        ...

    def group_rules(self, project_id: int) -> str:
        """The project's own rules for grouping as they were written; empty where it has none."""
        ...

    def last_events(self, project_id: int, limit: int) -> Iterator[tuple[int, Event]]:
        """The project's newest stored events with the numbers of their incidents, the newest first; some at a time."""
        ...

    def services(self, project_id: int, now: datetime, *, page: int = 1, per_page: int = 40) -> ServicePage:
        """A page of services: silent ones first, then late, then alive, then the rest; among equals by name."""
        ...

    def jobs(
        self,
        project_id: int,
        *,
        service: str | None = None,
        environment: str | None = None,
        page: int = 1,
        per_page: int = 25,
    ) -> JobPage:
        """A page of jobs, each with its last runs: those whose last end was a failure first; among equals by name."""
        ...

    def job(self, project_id: int, job_id: int) -> JobDetail | None:
        """One job with every run that is kept; None when this project has no such."""
        ...

    def buried(self, project_id: int, *, page: int = 1, per_page: int = 30) -> BuriedPage:
        """A page of what could not be digested, the newest first."""
        ...

    def buried_parcel(self, project_id: int, buried_id: int) -> BuriedDetail | None:
        """One of them with what came; None when this project has no such."""
        ...


class Insights(Protocol):
    """What the first page, the pages of services and of incidents tell beside their own rows.

    Every method may be called from any thread, and raises StoreUnavailableError.
    """

    def look(self, user_id: int, project_id: int, now: datetime) -> Visit:
        """Notes that somebody looks at a project's first page; the visit that this look belongs to."""
        ...

    def briefing(self, project_id: int, since: datetime, now: datetime) -> Briefing:
        """How the project is, and what is new since then."""
        ...

    def service(self, project_id: int, service_id: int, now: datetime) -> ServiceDetail | None:
        """One service with all that its page shows; None when this project has no such."""
        ...

    def event_at(self, project_id: int, incident_id: int, moment: datetime) -> int | None:
        """The row of the first kept event that came at that moment or later, else of the newest; None where none is kept."""
        ...

    def telling_event(self, project_id: int, incident_id: int) -> int | None:
        """The row of the kept event that tells most, as far as one need look; None where none is kept."""
        ...

    def event_table(
        self,
        project_id: int,
        incident_id: int,
        wanted: Filter,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int | None = None,
        per_page: int = 25,
    ) -> EventTable | None:
        """An incident's newest kept events that match and came in that time, older than the row `before`.

        At most some hundred are looked at; None when this project has no such incident.
        """
        ...

    def companions(self, project_id: int, event_id: int) -> tuple[Companion, ...]:
        """The events of the same request or trace as this one (its row's id), as far as they came next to it."""
        ...

    def origin(self, project_id: int, incident_id: int) -> Origin | None:
        """How an incident began, and whether it is still the same; None when this project has no such."""
        ...

    def source_link(self, project_id: int) -> SourceLink | None:
        """The project's way from a line of a traceback to its repository; None where none is set."""
        ...

    def keep_source_link(self, project_id: int, link: SourceLink | None) -> None:
        """Puts this one in the place of the project's; None leaves it without."""
        ...

    def similar(self, project_id: int, incident_id: int) -> tuple[Similar, ...]:
        """The incidents that share most with this one: among equals the open ones first, then the last seen."""
        ...

    def places(self, project_id: int, text: str, limit: int) -> tuple[Place, ...]:
        """So many services and so many jobs that have each word in a name, the shortest names first."""
        ...


class SavedViews(Protocol):
    """Views of the list of incidents under a name. Every method may be called from any thread.

    Each raises StoreUnavailableError. Of others only shared views are seen, and only one's own can be changed.
    """

    def of(self, project_id: int, user_id: int) -> Sequence[SavedView]:
        """Those that somebody sees: their own first, then what others share; by name."""
        ...

    def default(self, project_id: int, user_id: int) -> str | None:
        """What follows `?` in the address of the view with which somebody begins; None where they have chosen none."""
        ...

    def save(self, project_id: int, user_id: int, *, name: str, query: str, shared: bool, now: datetime) -> int:
        """The number of a new view. Raises ViewError."""
        ...

    def change(self, project_id: int, user_id: int, view_id: int, *, name: str, shared: bool) -> bool:
        """Whether there was such a view of theirs to be changed. Raises ViewError."""
        ...

    def drop(self, project_id: int, user_id: int, view_id: int) -> bool:
        """Whether there was such a view of theirs; nobody begins with it any longer."""
        ...

    def begin_with(self, project_id: int, user_id: int, view_id: int | None) -> bool:
        """From now on they begin with this view, None is no view; False where they see no such."""
        ...


class Access(Protocol):
    """Who may come in. Every method may be called from any thread, and raises StoreUnavailableError.

    Texts of keys, tokens, links and sessions are returned once, when they are made; only hashes of them are kept.
    """

    def ensure_project(self, slug: str, name: str, now: datetime) -> tuple[int, bool]:
        """The project's id, and whether it had to be created."""
        ...

    def first_project(self) -> int | None:
        """The oldest project; None before the first start."""
        ...

    def create_key(self, project_id: int, name: str, now: datetime) -> str:
        """A new API key's text, which cannot be had again. Raises AccessError for a name that is taken or none."""
        ...

    def replace_key(self, project_id: int, id_or_name: str, now: datetime) -> str | None:
        """A new key's text under the name of this one, which goes on letting in, under a name that says until when it was in use.

        None when no key in force has this id or name. Raises AccessError when it was replaced in this very second.
        """
        ...

    def keys(self, project_id: int) -> Sequence[ApiKey]:
        """Every key, oldest first, revoked ones too."""
        ...

    def revoke_key(self, project_id: int, id_or_name: str, now: datetime) -> ApiKey | None:
        """The key that no longer lets anyone in; None when no key in force has this id or name."""
        ...

    def holder_of_key(self, key: str) -> Holder | None:
        """Whose key this is, if it is in force."""
        ...

    def note_keys_used(self, used: Mapping[int, datetime]) -> None:
        """Notes when keys were last used, by id. Never goes back. A first use is told to open pages."""
        ...

    def sealed_secrets_open(self) -> bool:
        """Whether the server secret is the one that the newest key was made with; true when there is no key."""
        ...

    def create_token(
        self, project_id: int, name: str, now: datetime, scope: Scope = Scope.ACT, *, user_id: int | None = None
    ) -> str:
        """A new API token's text, which cannot be had again. Raises AccessError for a name that is taken or none.

        One of a user does what that user may do there, at most, and under their name.
        """
        ...

    def tokens(self, project_id: int, *, user_id: int | None = None) -> Sequence[ApiToken]:
        """Every token, oldest first, revoked ones too; with a user only theirs."""
        ...

    def revoke_token(
        self, project_id: int, id_or_name: str, now: datetime, *, user_id: int | None = None
    ) -> ApiToken | None:
        """The token that no longer lets anyone in; None when no token in force has this id or name.

        With a user only theirs; without, a name is that of a token that is nobody's own.
        """
        ...

    def holder_of_token(self, token: str, now: datetime) -> Holder | None:
        """Whose token this is, if it is in force. Notes the use, at most once a minute."""
        ...

    def create_signin(self, now: datetime, user_id: int | None = None) -> str:
        """The secret part of a sign-in link: it works once, within 15 minutes; without a user for the first admin."""
        ...

    def anyone_invited(self) -> bool:
        """Whether there is somebody, or a sign-in link, used, expired or not."""
        ...

    def sign_in(self, link: str, now: datetime, agent: str = "") -> str | None:
        """Uses a sign-in link up: the text of a new session for the cookie. None when it was used or has expired."""
        ...

    def session(self, text: str, now: datetime) -> Session | None:
        """The session that a cookie stands for, if it has not ended."""
        ...

    def open_session(self, user_id: int, now: datetime, agent: str = "", project_id: int | None = None) -> str | None:
        """The text of a new session of somebody, for the cookie; None for who is a member of nothing.

        It shows this project where they are a member of it, else their oldest.
        """
        ...

    def show_project(self, text: str, project_id: int) -> None:
        """From now on the session shows this project, if its user is a member of it."""
        ...

    def sessions(self, user_id: int, now: datetime) -> Sequence[Session]:
        """Every session of somebody that has not ended, the one that was seen last first."""
        ...

    def sign_out(self, text: str) -> None:
        """Ends a session. One that does not exist is no error."""
        ...

    def end_sessions(self, user_id: int, *, only: str | None = None, but: str = "") -> int:
        """Ends somebody's session with the id `only`, or all, except the one whose text is `but`; how many those were."""
        ...


class People(Protocol):
    """Who is there, in which projects, and what they may do. Every method may be called from any thread.

    Each raises StoreUnavailableError; those that change something PeopleError for what cannot be, with what to do.
    """

    def user(self, user_id: int) -> User | None:
        """Somebody by their id."""
        ...

    def user_with_email(self, email: str) -> User | None:
        """Somebody by their e-mail address, in any case of letters."""
        ...

    def users(self) -> Sequence[User]:
        """Everybody, also those who are in no project any more, by id."""
        ...

    def change_account(self, user_id: int, *, name: str, email: str | None) -> User:
        """Another name and address for somebody; None leaves no address."""
        ...

    def set_password(self, user_id: int, password: str, *, but: str = "") -> None:
        """From now on this is the password, and every session of theirs ends but the one with this text. Slow."""
        ...

    def drop_password(self, user_id: int) -> None:
        """From now on only a link lets them in; their sessions end."""
        ...

    def anyone_has_password(self) -> bool:
        """Whether there is a password that lets anybody in."""
        ...

    def knows_password(self, email: str, password: str) -> User | None:
        """Whose address and password this is. Slow, and as slow where there is no such account."""
        ...

    def role(self, user_id: int, project_id: int) -> Role | None:
        """What somebody may do in a project; None for who is no member."""
        ...

    def members(self, project_id: int) -> Sequence[Member]:
        """Everybody in a project, admins first, then by name."""
        ...

    def add_member(self, project_id: int, *, email: str, name: str, role: Role, now: datetime) -> User:
        """Somebody with this address is a member from now on; who is not known yet is made, without a password."""
        ...

    def set_role(self, project_id: int, user_id: int, role: Role) -> Member:
        """What a member may do from now on. A project's last admin stays one."""
        ...

    def remove_member(self, project_id: int, user_id: int, now: datetime) -> Member:
        """They are in this project no longer: their tokens there end, and their sessions show another project, or end.

        What they did stays with their name. A project's last admin stays.
        """
        ...

    def projects(self, user_id: int | None = None) -> Sequence[Project]:
        """The projects of somebody with their role there, by name; without a user all of them."""
        ...

    def add_project(self, name: str, user_id: int | None, now: datetime) -> Project:
        """A new project, whose admin this user is; where none is named, all admins of the oldest project."""
        ...

    def rename_project(self, project_id: int, name: str) -> Project:
        """Another name; the short name that commands know it by stays."""
        ...

    def project_of(self, kind: Literal["incident", "service", "job"], number: int) -> int | None:
        """The project that holds the incident, service or job with this number."""
        ...

    def invite(self, project_id: int, role: Role, *, email: str | None, by: str, now: datetime) -> str:
        """The secret part of a link that makes somebody a member, once, within seven days."""
        ...

    def invitations(self, project_id: int, now: datetime) -> Sequence[Invitation]:
        """Those that still work, the newest first."""
        ...

    def invitation(self, link: str, now: datetime) -> Invitation | None:
        """What a link invites to; None when it was used, withdrawn or has expired."""
        ...

    def withdraw(self, project_id: int, invitation_id: str) -> bool:
        """From now on this invitation works no longer; whether it did."""
        ...

    def accept(self, link: str, *, name: str, email: str, password: str, now: datetime) -> int | None:
        """Uses an invitation up for somebody new, and returns their id. None when it works no longer. Slow."""
        ...

    def join(self, link: str, user_id: int, now: datetime) -> Invitation | None:
        """Uses an invitation up for somebody who is known; who may more there already keeps that. None as above."""
        ...
