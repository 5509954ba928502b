"""Fix policies: which incidents are answered with which fixer. A policy can be tried on the last week before it is kept."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core import muting
from aiops_platform.core.fixing import policy as policies
from aiops_platform.core.fixing.errors import FixError
from aiops_platform.core.fixing.policy import FixPolicy
from aiops_platform.core.muting import MuteError
from aiops_platform.ports.fixing import FixRehearsal
from aiops_platform.web import fix_words
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import row_number
from aiops_platform.web.forms import form_of
from aiops_platform.web.site import FOR_MEMBERS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE: Final = "/fixes/policies"
_TEXTS: Final = ("name", "match", "fixer", "params", "mode", "environments", "per_hour", "per_day", "at_once")
_SPANS: Final = ("cool_down", "watch")
_SWITCHES: Final = ("stop_after_failure", "resolve", "enabled")
_FIELDS: Final = (*_TEXTS, *_SPANS, *_SWITCHES)
_LONGEST: Final = 6_000
_PER_PAGE: Final = 20
_MOST_OFFERED: Final = 200


@get(_PAGE, sync_to_thread=True)
def policies_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """The policies as they are, and a form for another one; `fixer` names the one that it is for."""
    asked = request.query_params
    page = row_number(asked.get("page", "")) or 1
    new = FixPolicy(name="", match=asked.get("match", "")[:500], fixer=asked.get("fixer", "")[:100])
    return _shown(site, visitor, _typed(new), saved="saved" in asked, page=min(page, policies.MOST_POLICIES))


@post(_PAGE, status_code=200)
async def add_policy(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Keeps a new policy, or tries it."""
    said = await form_of(request, *_FIELDS, "do")
    return await asyncio.to_thread(_change, site, visitor, said, None)


@get(f"{_PAGE}/{{policy_id:int}}", opt=FOR_MEMBERS, sync_to_thread=True)
def policy_page(site: TheSite, visitor: TheVisitor, policy_id: FromPath[int]) -> Response[str]:
    """One policy, to be changed."""
    policy = _policy(site, visitor, policy_id)
    return _shown(site, visitor, _typed(policy), editing=policy)


@post(f"{_PAGE}/{{policy_id:int}}", status_code=200)
async def change_policy(
    request: PageRequest, site: TheSite, visitor: TheVisitor, policy_id: FromPath[int]
) -> Response[str] | Redirect:
    """Keeps it as it was written, or tries that."""
    said = await form_of(request, *_FIELDS, "do")
    policy = await asyncio.to_thread(_policy, site, visitor, policy_id)
    return await asyncio.to_thread(_change, site, visitor, said, policy)


@post(f"{_PAGE}/{{policy_id:int}}/switch", status_code=200)
async def switch_policy(
    request: PageRequest, site: TheSite, visitor: TheVisitor, policy_id: FromPath[int]
) -> Response[str] | Redirect:
    """Switches a policy on or off."""
    said = await form_of(request, "on")
    policy = await asyncio.to_thread(_policy, site, visitor, policy_id)
    return await asyncio.to_thread(_switch, site, visitor, replace(policy, enabled=bool(said["on"])))


@post(f"{_PAGE}/{{policy_id:int}}/resume", sync_to_thread=True, status_code=200)
def resume_policy(site: TheSite, visitor: TheVisitor, policy_id: FromPath[int]) -> Redirect:
    """Ends its pause after a failure."""
    if site.fixes.resume_policy(visitor.project_id, policy_id, visitor.actor, site.clock()) is None:
        raise NotFoundException
    return Redirect(f"{_PAGE}?saved", status_code=303)


