"""Alerts and their rules, as the API tells them."""

from dataclasses import dataclass
from datetime import datetime

from aiops_platform.core.alerting.rules import Rule, To
from aiops_platform.ports.alerting import AlertPage, AlertRow, Rehearsed


@dataclass(frozen=True, kw_only=True)
class AlertResource:
    """An alert: `state` is firing, acknowledged or over. `told` names the channels that heard of it.

    `told_at` is when it was last told: null where nobody has heard of it, as while a channel gathers.
    `ended_why` says why one is over: what mended it, or who muted, merged or deleted what it tells of, or its rule.
    """

    id: int
    state: str
    severity: str
    title: str
    text: str
    subject: str
    rule: str
    incident_id: int | None
    service: str
    environment: str
    since: datetime
    told: tuple[str, ...]
    told_at: datetime | None
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    ended_at: datetime | None
    ended_why: str | None
    held: str | None


@dataclass(frozen=True, kw_only=True)
class AlertList:
    """Alerts, the newest first, and how many of the project fire or are acknowledged. `next` is the `before` of the next page."""

    items: tuple[AlertResource, ...]
    firing: int
    acknowledged: int
    next: int | None


@dataclass(frozen=True, kw_only=True)
class RuleResource:
    """A rule. No channels, rota or policy are all channels that are switched on. `repeat_seconds` of null is: told once."""

    id: int
    name: str
    enabled: bool
    when: str
    match: str
    channels: tuple[int, ...]
    rota: int | None
    policy: int | None
    severity: str
    repeat_seconds: int | None
    recovery: bool
    events: int | None
    hours: int | None
    minutes: int | None
    people: int | None


@dataclass(frozen=True, kw_only=True)
class RuleList:
    """The rules of a project, by their numbers."""

    items: tuple[RuleResource, ...]


@dataclass(frozen=True, kw_only=True)
class RuleTold:
    """Something that a rule would have told."""

    incident_id: int
    title: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RuleTried:
    """How often a rule would have told something in the last week; with `is_more` there was too much to look at all."""

    told: int
    is_more: bool
    examples: tuple[RuleTold, ...]


def alert_list(page: AlertPage) -> AlertList:
    """A page as the API tells it."""
    items = tuple(map(alert_resource, page.rows))
    return AlertList(items=items, firing=page.firing, acknowledged=page.acknowledged, next=page.next)


def alert_resource(row: AlertRow) -> AlertResource:
    """An alert as the API tells it."""
    alert = row.alert
    return AlertResource(
        id=alert.id or 0,
        state=alert.state.value,
        severity=alert.severity.value,
        title=alert.title,
        text=alert.text,
        subject=alert.subject,
        rule=row.rule,
        incident_id=alert.incident_id,
        service=row.service,
        environment=row.environment,
        since=alert.since,
        told=row.told,
        told_at=alert.told_at if row.told else None,
        acknowledged_by=alert.acknowledged_by,
        acknowledged_at=alert.acknowledged_at,
        ended_at=alert.ended_at,
        ended_why=alert.ended_why,
        held=alert.held,
    )


def rule_resource(rule: Rule) -> RuleResource:
    """A rule as the API tells it."""
    to: To = rule.to
    return RuleResource(
        id=rule.id or 0,
        name=rule.name,
        enabled=rule.enabled,
        when=rule.when.value,
        match=rule.match,
        channels=to.channels,
        rota=to.rota,
        policy=to.policy,
        severity=rule.severity.value,
        repeat_seconds=None if rule.repeat is None else int(rule.repeat.total_seconds()),
        recovery=rule.recovery,
        events=rule.events,
        hours=rule.hours,
        minutes=rule.minutes,
        people=rule.people,
    )


def tried_resource(tried: Rehearsed) -> RuleTried:
    """What came of a trial, as the API tells it."""
    examples = tuple(RuleTold(incident_id=number, title=title, at=at) for number, title, at in tried.examples)
    return RuleTried(told=tried.many, is_more=tried.is_more, examples=examples)
