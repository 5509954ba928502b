"""What pages and the API show of monitors and of their maintenance."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from aiops_platform.core.maintenance import Window
from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.monitor_views import Board, KnownTime, MonitorQuery, MonitorRow
from aiops_platform.core.status_page import StatusPage


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

    def monitors(
        self, project_id: int, service_ids: Sequence[int], *, since: datetime, now: datetime
    ) -> Mapping[int, MonitorRow]:
        """Those of these services that the project has and that have beaten, with their states since then."""
        ...

    def known_time(self, project_id: int, *, since: datetime, now: datetime) -> KnownTime:
        """What is to be known of the time since then, besides the states."""
        ...

    def status_page(self, project_id: int) -> StatusPage | None:
        """What a project shows to everybody, also while that is switched off."""
        ...

    def save_status_page(self, page: StatusPage) -> None:
        """Puts this one in the place of the project's. Raises StatusPageError where another project has its address."""
        ...

    def public_status_page(self, slug: str) -> StatusPage | None:
        """The page at this address, if it is switched on."""
        ...

    def badge_token(self, project_id: int) -> str | None:
        """What lets everybody see how the project's services are; None where nobody may."""
        ...

    def renew_badge_token(self, project_id: int, *, is_wanted: bool) -> None:
        """Another one in its place, or none: what was handed out before leads nowhere."""
        ...

    def badge_state(
        self, token: str, service: str, environment: str, now: datetime
    ) -> tuple[MonitorState, bool] | None:
        """How a service is, and whether it is in maintenance; None where there is no such, or it may not be seen with this token."""
        ...
