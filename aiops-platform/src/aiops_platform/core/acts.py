"""What people do with incidents, one or many: the same act for a page, the API and a command. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from aiops_platform.core import incident as rules
from aiops_platform.core import muting
from aiops_platform.core.care import Assignee
from aiops_platform.core.facts import Fact, FactKind
from aiops_platform.core.incident import Changed, Incident, IncidentState
from aiops_platform.core.muting import Ends
from aiops_platform.core.people import Actor
from aiops_platform.core.regression import Resolution

#: So many incidents at most are changed at once, and for so long that can be undone.
MOST: Final = 10_000
UNDONE_WITHIN: Final = timedelta(minutes=15)


class ActKind(StrEnum):
    """Every act there is."""

    RESOLVE = "resolve"
    REOPEN = "reopen"
    MUTE = "mute"
    ASSIGN = "assign"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Act:
    """What is to be done. `how` and `release` are of a resolution, `ends` is of a mute, `to` of an assignment (None: nobody)."""

    kind: ActKind
    how: Resolution = Resolution.NOW
    release: str | None = None
    ends: Ends = field(default_factory=Ends)
    to: Assignee | None = None


def resolving(which: str | None) -> Act:
    """To resolve: now (None), in the `next` release, or in this one."""
    if not which:
        return Act(kind=ActKind.RESOLVE)
    if which == muting.NEXT:
        return Act(kind=ActKind.RESOLVE, how=Resolution.NEXT)
    muting.check_release(which)
    return Act(kind=ActKind.RESOLVE, how=Resolution.GIVEN, release=which)


def done(act: Act, incident: Incident, *, newest: str | None, now: datetime, by: Actor | None) -> Changed:
    """The incident after the act; as it was, where that is done already. `newest` is the newest release of its service.

    Who cares for it is no part of it: that is `assigned`. Raises MuteError.
    """
    match act.kind:
        case ActKind.RESOLVE:
            release = act.release if act.how is Resolution.GIVEN else newest
            return rules.resolved(incident, now, release=release, how=act.how, by=by)
        case ActKind.REOPEN:
            return rules.reopened(incident, now, by=by)
        case ActKind.MUTE:
            mute = muting.begun(act.ends, count=incident.count, newest=newest, now=now)
            return rules.muted(incident, now, mute=mute, by=by)
        case ActKind.DELETE:
            return _deleted(incident, now, by)
        case ActKind.ASSIGN:
            return Changed(incident)


def assigned(to: Assignee | None, now: datetime, by: Actor | None) -> Fact:
    """Somebody cares for it from now on, or nobody."""
    why = f"to {to.name}" if to is not None else "to nobody"
    return Fact(kind=FactKind.INCIDENT_ASSIGNED, at=now, data={"why": why}).done_by(by)


_STANDING: Final = ("state", "state_since", "reopened_at", "resolved_in", "resolved_how", "stayed", "mute")


def standing_of(incident: Incident) -> dict[str, Any]:
    """How it stands, as JSON: to be put back by `put_back`."""
    told = {name: getattr(incident, name) for name in (*_STANDING, "count")}
    told["mute"] = muting.as_data(incident.mute)
    data: dict[str, Any] = msgspec.to_builtins(told)
    return data


def put_back(incident: Incident, standing: Mapping[str, Any], now: datetime, by: Actor | None, act: str) -> Changed:
    """The incident standing as it did before; what was counted meanwhile stays."""
    types = {each.name: each.type for each in fields(Incident)}
    told = {name: msgspec.convert(standing[name], types[name]) for name in _STANDING if name != "mute"}
    # A mute takes as many more as it took then: what was merged or taken apart meanwhile is no news to it.
    since = incident.count - standing.get("count", incident.count)
    before = replace(incident, **told, mute=muting.recounted(muting.from_data(standing["mute"]), since))
    why = f"{act}: it is {before.state.value} again as it was"
    return Changed(before, (Fact(kind=FactKind.INCIDENT_UNDONE, at=now, data={"why": why}).done_by(by),))


def undoing_id(name: str) -> bytes | None:
    """The id that is meant by the name under which something can be undone; None where it is none."""
    try:
        id_ = bytes.fromhex(name)
    except ValueError:
        return None
    return id_ if len(id_) == 16 else None


def _deleted(incident: Incident, now: datetime, by: Actor | None) -> Changed:
    if incident.state is IncidentState.DELETED:
        return Changed(incident)
    gone = replace(incident, state=IncidentState.DELETED, state_since=now, mute=None)
    return Changed(gone, (Fact(kind=FactKind.INCIDENT_DELETED, at=now).done_by(by),))
