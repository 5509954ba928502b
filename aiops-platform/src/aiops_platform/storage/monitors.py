"""What is read of monitors and of their maintenance, see `ports.Monitoring`."""

from datetime import datetime

from aiops_platform.core.maintenance import Window
from aiops_platform.storage import maintenance
from aiops_platform.storage.database import Database


class SqlMonitoring:
    """The port `Monitoring` over SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def windows(self, project_id: int, since: datetime) -> tuple[Window, ...]:
        """See `ports.Monitoring`."""
        with self._database.read() as connection:
            return maintenance.of_project(connection, project_id, since)

    def windows_over(self, project_id: int, now: datetime, limit: int) -> tuple[Window, ...]:
        """See `ports.Monitoring`."""
        with self._database.read() as connection:
            return maintenance.over(connection, project_id, now, limit)
