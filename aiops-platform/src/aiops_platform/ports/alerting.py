"""Alerts as their station writes them, and as people look at and change them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from aiops_platform.core.alerting.alert import Alert, AlertState, Why
from aiops_platform.core.alerting.links import Claim
from aiops_platform.core.alerting.policy import Policy
from aiops_platform.core.alerting.quiet import Pace, QuietHours
from aiops_platform.core.alerting.rota import Rota
from aiops_platform.core.alerting.rules import Rule
from aiops_platform.core.alerting.wording import Mark, Told
from aiops_platform.core.channels import Channel, ChannelKind
from aiops_platform.core.facts import FactKind
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.service import ServiceName


@dataclass(frozen=True, kw_only=True)
class News:
    """A fact as it is read by who tells of it."""

    id: int
    kind: FactKind
    at: datetime
    project_id: int
    incident_id: int | None
    service_id: int | None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An incident as it stands now, as far as alerts are concerned."""

    id: int
    project_id: int
    service_id: int
    kind: IncidentKind
    state: IncidentState
    title: str
    place: str
    count: int
    people: int


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A channel is to be told of an alert."""

    alert: Alert
    channel_id: int
    why: Why
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Which:
    """What a channel is to be told: what fires, or what is over, or what `has_passed` before it heard of it.

    All of it, or that of one alert, or of one group of messages (`about`), or all but that of some. What has passed is
    left out where the channel is to be told more of the same.
    """

    channel_id: int
    is_over: bool = False
    has_passed: bool = False
    only_critical: bool = False
    alert_id: int | None = None
    about: str | None = None
    but: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Addressee:
    """A channel, as far as who tells it of alerts has to know it. `is_left_out`: somebody has switched it off."""

    project_id: int
    name: str
    kind: ChannelKind
    is_left_out: bool


@dataclass(frozen=True, kw_only=True)
class Waits:
    """A channel that is to be told something. `is_critical`: some of that is; `is_over`: all of it is over, or has passed.

    `is_urgent`: something critical fires, or it is somebody's turn because nobody else has acknowledged.
    """

    channel_id: int
    is_critical: bool
    is_urgent: bool
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What a channel is to be told; `worst` are those to be named, of so many in `total`. Up to this telling."""

    which: Which
    total: int
    worst: tuple[Told, ...]
    upto: int


class AlertSettings(Protocol):
    """What people say of alerts, as a part of a transaction."""

    def rules(self, project_id: int, now: datetime) -> Sequence[Rule]:
        """The project's rules by id, those that are switched off too; the usual ones for one that never had any."""
        ...

    def policies(self, project_id: int) -> Mapping[int, Policy]:
        """The project's policies, by id."""
        ...

    def rotas(self, project_id: int) -> Mapping[int, Rota]:
        """The project's rotas, by id."""
        ...

    def save_rule(self, project_id: int, rule: Rule) -> int:
        """Writes a rule; its number. One that the project does not have is not written."""
        ...

    def drop_rule(self, project_id: int, rule_id: int) -> bool:
        """Takes a rule away; whether there was one."""
        ...

    def save_policy(self, project_id: int, policy: Policy) -> int:
        """Writes a policy; its number."""
        ...

    def drop_policy(self, project_id: int, policy_id: int) -> bool:
        """Takes a policy away; whether there was one."""
        ...

    def save_rota(self, project_id: int, rota: Rota, address: str) -> int:
        """Writes a rota; its number. The address is that of a new one: who knows it may read it."""
        ...

    def drop_rota(self, project_id: int, rota_id: int) -> bool:
        """Takes a rota away; whether there was one."""
        ...

    def marks(self) -> tuple[Mark, ...]:
        """What tells messages apart from those that were sent before a backup was restored."""
        ...

    def told_of_platform(self) -> int | None:
        """The project that is told of the platform's own troubles: the oldest, while nobody says another one."""
        ...

    def tell_of_platform(self, project_id: int) -> None:
        """This project is told of them from now on."""
        ...

    def pace(self, channel_id: int) -> Pace:
        """How the channel was last told, and when it is quiet."""
        ...

    def save_pace(self, channel_id: int, pace: Pace) -> None:
        """Notes that."""
        ...


