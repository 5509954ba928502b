"""What pages and the API show of monitors and of their maintenance."""

from datetime import datetime
from typing import Protocol

from aiops_platform.core.maintenance import Window
from aiops_platform.core.monitor_views import Board, KnownTime, MonitorQuery, MonitorRow


class Monitoring(Protocol):
    """Every method may be called from any thread, and raises StoreUnavailableError."""

    def windows(self, project_id: int, since: datetime) -> tuple[Window, ...]:
        """The windows of maintenance that were not over at that time, the first planned first."""
        ...

    def windows_over(self, project_id: int, now: datetime, limit: int) -> tuple[Window, ...]:
        """Those that are over, the last to end first."""
        ...

    def board(self, project_id: int, query: MonitorQuery, *, since: datetime, now: datetime) -> Board:
        """A page of monitors with their states since then: silent ones first, then late ones; among equals by name."""
        ...

    def monitor(self, project_id: int, service_id: int, *, since: datetime, now: datetime) -> MonitorRow | None:
        """The monitor of a service with its states since then; None when this project has no such."""
        ...

    def known_time(self, project_id: int, since: datetime) -> KnownTime:
        """What is to be known of the time since then, besides the states."""
        ...
