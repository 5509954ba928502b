"""What is said of alerts: one by itself, many in one message with the worst first, and what to press."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from aiops_platform.core.alerting import links
from aiops_platform.core.alerting.alert import Alert, Why
from aiops_platform.core.alerting.links import Claim, LinkAct
from aiops_platform.core.alerting.rules import RANKS
from aiops_platform.core.messages import MOST_ITEMS, MOST_PASSED, Item, Link, Message, MessageState

#: So many alerts are named in a message.
NAMED: Final = MOST_ITEMS
_ENDED: Final = (Why.OVER, Why.PASSED)
# How it begins why an alert is over where that does not say what the alert is about.
_NAMELESS: Final = ("Resolved", "Muted", "Merged", "Deleted", "Its rule ", "It ", "Another project ")


@dataclass(frozen=True, kw_only=True)
class Told:
    """An alert that a channel is to be told of."""

    id: int
    alert: Alert
    why: Why
    at: datetime
    service: str = ""
    environment: str = ""
    #: Whether a policy proposes a fix for what it is about, or may yet.
    has_fixes: bool = False


@dataclass(frozen=True, kw_only=True)
class Passed:
    """What began and was over before a channel heard of it: so many in `total`, the worst of them."""

    total: int = 0
    worst: tuple[Told, ...] = ()


#: Where there is no such thing.
NOTHING_PASSED: Final = Passed()


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What tells apart the alerts with numbers above `after` from those of the same numbers before a backup was restored."""

    after: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """What messages say of where they come from: the project, the address of the pages, what signs their links.

    `marks` are those of all times when a backup was restored, the oldest first.
    """

    project: str
    address: str
    key: bytes
    marks: tuple[Mark, ...] = ()


def group_of(alert: Alert, place: Place) -> str:
    """What all messages about this one alert have in common."""
    mark = _mark_of(alert.id or 0, place.marks)
    return f"{_platform(place, mark)}-alert-{alert.id}"


def key_for(alert_id: int, key: bytes, marks: Sequence[Mark]) -> bytes:
    """What signs the links of this alert: one that was sent before a backup was restored opens no other of its number."""
    mark = _mark_of(alert_id, marks)
    return hmac.new(key, mark.text.encode(), sha256).digest() if mark is not None else key


def said(
    tellings: Sequence[Told],
    *,
    total: int,
    place: Place,
    channel_id: int,
    now: datetime,
    about: str = "",
    was_quiet: bool = False,
    passed: Passed = NOTHING_PASSED,
) -> Message:
    """One message of alerts that all fire, or are all over, or have all passed; of so many in `total` those to be named.

    `about` is the group of the message that told that they fire, where all of that one is over now. `was_quiet`: they have
    waited for the end of quiet hours. `passed` are others, which it says in one line.
    """
    worst_first = sorted(tellings, key=_rank)
    if total == 1:
        message = _of_one(worst_first[0], place, channel_id, about, now)
    else:
        message = _of_many(worst_first, total, place, channel_id, now=now, about=about, was_quiet=was_quiet)
    return replace(message, passed=_passing(passed, place), passed_more=max(0, passed.total - MOST_PASSED))


def _of_many(
    worst_first: Sequence[Told],
    total: int,
    place: Place,
    channel_id: int,
    *,
    now: datetime,
    about: str,
    was_quiet: bool,
) -> Message:
    first, is_over = worst_first[0], worst_first[0].why in _ENDED
    newest = max(each.id for each in worst_first)
    many = f"{total:,} alerts that began and ended" if first.why is Why.PASSED else f"{total:,} alerts"
    title = f"{many} while it was quiet" if was_quiet else many
    services = sorted({f"{each.service} ({each.environment})" for each in worst_first if each.service})
    return Message(
        key=_key(newest, place, channel_id),
        group=about or _key(newest, place, channel_id),
        state=MessageState.OVER if is_over else MessageState.FIRING,
        severity=first.alert.severity,
        title=title,
        text=(f"In {', '.join(services[:5])}{' and others' if len(services) > 5 else ''}",) if services else (),
        project=place.project,
        url=f"{place.address}/alerts?state={'over' if is_over else 'firing'}",
        actions=() if is_over else (_for_all(first, place, channel_id, now),),
        items=tuple(_item(each, place) for each in worst_first[:NAMED]),
        more=max(0, total - min(len(worst_first), NAMED)),
        at=now,
    )


