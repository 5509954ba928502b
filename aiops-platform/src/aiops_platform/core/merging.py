"""Two incidents that are one problem, and one of them taken out again. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from aiops_platform.core import muting
from aiops_platform.core.care import CareError
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.incident import STANDING, Changed, Incident, IncidentKind, IncidentState, title_of
from aiops_platform.core.people import Actor

_LONGEST_WHY: Final = 200


def merged(
    part: Incident, into: Incident, *, now: datetime, by: Actor | None, why: str = ""
) -> tuple[Changed, Changed]:
    """The part, and the one that holds both from now on; each says so. Raises CareError for what cannot be one.

    What the kept one shows, and how it stands, stays as it is: the next event of either says something newer, and where the
    part is taken out before that, it was never said.
    """
    _check(part, into)
    oldest = min((part, into), key=_first)
    whole = replace(
        into,
        mute=muting.recounted(into.mute, part.count),
        first_release=oldest.first_release,
        first_seen_at=oldest.first_seen_at,
        last_seen_at=max(into.last_seen_at, part.last_seen_at),
        count=into.count + part.count,
    )
    because = f": {' '.join(why.split())[:_LONGEST_WHY]}" if why.strip() else ""
    title = title_of(part.kind, part.type, part.message)[:_LONGEST_WHY]
    told = Fact(
        kind=FactKind.INCIDENT_MERGED,
        at=now,
        data={"why": f"#{part.id} ({title}), {part.count:,} events, came to it{because}", "part": part.id},
    )
    gone = Fact(kind=FactKind.INCIDENT_MERGED, at=now, data={"why": f"it is a part of #{into.id} now{because}"})
    away = replace(part, state=IncidentState.MERGED, state_since=now, mute=None)
    return Changed(away, (gone.done_by(by),)), Changed(whole, (told.done_by(by),))


def parted(
    part: Incident, whole: Incident, *, span: tuple[datetime, datetime] | None, now: datetime, by: Actor | None
) -> tuple[Changed, Changed]:
    """The part, open and by itself again, with the numbers that it had; and what is left of the whole without them.

    `span`: from when to when the rest happened, as far as that is known.
    """
    first, last = span or (whole.first_seen_at, whole.last_seen_at)
    if part.first_seen_at > whole.first_seen_at:
        first = whole.first_seen_at
    if part.last_seen_at < whole.last_seen_at:
        last = whole.last_seen_at
    left = replace(
        whole,
        count=max(0, whole.count - part.count),
        mute=muting.recounted(whole.mute, -part.count),
        first_seen_at=first,
        last_seen_at=max(first, last),
    )
    back = replace(part, state=IncidentState.OPEN, state_since=now)
    told = Fact(
        kind=FactKind.INCIDENT_UNMERGED,
        at=now,
        data={
            "why": f"#{part.id} is by itself again, with its {part.count:,} events of before; what came for it since then "
            "stays counted here"
        },
    )
    own = Fact(
        kind=FactKind.INCIDENT_UNMERGED,
        at=now,
        data={"why": f"it was a part of #{whole.id}; what came meanwhile stays counted there"},
    )
    return Changed(back, (own.done_by(by),)), Changed(left, (told.done_by(by),))


def taken_from(
    whole: Mapping[tuple[object, ...], int], part: Mapping[tuple[object, ...], int]
) -> dict[tuple[object, ...], int]:
    """What is left of counts, never below nothing."""
    return {place: max(0, many - part.get(place, 0)) for place, many in whole.items()}


def _check(part: Incident, into: Incident) -> None:
    if part.id == into.id:
        raise CareError("An incident cannot be merged into itself")
    if part.service_id != into.service_id:
        raise CareError("Incidents of one service in one environment can be merged: these are of two")
    if part.state not in STANDING or into.state not in STANDING:
        raise CareError("One of these is no longer there by itself")
    if {IncidentKind.SILENCE, IncidentKind.JOB} & {part.kind, into.kind}:
        raise CareError("A silence or a job is not merged with anything: it ends by itself")


def _first(incident: Incident) -> datetime:
    return incident.first_seen_at
