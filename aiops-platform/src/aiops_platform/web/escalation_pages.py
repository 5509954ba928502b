"""Escalation: who is told next while nobody acknowledges an alert."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.policy import MOST_STEPS, Policy, Step
from aiops_platform.core.alerting.rules import To
from aiops_platform.web.cut import visible
from aiops_platform.web.filters import row_number
from aiops_platform.web.forms import whole_form
from aiops_platform.web.rule_pages import reached
from aiops_platform.web.site import FOR_MEMBERS, PageRequest, Site, TheSite, TheVisitor, Visitor

_PAGE: Final = "/alerts/escalation"
_ROWS: Final = 4
_LONGEST: Final = 200
_ALL: Final = "all"


@get(_PAGE, sync_to_thread=True)
def escalation_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """The steps as they are, and a form for others."""
    return _shown(site, visitor, "", [], saved="saved" in request.query_params)


@post(_PAGE, status_code=200)
async def add_policy(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str] | Redirect:
    """Keeps new steps."""
    return await _asked(request, site, visitor, None)


@get(f"{_PAGE}/{{policy_id:int}}", opt=FOR_MEMBERS, sync_to_thread=True)
def policy_page(site: TheSite, visitor: TheVisitor, policy_id: FromPath[int]) -> Response[str]:
    """Steps, to be changed."""
    policy = site.alerts.policies(visitor.project_id).get(policy_id)
    if policy is None:
        raise NotFoundException
    typed = [(str(int(each.after.total_seconds()) // 60), _written(each.to)) for each in policy.steps]
    return _shown(site, visitor, policy.name, typed, editing=policy_id)


@post(f"{_PAGE}/{{policy_id:int}}", status_code=200)
async def change_policy(
    request: PageRequest, site: TheSite, visitor: TheVisitor, policy_id: FromPath[int]
) -> Response[str] | Redirect:
    """Keeps them as they were written."""
    return await _asked(request, site, visitor, policy_id)


@post(f"{_PAGE}/{{policy_id:int}}/delete", sync_to_thread=True, status_code=200)
def drop_policy(site: TheSite, visitor: TheVisitor, policy_id: FromPath[int]) -> Redirect:
    """Takes them away."""
    if not site.alerts.drop_policy(visitor.project_id, policy_id):
        raise NotFoundException
    return Redirect(f"{_PAGE}?saved", status_code=303)


ROUTES: tuple[HTTPRouteHandler, ...] = (escalation_page, add_policy, policy_page, change_policy, drop_policy)


async def _asked(request: PageRequest, site: Site, visitor: Visitor, policy_id: int | None) -> Response[str] | Redirect:
    form = await whole_form(request)
    rows = [
        (str(form.get(f"after{number}", ""))[:_LONGEST], str(form.get(f"to{number}", ""))[:_LONGEST])
        for number in range(MOST_STEPS)
    ]
    return await asyncio.to_thread(
        _change, site, visitor, str(form.get("name", ""))[:_LONGEST], [each for each in rows if each[1]], policy_id
    )


def _change(
    site: Site, visitor: Visitor, name: str, rows: Sequence[tuple[str, str]], policy_id: int | None
) -> Response[str] | Redirect:
    try:
        steps = tuple(Step(after=_minutes(after), to=_read(to)) for after, to in rows)
        if site.alerts.save_policy(visitor.project_id, Policy(id=policy_id, name=name, steps=steps)) is None:
            raise NotFoundException
    except AlertingError as wrong:
        typed = [(visible(after), visible(to)) for after, to in rows]
        return _shown(site, visitor, visible(name), typed, editing=policy_id, problem=wrong.why)
    return Redirect(f"{_PAGE}?saved", status_code=303)


def _minutes(text: str) -> timedelta:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise AlertingError("steps", "Say after how many minutes each further step comes")
    return timedelta(minutes=int(text))


def _read(text: str) -> To:
    kind, _, said = text.partition(":")
    number = row_number(said)
    if text == _ALL:
        return To()
    if number is None or kind not in ("channel", "rota"):
        raise AlertingError("steps", "A step tells a channel, all of them, or who is on call")
    return To(channels=(number,)) if kind == "channel" else To(rota=number)


def _written(to: To) -> str:
    if to.rota is not None:
        return f"rota:{to.rota}"
    return f"channel:{to.channels[0]}" if to.channels else _ALL


def _shown(
    site: Site,
    visitor: Visitor,
    name: str,
    typed: Sequence[tuple[str, str]],
    *,
    editing: int | None = None,
    saved: bool = False,
    problem: str = "",
) -> Response[str]:
    channels, rotas = site.alerts.channels(visitor.project_id), site.alerts.rotas(visitor.project_id)
    names, turns = {each.id: each.name for each in channels}, {number: each.name for number, each in rotas.items()}
    policies = site.alerts.policies(visitor.project_id)
    rows = [*typed, *[("", "")] * max(0, min(MOST_STEPS, max(_ROWS, len(typed) + 1)) - len(typed))]
    given: dict[str, Any] = {
        "policies": policies,
        "told": {
            number: [reached(step.to, names, {}, turns) for step in policy.steps] for number, policy in policies.items()
        },
        "targets": [
            (_ALL, "all channels"),
            *((f"channel:{number}", each) for number, each in names.items()),
            *((f"rota:{number}", f"who is on call: {each}") for number, each in turns.items()),
        ],
        "steps": [{"after": after, "to": to} for after, to in rows],
        "name": name,
        "editing": editing,
        "saved": saved,
        "problem": problem,
    }
    return site.page("alert_escalation.html", site.common(visitor) | given, status=422 if problem else 200)
