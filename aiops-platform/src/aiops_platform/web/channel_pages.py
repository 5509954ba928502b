"""Settings of the project: the ways to tell its people. Made, tried out, mended; with what was sent to each."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.access import SecretMismatchError
from aiops_platform.core.backoff import Outcome, Sent, said
from aiops_platform.core.channels import KINDS, LONGEST_NAME, Channel, ChannelError, ChannelKind
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import row_number
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import FOR_ADMINS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE: Final = "/settings/channels"
_SHOWN: Final = 20
_DONE: Final = {
    "saved": "Saved.",
    "enabled": "Enabled. What failed before is sent again only if you say so below.",
    "disabled": "Disabled. It is sent nothing.",
    "removed": "Deleted, with what was sent to it.",
    "again": "On its way again.",
}


@get(_PAGE, opt=FOR_ADMINS, sync_to_thread=True)
def channels_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """Those there are, and the kinds that there could be."""
    given = {
        "channels": site.channels.all(visitor.project_id),
        "kinds": KINDS,
        "sends_mail": site.channels.sends_mail,
        "done": _DONE.get(request.query_params.get("done", ""), ""),
    }
    return site.page("channels.html", site.common(visitor) | given)


@get("/settings/channels/new/{kind:str}", opt=FOR_ADMINS, sync_to_thread=True)
def new_channel_page(site: TheSite, visitor: TheVisitor, kind: FromPath[str]) -> Response[str]:
    """What a kind needs to be told, and where that is found."""
    return _new(site, visitor, _kind(kind), {})


@post("/settings/channels/new/{kind:str}", opt=FOR_ADMINS, status_code=200)
async def add_channel(
    request: PageRequest, site: TheSite, visitor: TheVisitor, kind: FromPath[str]
) -> Response[str] | Redirect:
    """Makes it; then its page, to be tried out there."""
    which = _kind(kind)
    typed = await form_of(request, "name", *_names(which))
    return await asyncio.to_thread(_add, site, visitor, which, typed)


@get("/settings/channels/{which:int}", opt=FOR_ADMINS, sync_to_thread=True)
def channel_page(request: PageRequest, site: TheSite, visitor: TheVisitor, which: FromPath[int]) -> Response[str]:
    """One, with its last deliveries."""
    query = request.query_params
    done, before = _DONE.get(query.get("done", ""), ""), row_number(query.get("before", ""))
    return _one(site, visitor, which, done=done, before=before)


@post("/settings/channels/{which:int}", opt=FOR_ADMINS, status_code=200)
async def change_channel(
    request: PageRequest, site: TheSite, visitor: TheVisitor, which: FromPath[int]
) -> Response[str] | Redirect:
    """Another name or other settings; what is left empty stays."""
    channel = await asyncio.to_thread(site.channels.one, visitor.project_id, which)
    if channel is None:
        raise NotFoundException
    typed = await form_of(request, "name", *_names(channel.kind))
    name = typed.pop("name")
    return await asyncio.to_thread(
        _done, site, visitor, which, "saved", lambda: site.channels.change(visitor.project_id, which, name, typed)
    )


@post("/settings/channels/{which:int}/test", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def try_channel(site: TheSite, visitor: TheVisitor, which: FromPath[int]) -> Response[str]:
    """Sends a message now; then the page with what came of it."""
    projects = {each.id: each.name for each in site.people.projects(visitor.user.id)}
    project, by = projects.get(visitor.project_id, ""), visitor.user.name
    try:
        tried = site.channels.try_out(visitor.project_id, which, project=project, by=by, now=site.clock())
    except (ChannelError, SecretMismatchError) as wrong:
        return _one(site, visitor, which, problem=str(wrong))
    if tried is None:
        raise NotFoundException
    return _one(site, visitor, which, tried=tried)


@post("/settings/channels/{which:int}/switch", opt=FOR_ADMINS, status_code=200)
async def switch_channel(
    request: PageRequest, site: TheSite, visitor: TheVisitor, which: FromPath[int]
) -> Response[str] | Redirect:
    """Enables or disables it."""
    on = (await form_of(request, "to"))["to"] == "on"
    by, now = visitor.user.name, site.clock()
    return await asyncio.to_thread(
        _done,
        site,
        visitor,
        which,
        "enabled" if on else "disabled",
        lambda: site.channels.switch(visitor.project_id, which, on=on, by=by, now=now),
    )


@post("/settings/channels/{which:int}/secret", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def renew_secret(site: TheSite, visitor: TheVisitor, which: FromPath[int]) -> Response[str]:
    """Another secret, shown this once; the last one signs beside it for a day."""
    try:
        secret = site.channels.new_secret(visitor.project_id, which, site.clock())
    except SecretMismatchError as wrong:
        return _one(site, visitor, which, problem=str(wrong))
    if secret is None:
        raise NotFoundException
    return _one(site, visitor, which, secret=secret, is_renewed=True)


@post("/settings/channels/{which:int}/again", opt=FOR_ADMINS, status_code=200)
async def send_again(
    request: PageRequest, site: TheSite, visitor: TheVisitor, which: FromPath[int]
) -> Response[str] | Redirect:
    """Has what failed sent again: one delivery, or all."""
    said_ = (await form_of(request, "delivery"))["delivery"]
    delivery = None if said_ == "all" else row_number(said_) or 0
    return await asyncio.to_thread(
        _done,
        site,
        visitor,
        which,
        "again",
        lambda: site.channels.send_again(visitor.project_id, which, delivery, site.clock()),
    )


@post("/settings/channels/{which:int}/remove", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def remove_channel(site: TheSite, visitor: TheVisitor, which: FromPath[int]) -> Redirect:
    """Takes it away. One that is gone already is no mistake."""
    site.channels.remove(visitor.project_id, which)
    return Redirect(f"{_PAGE}?done=removed", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (
    channels_page,
    new_channel_page,
    add_channel,
    channel_page,
    change_channel,
    try_channel,
    switch_channel,
    renew_secret,
    send_again,
    remove_channel,
)


def _kind(text: str) -> ChannelKind:
    try:
        return ChannelKind(text)
    except ValueError:
        raise NotFoundException from None


def _names(kind: ChannelKind) -> tuple[str, ...]:
    return tuple(each.name for each in KINDS[kind].settings)


def _add(site: Site, visitor: Visitor, kind: ChannelKind, typed: Mapping[str, str]) -> Response[str] | Redirect:
    given = {name: value for name, value in typed.items() if name != "name"}
    by, now = visitor.user.name, site.clock()
    try:
        channel, secret = site.channels.add(visitor.project_id, typed["name"], kind, given, by=by, now=now)
    except ChannelError as wrong:
        return _new(site, visitor, kind, typed, problem=str(wrong), about=wrong.about)
    if secret is None:
        return Redirect(f"{_PAGE}/{channel.id}", status_code=303)
    return _one(site, visitor, channel.id, secret=secret)


def _done(
    site: Site, visitor: Visitor, which: int, done: str, act: Callable[[], Channel | int | None]
) -> Response[str] | Redirect:
    try:
        if act() is None:
            raise NotFoundException
    except (ChannelError, SecretMismatchError) as wrong:
        return _one(site, visitor, which, problem=str(wrong))
    return Redirect(f"{_PAGE}/{which}?done={done}", status_code=303)


def _new(
    site: Site,
    visitor: Visitor,
    kind: ChannelKind,
    typed: Mapping[str, str],
    *,
    problem: str = "",
    about: str = "",
) -> Response[str]:
    given = {
        "kind": kind,
        "kind_of": KINDS[kind],
        "typed": {name: visible(typed.get(name, "")[:2_000]) for name in ("name", *_names(kind))},
        "longest": LONGEST_NAME,
        "sends_mail": site.channels.sends_mail,
        "problem": problem,
        "about": about,
    }
    return site.page("channel_new.html", site.common(visitor) | given, status=422 if problem else 200)


def _one(
    site: Site,
    visitor: Visitor,
    which: int,
    *,
    done: str = "",
    problem: str = "",
    secret: str = "",
    is_renewed: bool = False,
    tried: Outcome | None = None,
    before: int | None = None,
) -> Response[str]:
    channel = site.channels.one(visitor.project_id, which)
    if channel is None:
        raise NotFoundException
    found = site.channels.deliveries(visitor.project_id, which, limit=_SHOWN + 1, before=before)
    given: dict[str, Any] = {
        "channel": channel,
        "quiet": site.alerts.reads.quiet(channel.id),
        "kind_of": KINDS[channel.kind],
        "addressees": _addressees(site, visitor, channel),
        "deliveries": found[:_SHOWN],
        "older": found[_SHOWN - 1].id if len(found) > _SHOWN else None,
        "some_failed": any(each.failed_at is not None for each in found),
        "longest": LONGEST_NAME,
        "done": done,
        "problem": problem,
        "secret": secret,
        "is_renewed": is_renewed,
        "tried": None if tried is None else {"sent": isinstance(tried, Sent), "said": said(tried)},
        "sends_mail": site.channels.sends_mail,
    }
    return site.page("channel.html", site.common(visitor) | given, status=422 if problem else 200)


def _addressees(site: Site, visitor: Visitor, channel: Channel) -> str:
    if channel.kind is not ChannelKind.MAIL:
        return ""
    try:
        return site.channels.addressees(visitor.project_id, channel.id)
    except SecretMismatchError:
        return ""
