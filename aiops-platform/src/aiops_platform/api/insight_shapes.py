"""What the JSON API answers with beside the incidents themselves: events over time, what is like them, views of their list."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

import msgspec

from aiops_platform.core.briefing import Briefing
from aiops_platform.core.event_views import Companion, EventTable
from aiops_platform.core.incident import IncidentKind, IncidentState
from aiops_platform.core.listing import Sort
from aiops_platform.core.scrubbing.rules import RuleKind
from aiops_platform.core.views import BuriedRow, EventRow, EventsOverTime, Neighbour, Overview, Similar


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Events over time: how many in each stretch of so many `hours`, the oldest first, from `since` up to `until`."""

    since: datetime
    until: datetime
    hours: int
    counts: tuple[int, ...]
    total: int


@dataclass(frozen=True, kw_only=True)
class SimilarList:
    """Incidents that are like another one, the most alike first.

    `shares` says in what: `frame` is the innermost call of one's own, `place` the type and the place, `route` the route,
    `message` the words of the message.
    """

    items: tuple[Similar, ...]


@dataclass(frozen=True, kw_only=True)
class Other:
    """What happened elsewhere, so many seconds `later`; below zero it was earlier."""

    id: int
    title: str
    kind: IncidentKind
    state: IncidentState
    level: str
    service: str
    environment: str
    later: float


@dataclass(frozen=True, kw_only=True)
class OtherList:
    """The other incidents of the same minutes, the nearest first."""

    items: tuple[Other, ...]


@dataclass(frozen=True, kw_only=True)
class OtherEvent(Other):
    """Another event of the same request or trace; `id` is that of its incident, `event` its own."""

    event: int


@dataclass(frozen=True, kw_only=True)
class OtherEventList:
    """The other events of the same request or trace, the nearest first."""

    items: tuple[OtherEvent, ...]


@dataclass(frozen=True, kw_only=True)
class EventsFound:
    """Events that match, the newest first. So many were `looked` at; `before` leads on, null at the end.

    Of the `count` events of the incident so many are `kept`.
    """

    items: tuple[EventRow, ...]
    looked: int
    before: int | None
    kept: int
    count: int


@dataclass(frozen=True, kw_only=True)
class OverviewResource(Briefing):
    """How a project is: its numbers `now`, and what is new since `since`, back or rising."""

    now: Overview


@dataclass(frozen=True, kw_only=True)
class BuriedList:
    """A page of what came in and could not be digested, the newest first; `total` stops at ten thousand."""

    items: tuple[BuriedRow, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class BuriedResource(BuriedRow):
    """One of them, with what came as far as it can be read."""

    body: str


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True,
            rename={"since": "from", "until": "to"}):  # fmt: skip
    """What the list of incidents shows, by the names in its page's address: see there. `from` and `to` are days or moments."""

    query: str = ""
    state: Literal["", "open", "resolved", "muted", "all"] = ""
    sort: Sort = Sort.NEWEST
    time: Literal["", "24h", "7d", "14d", "90d"] = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """A view of the list of incidents under a name. `address` is what follows `?` in that of its page.

    `is_mine`: made by the one who asks; `is_default`: with which they begin.
    """

    id: int
    name: str
    shows: Shown
    address: str
    shared: bool
    owner: str
    is_mine: bool
    is_default: bool


@dataclass(frozen=True, kw_only=True)
class ViewList:
    """The views that somebody sees: their own first, then what others share; by name."""

    items: tuple[View, ...]


@dataclass(frozen=True, kw_only=True)
class ScrubRule:
    """What is secret besides what is everywhere; of a value only how it begins, and how long it is."""

    kind: RuleKind
    text: str


@dataclass(frozen=True, kw_only=True)
class ScrubRuleList:
    """All of a project, names first."""

    items: tuple[ScrubRule, ...]


@dataclass(frozen=True, kw_only=True)
class SourceLinkResource:
    """The way from a line of a traceback to the repository; an empty `template` is none."""

    template: str
    root: str


def chart_of(events: EventsOverTime) -> Chart:
    """The same in one piece."""
    return Chart(
        since=events.period.since,
        until=events.period.until,
        hours=events.hours,
        counts=events.counts,
        total=events.total,
    )


def other_of(each: Neighbour) -> Other:
    """The same with seconds."""
    return Other(**{**vars(each), "later": each.later.total_seconds()})


def other_event_of(each: Companion) -> OtherEvent:
    """The same with seconds."""
    told = {**vars(each), "later": each.later.total_seconds()}
    return OtherEvent(id=told.pop("incident_id"), event=told.pop("event_id"), **told)


def events_found(table: EventTable) -> EventsFound:
    """The same without the bodies."""
    names = [field.name for field in fields(EventRow)]
    return EventsFound(
        items=tuple(EventRow(**{name: getattr(line, name) for name in names}) for line in table.rows),
        looked=table.looked,
        before=table.next_before,
        kept=table.kept,
        count=table.count,
    )
