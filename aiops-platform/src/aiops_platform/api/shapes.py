"""What the JSON API answers with. Rows are those of the pages; times are RFC 3339, in UTC."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from aiops_platform.core.care import Assignee, Care, CommentRow, DeployRow, ReleaseRow
from aiops_platform.core.event import Event
from aiops_platform.core.group_rules import Rehearsal, Rules
from aiops_platform.core.reasons import sentences
from aiops_platform.core.views import (
    EventDetail,
    EventRow,
    Facet,
    FactRow,
    GroupReason,
    HourCount,
    IncidentDetail,
    IncidentRow,
    JobRow,
    ServiceRow,
    ValueCount,
)

# What every event's body says, even when the reporter said nothing (`wire/v1.md`); all else is there when it was said.
BASIC_FIELDS = (
    "signal_type",
    "service",
    "environment",
    "host",
    "timestamp",
    "source",
    "status_code",
    "request_path",
    "error_type",
    "message",
    "stack_trace",
)
_UNSAID = {
    field.name: field.default for field in msgspec.structs.fields(Event) if field.default is not msgspec.NODEFAULT
}
# Beyond it, a float is no longer exact to the whole number.
_LARGEST_EXACT = 2**53


@dataclass(frozen=True, kw_only=True)
class IncidentList:
    """A page of incidents, and how many match in all. `next` is the `cursor` of the page after it; null on the last."""

    items: tuple[IncidentRow, ...]
    total: int
    page: int
    per_page: int
    next: str | None = None


@dataclass(frozen=True, kw_only=True)
class FacetList:
    """What incidents have in common: fields of the search language with their values."""

    items: tuple[Facet, ...]


@dataclass(frozen=True, kw_only=True)
class EventList:
    """A page of an incident's events, and how many are kept in all."""

    items: tuple[EventRow, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class ServiceList:
    """A page of services, and how many there are in all."""

    items: tuple[ServiceRow, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class JobList:
    """A page of jobs, each with its last 20 runs, and how many there are in all."""

    items: tuple[JobRow, ...]
    total: int
    page: int
    per_page: int


@dataclass(frozen=True, kw_only=True)
class GroupingResource(GroupReason):
    """A key that leads to the incident, and in words what has to be the same. `version` is the rule's."""

    why: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class IncidentResource(Care, IncidentRow):
    """An incident with all that is known of it. `hours` are the last 14 days by the hour, oldest first.

    `values` says how many events said which value of a tag, or which release. `resolved_how` is `now`, `next` (in the one
    after `resolved_in`) or `given`; `ends` says what ends a mute. `parts` were merged into it; `marks` are the releases and
    deploys of its service in the last 14 days.
    """

    state_since: datetime
    logger: str | None
    first_release: str | None
    last_release: str | None
    grouping: tuple[GroupingResource, ...]
    hours: tuple[HourCount, ...]
    values: tuple[ValueCount, ...]
    facts: tuple[FactRow, ...]


@dataclass(frozen=True, kw_only=True)
class CommentList:
    """What was said of an incident, the oldest first; the newest 100."""

    items: tuple[CommentRow, ...]


@dataclass(frozen=True, kw_only=True)
class BulkDone:
    """So many were `meant`, and so many `changed`: the others stood so already. `undo` is good for 15 minutes."""

    meant: int
    changed: int
    undo: str


@dataclass(frozen=True, kw_only=True)
class BulkUndone:
    """So many stand as before; the others have gone on since, and were left alone."""

    restored: int
    left: int


@dataclass(frozen=True, kw_only=True)
class MemberList:
    """Who is in the project, by name: to them incidents can be given."""

    items: tuple[Assignee, ...]


@dataclass(frozen=True, kw_only=True)
class ReleaseList:
    """Releases, those first that were first seen last."""

    items: tuple[ReleaseRow, ...]


@dataclass(frozen=True, kw_only=True)
class DeployList:
    """Deploys, the newest first."""

    items: tuple[DeployRow, ...]


@dataclass(frozen=True, kw_only=True)
class GroupRulesText:
    """Rules for grouping as people write them, one in a line: `type:TimeoutError -> timeout`."""

    text: str


@dataclass(frozen=True, kw_only=True)
class GroupRule:
    """One rule, in the line of that number."""

    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class GroupRules(GroupRulesText):
    """The rules of a project. The first whose conditions all hold says the key of an event."""

    rules: tuple[GroupRule, ...]


@dataclass(frozen=True, kw_only=True)
class GroupRuleTried(GroupRule):
    """What a rule would have done: so many `events` would match, which are now in so many `incidents`, `becoming` so many.

    `examples` are the numbers of some of these incidents.
    """

    events: int
    incidents: int
    becoming: int
    examples: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class GroupRulesTried:
    """What each rule would have done with the events that were `looked` at; an event counts for the first that fits."""

    looked: int
    rules: tuple[GroupRuleTried, ...]


def rules_of(text: str, rules: Rules) -> GroupRules:
    """The rules in one piece."""
    return GroupRules(text=text, rules=tuple(GroupRule(line=each.line, text=each.text) for each in rules.rules))


def tried_of(rehearsal: Rehearsal) -> GroupRulesTried:
    """What came of trying them."""
    return GroupRulesTried(
        looked=rehearsal.looked,
        rules=tuple(
            GroupRuleTried(
                line=each.rule.line,
                text=each.rule.text,
                events=each.events,
                incidents=each.incidents,
                becoming=each.becoming,
                examples=each.examples,
            )
            for each in rehearsal.tried
        ),
    )


def resource_of(incident: IncidentDetail) -> IncidentResource:
    """The incident in one piece."""
    return IncidentResource(
        **vars(incident.row),
        state_since=incident.state_since,
        logger=incident.logger,
        first_release=incident.first_release,
        last_release=incident.last_release,
        grouping=tuple(
            GroupingResource(version=each.version, parts=each.parts, why=sentences(each.parts))
            for each in incident.grouping
        ),
        hours=incident.hours,
        values=incident.values,
        facts=incident.facts,
        **vars(incident.care),
    )


def in_full(event: EventDetail) -> EventDetail:
    """The event with a body that holds every basic field of the wire; stored bodies leave out what was not said."""
    basic = {name: event.body.get(name, _UNSAID.get(name)) for name in BASIC_FIELDS}
    return replace(event, body={**basic, **event.body, "timestamp": _whole(basic["timestamp"])})


def _whole(seconds: Any) -> Any:
    """A number without a fraction as the integer that was sent."""
    is_whole = isinstance(seconds, float) and seconds.is_integer() and abs(seconds) <= _LARGEST_EXACT
    return int(seconds) if is_whole else seconds