def _of_one(telling: Told, place: Place, channel_id: int, about: str, now: datetime) -> Message:
    alert, is_over = telling.alert, telling.why in _ENDED
    facts = {"Since": _clock(alert.since)}
    if is_over and alert.ended_at is not None:
        facts["Over since"] = _clock(alert.ended_at)
    if telling.why is Why.REPEATED and alert.first_told_at is not None:
        facts["First told"] = _clock(alert.first_told_at)
    return Message(
        key=_key(telling.id, place, channel_id),
        group=about or group_of(alert, place),
        state=MessageState.OVER if is_over else MessageState.FIRING,
        severity=alert.severity,
        title=_title(telling),
        text=tuple(line for line in (_why(telling), alert.ended_why if is_over else "", alert.text) if line),
        project=place.project,
        service=telling.service,
        environment=telling.environment,
        facts=facts,
        url=_page_of(alert, place),
        actions=() if is_over else _actions(telling, place, channel_id, now),
        at=now,
    )


def _title(telling: Told) -> str:
    """What it is about. Of what is over why comes first: that it beats again, or that it is muted and not mended."""
    alert = telling.alert
    why = alert.ended_why or ""
    # The word alone says no more than "Over" does.
    if telling.why not in _ENDED or why in ("", "Resolved"):
        return f"{alert.title}{_lasted(telling)}"
    # All others are sentences that name what they are about.
    said = f"{why[0].lower()}{why[1:]}: {alert.title}" if why.startswith(_NAMELESS) else why
    return f"{said}{_lasted(telling)}"


def _lasted(telling: Told) -> str:
    """Of what has passed how long it was so: nobody heard when it began."""
    alert = telling.alert
    if telling.why is not Why.PASSED or alert.ended_at is None:
        return ""
    minutes, seconds = divmod(max(0, int((alert.ended_at - alert.since).total_seconds())), 60)
    if minutes >= 120:
        return f", after {minutes // 60} h"
    return f", after {minutes} min" if minutes else f", after {seconds} s"


def _platform(place: Place, mark: Mark | None) -> str:
    """Which platform it is: those of test and production may tell the same receiver, and both begin to count at one.

    So does one that was restored from a backup.
    """
    said = hmac.new(place.key, b"aiops platform v1", sha256).hexdigest()[:8]
    return f"aiops-{said}" if mark is None else f"aiops-{said}-{mark.text}"


def _mark_of(alert_id: int, marks: Sequence[Mark]) -> Mark | None:
    return next((each for each in reversed(marks) if alert_id > each.after), None)


def _key(number: int, place: Place, channel_id: int) -> str:
    return f"{_platform(place, place.marks[-1] if place.marks else None)}-{channel_id}-{number}"


def _why(telling: Told) -> str:
    match telling.why:
        case Why.REPEATED:
            return "Still so, and nobody has acknowledged it."
        case Why.ESCALATED:
            return "Nobody has acknowledged it yet: now it is your turn."
        case Why.PASSED:
            return "It began and ended before this was sent: nothing is to be done."
        case _:
            return ""


def _rank(telling: Told) -> tuple[int, int]:
    return RANKS[telling.alert.severity], telling.id


def _passing(passed: Passed, place: Place) -> tuple[Item, ...]:
    return tuple(
        Item(each.alert.title, "", _page_of(each.alert, place))
        for each in sorted(passed.worst, key=_rank)[:MOST_PASSED]
    )


def _item(telling: Told, place: Place) -> Item:
    alert = telling.alert
    said = alert.ended_why if telling.why in _ENDED and alert.ended_why else alert.text
    return Item(alert.title, said, _page_of(alert, place))


def _page_of(alert: Alert, place: Place) -> str:
    kind, _, number = alert.subject.partition(":")
    if alert.incident_id is not None:
        return f"{place.address}/incidents/{alert.incident_id}"
    if kind in ("service", "job"):
        return f"{place.address}/{kind}s/{number}"
    return f"{place.address}/alerts/{alert.id}"


def _actions(telling: Told, place: Place, channel_id: int, now: datetime) -> tuple[Link, ...]:
    alert, acts = telling.alert, [("Acknowledge", LinkAct.ACKNOWLEDGE)]
    if alert.incident_id is not None:
        acts.append(("Mute for an hour", LinkAct.MUTE))
        if telling.has_fixes:
            acts.append(("Run a fix", LinkAct.FIX))
    claims = [
        (label, Claim(alert_id=alert.id or 0, act=act, channel_id=channel_id, expires_at=now + links.LASTS))
        for label, act in acts
    ]
    return tuple(Link(label, _address(claim, place)) for label, claim in claims)


def _for_all(telling: Told, place: Place, channel_id: int, now: datetime) -> Link:
    """One for all that the message is about, also those that it does not name."""
    claim = Claim(
        alert_id=telling.alert.id or 0,
        act=LinkAct.ACKNOWLEDGE_ALL,
        channel_id=channel_id,
        expires_at=now + links.LASTS,
        telling_id=telling.id,
    )
    return Link("Acknowledge all", _address(claim, place))


def _address(claim: Claim, place: Place) -> str:
    return f"{place.address}/act/{links.signed(claim, key_for(claim.alert_id, place.key, place.marks))}"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
