"""What has a name and a page of its own, to be jumped to: services and jobs."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Place:
    """A service or a job; `service` is that of a job, or the service itself."""

    kind: Literal["service", "job"]
    id: int
    name: str
    service: str
    environment: str
