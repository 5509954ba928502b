"""A service in one environment: what incidents and monitors belong to."""

from dataclasses import dataclass
from typing import NamedTuple


class ServiceName(NamedTuple):
    """How a report names its service; each part is at most 200 characters."""

    project_id: int
    name: str
    environment: str


@dataclass(frozen=True)
class Service:
    """A service that the store knows."""

    id: int
    named: ServiceName
