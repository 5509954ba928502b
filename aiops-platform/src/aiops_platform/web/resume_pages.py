"""A form whose session had ended, shown again to who sent it: nothing of it is sent before they say so."""

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from aiops_platform.web import origin
from aiops_platform.web.cut import visible
from aiops_platform.web.forms import form_of
from aiops_platform.web.kept import FIELD, LARGEST_KEPT, Kept, is_secret, unpacked
from aiops_platform.web.signin_form import signin_form
from aiops_platform.web.site import PageRequest, Site, TheSite, Visitor
from aiops_platform.web.visitors import NotFromUsError, find_visitor, in_project

_NOT_YET: Final = "Nobody is signed in in this browser yet."
_LONG: Final = 80
# What was typed is shown, and can still be changed: these, and whatever has a blank in it. What was chosen goes with it.
_TYPED: Final = {
    "text": "Comment",
    "url": "Address",
    "parts": "Incidents",
    "why": "Why",
    "release": "Release",
    "events": "Events",
    "name": "Name",
    "email": "E-mail address",
    "rules": "Rules",
    "template": "Address of a line",
    "root": "Folder",
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of the form as it is shown: to be read and changed, to be typed again, or not at all."""

    name: str
    label: str
    value: str
    kind: Literal["line", "text", "secret", "hidden"]


@post("/resume", status_code=200, request_max_body_size=LARGEST_KEPT)
async def resume(request: PageRequest, site: TheSite) -> Response[str] | Redirect:
    """For who signed in elsewhere meanwhile, by a link: the form that the sign-in page kept."""
    if not origin.surely_from_us(request.headers, site.public_url):
        raise NotFromUsError
    kept = unpacked((await form_of(request, FIELD))[FIELD])
    if kept is None:
        return Redirect("/", status_code=303)
    visitor = await find_visitor(request)
    if visitor is None:
        return await asyncio.to_thread(signin_form, site, wanted=kept.page, kept=kept, problem=_NOT_YET, status=401)
    return await asyncio.to_thread(shown_again, site, visitor, kept)


PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (resume,)


def shown_again(site: Site, visitor: Visitor, kept: Kept, *, status: int = 200) -> Response[str]:
    """The form with a button that sends it; to nobody but who filled it in, while they are in its project."""
    there = in_project(site, visitor, kept.project_id) if kept.user_id == visitor.user.id else None
    if there is None:
        return site.page("resume.html", site.common(visitor) | {"kept": None, "fields": ()}, status=status)
    given = {"kept": kept, "fields": [_field(kept.path, name, value) for name, value in kept.fields]}
    return site.page("resume.html", site.common(there) | given, status=status)


def _field(path: str, name: str, value: str) -> Field:
    if is_secret(path, name):
        return Field(name=name, label=_named(name), value="", kind="secret")
    if name not in _TYPED and not any(map(str.isspace, value)):
        return Field(name=name, label="", value=value, kind="hidden")
    kind: Literal["line", "text"] = "text" if "\n" in value or len(value) > _LONG else "line"
    return Field(name=name, label=_TYPED.get(name) or _named(name), value=visible(value), kind=kind)


def _named(name: str) -> str:
    return name.replace("_", " ").replace("-", " ").capitalize()
