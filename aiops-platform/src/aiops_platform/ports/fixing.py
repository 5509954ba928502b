"""Fixes as their stations write them, as the door carries them, and as people look at them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from aiops_platform.core.event import Event, FixResult
from aiops_platform.core.fixing.fix import Fix, FixState, Wanted
from aiops_platform.core.fixing.fixer import Fixer, Offered
from aiops_platform.core.fixing.guards import Asked
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.people import Actor


@dataclass(frozen=True, kw_only=True)
class FixRow:
    """A fix as people see it: with the names of its service and policy, and its incident in a line."""

    fix: Fix
    service: str
    environment: str
    policy: str | None
    incident: str


@dataclass(frozen=True, kw_only=True)
class FixPage:
    """A page of fixes, the newest first. `waiting` and `running` count all of the project; `next`: where to go on."""

    rows: tuple[FixRow, ...]
    waiting: int
    running: int
    next: int | None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What came of a service's fixer so far. `median` is that of how long it ran, in seconds."""

    service_id: int
    service: str
    environment: str
    fixer: str
    tried: int
    mended: int
    not_mended: int
    failed: int
    median: float | None
    last_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """All fixes are stopped: nothing is asked for. `everywhere`: by the platform's own settings."""

    at: datetime | None
    by: Actor | None
    everywhere: bool = False


@dataclass(frozen=True, kw_only=True)
class AuditRow:
    """One step of a fix, of a policy or of the switch for all, as it was then. `id` grows; `data` is JSON."""

    id: int
    at: datetime
    step: str
    by: Actor | None
    fix_id: int | None
    incident_id: int | None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WouldRun:
    """What a policy would have asked for: when, for which incident, and why not, where a guard rail would have held it."""

    at: datetime
    incident_id: int
    title: str
    held: str | None = None


@dataclass(frozen=True, kw_only=True)
class FixRehearsal:
    """What a policy would have done in the last week: how often asked, how often held, examples (the newest first)."""

    many: int
    held: int
    examples: tuple[WouldRun, ...]
    is_more: bool
    #: The services that match and offer the fixer now, by name and environment.
    offered_by: tuple[tuple[str, str], ...] = ()
    #: Of those asked for, how many would not have been sent, as the parameters do not fit; why, of the newest.
    unsent: int = 0
    unsent_why: str = ""


class FixReads(Protocol):
    """What people see of fixes. Every method may be called from any thread, and raises StoreUnavailableError."""

    def waits(self, now: datetime) -> bool:
        """Whether there is a fix with which something is to be done. Cheap."""
        ...

    def unsent(self) -> bool:
        """Whether there is a fix that is queued, or waits for somebody. Cheap."""
        ...

    def wanted(self, now: datetime) -> bool:
        """Whether an active policy is about an incident that has come again, as far as its guard rails do not matter."""
        ...

    def offered(self, project_id: int, now: datetime, *, service_id: int | None = None) -> Sequence[Offered]:
        """The fixers that services offer or did, by service and name; those offered by nobody now have no instances."""
        ...

    def page(
        self,
        project_id: int,
        *,
        states: Collection[FixState] | None = None,
        before: int | None = None,
        limit: int = 50,
        incident_id: int | None = None,
        service_id: int | None = None,
        fixer: str | None = None,
    ) -> FixPage:
        """Fixes, older than the one with this number; `states` none is all."""
        ...

    def one(self, project_id: int, fix_id: int) -> FixRow | None:
        """One fix; None when the project has no such."""
        ...

    def policies(self, project_id: int) -> Mapping[int, FixPolicy]:
        """The project's policies, by id."""
        ...

    def of_incident(self, project_id: int, incident_id: int, limit: int) -> Sequence[FixRow]:
        """The newest so many that were asked for an incident, the newest first."""
        ...

    def stopped(self, project_id: int) -> Stopped | None:
        """Whether all fixes of the project are stopped."""
        ...

    def effects(self, project_id: int) -> Sequence[Effect]:
        """What came of each fixer, by service and name."""
        ...

    def audit(self, project_id: int, *, after: int = 0, limit: int = 500) -> Sequence[AuditRow]:
        """Steps with a higher number than `after`, in their order."""
        ...

    def audit_lines(self, project_id: int, *, after: int = 0) -> Iterator[bytes]:
        """The audit log as JSON lines, the oldest first, those after this number; read a portion at a time."""
        ...

    def rehearsed(self, project_id: int, policy: FixPolicy, now: datetime) -> FixRehearsal:
        """What the policy would have done in the last week, as far as it can be known now."""
        ...


