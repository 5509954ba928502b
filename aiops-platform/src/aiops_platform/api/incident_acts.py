"""What programs do with incidents: the same as people, under the name of their token. Twice is as once."""

from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter, JSONBody, PathParameter
from litestar.types import ExceptionHandlersMap

from aiops_platform.api import problems
from aiops_platform.api.desk import Desk, TheActor, TheDesk, TheProject
from aiops_platform.api.incidents import LARGEST_ID, NO_INCIDENT, Id, incident_of
from aiops_platform.api.shapes import CommentList, IncidentResource
from aiops_platform.core import acts, muting
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.care import CareError, CommentRow
from aiops_platform.core.muting import Ends, MuteError
from aiops_platform.pipeline.triage.comments import NotYoursError

_NO_COMMENT: Final = "This incident has no such comment: its `/comments` lists those there are."
CommentId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The comment's number.")]
Number = Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]
Once = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key", max_length=200, description="Sent twice with the same one, it is there once."
    ),
]


class Resolving(msgspec.Struct, frozen=True, rename={"which": "in"}, forbid_unknown_fields=True):
    """In which release it is resolved: the newest one known unless said otherwise; `next` is the one after that."""

    which: str | None = None


class Muting(msgspec.Struct, frozen=True, rename={"lasts": "for"}, forbid_unknown_fields=True):
    """What ends it, the first of them; nothing: only people do. `for` and `within` are spans such as `30min`, `8h`, `7d`.

    `events` are so many more, or so many `within` a time. `release` is one by its name, or `next`: any newer one.
    """

    until: datetime | None = None
    lasts: str | None = None
    events: int | None = None
    within: str | None = None
    release: str | None = None


class Assigning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom it is given: the number of a member of the project; null is nobody."""

    to: Number | None


class Linking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where it is dealt with besides: an address of http or https; empty takes the link away."""

    url: str


