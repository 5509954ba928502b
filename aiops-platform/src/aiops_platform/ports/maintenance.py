"""Time that counts otherwise: windows of maintenance, pauses, and when the platform itself listened."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from aiops_platform.core.maintenance import Window
from aiops_platform.core.monitor import Listening, Monitor
from aiops_platform.core.service import Service


class Maintenance(Protocol):
    """What people and the platform say of time. A part of a transaction."""

    def windows(self, project_ids: Collection[int], since: datetime) -> Mapping[int, tuple[Window, ...]]:
        """Of these projects those that were not over at that time, the first planned first; also those that have not begun.

        A project without any is not named.
        """
        ...

    def window(self, project_id: int, window_id: int) -> Window | None:
        """One of them; None when this project has no such."""
        ...

    def add(self, window: Window) -> int:
        """The number of a new window."""
        ...

    def save(self, window: Window) -> None:
        """Writes a window again; what it held back is looked at anew, at once."""
        ...

    def end_with_deploy(self, service: Service, at: datetime) -> None:
        """Those of its windows that wait for a deploy are over."""
        ...

    def forget(self, before: datetime, limit: int) -> int:
        """Drops windows that were over before this time, at most `limit`; returns how many."""
        ...

    def monitor(self, project_id: int, service_id: int) -> Monitor | None:
        """The monitor of a service; None when this project has no such service, or it has never sent a heartbeat."""
        ...

    def note_listening(self, listening: Listening) -> None:
        """Notes that the platform listened in this stretch of time, which may go on."""
        ...

    def forget_listening(self, before: datetime) -> int:
        """Drops stretches that were over before this time; returns how many."""
        ...
