"""Incidents for machines, to be found: by the search language, in a time, in an order, page by page."""

import base64
import binascii
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import TheActor, TheDesk, TheProject
from aiops_platform.api.incidents import Page, PerPage, Word
from aiops_platform.api.insight_shapes import Chart, chart_of
from aiops_platform.api.parameters import only, utc
from aiops_platform.api.shapes import FacetList, IncidentList
from aiops_platform.core import search
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.listing import Period, Sort
from aiops_platform.core.search import SearchError
from aiops_platform.core.views import Cursor, IncidentQuery

_FILTERS = ("query", "state", "from", "to", "service", "environment", "text")
_Standing = Annotated[
    Literal["open", "resolved", "muted", "all"] | None,
    QueryParameter(
        name="state", description="Only those that stand so; else the open ones, unless `query` says which are meant."
    ),
]
_Search = Annotated[
    str,
    QueryParameter(
        name="query",
        max_length=search.LONGEST,
        description='A search: words, and fields as in `service:shop -env:staging count:>100 "timed out"`.',
    ),
]
_Since = Annotated[
    datetime | None,
    QueryParameter(
        name="from",
        description="Only those with events from then on (RFC 3339, UTC where no zone is said). Then `count`, `trend`, "
        "`first_seen_at` and `last_seen_at` are those of the time that was asked for, by whole hours.",
    ),
]
_Until = Annotated[
    datetime | None, QueryParameter(name="to", description="Only those with events before then, likewise.")
]
_Text = Annotated[
    str | None,
    QueryParameter(max_length=200, description="Words that must all be found in type, message, place, path or tags."),
]


class Asked:
    """Which incidents the parameters of a request are about."""

    def __init__(self, query: IncidentQuery) -> None:
        self.query = query


def asked_by(
    *,
    desk: TheDesk,
    actor: TheActor,
    text_query: _Search = "",
    standing: _Standing = None,
    since: _Since = None,
    until: _Until = None,
    service: Word = None,
    environment: Word = None,
    text: _Text = None,
) -> Asked:
    """What is asked for. Raises SearchError and ValidationException."""
    node = search.parse(text_query)
    by_itself = None if search.says_states(node) else IncidentState.OPEN
    query = IncidentQuery(
        state=by_itself if standing is None else None if standing == "all" else IncidentState(standing),
        search=node,
        period=_period(since, until, desk.clock()),
        me=actor.id if actor.kind == "user" else None,
        service=service or None,
        environment=environment or None,
        text=text or None,
    )
    return Asked(query)


_Asked: TypeAlias = NamedDependency[Asked]
_ASKED = {"asked": Provide(asked_by, sync_to_thread=False)}


@get(
    "/incidents",
    guards=[only(*_FILTERS, "sort", "cursor", "page", "per_page")],
    dependencies=_ASKED,
    sync_to_thread=True,
    summary="List incidents",
)
def list_incidents(
    *,
    desk: TheDesk,
    project_id: TheProject,
    asked: _Asked,
    sort: Annotated[
        Sort,
        QueryParameter(
            description="`newest` lists open ones first, then muted, then resolved, each by when it was last seen. All "
            "others put all in one order; `matters` is what rises, then what is new, then what is back."
        ),
    ] = Sort.NEWEST,
    cursor: Annotated[
        str | None,
        QueryParameter(max_length=500, description="The `next` of the page before, with the same other parameters."),
    ] = None,
    page: Page = 1,
    per_page: PerPage = 25,
) -> IncidentList:
    """A page of those that match. Who goes through all of them follows `next`: pages by number may miss what moves."""
    after = None if cursor is None else _cursor(cursor, sort)
    query = replace(asked.query, sort=sort, after=after, page=page, per_page=per_page)
    found = desk.reads.incidents(project_id, query, desk.clock())
    return IncidentList(
        items=found.rows,
        total=found.total,
        page=page,
        per_page=per_page,
        next=None if found.next is None else _written(found.next, sort),
    )


@get(
    "/incidents/facets",
    guards=[only(*_FILTERS)],
    dependencies=_ASKED,
    sync_to_thread=True,
    summary="Count what incidents have in common",
)
def list_facets(*, desk: TheDesk, project_id: TheProject, asked: _Asked) -> FacetList:
    """For each field the six values that most of the incidents have that match, and how many more values there are."""
    return FacetList(items=desk.reads.facets(project_id, asked.query, desk.clock()))


@get(
    "/incidents/chart",
    guards=[only(*_FILTERS)],
    dependencies=_ASKED,
    sync_to_thread=True,
    summary="Count the events of incidents over time",
)
def read_chart(*, desk: TheDesk, project_id: TheProject, asked: _Asked) -> Chart:
    """Those of all that match, in at most 120 stretches of equal length; of the last 24 hours where no time is said."""
    return chart_of(desk.reads.events_over_time(project_id, asked.query, desk.clock()))


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_incidents, list_facets, read_chart)


def not_understood(_: Any, error: SearchError) -> Response[dict[str, Any]]:
    """A search that cannot be read: `position` is the character, from 0 on, at which that shows."""
    wrong = [{"name": "query", "why": error.why}]
    return problems.problem(400, error.why, position=error.position, errors=wrong)


def _period(since: datetime | None, until: datetime | None, now: datetime) -> Period | None:
    if since is None and until is None:
        return None
    return Period.between(utc("from", since), utc("to", until), now)


def _written(cursor: Cursor, sort: Sort) -> str:
    told = msgspec.json.encode([sort.value, cursor.state, *cursor.values, cursor.id])
    return base64.urlsafe_b64encode(told).rstrip(b"=").decode()


def _cursor(text: str, sort: Sort) -> Cursor:
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        told = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=list[str | int])
        said, state, *values, last = told
        numbers = tuple(each for each in (*values, last) if isinstance(each, int) and abs(each) < 2**63)
        of_sort = 1 if sort in {Sort.NEWEST, Sort.FIRST_SEEN} else 2
        if said == sort and isinstance(state, str) and len(numbers) == len(values) + 1 == of_sort + 1:
            return Cursor(state=state, values=numbers[:-1], id=numbers[-1])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        pass
    raise ValidationException(extra=[{"key": "cursor", "message": "Not the `next` of a page with this `sort`."}])