class Saying(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is said, in Markdown."""

    text: str


class Joining(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The incidents that are to become parts of this one, and why they are one problem."""

    parts: Annotated[list[Number], msgspec.Meta(min_length=1, max_length=50)]
    why: str = ""


def wrong(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    """What was asked for makes no sense; or somebody else's words were to be changed."""
    return problems.problem(403 if isinstance(error, NotYoursError) else 400, str(error))


def unreadable(_: Request[Any, Any, Any], __: Exception) -> Response[dict[str, Any]]:
    """A body that is nested too deep, or no text."""
    return problems.problem(400, "The body is not JSON in UTF-8.")


ANSWERS: Final[ExceptionHandlersMap] = {
    CareError: wrong,
    MuteError: wrong,
    RecursionError: unreadable,
    UnicodeDecodeError: unreadable,
}


@post("/incidents/{incident_id:int}/resolve", sync_to_thread=True, status_code=200, summary="Resolve an incident")
def resolve(
    desk: TheDesk,
    project_id: TheProject,
    actor: TheActor,
    incident_id: Id,
    data: JSONBody[Resolving | None] = None,
) -> IncidentResource:
    """It is mended, in the newest release of its service or another one. It reopens by itself when its error returns."""
    act = acts.resolving(data.which if data is not None else None)
    is_there = desk.triage.act(project_id, incident_id, act, desk.clock(), by=actor)
    return _known(desk, project_id, incident_id, is_there=is_there)


@post("/incidents/{incident_id:int}/reopen", sync_to_thread=True, status_code=200, summary="Reopen an incident")
def reopen(desk: TheDesk, project_id: TheProject, actor: TheActor, incident_id: Id) -> IncidentResource:
    """It is to be looked at again."""
    is_there = desk.triage.reopen(project_id, incident_id, desk.clock(), by=actor)
    return _known(desk, project_id, incident_id, is_there=is_there)


@post("/incidents/{incident_id:int}/mute", sync_to_thread=True, status_code=200, summary="Mute an incident")
def mute(
    desk: TheDesk,
    project_id: TheProject,
    actor: TheActor,
    incident_id: Id,
    data: JSONBody[Muting | None] = None,
) -> IncidentResource:
    """It is known, and only to be counted, until the mute ends."""
    now = desk.clock()
    ends = ends_of(data, now) if data is not None else Ends()
    is_there = desk.triage.mute(project_id, incident_id, now, ends=ends, by=actor)
    return _known(desk, project_id, incident_id, is_there=is_there)


@post("/incidents/{incident_id:int}/assign", sync_to_thread=True, status_code=200, summary="Assign an incident")
def assign(
    desk: TheDesk, project_id: TheProject, actor: TheActor, incident_id: Id, data: JSONBody[Assigning]
) -> IncidentResource:
    """Somebody cares for it from now on, or nobody. `/members` lists who can."""
    is_there = desk.triage.assign(project_id, incident_id, desk.clock(), to=data.to, by=actor)
    return _known(desk, project_id, incident_id, is_there=is_there)


@put("/incidents/{incident_id:int}/tracker", sync_to_thread=True, summary="Link an incident to a ticket")
def link(
    desk: TheDesk, project_id: TheProject, actor: TheActor, incident_id: Id, data: JSONBody[Linking]
) -> IncidentResource:
    """It is dealt with there, too."""
    is_there = desk.triage.link(project_id, incident_id, data.url, desk.clock(), by=actor)
    return _known(desk, project_id, incident_id, is_there=is_there)


@post("/incidents/{incident_id:int}/merge", sync_to_thread=True, status_code=200, summary="Merge incidents into one")
def merge(
    desk: TheDesk, project_id: TheProject, actor: TheActor, incident_id: Id, data: JSONBody[Joining]
) -> IncidentResource:
    """Others become parts of this one, with all that comes for them from now on. They must be of the same service."""
    merging = desk.triage.merging
    is_there = merging.merge(project_id, data.parts, incident_id, desk.clock(), why=data.why, by=actor)
    return _known(desk, project_id, incident_id, is_there=is_there)


@post("/incidents/{incident_id:int}/unmerge", sync_to_thread=True, status_code=200, summary="Take a part out again")
def unmerge(desk: TheDesk, project_id: TheProject, actor: TheActor, incident_id: Id) -> IncidentResource:
    """An incident that was merged into another one is by itself again. One that is by itself already stays so."""
    desk.triage.merging.unmerge(project_id, incident_id, desk.clock(), by=actor)
    return incident_of(desk, project_id, incident_id)


@delete("/incidents/{incident_id:int}", sync_to_thread=True, status_code=204, summary="Delete an incident")
def delete_incident(desk: TheDesk, project_id: TheProject, actor: TheActor, incident_id: Id) -> None:
    """Its events, comments and story go after 15 minutes; if its error returns, a new one is opened."""
    act = Act(kind=ActKind.DELETE)
    if not desk.triage.bulk.do(project_id, [incident_id], act, desk.clock(), by=actor).changed:
        raise NotFoundException(NO_INCIDENT)


@get("/incidents/{incident_id:int}/comments", sync_to_thread=True, summary="List an incident's comments")
def list_comments(desk: TheDesk, project_id: TheProject, incident_id: Id) -> CommentList:
    """What people said of it, the oldest first."""
    return CommentList(items=incident_of(desk, project_id, incident_id).comments)


@post("/incidents/{incident_id:int}/comments", sync_to_thread=True, status_code=201, summary="Comment on an incident")
def add_comment(
    *,
    desk: TheDesk,
    project_id: TheProject,
    actor: TheActor,
    incident_id: Id,
    data: JSONBody[Saying],
    once: Once = None,
) -> CommentRow:
    """Says something about it, in Markdown."""
    made = desk.triage.comments.add(project_id, incident_id, data.text, desk.clock(), by=actor, once=once)
    if made is None:
        raise NotFoundException(NO_INCIDENT)
    return made


@put("/incidents/{incident_id:int}/comments/{comment_id:int}", sync_to_thread=True, summary="Change a comment")
def edit_comment(
    *,
    desk: TheDesk,
    project_id: TheProject,
    actor: TheActor,
    incident_id: Id,
    comment_id: CommentId,
    data: JSONBody[Saying],
) -> CommentRow:
    """Says something else in its place. Only who said it may."""
    comments = desk.triage.comments
    changed = comments.edit(project_id, incident_id, comment_id, data.text, desk.clock(), by=actor)
    if changed is None:
        raise NotFoundException(_NO_COMMENT)
    return changed


@delete("/incidents/{incident_id:int}/comments/{comment_id:int}", sync_to_thread=True, summary="Delete a comment")
def drop_comment(
    desk: TheDesk, project_id: TheProject, actor: TheActor, incident_id: Id, comment_id: CommentId
) -> None:
    """Takes back what was said. Only who said it may."""
    if desk.triage.comments.drop(project_id, incident_id, comment_id, by=actor) is None:
        raise NotFoundException(_NO_COMMENT)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(
    resolve,
    reopen,
    mute,
    assign,
    link,
    merge,
    unmerge,
    delete_incident,
    list_comments,
    add_comment,
    edit_comment,
    drop_comment,
)


def ends_of(said: Muting, now: datetime) -> Ends:
    """What ends a mute. Raises MuteError."""
    until = said.until
    if until is not None and until.tzinfo is None:
        raise MuteError("Say `until` with its offset from UTC, such as 2026-12-01T08:00:00Z")
    if said.lasts is not None:
        lasts = now + muting.span_of(said.lasts)
        until = lasts if until is None else min(until, lasts)
    within = None if said.within is None else muting.span_of(said.within)
    return Ends(until=until, events=said.events, within=within, release=said.release)


def _known(desk: Desk, project_id: int, incident_id: int, *, is_there: bool) -> IncidentResource:
    if not is_there:
        raise NotFoundException(NO_INCIDENT)
    return incident_of(desk, project_id, incident_id)
