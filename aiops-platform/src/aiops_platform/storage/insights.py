"""What the first page, the pages of services and of incidents tell beside their own rows."""

from datetime import datetime

from aiops_platform.core.briefing import Briefing
from aiops_platform.core.service_views import ServiceDetail
from aiops_platform.core.views import Similar
from aiops_platform.core.visits import Visit
from aiops_platform.storage import overview, service_reads, similar, visits
from aiops_platform.storage.bodies import Bodies
from aiops_platform.storage.database import Database


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

    def similar(self, project_id: int, incident_id: int) -> tuple[Similar, ...]:
        """See `ports.Insights`."""
        with self._database.read() as connection:
            return similar.similar_to(connection, project_id, incident_id)
