"""Views of the list of incidents under a name, for programs: those of a token's user, and those that are shared."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from litestar import delete, get, post, put
from litestar.exceptions import NotFoundException, PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import Desk, TheActor, TheDesk, TheProject, TheRole
from aiops_platform.api.incidents import LARGEST_ID
from aiops_platform.api.insight_shapes import Shown, View, ViewList
from aiops_platform.core import search
from aiops_platform.core.people import Actor, Role
from aiops_platform.core.saved_views import LONGEST_NAME, ViewError
from aiops_platform.core.views import SavedView

_NO_VIEW: Final = "There is no such view: `/api/v1/views` lists those there are."
_NOBODY: Final = 0
ViewId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The view's number.")]


class Viewing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A view as it is to be; `shared`: everybody in the project sees it."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]
    shows: Shown = msgspec.field(default_factory=Shown)
    shared: bool = False


class Beginning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number of the view with which the list begins; null is no view."""

    id: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)] | None


@get("/views", sync_to_thread=True, summary="List saved views")
def list_views(desk: TheDesk, project_id: TheProject, actor: TheActor) -> ViewList:
    """Those of the token's user first, then what others share; a token that is nobody's own sees what is shared."""
    return ViewList(items=tuple(map(_view, desk.views.of(project_id, _user(actor)))))


@post("/views", sync_to_thread=True, status_code=201, summary="Save a view")
def save_view(desk: TheDesk, project_id: TheProject, actor: TheActor, data: JSONBody[Viewing]) -> View:
    """Keeps a view of the list of incidents under a name; at most 50 of one user. It takes a token of somebody's own."""
    user_id = _somebody(actor)
    number = desk.views.save(
        project_id, user_id, name=data.name, query=_address(data.shows), shared=data.shared, now=desk.clock()
    )
    return _found(desk, project_id, user_id, number)


@put("/views/{view_id:int}", sync_to_thread=True, summary="Change a view")
def change_view(
    *, desk: TheDesk, project_id: TheProject, actor: TheActor, view_id: ViewId, data: JSONBody[Viewing]
) -> View:
    """One of the user's own is like this from now on."""
    # A token that is nobody's own has none.
    user_id, query = _user(actor), _address(data.shows)
    if not desk.views.change(project_id, user_id, view_id, name=data.name, shared=data.shared, query=query):
        raise NotFoundException(_NO_VIEW)
    return _found(desk, project_id, user_id, view_id)


@delete("/views/{view_id:int}", sync_to_thread=True, summary="Delete a view")
def drop_view(desk: TheDesk, project_id: TheProject, actor: TheActor, role: TheRole, view_id: ViewId) -> None:
    """One of the user's own; a token that may rule also deletes what is shared."""
    if not desk.views.drop(project_id, _user(actor), view_id, rules=role.covers(Role.ADMIN)):
        raise NotFoundException(_NO_VIEW)


@put("/views/default", sync_to_thread=True, summary="Choose the view to begin with")
def begin_with(desk: TheDesk, project_id: TheProject, actor: TheActor, data: JSONBody[Beginning]) -> ViewList:
    """The list of incidents begins with this view for the token's user, or with none."""
    user_id = _somebody(actor)
    if not desk.views.begin_with(project_id, user_id, data.id):
        raise ViewError(f"`id`: {_NO_VIEW}")
    return ViewList(items=tuple(map(_view, desk.views.of(project_id, user_id))))


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_views, save_view, change_view, drop_view, begin_with)


def _user(actor: Actor) -> int:
    return actor.id or _NOBODY if actor.kind == "user" else _NOBODY


def _somebody(actor: Actor) -> int:
    user_id = _user(actor)
    if user_id == _NOBODY:
        raise PermissionDeniedException(
            "A view is somebody's: take a token of your own, from *Settings*, *Your tokens*."
        )
    return user_id


def _found(desk: Desk, project_id: int, user_id: int, number: int) -> View:
    for each in desk.views.of(project_id, user_id):
        if each.id == number:
            return _view(each)
    raise NotFoundException(_NO_VIEW)


def _view(saved: SavedView) -> View:
    return View(
        id=saved.id,
        name=saved.name,
        shows=_shown(dict(parse_qsl(saved.query))),
        address=saved.query,
        shared=saved.shared,
        owner=saved.owner,
        is_mine=saved.is_mine,
        is_default=saved.is_default,
    )


def _shown(said: Mapping[str, str]) -> Shown:
    """What is in an address, as far as it can be said so."""
    told: dict[str, Any] = {}
    for name in Shown.__struct_encode_fields__:
        try:
            msgspec.convert({name: said[name]}, Shown)
        except (KeyError, msgspec.ValidationError):
            continue
        told[name] = said[name]
    return msgspec.convert(told, Shown)


def _address(shows: Shown) -> str:
    """What follows `?` in the page's address. Raises SearchError and ViewError."""
    search.parse(shows.query)
    for moment in (shows.since, shows.until):
        _check_moment(moment)
    if shows.time and (shows.since or shows.until):
        raise ViewError("Say either `time`, or `from` and `to`.")
    told: dict[str, str] = msgspec.to_builtins(shows)
    # An address that says nothing is the view with which somebody begins.
    return urlencode(told or {"state": "open"})


def _check_moment(text: str) -> None:
    try:
        if text:
            datetime.fromisoformat(text)
    except ValueError as cause:
        raise ViewError("`from` and `to` are days or moments: 2026-11-22, or 2026-11-22T03:14") from cause
