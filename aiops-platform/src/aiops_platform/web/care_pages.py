"""What people do with an incident: its state, who cares for it, what they say about it, what is merged into it."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.care import CareError
from aiops_platform.core.muting import MuteError
from aiops_platform.web import care_forms
from aiops_platform.web.care_forms import act_of
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import page_number, row_number
from aiops_platform.web.forms import whole_form
from aiops_platform.web.incident_pages import detail_of, incident_of, incident_parts, whole_page
from aiops_platform.web.site import FOR_MEMBERS, PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial

_Form: TypeAlias = Mapping[str, Any]
_Doing: TypeAlias = Callable[[Site, Visitor, int, _Form, datetime], bool]

_COMMENTS: Final = 5
_PARTS: Final = 30
_SAID: Final = {
    "resolve": "Resolved. It reopens by itself when the error returns.",
    "reopen": "Reopened.",
    "mute": "Muted. It goes on counting.",
    "assign": "Assigned.",
    "link": "Linked.",
    "merge": "Merged.",
    "unmerge": "Taken apart.",
    "comment": "Said.",
}


@post("/incidents/{incident_id:str}/{action:str}", status_code=200)
async def act(
    request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str], action: FromPath[str]
) -> Response[str] | Redirect:
    """Does it; then the incident as it is now. What makes no sense is said on its page, and nothing typed is lost."""
    form = await whole_form(request)
    return await asyncio.to_thread(_act, request, site, visitor, number=_id(incident_id), action=action, form=form)


@post("/incidents/{incident_id:str}/comments/{comment_id:str}/{action:str}", status_code=200)
async def change_comment(
    request: PageRequest,
    site: TheSite,
    visitor: TheVisitor,
    *,
    incident_id: FromPath[str],
    comment_id: FromPath[str],
    action: FromPath[str],
) -> Response[str] | Redirect:
    """Edits or deletes what the visitor said."""
    form = await whole_form(request)
    number, comment, text = _id(incident_id), _id(comment_id), str(form.get("text", ""))
    return await asyncio.to_thread(
        _change_comment, site, visitor, number=number, comment=comment, action=action, text=text
    )


@get("/incidents/{incident_id:str}/comments", sync_to_thread=True)
def comments(request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]) -> Response[str]:
    """Every comment, whole, some on a page; `edit` names one that is to be changed."""
    detail = detail_of(site, visitor, _id(incident_id))
    page = page_number(request.query_params.get("page", ""))
    edited = row_number(request.query_params.get("edit", ""))
    every = [each for each in detail.care.comments[::-1] if edited in (None, each.id)]
    given = {
        "incident": detail,
        "row": detail.row,
        "comments": every[(page - 1) * _COMMENTS : page * _COMMENTS],
        "total": len(every),
        "page": page,
        "per_page": _COMMENTS,
        "edited": edited,
    }
    return site.page("comments.html", site.common(visitor) | given)


@get("/incidents/{incident_id:str}/parts", sync_to_thread=True)
def merged_parts(request: PageRequest, site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]) -> Response[str]:
    """Everything that was merged into it, some on a page, each with the way out again."""
    detail = detail_of(site, visitor, _id(incident_id))
    page = page_number(request.query_params.get("page", ""))
    given = {
        "row": detail.row,
        "parts_shown": detail.care.parts[(page - 1) * _PARTS : page * _PARTS],
        "total": len(detail.care.parts),
        "page": page,
        "per_page": _PARTS,
        "may_act": visitor.acts,
    }
    return site.page("merged_parts.html", site.common(visitor) | given)


@get("/incidents/{incident_id:str}/delete", opt=FOR_MEMBERS, sync_to_thread=True)
def confirm(site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]) -> Response[str]:
    """Asks whether it is to be deleted, and says what goes with it."""
    detail = detail_of(site, visitor, _id(incident_id))
    return site.page("incident_delete.html", site.common(visitor) | {"incident": detail, "row": detail.row})


@post("/incidents/{incident_id:str}/delete", sync_to_thread=True, status_code=200)
def delete(site: TheSite, visitor: TheVisitor, incident_id: FromPath[str]) -> Redirect:
    """Deletes it; then the list, with the way to undo that."""
    act, now = Act(kind=ActKind.DELETE), site.clock()
    done = site.triage.bulk.do(visitor.project_id, [_id(incident_id)], act, now, by=visitor.actor)
    if not done.changed:
        raise NotFoundException
    return Redirect(f"/incidents?done={done.undo}", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (act, change_comment, comments, merged_parts, confirm, delete)


def _act(
    request: PageRequest, site: Site, visitor: Visitor, *, number: int, action: str, form: _Form
) -> Response[str] | Redirect:
    now = site.clock()
    doing = _DOINGS.get(action)
    if doing is None:
        raise NotFoundException
    try:
        if not doing(site, visitor, number, form, now):
            raise NotFoundException
    except (CareError, MuteError) as wrong:
        given = incident_of(site, visitor, number, "newest")
        given |= {"problem": str(wrong), "typed": visible(str(form.get("text", "")))}
        return whole_page(site, given, status=422)
    if not is_partial(request):
        return Redirect(f"/incidents/{number}", status_code=303)
    given = incident_of(site, visitor, number, request.query_params.get("event", "newest"))
    return incident_parts(site, given, _SAID[action])


def _change_comment(
    site: Site, visitor: Visitor, *, number: int, comment: int, action: str, text: str
) -> Response[str] | Redirect:
    try:
        match action:
            case "edit":
                changed = site.triage.comments.edit(
                    visitor.project_id, number, comment, text, site.clock(), by=visitor.actor
                )
            case "delete":
                changed = site.triage.comments.drop(visitor.project_id, number, comment, by=visitor.actor)
            case _:
                changed = None
    except CareError as wrong:
        given = incident_of(site, visitor, number, "newest") | {"problem": str(wrong), "typed": visible(text)}
        return whole_page(site, given, status=422)
    if changed is None:
        raise NotFoundException
    return Redirect(f"/incidents/{number}#comments", status_code=303)


def _stand(kind: ActKind) -> _Doing:
    def doing(site: Site, visitor: Visitor, number: int, form: _Form, now: datetime) -> bool:
        act = act_of(kind, form, site, visitor, now)
        return site.triage.act(visitor.project_id, number, act, now, by=visitor.actor)

    return doing


def _link(site: Site, visitor: Visitor, number: int, form: _Form, now: datetime) -> bool:
    return site.triage.link(visitor.project_id, number, str(form.get("url", "")), now, by=visitor.actor)


def _comment(site: Site, visitor: Visitor, number: int, form: _Form, now: datetime) -> bool:
    once = str(form.get("once", "")) or None
    text = str(form.get("text", ""))
    return site.triage.comments.add(visitor.project_id, number, text, now, by=visitor.actor, once=once) is not None


def _merge(site: Site, visitor: Visitor, number: int, form: _Form, now: datetime) -> bool:
    parts, why = care_forms.numbers(str(form.get("parts", ""))), str(form.get("why", ""))
    return site.triage.merging.merge(visitor.project_id, parts, number, now, why=why, by=visitor.actor)


def _unmerge(site: Site, visitor: Visitor, number: int, form: _Form, now: datetime) -> bool:
    part = row_number(str(form.get("part", "")))
    return part is not None and site.triage.merging.unmerge(visitor.project_id, part, now, by=visitor.actor) == number


_DOINGS: Final[Mapping[str, _Doing]] = {
    "resolve": _stand(ActKind.RESOLVE),
    "reopen": _stand(ActKind.REOPEN),
    "mute": _stand(ActKind.MUTE),
    "assign": _stand(ActKind.ASSIGN),
    "link": _link,
    "comment": _comment,
    "merge": _merge,
    "unmerge": _unmerge,
}


def _id(text: str) -> int:
    number = row_number(text)
    if number is None:
        raise NotFoundException
    return number