@post(f"{_PAGE}/{{policy_id:int}}/delete", sync_to_thread=True, status_code=200)
def drop_policy(site: TheSite, visitor: TheVisitor, policy_id: FromPath[int]) -> Redirect:
    """Takes a policy away."""
    if not site.fixes.drop_policy(visitor.project_id, policy_id, visitor.actor, site.clock()):
        raise NotFoundException
    return Redirect(f"{_PAGE}?saved", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (
    policies_page,
    add_policy,
    policy_page,
    change_policy,
    switch_policy,
    resume_policy,
    drop_policy,
)


def _policy(site: Site, visitor: Visitor, policy_id: int) -> FixPolicy:
    found = site.fixes.reads.policies(visitor.project_id).get(policy_id)
    if found is None:
        raise NotFoundException
    return found


def _switch(site: Site, visitor: Visitor, switched: FixPolicy) -> Response[str] | Redirect:
    try:
        site.fixes.save_policy(visitor.project_id, switched, visitor.actor, site.clock())
    except FixError as wrong:
        # What the fixer takes may have changed since it was switched off.
        return _shown(site, visitor, _typed(switched), editing=switched, wrong=wrong)
    return Redirect(f"{_PAGE}?saved", status_code=303)


def _change(
    site: Site, visitor: Visitor, said: Mapping[str, str], editing: FixPolicy | None
) -> Response[str] | Redirect:
    said = {name: text[:_LONGEST] for name, text in said.items()}
    typed, tried = {name: visible(said[name]) for name in _FIELDS}, None
    try:
        policy = replace(
            _read(said, _kinds(site, visitor, said["fixer"].strip())), id=None if editing is None else editing.id
        )
        if said["do"] == "try":
            tried = site.fixes.rehearse(visitor.project_id, policy, site.clock())
        elif site.fixes.save_policy(visitor.project_id, policy, visitor.actor, site.clock()) is None:
            raise NotFoundException
    except FixError as wrong:
        return _shown(site, visitor, typed, editing=editing, wrong=wrong, match=said["match"].strip())
    if tried is not None:
        return _shown(site, visitor, typed, editing=editing, tried=tried)
    return Redirect(f"{_PAGE}?saved", status_code=303)


def _kinds(site: Site, visitor: Visitor, fixer: str) -> dict[str, str]:
    """Of which type the fixer's parameters are, as far as any service offers it."""
    offered = site.fixes.reads.offered(visitor.project_id, site.clock())
    return {param.name: param.type for each in offered if each.fixer.name == fixer for param in each.fixer.params}


def _read(said: Mapping[str, str], kinds: Mapping[str, str]) -> FixPolicy:
    """The policy that the form says: parameters are lines `name: value`, times are spans such as `10min`. Raises FixError."""
    told = {name: said[name] for name in (*_TEXTS, *_SWITCHES) if name != "params"}
    for name in _SPANS:
        text = said[name].strip()
        # What is neither is refused there, as no whole number.
        with suppress(MuteError):
            text = str(int(muting.span_of(text).total_seconds()))
        told[name] = text
    for line in said["params"].splitlines():
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if colon:
            # A text stays one, also where it looks like a number.
            is_text = kinds.get(name) == "string" and value and not value.startswith("=")
            told[f"param.{name}"] = msgspec.json.encode(value).decode() if is_text else value
        elif line.strip():
            raise FixError("params", "Write each parameter in a line of its own, as `name: value`")
    # A box that is not ticked says nothing, and there a missing one would be as in a new policy.
    return policies.read(told)


def _typed(policy: FixPolicy) -> dict[str, str]:
    spans = {name: _span(getattr(policy, name)) for name in _SPANS}
    switches = {name: "on" if getattr(policy, name) else "" for name in _SWITCHES}
    numbers = {name: str(getattr(policy, name)) for name in ("per_hour", "per_day", "at_once")}
    lines = (f"{name}: {value}" for name, value in fix_words.params_written(policy.params))
    texts = {
        "name": policy.name,
        "match": policy.match,
        "fixer": policy.fixer,
        "params": "\n".join(lines),
        "mode": policy.mode.value,
        "environments": ", ".join(policy.environments),
    }
    return texts | numbers | spans | switches


def _span(seconds: int) -> str:
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    size, unit = next((size, unit) for size, unit in units if (seconds >= size and not seconds % size) or size == 1)
    return f"{seconds // size}{unit}"


def _shown(
    site: Site,
    visitor: Visitor,
    typed: dict[str, str],
    *,
    editing: FixPolicy | None = None,
    saved: bool = False,
    wrong: FixError | None = None,
    match: str = "",
    tried: FixRehearsal | None = None,
    page: int = 1,
) -> Response[str]:
    given = site.common(visitor)
    reads = site.fixes.reads
    known = reads.policies(visitor.project_id)
    every = () if editing else [known[number] for number in sorted(known)]
    offered = reads.offered(visitor.project_id, site.clock())
    names = sorted({each.fixer.name for each in offered})
    mine = next((each.fixer for each in offered if each.fixer.name == typed["fixer"]), None)
    if mine is not None and not typed["params"] and wrong is None and tried is None and editing is None:
        typed = typed | {"params": "\n".join(f"{each.name}: " for each in mine.params)}
    given |= {
        "policies": every[(page - 1) * _PER_PAGE : page * _PER_PAGE],
        "page": page,
        "per_page": _PER_PAGE,
        "total": len(every),
        "fixers": names[:_MOST_OFFERED],
        "offered_now": {each.fixer.name for each in offered if each.is_offered},
        "chosen": mine,
        "modes": fix_words.MODES,
        "fields": policies.FIELDS,
        "stopped": reads.stopped(visitor.project_id),
        "typed": typed,
        "editing": None if editing is None else editing.id,
        "saved": saved,
        "problem": "" if wrong is None else str(wrong).rstrip("."),
        "wrong_at": _marked(match, wrong),
        "tried": tried,
        "fix_words": fix_words,
    }
    whole: dict[str, Any] = given
    return site.page("fix_policies.html", whole, status=422 if wrong is not None else 200)


def _marked(text: str, wrong: FixError | None) -> tuple[str, str, str] | None:
    """The text with the character at which a mistake shows by itself."""
    if wrong is None or wrong.at is None:
        return None
    return visible(text[: wrong.at]), visible(text[wrong.at : wrong.at + 1]), visible(text[wrong.at + 1 :])