class FixDeskLike(Protocol):
    """What people do with fixes: `pipeline.fixing.FixDesk` is this. Every method may be called from any thread.

    All raise StoreUnavailableError, and FixError for what makes no sense, in words for people.
    """

    @property
    def reads(self) -> FixReads:
        """What people see."""
        ...

    def ask(self, project_id: int, incident_id: int, wanted: Wanted, by: Actor, now: datetime) -> Sequence[Fix] | None:
        """Asks the incident's service for a fixer: one fix, or one for each instance. None when there is no such incident.

        Raises FixError: all is stopped, nobody offers it now, the parameters do not fit, or it is under way already.
        """
        ...

    def approve(self, project_id: int, fix_id: int, by: Actor, now: datetime) -> Fix | None:
        """Says yes to what is suggested or waits: it is queued. None when there is no such fix.

        Raises NotWaitingError for what waits for nobody, such as one that was decided already: it stays as it is.
        """
        ...

    def decline(self, project_id: int, fix_id: int, by: Actor, now: datetime) -> Fix | None:
        """Says no to that. Raises NotWaitingError."""
        ...

    def cancel(self, project_id: int, fix_id: int, by: Actor, now: datetime) -> Fix | None:
        """Takes back what was not sent; what was, or has ended, stays as it is: raises NotTakenBackError."""
        ...

    def save_policy(self, project_id: int, policy: FixPolicy, by: Actor, now: datetime) -> int | None:
        """Writes a policy, and ends its pause; its number; None for a number that the project has not.

        Raises FixError, too, where it is switched on and its parameters fit none of the fixers that services offer now.
        """
        ...

    def drop_policy(self, project_id: int, policy_id: int, by: Actor, now: datetime) -> bool:
        """Takes a policy away; whether there was one. What it asked and nobody decided is cancelled."""
        ...

    def resume_policy(self, project_id: int, policy_id: int, by: Actor, now: datetime) -> FixPolicy | None:
        """Ends the pause of a policy that stopped after a failure."""
        ...

    def stop_all(self, project_id: int, by: Actor, now: datetime) -> int:
        """From now on nothing is asked for; what was not sent is cancelled. How many those were."""
        ...

    def allow(self, project_id: int, by: Actor, now: datetime) -> None:
        """Fixes may be asked for again. Raises FixError where the platform's settings stop them."""
        ...

    def rehearse(self, project_id: int, policy: FixPolicy, now: datetime) -> FixRehearsal:
        """What the policy would have done in the last week."""
        ...


@dataclass(frozen=True, kw_only=True)
class FixPlace:
    """A service as it is to be asked: its names, where it is, whose instances live, and how far their clocks are off.

    `instances`: those that offer something and were heard lately, the last heard first, with the seconds to add to our
    clock. `address` is None where none is known.
    """

    service_id: int
    project_id: int
    service: str
    environment: str
    address: str | None
    interval: int
    last_beat_at: datetime | None
    instances: Mapping[str, float]
    offers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class ToldOffers:
    """What one beat says of what its instance offers: nothing, once it says goodbye. `off` as in `FixPlace`."""

    service_id: int
    instance: str
    fixers: tuple[Fixer, ...]
    off: float
    at: datetime


@dataclass(frozen=True, kw_only=True)
class FixIncident:
    """An incident as far as fixes are concerned."""

    id: int
    project_id: int
    service_id: int
    state: str
    kind: str
    title: str
    last_seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class CarriedFix:
    """What the door hands to one instance: the request's id and the body, to be signed with the beat's own key."""

    request: str
    body: str


class Carrying(Protocol):
    """What the door carries to services. Every method may be called from any thread, and raises StoreUnavailableError."""

    def pending(self, now: datetime) -> Mapping[tuple[int, str, str, str], Sequence[str]]:
        """By project, service, environment and instance: the requests that its next beats are to take along. Cheap."""
        ...

    def carry(self, requests: Sequence[str], now: datetime) -> Sequence[CarriedFix]:
        """Those of these that may still be sent, noted as sent before they are: not what was cancelled, or has expired."""
        ...

    def note_reporting(self, seen: Mapping[tuple[int, str, str, int], datetime]) -> None:
        """By project, service, environment and API key (by id): when an instance that offers fixers reported with it."""
        ...


@dataclass(frozen=True, kw_only=True)
class PushKey:
    """A key in force with which a service reports, and the secret that is derived from it."""

    id: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Push:
    """A request on its way to a service's address. `keys`: at most four, the last used first.

    `is_proven`: the address has been proven with these keys. `off`: seconds to add to our clock for the service's.
    """

    fix: Fix
    place: FixPlace
    keys: tuple[PushKey, ...]
    is_proven: bool
    off: float = 0.0


class Pushing(Protocol):
    """What the worker pushes to services. Every method may be called from any thread, and raises StoreUnavailableError."""

    def waiting(self, now: datetime, limit: int) -> Sequence[Push]:
        """Requests that are to be pushed and were not sent."""
        ...

    def send(self, fix_id: int, now: datetime) -> bool:
        """Notes that it is sent from now on, and never again; whether that may be: it was not cancelled meanwhile."""
        ...

    def arrived(self, fix_id: int, told: FixResult, off: float, now: datetime) -> None:
        """A believed answer has told this of it."""
        ...

    def not_done(self, fix_id: int, why: str, now: datetime) -> None:
        """It was certainly not done: it goes with a heartbeat now, under the same id."""
        ...

    def proven(self, service_id: int, address: str, keys: Sequence[PushKey], now: datetime) -> None:
        """The address has been proven with these keys."""
        ...

    def not_proven(self, service_id: int, address: str, why: str, now: datetime) -> None:
        """It has not: nothing is pushed there for a while."""
        ...