class Tellings(Protocol):
    """Who is told of alerts, as a part of a transaction."""

    def tell(self, tellings: Sequence[Telling]) -> None:
        """Channels are to be told."""
        ...

    def tell_over(self, alerts: Sequence[Alert], at: datetime) -> None:
        """Whoever was told that these fire is to be told that they are over."""
        ...

    def leave(self, channel_id: int) -> None:
        """This channel is told nothing any longer."""
        ...

    def spare(self, alert_ids: Collection[int], *, but: Collection[Why] = ()) -> None:
        """Nobody is to be told any longer of these alerts what they have not been told yet, but for these reasons."""
        ...

    def last_told(self, incident_ids: Collection[int]) -> Mapping[int, datetime]:
        """When somebody was last told that something is wrong with each of these incidents."""
        ...

    def let_pass(self, alert_ids: Collection[int]) -> None:
        """Who was to be told that these fire, and has not been told yet, is to hear in passing that they did."""
        ...

    def forget_passed(self, channel_id: int) -> None:
        """This channel need not hear any more of what has passed until now."""
        ...

    def waiting(self) -> Sequence[Waits]:
        """The channels that are to be told something, by id."""
        ...

    def finished(self, which: Which, limit: int) -> Sequence[str]:
        """The groups of messages of which a channel is to be told that all they told of is over."""
        ...

    def gathered(self, which: Which, limit: int) -> Waiting | None:
        """What a channel is to be told, the worst first; None where that is nothing."""
        ...

    def told(self, what: Waiting, *, about: str, name: str, now: datetime) -> None:
        """It has been told, by a message of this group; the incidents' stories say so, by the channel's name.

        Without a name they say nothing: it needs not be told any more.
        """
        ...


class Alerting(Protocol):
    """What the station of alerts reads and writes, as a part of a transaction."""

    @property
    def settings(self) -> AlertSettings:
        """What people say of alerts."""
        ...

    @property
    def tellings(self) -> Tellings:
        """Who is told of them."""
        ...

    def news(self, kinds: Collection[FactKind], now: datetime, limit: int) -> tuple[list[News], bool]:
        """The next facts of these kinds in their order, and whether there may be more; they are not read again.

        One that another process has written with a lower number, and a little late, is read, too.
        """
        ...

    def projects(self) -> Sequence[int]:
        """Every project, by id."""
        ...

    def incidents(self, ids: Collection[int]) -> Mapping[int, Seen]:
        """These incidents as they stand now."""
        ...

    def fitting(self, rule: Rule, project_id: int, ids: Collection[int], now: datetime) -> set[int]:
        """Those of these incidents that the rule's search finds."""
        ...

    def rising(self, project_id: int, now: datetime) -> Mapping[int, float]:
        """The open incidents that rise, with how many times as often as usual they come."""
        ...

    def busy(self, project_id: int, within: timedelta, least: int, now: datetime) -> Mapping[int, int]:
        """The open incidents that had so many events within that time, with how many; at most some hundred.

        Never too few, and at most those of a minute more, or of two hours where it is longer than some hours.
        """
        ...

    def crowded(self, project_id: int, within: timedelta, least: int, now: datetime) -> Mapping[int, int]:
        """The open incidents that affected so many people within that time, with how many; at most some hundred.

        Of those who are told apart never too few, and at most those of six minutes more.
        """
        ...

    def forget_minutes(self, now: datetime) -> None:
        """Drops the minutes that are too old to be asked for, and those of a clock that was ahead."""
        ...

    def worth(self, rule: Rule, project_id: int, since: datetime) -> Sequence[int]:
        """Open incidents that have as many events or people as the rule says, and of which it has never told.

        At most some hundred of those of which there was an event since then.
        """
        ...

    def services(self, ids: Collection[int]) -> Mapping[int, ServiceName]:
        """The names of these services."""
        ...

    def standing(self, subjects: Collection[str]) -> Sequence[Alert]:
        """The alerts of these subjects that are not over, to be changed."""
        ...

    def last_ended(self, incident_ids: Collection[int]) -> Mapping[int, Sequence[Alert]]:
        """The alerts of each of these incidents that were over last: one of each rule of which that is so."""
        ...

    def of_rule(self, rule_id: int) -> Sequence[Alert]:
        """The alerts of a rule that are not over, to be changed; at most some thousand."""
        ...

    def due(self, now: datetime, limit: int) -> Sequence[Alert]:
        """Alerts with which something is to be done by now, the longest due first, to be changed."""
        ...

    def put_right(self, now: datetime) -> None:
        """Alerts that a clock ahead has dated are due now, as if they had been told just now; likewise channels."""
        ...

    def alert(self, project_id: int, alert_id: int) -> Alert | None:
        """One alert, to be changed; None when the project has no such."""
        ...

    def save(self, alerts: Sequence[Alert]) -> None:
        """Writes alerts; a new one of which its rule and subject has one already is not written."""
        ...

    def note(self, alert: Alert, kind: FactKind, now: datetime, data: Mapping[str, Any]) -> None:
        """Writes into the story of the alert's incident, where it has one."""
        ...

    def project_name(self, project_id: int) -> str:
        """What the project is called."""
        ...

    def channel(self, channel_id: int) -> Addressee | None:
        """One channel, of whatever project; None for one that is no more."""
        ...

    def forget(self, before: datetime, limit: int) -> int:
        """Drops alerts that were over before this time, at most `limit`; returns how many."""
        ...


