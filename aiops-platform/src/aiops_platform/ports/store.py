"""The store as stations write it."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from aiops_platform.core.grouping import GroupKey
from aiops_platform.core.incident import Incident
from aiops_platform.core.instance import Instance
from aiops_platform.core.job import Run
from aiops_platform.core.monitor import Monitor
from aiops_platform.core.parcel import Parcel
from aiops_platform.core.scrubbing import Rules
from aiops_platform.core.scrubbing.rules import RuleKind
from aiops_platform.core.service import Service, ServiceName
from aiops_platform.ports.alerting import Alerting
from aiops_platform.ports.changes import IncidentChange, JobChange, MonitorChange
from aiops_platform.ports.channels import Outbox
from aiops_platform.ports.fixing import Fixing
from aiops_platform.ports.jobs import Jobs
from aiops_platform.ports.maintenance import Maintenance
from aiops_platform.ports.settling import Settling


class Transaction(Protocol):
    """Everything in it becomes true at once, or nothing does. Changes raise the revisions that pages watch."""

    def remember(self, seen: Mapping[tuple[int, bytes], datetime]) -> set[tuple[int, bytes]]:
        """Notes ids of services' events (with the time they were received), and says which of them were new."""
        ...

    def services(self, seen: Mapping[ServiceName, datetime]) -> dict[ServiceName, Service]:
        """These services; those not known are created, as first seen at the time given, with a SERVICE_SEEN fact."""
        ...

    def heard_from(self, events: Mapping[int, datetime], now: datetime) -> None:
        """Notes the time of the last event of services, by id. Never goes back, unless it was ahead of now."""
        ...

    def note_releases(self, seen: Mapping[tuple[int, str], datetime]) -> None:
        """Notes that these releases of services (by id) were seen at that time; the earliest time stays."""
        ...

    def releases(self, service_ids: Collection[int]) -> Mapping[int, Mapping[str, datetime]]:
        """When each release of these services (by id) was first seen, where any was named; of each the newest 1,000."""
        ...

    def grouped(self, keys: Collection[tuple[int, GroupKey]]) -> dict[tuple[int, GroupKey], Incident]:
        """The incidents that these keys of these services (by id) lead to, where there are any."""
        ...

    def incident(self, project_id: int, incident_id: int) -> Incident | None:
        """One incident; None when this project has no such."""
        ...

    def fullest(self, above: int, limit: int) -> list[int]:
        """The incidents of which more than so many events are stored, those with most first."""
        ...

    def kept_for_good(self, incident_ids: Collection[int]) -> dict[int, list[tuple[int, datetime]]]:
        """The stored events of these incidents (by the ids of their rows, with their times of receipt), oldest first.

        Without those that are kept only until the next one comes.
        """
        ...

    def save_incidents(self, changes: Sequence[IncidentChange]) -> None:
        """Writes incidents (new when they have no id), their keys, events, hours and facts."""
        ...

    def monitors(self, service_ids: Collection[int]) -> dict[int, Monitor]:
        """The monitors of these services, by service id, where there are any."""
        ...

    def due_monitors(self, now: datetime, limit: int) -> Sequence[tuple[Service, Monitor]]:
        """Monitors that are to be looked at, longest due first; also those whose last beat lies ahead of now."""
        ...

    def save_monitors(self, changes: Sequence[MonitorChange]) -> None:
        """Writes monitors, the changes of their states, and facts."""
        ...

    def instances(self, names: Collection[tuple[int, str]]) -> dict[tuple[int, str], Instance]:
        """The processes of services (by id) with these names, where they are known."""
        ...

    def save_instances(self, instances: Mapping[int, Sequence[Instance]]) -> None:
        """Writes processes of services, by id. Tells nobody: their monitors change with them."""
        ...

    def jobs(self, seen: Mapping[tuple[int, str], datetime], *, most: int) -> dict[tuple[int, str], int]:
        """The ids of these jobs of services (by id); those not known are created, but no more than `most` in a service."""
        ...

    def runs(self, wanted: Collection[tuple[int, bytes]]) -> dict[tuple[int, bytes], Run]:
        """These runs of jobs (by id), where they are known."""
        ...

    def save_runs(self, changes: Sequence[JobChange], *, kept: int) -> None:
        """Writes runs and schedules; of each of these jobs, all but the last `kept` runs to begin are forgotten."""
        ...

    def add_scrub_rule(self, project_id: int, kind: RuleKind, text: str) -> None:
        """Adds to what is secret in the project; a rule that is there stays."""
        ...

    def drop_scrub_rule(self, project_id: int, kind: RuleKind, text: str) -> bool:
        """Takes a rule away; whether there was one."""
        ...

    def save_group_rules(self, project_id: int, text: str) -> None:
        """Puts these in the place of the project's rules; an empty text leaves none."""
        ...

    def bury(self, parcel: Parcel, reason: str) -> None:
        """Keeps a parcel that could not be understood, for people to look at. One that is kept already stays as it is."""
        ...

    def count(self, numbers: Mapping[str, int]) -> None:
        """Adds to the store's running numbers, by name: how many reports were digested, and the like."""
        ...

    def drop_events(self, row_ids: Collection[int]) -> None:
        """Drops these stored events; their incidents go on, and say that fewer are kept."""
        ...

    def forget_events(
        self, before: datetime, limit: int, *, latest: datetime, after: int | None
    ) -> tuple[int, int | None]:
        """Looks at `limit` stored events in the order in which they came, and drops those received before this time.

        None is received after `latest`: what says so, by a clock that was ahead, is as old as what came after it. Where
        all say so, it is to be looked on from there (`after`) at the next time. Returns how many were dropped, and
        where to look on; None is at the beginning.
        """
        ...

    def drop_oldest(self, limit: int) -> int:
        """Drops the stored events that came first, at most `limit`; returns how many."""
        ...

    def newest_buried(self, project_id: int) -> int:
        """The number of the parcel that was buried last; 0 where none is."""
        ...

    def buried(
        self, project_id: int, *, after: int, only: int | None = None, limit: int
    ) -> Sequence[tuple[int, Parcel]]:
        """Buried parcels with their numbers, the oldest first: those with a higher number than `after`, or one of them."""
        ...

    def unbury(self, ids: Collection[int]) -> None:
        """Drops buried parcels that are to be digested again: they count as buried no longer."""
        ...

    def ids_by_hour(self, since: datetime, latest: datetime) -> Mapping[datetime, int]:
        """How many ids were noted in each hour between these times; of others it is known no longer."""
        ...

    def forget_seen_events(
        self, before: datetime, limit: int, *, latest: datetime, after: tuple[int, bytes] | None
    ) -> tuple[int, tuple[int, bytes] | None]:
        """Looks at `limit` ids in their order, from the one after that on, and drops those noted before this time.

        Those noted after `latest` are from then on as if they had been noted then. Returns how many were dropped, and
        which was looked at last; None when that was the end.
        """
        ...

    def forget_access(self, before: datetime) -> int:
        """Drops sign-in links, sessions and invitations that expired before this time; returns how many."""
        ...

    def forget_buried(self, before: datetime, limit: int, *, latest: datetime) -> int:
        """Drops buried parcels received before this time, at most `limit`; returns how many.

        Those received after `latest` are from then on as if they had been received then.
        """
        ...

    def forget_instances(self, now: datetime, limit: int) -> int:
        """Drops processes that have been gone for long enough, at most `limit`; returns how many."""
        ...

    def forget_states(self, before: datetime, limit: int) -> int:
        """Drops changes of monitors' states that no longer matter since this time, at most `limit`; returns how many."""
        ...

    @property
    def settling(self) -> "Settling":
        """What people decide of incidents, as a part of this transaction."""
        ...

    @property
    def watching(self) -> "Jobs":
        """What is expected of jobs, and how they stand, as a part of this transaction."""
        ...

    @property
    def maintenance(self) -> "Maintenance":
        """When silence and failures are expected, as a part of this transaction."""
        ...

    @property
    def outbox(self) -> "Outbox":
        """What is to be sent to people, as a part of this transaction."""
        ...

    @property
    def alerting(self) -> "Alerting":
        """What people are told of, as a part of this transaction."""
        ...

    @property
    def fixing(self) -> "Fixing":
        """What services are asked to mend, as a part of this transaction."""
        ...


class Store(Protocol):
    """The truth. Every method may be called from any thread, and raises StoreUnavailableError when it cannot be used."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction: written at the end of the block, undone by any exception. Never one inside another."""
        ...

    def scrub_rules(self) -> Mapping[int, Rules]:
        """What is secret besides what is everywhere, by project, where people have said so."""
        ...

    def group_rules(self) -> Mapping[int, str]:
        """The projects' own rules for grouping as they were written, by project, where there are any."""
        ...

    def used_bytes(self) -> int:
        """How much room all of it takes. Cheap."""
        ...

    def event_bytes(self) -> int:
        """How much of it stored events take, nearly: of a great many, some are looked at."""
        ...

    def shrink(self) -> bool:
        """Gives some disk space back in which nothing is stored; says whether there is more. For a quiet moment."""
        ...

    def train(self, now: datetime) -> bool:
        """Learns to keep the events of projects shorter, where that is due; says whether it was."""
        ...
