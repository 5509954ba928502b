"""What programs can ask of a platform, and do: a method for each thing, with the types of the API."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from aiops_platform.api.alert_shapes import AlertList, AlertResource, RuleList, RuleResource
from aiops_platform.api.insight_shapes import (
    Chart,
    EventsFound,
    Other,
    OtherEvent,
    OtherEventList,
    OtherList,
    OverviewResource,
    Shown,
    SimilarList,
    View,
    ViewList,
)
from aiops_platform.api.monitor_shapes import MonitorList, MonitorResource, WindowList, WindowResource
from aiops_platform.api.shapes import (
    BulkDone,
    BulkUndone,
    DeployList,
    EventList,
    FacetList,
    IncidentList,
    IncidentResource,
    JobList,
    MemberList,
    ReleaseList,
    ServiceList,
)
from aiops_platform.client.fixing import FixCalls
from aiops_platform.client.link import Link
from aiops_platform.core.care import Assignee, CommentRow, DeployRow, ReleaseRow
from aiops_platform.core.event_views import Origin
from aiops_platform.core.listing import Sort
from aiops_platform.core.muting import Ends
from aiops_platform.core.service_views import ServiceDetail
from aiops_platform.core.views import EventDetail, EventRow, IncidentRow, JobRow, ServiceRow, Similar

_ON_A_PAGE = 100


class Client:
    """One project, as an API token sees it. Safe to share between threads.

    `url` is where people reach the platform, `token` one that `aiops token create NAME` has made; an answer may take
    `timeout` seconds. What is refused for a moment only (too many requests, a busy store) is asked again for `patience`
    seconds. Every method raises ApiError for what the platform refuses, and UnreachableError where nothing answers.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 30.0, patience: float = 10.0) -> None:
        self._link = Link(url=url, token=token, timeout=timeout, patience=patience)
        #: What services offer, what is asked of them, and by which policies.
        self.fixes = FixCalls(self._link)

    # Incidents.

    def incidents(
        self,
        query: str = "",
        *,
        state: Literal["open", "resolved", "muted", "all"] | None = None,
        sort: Sort | str = Sort.NEWEST,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Iterator[IncidentRow]:
        """All that match, page after page as they are needed; open ones unless `query` or `state` says otherwise.

        `query` is in the search language: `service:shop -env:staging count:>100 "timed out"`. With a time, counts are
        those of that time.
        """
        asked = {
            "query": query or None, "state": state, "sort": Sort(sort).value, "from": _said(since), "to": _said(until),
            "per_page": _ON_A_PAGE,
        }  # fmt: skip
        cursor: str | None = None
        while True:
            page = self._link.ask(IncidentList, "GET", "/incidents", parameters={**asked, "cursor": cursor})
            yield from page.items
            cursor = page.next
            if cursor is None:
                return

    def count(
        self,
        query: str = "",
        *,
        state: Literal["open", "resolved", "muted", "all"] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """How many match."""
        asked = {"query": query or None, "state": state, "from": _said(since), "to": _said(until), "per_page": 1}
        return self._link.ask(IncidentList, "GET", "/incidents", parameters=asked).total

    def facets(self, query: str = "") -> FacetList:
        """What the incidents that match have in common: services, environments, levels and the like, with counts."""
        return self._link.ask(FacetList, "GET", "/incidents/facets", parameters={"query": query or None})

    def chart(
        self,
        query: str = "",
        *,
        state: Literal["open", "resolved", "muted", "all"] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Chart:
        """The events of all incidents that match, over that time or the last 24 hours."""
        asked = {"query": query or None, "state": state, "from": _said(since), "to": _said(until)}
        return self._link.ask(Chart, "GET", "/incidents/chart", parameters=asked)

    def incident(self, number: int) -> IncidentResource:
        """One incident with all that is known of it."""
        return self._link.ask(IncidentResource, "GET", f"/incidents/{number}")

    def events(self, number: int) -> Iterator[EventRow]:
        """The events of an incident that are kept, the newest first, page after page as they are needed."""
        return self._pages(EventList, f"/incidents/{number}/events")

    def event(self, number: int, which: Literal["newest", "oldest", "telling"] | int = "newest") -> EventDetail:
        """One event of an incident as it was reported; `telling` is the one that tells most."""
        return self._link.ask(EventDetail, "GET", f"/incidents/{number}/events/{which}")

    def find_events(
        self, number: int, find: str = "", *, since: datetime | None = None, until: datetime | None = None
    ) -> Iterator[EventRow]:
        """The kept events of an incident that match (`timeout user:7 tag.region:eu`), the newest first, as they are needed."""
        asked = {"find": find or None, "from": _said(since), "to": _said(until), "per_page": _ON_A_PAGE}
        before: int | None = None
        while True:
            path = f"/incidents/{number}/events/search"
            page = self._link.ask(EventsFound, "GET", path, parameters={**asked, "before": before})
            yield from page.items
            before = page.before
            if before is None:
                return

    def chart_of(self, number: int, *, since: datetime | None = None, until: datetime | None = None) -> Chart:
        """The events of one incident, over that time or the last 24 hours."""
        asked = {"from": _said(since), "to": _said(until)}
        return self._link.ask(Chart, "GET", f"/incidents/{number}/chart", parameters=asked)

    def similar(self, number: int) -> tuple[Similar, ...]:
        """The incidents that are most like it; each says in what."""
        return self._link.ask(SimilarList, "GET", f"/incidents/{number}/similar").items

    def origin(self, number: int) -> Origin:
        """How it began, and whether it is still the same."""
        return self._link.ask(Origin, "GET", f"/incidents/{number}/origin")

    def neighbours(
        self, number: int, which: Literal["newest", "oldest", "telling"] | int = "newest"
    ) -> tuple[Other, ...]:
        """The other incidents of the minutes around one of its events."""
        return self._link.ask(OtherList, "GET", f"/incidents/{number}/events/{which}/neighbours").items

    def companions(
        self, number: int, which: Literal["newest", "oldest", "telling"] | int = "newest"
    ) -> tuple[OtherEvent, ...]:
        """The other events of the same request or trace as one of its events."""
        return self._link.ask(OtherEventList, "GET", f"/incidents/{number}/events/{which}/companions").items

    def resolve(self, number: int, *, release: str | None = None) -> IncidentResource:
        """It is mended: now, in this release, or in the `next` one."""
        return self._act(number, "resolve", None if release is None else {"in": release})

    def reopen(self, number: int) -> IncidentResource:
        """It is to be looked at again."""
        return self._act(number, "reopen")

    def mute(
        self,
        number: int,
        *,
        until: datetime | timedelta | None = None,
        events: int | None = None,
        within: timedelta | None = None,
        release: str | None = None,
    ) -> IncidentResource:
        """It is known and only counted: for ever, or until the first of these comes. `release` may be `next`."""
        lasts = f"{int(until.total_seconds())}s" if isinstance(until, timedelta) else None
        ends = Ends(until=until if isinstance(until, datetime) else None, events=events, within=within, release=release)
        return self._act(number, "mute", _mute_of(ends) | ({"for": lasts} if lasts else {}))

    def assign(self, number: int, to: int | None) -> IncidentResource:
        """A member cares for it from now on, or nobody (None). `members()` says who there is."""
        return self._act(number, "assign", {"to": to})

    def link(self, number: int, url: str) -> IncidentResource:
        """It is dealt with there, too; an empty address takes the link away."""
        return self._link.ask(IncidentResource, "PUT", f"/incidents/{number}/tracker", body={"url": url})

    def comment(self, number: int, text: str) -> CommentRow:
        """Says something about it, in Markdown; once, also where it had to be sent twice."""
        return self._link.ask(CommentRow, "POST", f"/incidents/{number}/comments", body={"text": text})

    def merge(self, number: int, parts: Sequence[int], *, why: str = "") -> IncidentResource:
        """Others become parts of this one, with all that comes for them from now on."""
        return self._act(number, "merge", {"parts": list(parts), "why": why})

    def unmerge(self, number: int) -> IncidentResource:
        """A part is an incident by itself again."""
        return self._act(number, "unmerge")

    def delete(self, number: int) -> None:
        """Its events, comments and story go after 15 minutes; if its error returns, a new one is opened."""
        self._link.ask(type(None), "DELETE", f"/incidents/{number}")

    def bulk(
        self,
        do: Literal["resolve", "reopen", "mute", "assign", "delete"],
        *,
        ids: Sequence[int] | None = None,
        query: str | None = None,
        state: Literal["open", "resolved", "muted", "all"] = "open",
        release: str | None = None,
        ends: Ends | None = None,
        to: int | None = None,
    ) -> BulkDone:
        """The same with many: those with these numbers, or all in a state that match a search; at most 10,000.

        `release` is of a resolution, `ends` of a mute, `to` of an assignment, as for one alone.
        """
        body: dict[str, Any] = {"do": do}
        body |= {"ids": list(ids)} if ids is not None else {"filter": {"query": query or "", "state": state}}
        if release is not None:
            body["in"] = release
        if ends is not None:
            body["mute"] = _mute_of(ends)
        if to is not None:
            body["to"] = to
        return self._link.ask(BulkDone, "POST", "/incidents/bulk", body=body)

    def undo(self, name: str) -> BulkUndone:
        """Undoes what `bulk` did under that name, but for those that have gone on since."""
        return self._link.ask(BulkUndone, "POST", f"/undo/{name}")

    # Views of the list of incidents under a name. To make one takes a token of somebody's own.

    def views(self) -> tuple[View, ...]:
        """One's own first, then what others share."""
        return self._link.ask(ViewList, "GET", "/views").items

    def save_view(self, name: str, shows: Shown, *, shared: bool = False) -> View:
        """A new one; `Shown(query="service:shop", sort=Sort.MATTERS)` is what it shows."""
        return self._link.ask(View, "POST", "/views", body={"name": name, "shows": shows, "shared": shared})

    def change_view(self, number: int, name: str, shows: Shown, *, shared: bool = False) -> View:
        """One's own is like this from now on."""
        return self._link.ask(View, "PUT", f"/views/{number}", body={"name": name, "shows": shows, "shared": shared})

    def drop_view(self, number: int) -> None:
        """It is gone."""
        self._link.ask(type(None), "DELETE", f"/views/{number}")

    def begin_with(self, number: int | None) -> None:
        """The list of incidents begins with this view, or with none."""
        self._link.ask(ViewList, "PUT", "/views/default", body={"id": number})

    # What incidents belong to.

    def overview(self, since: datetime | None = None) -> OverviewResource:
        """How the project is, and what is new since then, or in the last 24 hours."""
        return self._link.ask(OverviewResource, "GET", "/overview", parameters={"from": _said(since)})

    def service(self, number: int) -> ServiceDetail:
        """One service in one environment, with all that its page shows."""
        return self._link.ask(ServiceDetail, "GET", f"/services/{number}")

    def services(self) -> Iterator[ServiceRow]:
        """Every service: silent ones first, then late, then alive, then the rest."""
        return self._pages(ServiceList, "/services")

    def monitors(self) -> Iterator[MonitorResource]:
        """Every service that beats, with its uptime: silent ones first, then late ones."""
        return self._pages(MonitorList, "/monitors")

    def pause_monitor(self, service: int, *, minutes: int | None = None) -> MonitorResource:
        """Nobody looks at the service (by its number) for so long, or until it is resumed."""
        body = {} if minutes is None else {"minutes": minutes}
        return self._link.ask(MonitorResource, "POST", f"/monitors/{service}/pause", body=body)

    def resume_monitor(self, service: int) -> MonitorResource:
        """It is watched again; silence counts from now on."""
        return self._link.ask(MonitorResource, "POST", f"/monitors/{service}/resume")

    def jobs(self) -> Iterator[JobRow]:
        """Every job with its last runs: those in trouble first."""
        return self._pages(JobList, "/jobs")

    def job(self, number: int) -> JobRow:
        """One job with every run that is kept."""
        return self._link.ask(JobRow, "GET", f"/jobs/{number}")

    def rule_job(self, number: int, settings: Mapping[str, Any] | None) -> JobRow:
        """From now on this is expected of it, in the words of the API; None is what the job says itself."""
        return self._link.ask(JobRow, "PUT", f"/jobs/{number}", body={"settings": settings})

    def delete_job(self, number: int) -> None:
        """It is forgotten with its runs; when it is heard of again, it makes itself again."""
        self._link.ask(type(None), "DELETE", f"/jobs/{number}")

    def pause_job(self, number: int, *, paused: bool = True) -> JobRow:
        """It is judged no longer, or again."""
        return self._link.ask(JobRow, "PUT", f"/jobs/{number}", body={"paused": paused})

    def members(self) -> tuple[Assignee, ...]:
        """Who is in the project."""
        return self._link.ask(MemberList, "GET", "/members").items

    def releases(self, service: str | None = None, environment: str | None = None) -> tuple[ReleaseRow, ...]:
        """The newest releases that were seen or told of."""
        asked = {"service": service, "environment": environment}
        return self._link.ask(ReleaseList, "GET", "/releases", parameters=asked).items

    def deploys(self, service: str | None = None, environment: str | None = None) -> tuple[DeployRow, ...]:
        """What was put to work last."""
        asked = {"service": service, "environment": environment}
        return self._link.ask(DeployList, "GET", "/deploys", parameters=asked).items

    def tell_deploy(
        self, service: str, release: str, *, environment: str = "production", at: datetime | None = None, url: str = ""
    ) -> DeployRow:
        """This release of a service works there from now on, or since `at`."""
        told = {"service": service, "release": release, "environment": environment, "at": _said(at), "url": url}
        return self._link.ask(DeployRow, "POST", "/deploys", body=told)

    def maintenance(self) -> tuple[WindowResource, ...]:
        """The windows of maintenance that hold, and those to come."""
        return self._link.ask(WindowList, "GET", "/maintenance").items

    def begin_maintenance(
        self,
        name: str,
        minutes: int,
        *,
        services: Sequence[str] = (),
        environments: Sequence[str] = (),
        ends_with_deploy: bool = False,
    ) -> WindowResource:
        """Silence and failures are expected from now on; of no services or environments are all meant."""
        said: dict[str, Any] = {"name": name, "minutes": minutes, "ends_with_deploy": ends_with_deploy}
        said |= {"services": list(services), "environments": list(environments)}
        return self._link.ask(WindowResource, "POST", "/maintenance", body=said)

    def end_maintenance(self, number: int) -> WindowResource:
        """The window is over."""
        return self._link.ask(WindowResource, "DELETE", f"/maintenance/{number}")

    def alerts(
        self, state: Literal["firing", "acknowledged", "over", "all"] = "firing", *, before: int | None = None
    ) -> tuple[AlertResource, ...]:
        """The newest hundred alerts that stand so, with lower numbers than `before`."""
        asked = {"state": state, "before": before, "per_page": _ON_A_PAGE}
        return self._link.ask(AlertList, "GET", "/alerts", parameters=asked).items

    def acknowledge(self, number: int) -> AlertResource:
        """Nobody is told of this alert again but that it is over."""
        return self._link.ask(AlertResource, "POST", f"/alerts/{number}/acknowledge")

    def alert_rules(self) -> tuple[RuleResource, ...]:
        """What the project is told of."""
        return self._link.ask(RuleList, "GET", "/alert-rules").items

    def _act(self, number: int, act: str, body: dict[str, Any] | None = None) -> IncidentResource:
        return self._link.ask(IncidentResource, "POST", f"/incidents/{number}/{act}", body=body)

    def _pages(self, kind: Any, path: str) -> Iterator[Any]:
        number, seen = 1, 0
        while True:
            page = self._link.ask(kind, "GET", path, parameters={"page": number, "per_page": _ON_A_PAGE})
            yield from page.items
            seen += len(page.items)
            if not page.items or seen >= page.total:
                return
            number += 1


def _mute_of(ends: Ends) -> dict[str, Any]:
    said = {
        "until": _said(ends.until),
        "events": ends.events,
        "within": None if ends.within is None else f"{int(ends.within.total_seconds())}s",
        "release": ends.release,
    }
    return {name: value for name, value in said.items() if value is not None}


def _said(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
