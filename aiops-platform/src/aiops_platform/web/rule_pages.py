"""Alert rules: what is told when, and to whom. A rule can be tried on the last week before it is kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core import muting
from aiops_platform.core.alerting import rules
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.rules import MEANINGS, MOST_RULES, Rule, To, When
from aiops_platform.core.messages import Severity
from aiops_platform.ports.alerting import Rehearsed
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import row_number
from aiops_platform.web.forms import form_of, whole_form
from aiops_platform.web.site import FOR_MEMBERS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE: Final = "/alerts/rules"
_FIELDS: Final = (
    *("name", "when", "match", "events", "people", "within", "unit"),
    *("severity", "repeat", "recovery", "enabled"),
)
_UNITS: Final = ("minutes", "hours")
_LONGEST: Final = 600
_PER_PAGE: Final = 20


@get(_PAGE, sync_to_thread=True)
def rules_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """The rules as they are, and a form for another one."""
    saved, page = "saved" in request.query_params, row_number(request.query_params.get("page", "")) or 1
    return _shown(site, visitor, _typed(Rule(name="", when=When.NEW)), To(), saved=saved, page=min(page, MOST_RULES))


@post(_PAGE, status_code=200)
async def add_rule(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Keeps a new rule, or tries it."""
    return await _asked(request, site, visitor, None)


@get(f"{_PAGE}/{{rule_id:int}}", opt=FOR_MEMBERS, sync_to_thread=True)
def rule_page(site: TheSite, visitor: TheVisitor, rule_id: FromPath[int]) -> Response[str]:
    """One rule, to be changed."""
    rule = _rule(site, visitor, rule_id)
    return _shown(site, visitor, _typed(rule), rule.to, editing=rule_id)


@post(f"{_PAGE}/{{rule_id:int}}", status_code=200)
async def change_rule(
    request: PageRequest, site: TheSite, visitor: TheVisitor, rule_id: FromPath[int]
) -> Response[str] | Redirect:
    """Keeps it as it was written, or tries that."""
    await asyncio.to_thread(_rule, site, visitor, rule_id)
    return await _asked(request, site, visitor, rule_id)


@post(f"{_PAGE}/{{rule_id:int}}/switch", status_code=200)
async def switch_rule(request: PageRequest, site: TheSite, visitor: TheVisitor, rule_id: FromPath[int]) -> Redirect:
    """Switches a rule on or off."""
    said = await form_of(request, "on")
    rule = await asyncio.to_thread(_rule, site, visitor, rule_id)
    switched = replace(rule, enabled=bool(said["on"]))
    await asyncio.to_thread(site.alerts.save_rule, visitor.project_id, switched, site.clock())
    return Redirect(f"{_PAGE}?saved", status_code=303)


