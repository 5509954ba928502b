"""Many incidents at once, for programs: those with these numbers, or all that match; and the way back."""

from typing import Annotated, Final, Literal

import msgspec
from litestar import get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import TheActor, TheDesk, TheProject
from aiops_platform.api.incident_acts import Muting, Number, ends_of
from aiops_platform.api.shapes import BulkDone, BulkUndone, MemberList
from aiops_platform.core import acts, search
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.care import CareError
from aiops_platform.core.incident import IncidentState
from aiops_platform.core.people import Actor
from aiops_platform.core.search import SearchError
from aiops_platform.core.views import IncidentQuery

_NAMED: Final = "The name that `POST /incidents/bulk` has answered with."
Name = Annotated[str, PathParameter(min_length=2, max_length=32, description=_NAMED)]
Word = Annotated[str, msgspec.Meta(max_length=200)]


class Meant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All incidents that match this, as the list of incidents shows them; `query` is in the search language."""

    state: Literal["open", "resolved", "muted", "all"] = "open"
    query: Annotated[str, msgspec.Meta(max_length=1_000)] = ""
    service: Word = ""
    environment: Word = ""
    text: Word = ""


class Doing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"which": "in"}):
    """What is done, and with which: `ids`, or all that match `filter`; at most 10,000.

    `in` is of a resolution, `mute` of a mute, `to` of an assignment, as for one incident alone.
    """

    do: Literal["resolve", "reopen", "mute", "assign", "delete"]
    ids: Annotated[list[Number], msgspec.Meta(max_length=1_000)] | None = None
    filter: Meant | None = None
    which: str | None = None
    mute: Muting | None = None
    to: Number | None = None


@post(
    "/incidents/bulk",
    sync_to_thread=True,
    status_code=200,
    summary="Change many incidents at once",
)
def bulk(desk: TheDesk, project_id: TheProject, actor: TheActor, data: JSONBody[Doing]) -> BulkDone:
    """Does it with each of them as if it were alone. Twice is as once."""
    if (data.ids is None) == (data.filter is None):
        raise CareError("Say which: either `ids` or `filter`")
    meant = data.ids if data.ids is not None else _query(data.filter or Meant(), actor)
    now = desk.clock()
    match ActKind(data.do):
        case ActKind.RESOLVE:
            act = acts.resolving(data.which)
        case ActKind.MUTE:
            act = Act(kind=ActKind.MUTE, ends=ends_of(data.mute or Muting(), now))
        case ActKind.ASSIGN:
            act = desk.triage.assigning(project_id, data.to)
        case kind:
            act = Act(kind=kind)
    done = desk.triage.bulk.do(project_id, meant, act, now, by=actor)
    return BulkDone(meant=done.meant, changed=done.changed, undo=done.undo)


@post("/undo/{name:str}", sync_to_thread=True, status_code=200, summary="Undo what was done to many")
def undo(desk: TheDesk, project_id: TheProject, actor: TheActor, name: Name) -> BulkUndone:
    """Each stands as it did before, unless it has gone on since."""
    undone = desk.triage.bulk.undo(project_id, name, desk.clock(), by=actor)
    if undone is None:
        raise NotFoundException("Nothing was done under this name, or it was done more than 15 minutes ago.")
    return BulkUndone(restored=undone.restored, left=undone.left)


@get("/members", sync_to_thread=True, summary="List who is in the project")
def list_members(desk: TheDesk, project_id: TheProject) -> MemberList:
    """To them incidents can be given."""
    return MemberList(items=tuple(desk.reads.members(project_id)))


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(bulk, undo, list_members)


def _query(meant: Meant, actor: Actor) -> IncidentQuery:
    try:
        node = search.parse(meant.query)
    except SearchError as wrong:
        raise CareError(f"`query`, character {wrong.position + 1}: {wrong.why}") from wrong
    return IncidentQuery(
        state=None if meant.state == "all" or search.says_states(node) else IncidentState(meant.state),
        service=meant.service or None,
        environment=meant.environment or None,
        text=meant.text or None,
        search=node,
        me=actor.id if actor.kind == "user" else None,
    )
