"""Many incidents at once: those that are ticked in the list, or all that match its filter; and the way back."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Response, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.acts import ActKind
from aiops_platform.core.care import CareError
from aiops_platform.core.muting import MuteError
from aiops_platform.core.views import IncidentQuery
from aiops_platform.web.care_forms import act_of
from aiops_platform.web.filters import Filters, row_number
from aiops_platform.web.forms import form_of, whole_form
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor

_MOST_TICKED = 1_000
# Longer than any search is in an address, where a character can take twelve.
_LONGEST = 20_000


@post("/incidents/bulk", status_code=200)
async def bulk(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Does an act with those that are ticked, or with all that match; then the list again, with the way to undo it."""
    form = await whole_form(request)
    ticked = [number for text in form.getall("id", []) if (number := row_number(str(text))) is not None]
    return await asyncio.to_thread(_bulk, site, visitor, form, ticked[:_MOST_TICKED])


@post("/undo/{name:str}", status_code=200)
async def undo(
    request: PageRequest, site: TheSite, visitor: TheVisitor, name: FromPath[str]
) -> Response[str] | Redirect:
    """Puts back what was done under this name; then the list of incidents, as it was searched."""
    where = (await form_of(request, "where"))["where"]
    return await asyncio.to_thread(_undo, site, visitor, name, where)


ROUTES: tuple[HTTPRouteHandler, ...] = (bulk, undo)


def _undo(site: Site, visitor: Visitor, name: str, where: str) -> Response[str] | Redirect:
    undone = site.triage.bulk.undo(visitor.project_id, name, site.clock(), by=visitor.actor)
    if undone is None:
        return _problem(site, visitor, "That can be undone no longer: it was done too long ago.")
    query = Filters.read(dict(parse_qsl(where))).told() if 0 < len(where) <= _LONGEST else {}
    return Redirect(f"/incidents?{urlencode(query | {'done': name})}", status_code=303)


def _bulk(site: Site, visitor: Visitor, form: Mapping[str, Any], ticked: list[int]) -> Response[str] | Redirect:
    where = str(form.get("where", ""))
    if len(where) > _LONGEST:
        # Half of a search is another one.
        return _problem(site, visitor, "What is searched for is too long.")
    query = dict(parse_qsl(where))
    query.pop("done", None)
    action, now = str(form.get("do", "")), site.clock()
    if action not in set(ActKind):
        raise NotFoundException
    meant: list[int] | IncidentQuery = ticked
    filters = Filters.read(query)
    if filters.wrong is not None:
        return _problem(site, visitor, f"What is searched for cannot be read. {filters.wrong.why}")
    if form.get("all"):
        meant = filters.query(1, now=now, me=visitor.user.id)
    elif not ticked:
        return _problem(site, visitor, "No incident was ticked.")
    if action == ActKind.DELETE and not form.get("sure"):
        return _ask(site, visitor, query, ticked, everything=bool(form.get("all")))
    try:
        act = act_of(ActKind(action), form, site, visitor, now)
        done = site.triage.bulk.do(visitor.project_id, meant, act, now, by=visitor.actor)
    except (CareError, MuteError) as wrong:
        return _problem(site, visitor, str(wrong))
    return Redirect(f"/incidents?{urlencode(query | {'done': done.undo})}", status_code=303)


def _ask(
    site: Site, visitor: Visitor, query: Mapping[str, str], ticked: Sequence[int], *, everything: bool
) -> Response[str]:
    """Whether they are to be deleted."""
    many = len(ticked)
    if everything:
        many = site.reads.incidents(
            visitor.project_id, Filters.read(query).query(1, now=site.clock(), me=visitor.user.id), site.clock()
        ).total
    given = {"many": many, "ticked": ticked, "everything": everything, "bulk_query": urlencode(query)}
    return site.page("bulk_delete.html", site.common(visitor) | given)


def _problem(site: Site, visitor: Visitor, said: str) -> Response[str]:
    return site.page("problem.html", site.common(visitor) | {"said": said}, status=422)
