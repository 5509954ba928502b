"""Alerts: those that fire and those that did, acknowledged by who is signed in, or by a link in a message."""

import asyncio
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.alerting.alert import AlertState
from aiops_platform.core.alerting.links import LinkAct, LinkError
from aiops_platform.core.muting import Ends, span_of
from aiops_platform.pipeline.alerting.desk import Followed
from aiops_platform.ports.alerting import AlertPage
from aiops_platform.web import fix_links, origin, words
from aiops_platform.web.filters import row_number
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial
from aiops_platform.web.visitors import NotFromUsError

_PAGE: Final = "/alerts"
_PER_PAGE: Final = 20
_STATES: Final = {each.value: each for each in AlertState}
_ASKS: Final = {
    LinkAct.ACKNOWLEDGE: "Acknowledge it",
    LinkAct.ACKNOWLEDGE_ALL: "Acknowledge all",
    LinkAct.MUTE: "Mute it for an hour",
}
_HOUR: Final = "1h"
_NONE_FIRES: Final = "Nothing of it fires"


@get(_PAGE, sync_to_thread=True)
def alerts(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Those in one state, the newest first; for htmx only these."""
    state = request.query_params.get("state", AlertState.FIRING.value)
    if state not in _STATES:
        state = "all"
    before = row_number(request.query_params.get("before", ""))
    page = site.alerts.reads.page(visitor.project_id, state=_STATES.get(state), before=before, limit=_PER_PAGE)
    said = {"state": state} | ({"before": str(before)} if before is not None else {})
    older = f"{_PAGE}?{urlencode({'state': state, 'before': page.next or 0})}"
    given = {"page": page, "state": state, "address": f"{_PAGE}?{urlencode(said)}", "older": older, "only": False}
    return _shown(request, site, visitor, given)


@get(f"{_PAGE}/{{alert_id:int}}", sync_to_thread=True)
def one_alert(request: PageRequest, site: TheSite, visitor: TheVisitor, alert_id: FromPath[int]) -> Response[str]:
    """One of them, for who comes from a message."""
    row = site.alerts.reads.one(visitor.project_id, alert_id)
    if row is None:
        raise NotFoundException
    page = AlertPage(rows=(row,), firing=0, acknowledged=0, next=None)
    given = {"page": page, "state": "all", "address": f"{_PAGE}/{alert_id}", "older": "", "only": True}
    return _shown(request, site, visitor, given)


@post(f"{_PAGE}/{{alert_id:int}}/ack", status_code=200)
async def acknowledge(request: PageRequest, site: TheSite, visitor: TheVisitor, alert_id: FromPath[int]) -> Redirect:
    """Somebody cares for it; then the list again."""
    said = await form_of(request, "back")
    done = await asyncio.to_thread(site.alerts.acknowledge, visitor.project_id, alert_id, visitor.actor, site.clock())
    if done is None:
        raise NotFoundException
    back = said["back"] if said["back"].startswith(_PAGE) and said["back"].isprintable() else _PAGE
    return Redirect(f"{back}{'&' if '?' in back else '?'}done", status_code=303)


@get("/act/{link:str}", sync_to_thread=True)
def ask_first(site: TheSite, link: FromPath[str]) -> Response[str]:
    """What a link in a message would do: programs that look at mails follow links, and must change nothing."""
    try:
        found = site.alerts.followed(link, site.clock())
    except LinkError as wrong:
        return _nothing(site, wrong)
    if found.claim.act is LinkAct.FIX:
        return fix_links.ask(site, found, link)
    if found.told_with is not None and not found.told_with.firing:
        return _said(site, found, title=_NONE_FIRES, said="It is over, or somebody has acknowledged it.")
    return _said(site, found, title=f"{_ASKS[found.claim.act]}?", link=link, asks=_ASKS[found.claim.act])


@post("/act/{link:str}", status_code=200)
async def act(request: PageRequest, site: TheSite, link: FromPath[str]) -> Response[str]:
    """Does it, without a sign-in: the link is the leave to. Twice is as once."""
    if not origin.comes_from_us(request.headers, site.public_url):
        raise NotFromUsError
    said = await form_of(request, "fix")
    return await asyncio.to_thread(_act, site, link, row_number(said["fix"]))


ROUTES: tuple[HTTPRouteHandler, ...] = (alerts, one_alert, acknowledge)
PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (ask_first, act)


def _act(site: Site, link: str, fix_id: int | None) -> Response[str]:
    now = site.clock()
    try:
        found = site.alerts.followed(link, now)
    except LinkError as wrong:
        return _nothing(site, wrong)
    alert = found.row.alert
    if found.claim.act is LinkAct.FIX:
        return fix_links.run(site, found, fix_id)
    if found.claim.act is LinkAct.ACKNOWLEDGE_ALL:
        many = site.alerts.acknowledge_all(found, now)
        said = (
            "Nobody is told of them again but that they are over."
            if many
            else "It is over, or was acknowledged before."
        )
        return _said(
            site, found, title=f"Acknowledged: {words.many(many, 'alert')}" if many else _NONE_FIRES, said=said
        )
    if alert.state is AlertState.OVER:
        return _said(site, found, title="It is over", said="There was nothing left to do.")
    site.alerts.acknowledge(alert.project_id, alert.id or 0, found.by, now)
    if found.claim.act is LinkAct.MUTE and alert.incident_id is not None:
        ends = Ends(until=now + span_of(_HOUR))
        site.triage.mute(alert.project_id, alert.incident_id, now, ends=ends, by=found.by)
        return _said(site, found, title="Muted for an hour", said="If it still happens then, you hear of it again.")
    return _said(site, found, title="Acknowledged", said="Nobody is told of it again but that it is over.")


def _shown(request: PageRequest, site: Site, visitor: Visitor, given: dict[str, Any]) -> Response[str]:
    more = {"has_channels": bool(site.alerts.channels(visitor.project_id)), "done": "done" in request.query_params}
    told = site.common(visitor) | given | more
    return site.part("alert_list.html", told) if is_partial(request) else site.page("alerts.html", told)


def _said(site: Site, found: Followed, *, title: str, said: str = "", link: str = "", asks: str = "") -> Response[str]:
    given = {"title": title, "said": said, "row": found.row, "link": link, "asks": asks, "all": found.told_with}
    return site.public_page("alert_act.html", given)


def _nothing(site: Site, wrong: LinkError) -> Response[str]:
    given = {"title": "This link does nothing", "said": f"{wrong}.", "row": None, "link": "", "asks": "", "all": None}
    return site.public_page("alert_act.html", given, status=404)