@dataclass(frozen=True)
class Believed:
    """A holder of one of the keys has answered this."""

    said: Mapping[str, Any]


@dataclass(frozen=True)
class NotDone:
    """Certainly nobody has done what was asked for; the message says why."""

    why: str


@dataclass(frozen=True)
class MaybeDone:
    """It may have been done: nobody has answered, or nobody who is to be believed."""

    why: str


class Calls(Protocol):
    """Requests that are posted to services."""

    def call(
        self, address: str, request: str, body: bytes, push: Push, now: datetime
    ) -> Believed | NotDone | MaybeDone:
        """Posts a body once, signed with the keys of the push. Takes some seconds at most, and raises nothing."""
        ...


class Fixing(Protocol):
    """Fixes in a transaction of their stations."""

    def note_offers(self, told: Sequence[ToldOffers]) -> None:
        """What instances offer, as their beats have told, in their order."""
        ...

    def places(self, service_ids: Collection[int], now: datetime) -> Mapping[int, FixPlace]:
        """These services as they are to be asked."""
        ...

    def fixers(self, service_ids: Collection[int]) -> Mapping[tuple[int, str], Fixer]:
        """What these services offer or did, by service and name."""
        ...

    def policies(self, project_id: int | None = None) -> Sequence[tuple[int, FixPolicy]]:
        """The policies of a project, or of all, with their projects."""
        ...

    def save_policy(self, project_id: int, policy: FixPolicy, now: datetime) -> int:
        """Writes a policy; its number."""
        ...

    def drop_policy(self, project_id: int, policy_id: int) -> bool:
        """Takes a policy away; whether there was one."""
        ...

    def stopped(self) -> Mapping[int, Stopped]:
        """The projects of which all fixes are stopped."""
        ...

    def switch(self, project_id: int, *, stopped: bool, by: Actor, now: datetime) -> bool:
        """Stops all fixes of a project, or allows them again; whether that is news."""
        ...

    def matching(self, policy: FixPolicy, project_id: int, since: datetime, now: datetime) -> Sequence[FixIncident]:
        """The open incidents that the policy is about and that came again since then, without those it asks for already."""
        ...

    def incidents(self, ids: Collection[int]) -> Mapping[int, FixIncident]:
        """These incidents as they stand now."""
        ...

    def fields(self, incident: FixIncident) -> Mapping[str, Any]:
        """Those of `policy.FIELDS` that it has, by its newest event."""
        ...

    def past(self, policy_id: int, since: datetime) -> Sequence[Asked]:
        """What a policy has asked for since then; the fixes of one asking are one."""
        ...

    def newest(self, policy_id: int, since: datetime | None, limit: int) -> Sequence[Fix]:
        """The newest fixes that a policy has asked for since then, the newest first, to be changed."""
        ...

    def under_way(self, policy_ids: Collection[int]) -> Mapping[int, int]:
        """How many fixes of these policies have had their turn and have not ended."""
        ...

    def add(self, fixes: Sequence[Fix]) -> Sequence[Fix]:
        """New fixes; with their numbers."""
        ...

    def save(self, fixes: Sequence[Fix]) -> None:
        """Writes them as they are now."""
        ...

    def one(self, project_id: int, fix_id: int) -> Fix | None:
        """One fix, to be changed."""
        ...

    def requested(self, requests: Collection[str]) -> Mapping[str, Fix]:
        """Fixes by the ids that services know, to be changed."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Fix]:
        """Fixes with which something is to be done by now, the longest due first, to be changed."""
        ...

    def standing(
        self, *, project_id: int | None = None, states: Collection[FixState], policy_id: int | None = None
    ) -> Sequence[Fix]:
        """Fixes in these states, to be changed."""
        ...

    def together(self, together: str) -> Sequence[Fix]:
        """The fixes of one asking, to be changed."""
        ...

    def watched(self, service_ids: Collection[int]) -> Sequence[Fix]:
        """The fixes of these services whose effect is being watched, to be changed."""
        ...

    def newest_event(self, incident_id: int) -> Event | None:
        """The newest event of an incident that is kept, as far as it can be read."""
        ...

    def came(self, incident_id: int, since: datetime, until: datetime) -> int:
        """How often the incident's problem came after `since` and up to `until`, as far as stored events tell."""
        ...

    def ran_well(self, incident_id: int, since: datetime) -> int:
        """Of an incident of a job: how many of its runs began since then and succeeded."""
        ...

    def note(
        self, project_id: int, step: str, now: datetime, *, by: Actor | None, fix: Fix | None, data: Mapping[str, Any]
    ) -> None:
        """Writes into the audit log, and into the story of the fix's incident."""
        ...

    def note_heard(self, fix: Fix, now: datetime, *, began_too: bool = False) -> None:
        """Writes down what a service has told of a fix: that it began, or how it ended; or with `began_too` both at once."""
        ...

    def forget(self, before: datetime, limit: int) -> int:
        """Drops fixes that ended before this time, their steps, and fixers not offered since; how many, at most `limit`."""
        ...
