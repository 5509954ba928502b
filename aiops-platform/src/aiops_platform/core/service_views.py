"""What the page of a service tells: frozen rows, shaped for showing."""

from dataclasses import dataclass
from datetime import datetime

from aiops_platform.core.views import HourCount, IncidentRow, JobPage, ServiceRow


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release of a service, and when something of it was heard first."""

    name: str
    first_seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class Deploy:
    """A release was put in place, as whoever did it has told."""

    release: str
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True)
class Version:
    """A client by its name and version, and how many of the service's processes run with it."""

    name: str
    processes: int


@dataclass(frozen=True, kw_only=True)
class ServiceDetail:
    """A service's own page. The row's `spans` cover the last 7 days, `hours` 14 days without gaps, the oldest first.

    `incidents` are the first few: open ones first, then the last seen; `releases` and `deploys` the newest ten each.
    """

    row: ServiceRow
    incidents: tuple[IncidentRow, ...]
    total_incidents: int
    hours: tuple[HourCount, ...]
    releases: tuple[Release, ...]
    deploys: tuple[Deploy, ...]
    hosts: tuple[str, ...]
    versions: tuple[Version, ...]
    runtimes: tuple[str, ...]
    jobs: JobPage
