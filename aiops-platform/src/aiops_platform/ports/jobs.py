"""Jobs as they are judged and ruled, within a transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from aiops_platform.core.facts import Fact
from aiops_platform.core.job import Run
from aiops_platform.core.job_watch import WatchedJob
from aiops_platform.core.service import ServiceName
from aiops_platform.core.views import RunDetail


@dataclass(frozen=True)
class JobStanding:
    """How a job stands now, and what became true with that."""

    job: WatchedJob
    facts: tuple[Fact, ...] = ()


class Jobs(Protocol):
    """What is expected of jobs, and how they stand. A part of a transaction."""

    def watched(self, job_ids: Collection[int]) -> dict[int, WatchedJob]:
        """These jobs, by id."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[WatchedJob]:
        """Those that are to be looked at, longest due first."""
        ...

    def hurry(self, beyond: datetime, now: datetime) -> None:
        """Those that are due later than that are due now: a clock ahead may have said so."""
        ...

    def save(self, standings: Sequence[JobStanding]) -> None:
        """Writes how they stand, and facts."""
        ...

    def of_project(self, project_id: int, job_id: int) -> WatchedJob | None:
        """One job; None when this project has no such."""
        ...

    def known(self, names: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
        """Those of these jobs of services (by id) that there are."""
        ...

    def newest_runs(self, job_ids: Collection[int], *, open_only: bool) -> Mapping[int, Run]:
        """Of each of these jobs the run that began last; `open_only`: of those that pings without an id began, and did not end."""
        ...

    def rule(self, job: WatchedJob, given: Mapping[str, Any] | None) -> None:
        """What people expect of it from now on, in place of what it says; None hands it back."""
        ...

    def pause(self, job: WatchedJob, at: datetime | None) -> None:
        """It is paused since then; None: it goes on."""
        ...

    def forget(self, job: WatchedJob) -> None:
        """Drops it with its runs. With the next word on it, it makes itself again."""
        ...

    def keep_outputs(self, job_id: int) -> None:
        """Forgets what all but the newest of its runs have printed."""
        ...


class JobReads(Protocol):
    """What is asked of single jobs and runs. Every method may be called from any thread, and raises StoreUnavailableError."""

    def knows(self, service: ServiceName, job: str) -> bool:
        """Whether there is a job of this name."""
        ...

    def run(self, project_id: int, job_id: int, run_id: str) -> RunDetail | None:
        """One run with what it printed; None when the project has no such, or it is kept no longer."""
        ...
