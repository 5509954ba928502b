"""Where `aiops incidents` looks and acts: in the data folder of this machine, or with `--url` on a platform elsewhere."""

from argparse import Namespace
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, assert_never

from aiops_platform import assembly
from aiops_platform.api.shapes import IncidentResource
from aiops_platform.cli import elsewhere
from aiops_platform.cli.elsewhere import found, is_there
from aiops_platform.cli.signin import running_address
from aiops_platform.client import Client
from aiops_platform.core import acts, search
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.care import Assignee, Care
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.listing import Period, Sort
from aiops_platform.core.muting import Ends
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.core.views import EventDetail, IncidentDetail, IncidentQuery, IncidentRow
from aiops_platform.pipeline.triage import Triage
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which incidents are looked for. `text` is in the search language, and was read without an error."""

    text: str
    service: str | None
    environment: str | None
    words: str | None
    state: str | None
    since: datetime | None
    until: datetime | None
    sort: str
    most: int


@dataclass(frozen=True)
class Doing:
    """What is to be done. `release` is of a resolution, `ends` of a mute, `to` of an assignment (None: nobody)."""

    kind: ActKind
    release: str | None = None
    ends: Ends = field(default_factory=Ends)
    to: int | None = None


class Place(Protocol):
    """Each of the last three says whether there is such an incident. All may raise PlatformErrors."""

    def find(self, wanted: Wanted) -> tuple[Sequence[IncidentRow], int | None]:
        """So many of those that match, and how many there are in all, where that is known."""
        ...

    def changes(self) -> object:
        """Something else than before when there may be news."""
        ...

    def look(self, number: int) -> tuple[IncidentDetail, EventDetail | None, str] | None:
        """An incident, its newest event, and the address of its page."""
        ...

    def members(self) -> Sequence[Assignee]:
        """Who is in the project."""
        ...

    def act(self, number: int, what: Doing) -> str | None:
        """Does it with one: the name under which it can be undone, empty where nothing can; None where there is no such."""
        ...

    def act_on_all(self, wanted: Wanted, what: Doing) -> tuple[int, int, str]:
        """Does it with all that match: how many were meant, how many changed, and the name for `undo`."""
        ...

    def undo(self, name: str) -> tuple[int, int] | None:
        """How many stand as before, and how many have gone on since; None for what cannot be undone."""
        ...

    def comment(self, number: int, text: str) -> bool:
        """Says something about it."""
        ...

    def merge(self, number: int, parts: Sequence[int], why: str) -> bool:
        """Others become parts of it."""
        ...

    def unmerge(self, number: int) -> bool:
        """It is by itself, if it was not already."""
        ...


def place_of(settings: Settings, given: Namespace) -> AbstractContextManager[Place]:
    """The place that is meant. Raises NeverStartedError, NoTokenError and what else keeps it from being reached."""
    return elsewhere.place_of(
        settings,
        given,
        here=lambda platform: _Here(settings, platform),
        elsewhere=lambda client: _Elsewhere(given.url, client),
    )


class _Here:
    def __init__(self, settings: Settings, platform: Any) -> None:
        self._settings = settings
        self._project: int = platform.project_id
        self._reads = assembly.reads(platform)
        self._triage: Triage = assembly.triage(platform)

    def find(self, wanted: Wanted) -> tuple[Sequence[IncidentRow], int | None]:
        now = utc_now()
        found = self._reads.incidents(self._project, _query(wanted, now), now)
        return found.rows, found.total

    def changes(self) -> object:
        return self._reads.revision(self._project).get("incidents")

    def look(self, number: int) -> tuple[IncidentDetail, EventDetail | None, str] | None:
        incident = self._reads.incident(self._project, number, utc_now())
        if incident is None:
            return None
        address = self._settings.public_url or running_address(self._settings) or self._settings.address()
        return incident, self._reads.event(self._project, number, "newest"), f"{address}/incidents/{number}"

    def members(self) -> Sequence[Assignee]:
        return self._reads.members(self._project)

    def act(self, number: int, what: Doing) -> str | None:
        if what.kind is ActKind.DELETE:
            done = self._triage.bulk.do(self._project, [number], self._act_of(what), utc_now(), by=COMMAND_LINE)
            return done.undo if done.changed else None
        is_there = self._triage.act(self._project, number, self._act_of(what), utc_now(), by=COMMAND_LINE)
        return "" if is_there else None

    def act_on_all(self, wanted: Wanted, what: Doing) -> tuple[int, int, str]:
        now = utc_now()
        done = self._triage.bulk.do(self._project, _query(wanted, now), self._act_of(what), now, by=COMMAND_LINE)
        return done.meant, done.changed, done.undo

    def undo(self, name: str) -> tuple[int, int] | None:
        undone = self._triage.bulk.undo(self._project, name, utc_now(), by=COMMAND_LINE)
        return None if undone is None else (undone.restored, undone.left)

    def comment(self, number: int, text: str) -> bool:
        return self._triage.comments.add(self._project, number, text, utc_now(), by=COMMAND_LINE) is not None

    def merge(self, number: int, parts: Sequence[int], why: str) -> bool:
        return self._triage.merging.merge(self._project, parts, number, utc_now(), why=why, by=COMMAND_LINE)

    def unmerge(self, number: int) -> bool:
        now = utc_now()
        is_part = self._triage.merging.unmerge(self._project, number, now, by=COMMAND_LINE) is not None
        return is_part or self._reads.incident(self._project, number, now) is not None

    def _act_of(self, what: Doing) -> Act:
        match what.kind:
            case ActKind.RESOLVE:
                return acts.resolving(what.release)
            case ActKind.ASSIGN:
                return self._triage.assigning(self._project, what.to)
            case kind:
                return Act(kind=kind, ends=what.ends)


class _Elsewhere:
    def __init__(self, url: str, client: Client) -> None:
        self._url = url.rstrip("/")
        self._client = client

    def find(self, wanted: Wanted) -> tuple[Sequence[IncidentRow], int | None]:
        query, state = _said(wanted)
        rows = self._client.incidents(query, state=state, sort=wanted.sort, since=wanted.since, until=wanted.until)
        found = list(islice(rows, wanted.most + 1))
        if len(found) <= wanted.most:
            return found, len(found)
        return found[: wanted.most], self._client.count(query, state=state, since=wanted.since, until=wanted.until)

    def changes(self) -> object:
        return object()

    def look(self, number: int) -> tuple[IncidentDetail, EventDetail | None, str] | None:
        incident = found(lambda: self._client.incident(number))
        if incident is None:
            return None
        event = self._client.event(number) if incident.kept else None
        return _detail_of(incident), event, f"{self._url}/incidents/{number}"

    def members(self) -> Sequence[Assignee]:
        return self._client.members()

    def act(self, number: int, what: Doing) -> str | None:
        if what.kind is ActKind.DELETE:
            done = self._client.bulk("delete", ids=[number])
            return done.undo if done.changed else None
        return "" if is_there(lambda: self._act(number, what)) else None

    def act_on_all(self, wanted: Wanted, what: Doing) -> tuple[int, int, str]:
        query, state = _said(wanted)
        ends = what.ends if what.kind is ActKind.MUTE else None
        kind: Any = what.kind.value
        done = self._client.bulk(kind, query=query, state=state or "open", release=what.release, ends=ends, to=what.to)
        return done.meant, done.changed, done.undo

    def undo(self, name: str) -> tuple[int, int] | None:
        undone = found(lambda: self._client.undo(name))
        return None if undone is None else (undone.restored, undone.left)

    def _act(self, number: int, what: Doing) -> object:
        match what.kind:
            case ActKind.RESOLVE:
                return self._client.resolve(number, release=what.release)
            case ActKind.MUTE:
                ends = what.ends
                return self._client.mute(
                    number, until=ends.until, events=ends.events, within=ends.within, release=ends.release
                )
            case ActKind.REOPEN:
                return self._client.reopen(number)
            case ActKind.ASSIGN:
                return self._client.assign(number, what.to)
            case ActKind.DELETE:
                return self._client.bulk("delete", ids=[number])
            case _:
                assert_never(what.kind)

    def comment(self, number: int, text: str) -> bool:
        return is_there(lambda: self._client.comment(number, text))

    def merge(self, number: int, parts: Sequence[int], why: str) -> bool:
        return is_there(lambda: self._client.merge(number, parts, why=why))

    def unmerge(self, number: int) -> bool:
        return is_there(lambda: self._client.unmerge(number))


def _query(wanted: Wanted, now: datetime) -> IncidentQuery:
    """The same for the store."""
    node = search.parse(wanted.text)
    by_itself = None if search.says_states(node) else IncidentState.OPEN
    is_period = wanted.since is not None or wanted.until is not None
    return IncidentQuery(
        state=by_itself if wanted.state is None else None if wanted.state == "all" else IncidentState(wanted.state),
        service=wanted.service,
        environment=wanted.environment,
        text=wanted.words,
        search=node,
        period=Period.between(wanted.since, wanted.until, now) if is_period else None,
        sort=Sort(wanted.sort),
        per_page=wanted.most,
    )


def _said(wanted: Wanted) -> tuple[str, Any]:
    """The same as a search and a state, for the API."""
    said = [wanted.text] if not wanted.text else [f"({wanted.text})"]
    named = (("service", wanted.service), ("env", wanted.environment))
    said += [f"{name}:{search.quoted(value)}" for name, value in named if value]
    said += [search.quoted(word) for word in (wanted.words or "").split()]
    state: Any = wanted.state
    if state is None and wanted.text and search.says_states(search.parse(wanted.text)):
        state = "all"
    return " ".join(each for each in said if each), state


def _detail_of(incident: IncidentResource) -> IncidentDetail:
    def part(kind: Any) -> dict[str, Any]:
        return {each.name: getattr(incident, each.name) for each in fields(kind)}

    return IncidentDetail(
        row=IncidentRow(**part(IncidentRow)),
        service_id=0,
        state_since=incident.state_since,
        logger=incident.logger,
        first_release=incident.first_release,
        last_release=incident.last_release,
        grouping=incident.grouping,
        hours=incident.hours,
        values=incident.values,
        facts=incident.facts,
        care=Care(**part(Care)),
    )