@dataclass(frozen=True, kw_only=True)
class AlertRow:
    """An alert as people see it: with the names of its rule and its service, and of the channels that were told."""

    alert: Alert
    rule: str
    service: str
    environment: str
    told: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AlertPage:
    """A page of alerts, the newest first; `firing` and `acknowledged` count all of the project. `next`: where to go on."""

    rows: tuple[AlertRow, ...]
    firing: int
    acknowledged: int
    next: int | None


@dataclass(frozen=True, kw_only=True)
class ToldWith:
    """Of the alerts of one message those that fire: so many, and some of them."""

    firing: int
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What a rule would have told within a time: how often, and of what; `is_more` where only so many were looked at."""

    many: int
    examples: tuple[tuple[int, str, datetime], ...]
    is_more: bool


class AlertReads(Protocol):
    """What people see of alerts. Every method may be called from any thread, and raises StoreUnavailableError."""

    def waits(self, now: datetime) -> bool:
        """Whether there is a fact that was not read yet, or an alert with which something is to be done. Cheap."""
        ...

    def page(
        self,
        project_id: int,
        *,
        state: AlertState | None,
        before: int | None,
        limit: int,
        incident_id: int | None = None,
    ) -> AlertPage:
        """Alerts in this state, older than the one with this number."""
        ...

    def one(self, project_id: int, alert_id: int) -> AlertRow | None:
        """One alert; None when the project has no such."""
        ...

    def project_of(self, alert_id: int) -> int | None:
        """The project of an alert."""
        ...

    def told_with(self, claim: Claim, limit: int, *, after: int = 0) -> ToldWith | None:
        """What fires of the message that told a channel as this link says, the oldest first, after this alert.

        None where there was no such message.
        """
        ...

    def rehearsed(self, project_id: int, rule: Rule, now: datetime) -> Rehearsed:
        """What the rule would have told in the last week, as far as it can be known now."""
        ...

    def rota_at(self, address: str) -> Rota | None:
        """The rota that is read at this address."""
        ...

    def addresses(self, project_id: int) -> Mapping[int, str]:
        """The addresses of the project's rotas, by their ids."""
        ...

    def rules(self, project_id: int) -> Sequence[Rule] | None:
        """The project's rules, by id; None where it never had any: it is to get the usual ones."""
        ...

    def policies(self, project_id: int) -> Mapping[int, Policy]:
        """The project's policies, by id."""
        ...

    def rotas(self, project_id: int) -> Mapping[int, Rota]:
        """The project's rotas, by id."""
        ...

    def channels(self, project_id: int) -> Sequence[Channel]:
        """The project's channels that are switched on, by id."""
        ...

    def channel(self, channel_id: int) -> Addressee | None:
        """One channel, of whatever project; None for one that is no more."""
        ...

    def quiet(self, channel_id: int) -> QuietHours | None:
        """When a channel is quiet."""
        ...

    def marks(self) -> tuple[Mark, ...]:
        """What tells messages apart from those that were sent before a backup was restored."""
        ...

    def told_of_platform(self) -> int | None:
        """The project that is told of the platform's own troubles."""
        ...
