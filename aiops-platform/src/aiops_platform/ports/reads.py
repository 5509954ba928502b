"""What pages and the API show."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal, Protocol

from aiops_platform.core.briefing import Briefing
from aiops_platform.core.care import Assignee, DeployRow, ReleaseRow
from aiops_platform.core.event import Event
from aiops_platform.core.event_filter import Filter
from aiops_platform.core.event_views import Companion, EventTable, Origin
from aiops_platform.core.listing import Period
from aiops_platform.core.places import Place
from aiops_platform.core.reading import Reading
from aiops_platform.core.service_views import ServiceDetail
from aiops_platform.core.source_links import SourceLink
from aiops_platform.core.surroundings import Surroundings
from aiops_platform.core.views import (
    BuriedDetail,
    BuriedPage,
    EventDetail,
    EventPage,
    EventsOverTime,
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
from aiops_platform.ports.changes import Undoing


class Reads(Protocol):
    """What pages and the API show. Every method may be called from any thread, and raises StoreUnavailable."""

    def revision(self, project_id: int) -> dict[str, int]:
        """The number of each topic; one that is missing has never changed. Cheap: made to be polled."""
        ...

    def overview(self, project_id: int) -> Overview:
        """How the project is, in a few numbers."""
        ...

    def frame(self, project_id: int) -> tuple[dict[str, int], Overview]:
        """The revision and the overview, of one moment: what every page begins with."""
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

    def found_since(self, project_id: int, query: IncidentQuery, reading: Reading, now: datetime) -> Found:
        """The same for who is reading a page: the rows that it shows, as they are now, however they stand.

        `new` counts what else matches that was not there, or stood otherwise; on the first page of what was seen last also
        what was seen since. Facets are not told.
        """
        ...

    def values(self, project_id: int, field: str, begin: str, limit: int) -> tuple[str, ...]:
        """Values of a field of the search language that begin so, as far as the store knows any; of `tag.` the names."""
        ...

    def events_over_time(self, project_id: int, query: IncidentQuery, now: datetime) -> EventsOverTime:
        """The events of all that match: in the query's period, else in the last 24 hours."""
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

    def undoing(self, project_id: int, name: str) -> Undoing | None:
        """What was done to many at once under this name, and how much of it can be undone; None where nothing was."""
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

    def events_over_time(self, project_id: int, incident_id: int, period: Period) -> EventsOverTime | None:
        """How many events an incident had within a period; None when this project has no such incident."""
        ...

    def companions(self, project_id: int, event_id: int) -> tuple[Companion, ...]:
        """The events of the same request or trace as this one (its row's id), as far as they came next to it."""
        ...

    def around(
        self, project_id: int, incident: IncidentDetail, which: Literal["newest", "oldest"] | int
    ) -> Surroundings:
        """What is around this incident of the project, and around one of its events, by its place or the id of its row."""
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

    def change(
        self, project_id: int, user_id: int, view_id: int, *, name: str, shared: bool, query: str | None = None
    ) -> bool:
        """Whether there was such a view of theirs to be changed; without a query it shows what it did. Raises ViewError."""
        ...

    def drop(self, project_id: int, user_id: int, view_id: int, *, rules: bool = False) -> bool:
        """Whether there was such a view of theirs, or for who `rules` a shared one; nobody begins with it any longer."""
        ...

    def begin_with(self, project_id: int, user_id: int, view_id: int | None) -> bool:
        """From now on they begin with this view, None is no view; False where they see no such."""
        ...
