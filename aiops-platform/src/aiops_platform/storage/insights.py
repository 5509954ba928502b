"""What the first page, the pages of services and of incidents tell beside their own rows."""

from datetime import datetime
from typing import Literal

from sqlalchemy import select

from aiops_platform.core.briefing import Briefing
from aiops_platform.core.event_filter import Filter
from aiops_platform.core.event_views import Companion, EventTable, Origin
from aiops_platform.core.listing import Period
from aiops_platform.core.places import Place
from aiops_platform.core.service_views import ServiceDetail
from aiops_platform.core.source_links import SourceLink
from aiops_platform.core.surroundings import Surroundings
from aiops_platform.core.views import EventsOverTime, IncidentDetail, Similar
from aiops_platform.core.visits import Visit
from aiops_platform.storage import (
    event_reads,
    incident_lists,
    nearby,
    origins,
    overview,
    places,
    service_reads,
    similar,
    source_links,
    surroundings,
    visits,
)
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.database import Database
from aiops_platform.storage.schema import incident_hours, incidents


class SqlInsights:
    """The port `Insights` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bodies = Bodies()

    def look(self, user_id: int, project_id: int, now: datetime) -> Visit:
        """See `ports.Insights`."""
        return visits.note(self._database, user_id, project_id, now)

    def briefing(self, project_id: int, since: datetime, now: datetime) -> Briefing:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return overview.briefing(connection, project_id, since, now)

    def service(self, project_id: int, service_id: int, now: datetime) -> ServiceDetail | None:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return service_reads.detail_of(connection, self._bodies, project_id, service_id, now)

    def event_at(self, project_id: int, incident_id: int, moment: datetime) -> int | None:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return event_reads.at(connection, project_id, incident_id, moment)

    def telling_event(self, project_id: int, incident_id: int) -> int | None:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return event_reads.telling(connection, self._bodies, project_id, incident_id)

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
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return event_reads.table_of(
                connection,
                self._bodies,
                project_id,
                incident_id,
                wanted,
                since=since,
                until=until,
                before=before,
                per_page=per_page,
            )

    def events_over_time(self, project_id: int, incident_id: int, period: Period) -> EventsOverTime | None:
        """See `ports.Insights`."""
        known = select(incidents.c.id).where(incidents.c.id == incident_id, incidents.c.project_id == project_id)
        with self._database.read() as connection:
            if connection.scalar(known) is None:
                return None
            return incident_lists.counted_over(connection, incident_hours.c.incident_id == incident_id, period)

    def companions(self, project_id: int, event_id: int) -> tuple[Companion, ...]:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return nearby.companions(connection, self._bodies, project_id, event_id)

    def around(
        self, project_id: int, incident: IncidentDetail, which: Literal["newest", "oldest"] | int
    ) -> Surroundings:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return surroundings.around(
                connection,
                self._bodies,
                project_id,
                incident.row.id,
                service_id=incident.service_id,
                since=incident.row.first_seen_at,
                which=which,
            )

    def origin(self, project_id: int, incident_id: int) -> Origin | None:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return origins.origin_of(connection, self._bodies, project_id, incident_id)

    def source_link(self, project_id: int) -> SourceLink | None:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return source_links.of_project(connection, project_id)

    def keep_source_link(self, project_id: int, link: SourceLink | None) -> None:
        """See `ports.Insights`."""
        with self._database.begin() as connection:
            source_links.keep(connection, project_id, link)

    def similar(self, project_id: int, incident_id: int) -> tuple[Similar, ...]:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return similar.similar_to(connection, project_id, incident_id)

    def places(self, project_id: int, text: str, limit: int) -> tuple[Place, ...]:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return places.places_of(connection, project_id, text, limit)
