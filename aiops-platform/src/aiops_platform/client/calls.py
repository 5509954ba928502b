"""What programs can ask of a platform, and do: a method for each thing, with the types of the API."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

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
from aiops_platform.client.link import Link
from aiops_platform.core.care import Assignee, CommentRow, DeployRow, ReleaseRow
from aiops_platform.core.listing import Sort
from aiops_platform.core.views import EventDetail, EventRow, IncidentRow, JobRow, ServiceRow

_ON_A_PAGE = 100


class Client:
    """One project, as an API token sees it. Safe to share between threads.

    `url` is where people reach the platform, `token` one that `aiops token create NAME` has made; an answer may take
    `timeout` seconds. What is refused for a moment only (too many requests, a busy store) is asked again for `patience`
    seconds. Every method raises ApiError for what the platform refuses, and UnreachableError where nothing answers.
    """

    def __init__(self, url: str, token: str, *, timeout: float = 30.0, patience: float = 10.0) -> None:
        self._link = Link(url=url, token=token, timeout=timeout, patience=patience)

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

    def facets(self, query: str = "") -> FacetList:
        """What the incidents that match have in common: services, environments, levels and the like, with counts."""
        return self._link.ask(FacetList, "GET", "/incidents/facets", parameters={"query": query or None})

    def incident(self, number: int) -> IncidentResource:
        """One incident with all that is known of it."""
        return self._link.ask(IncidentResource, "GET", f"/incidents/{number}")

    def events(self, number: int) -> Iterator[EventRow]:
        """The events of an incident that are kept, the newest first, page after page as they are needed."""
        return self._pages(EventList, f"/incidents/{number}/events")

    def event(self, number: int, which: Literal["newest", "oldest"] | int = "newest") -> EventDetail:
        """One event of an incident as it was reported."""
        return self._link.ask(EventDetail, "GET", f"/incidents/{number}/events/{which}")

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
        said = {
            "until": until.isoformat() if isinstance(until, datetime) else None,
            "for": lasts,
            "events": events,
            "within": None if within is None else f"{int(within.total_seconds())}s",
            "release": release,
        }
        return self._act(number, "mute", {name: value for name, value in said.items() if value is not None})

    def assign(self, number: int, to: int | None) -> IncidentResource:
        """A member cares for it from now on, or nobody (None). `members()` says who there is."""
        return self._act(number, "assign", {"to": to})

    def link(self, number: int, url: str) -> IncidentResource:
        """It is dealt with there, too; an empty address takes the link away."""
        return self._link.ask(IncidentResource, "PUT", f"/incidents/{number}/tracker", body={"url": url})

    def comment(self, number: int, text: str) -> CommentRow:
        """Says something about it, in Markdown; once, also where it had to be sent twice."""
        once = {"Idempotency-Key": uuid4().hex}
        return self._link.ask(CommentRow, "POST", f"/incidents/{number}/comments", body={"text": text}, headers=once)

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
        do: Literal["resolve", "reopen", "mute", "delete"],
        *,
        ids: Sequence[int] | None = None,
        query: str | None = None,
    ) -> BulkDone:
        """The same with many: those with these numbers, or all that match a search; at most 10,000."""
        meant = {"ids": list(ids)} if ids is not None else {"filter": {"query": query or ""}}
        return self._link.ask(BulkDone, "POST", "/incidents/bulk", body={"do": do, **meant})

    def undo(self, name: str) -> BulkUndone:
        """Undoes what `bulk` did under that name, but for those that have gone on since."""
        return self._link.ask(BulkUndone, "POST", f"/undo/{name}")

    # What incidents belong to.

    def services(self) -> Iterator[ServiceRow]:
        """Every service: silent ones first, then late, then alive, then the rest."""
        return self._pages(ServiceList, "/services")

    def jobs(self) -> Iterator[JobRow]:
        """Every job with its last runs: those whose last end was a failure first."""
        return self._pages(JobList, "/jobs")

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


def _said(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