@post(f"{_PAGE}/{{rule_id:int}}/delete", sync_to_thread=True, status_code=200)
def drop_rule(site: TheSite, visitor: TheVisitor, rule_id: FromPath[int]) -> Redirect:
    """Takes a rule away."""
    if not site.alerts.drop_rule(visitor.project_id, rule_id, site.clock()):
        raise NotFoundException
    return Redirect(f"{_PAGE}?saved", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (rules_page, add_rule, rule_page, change_rule, switch_rule, drop_rule)


def reached(to: To, names: Mapping[int, str], policies: Mapping[int, str], rotas: Mapping[int, str]) -> str:
    """Who is told, in words."""
    if to.policy is not None:
        return f"step by step: {policies.get(to.policy, 'all channels')}"
    told = [names.get(each, "a channel that is off or gone") for each in to.channels]
    if to.rota is not None:
        told.append(f"who is on call: {rotas.get(to.rota, 'a rota that is gone')}")
    return ", ".join(told) or "all channels"


def _rule(site: Site, visitor: Visitor, rule_id: int) -> Rule:
    found = [each for each in site.alerts.rules(visitor.project_id, site.clock()) if each.id == rule_id]
    if not found:
        raise NotFoundException
    return found[0]


async def _asked(request: PageRequest, site: Site, visitor: Visitor, rule_id: int | None) -> Response[str] | Redirect:
    form = await whole_form(request)
    said = {name: str(form.get(name, ""))[:_LONGEST] for name in (*_FIELDS, "policy", "rota", "do")}
    said["channels"] = " ".join(str(each)[:_LONGEST] for each in form.getall("channels", []))
    return await asyncio.to_thread(_change, site, visitor, said, rule_id)


def _change(site: Site, visitor: Visitor, said: dict[str, str], rule_id: int | None) -> Response[str] | Redirect:
    to, tried = To(), None
    typed = {name: visible(said[name]) for name in _FIELDS}
    if said["unit"] in _UNITS:
        said[said["unit"]] = said["within"]
    try:
        rule = replace(rules.read(said), id=rule_id)
        to = rule.to
        if said["do"] == "try":
            tried = site.alerts.rehearse(visitor.project_id, rule, site.clock())
        elif site.alerts.save_rule(visitor.project_id, rule, site.clock()) is None:
            raise NotFoundException
    except AlertingError as wrong:
        return _shown(site, visitor, typed, to, editing=rule_id, wrong=wrong, match=said["match"].strip())
    if tried is not None:
        return _shown(site, visitor, typed, to, editing=rule_id, tried=tried)
    return Redirect(f"{_PAGE}?saved", status_code=303)


def _typed(rule: Rule) -> dict[str, str]:
    numbers = {name: str(getattr(rule, name) or "") for name in ("events", "people")}
    return numbers | {
        "within": str(rule.minutes or rule.hours or ""),
        "unit": "minutes" if rule.minutes else "hours",
        "name": rule.name,
        "when": rule.when.value,
        "match": rule.match,
        "severity": rule.severity.value,
        "repeat": "" if rule.repeat is None else _span(int(rule.repeat.total_seconds())),
        "recovery": "on" if rule.recovery else "",
        "enabled": "on" if rule.enabled else "",
    }


def _span(seconds: int) -> str:
    size, unit = next(
        (size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "m"), (1, "s")) if not seconds % size
    )
    span = f"{seconds // size}{unit}"
    assert muting.span_of(span)
    return span


def _shown(
    site: Site,
    visitor: Visitor,
    typed: dict[str, str],
    to: To,
    *,
    editing: int | None = None,
    saved: bool = False,
    wrong: AlertingError | None = None,
    match: str = "",
    tried: Rehearsed | None = None,
    page: int = 1,
) -> Response[str]:
    project_id = visitor.project_id
    every = () if editing else site.alerts.rules(project_id, site.clock())
    mine = every[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    channels, policies, rotas = (
        site.alerts.channels(project_id),
        site.alerts.policies(project_id),
        site.alerts.rotas(project_id),
    )
    named = (
        {each.id: each.name for each in channels},
        {number: each.name for number, each in policies.items()},
        {number: each.name for number, each in rotas.items()},
    )
    given: dict[str, Any] = {
        "rules": mine,
        "page": page,
        "per_page": _PER_PAGE,
        "total": len(every),
        "told": {each.id: reached(each.to, *named) for each in mine},
        "meanings": MEANINGS,
        "units": _UNITS,
        "severities": tuple(Severity),
        "channels": channels,
        "policies": policies,
        "rotas": rotas,
        "typed": typed,
        "when": typed["when"],
        "chosen": to.channels,
        "policy": to.policy,
        "rota": to.rota,
        "editing": editing,
        "saved": saved,
        "problem": "" if wrong is None else wrong.why.rstrip("."),
        "wrong_at": None if wrong is None or wrong.position is None else _marked(match, wrong.position),
        "tried": tried,
    }
    return site.page("alert_rules.html", site.common(visitor) | given, status=422 if wrong is not None else 200)


def _marked(text: str, at: int) -> tuple[str, str, str]:
    """The text with the character at which a mistake shows by itself."""
    return visible(text[:at]), visible(text[at : at + 1]), visible(text[at + 1 :])
