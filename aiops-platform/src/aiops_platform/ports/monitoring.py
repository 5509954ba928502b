"""What pages and the API show of monitors and of their maintenance."""

from datetime import datetime
from typing import Protocol

from aiops_platform.core.maintenance import Window


class Monitoring(Protocol):
    """Every method may be called from any thread, and raises StoreUnavailableError."""

    def windows(self, project_id: int, since: datetime) -> tuple[Window, ...]:
        """The windows of maintenance that were not over at that time, the first planned first."""
        ...

    def windows_over(self, project_id: int, now: datetime, limit: int) -> tuple[Window, ...]:
        """Those that are over, the last to end first."""
        ...
