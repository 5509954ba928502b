"""A project's own rules for grouping, for machines: read them, try them, put others in their place."""

from typing import Any

from litestar import Response, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from aiops_platform.api import problems
from aiops_platform.api.desk import TheDesk, TheProject
from aiops_platform.api.shapes import GroupRules, GroupRulesText, GroupRulesTried, rules_of, tried_of
from aiops_platform.core import group_rules
from aiops_platform.pipeline.ruling import Refused


@get("/group-rules", sync_to_thread=True, summary="Read the rules for grouping")
def read_rules(desk: TheDesk, project_id: TheProject) -> GroupRules:
    """Those of the project, in their order; `text` holds them as they were written, with remarks."""
    text = desk.ruling.group_rules(project_id)
    return rules_of(text, group_rules.read(text).rules)


@put("/group-rules", sync_to_thread=True, status_code=200, summary="Set the rules for grouping")
def set_rules(
    desk: TheDesk, project_id: TheProject, data: JSONBody[GroupRulesText]
) -> GroupRules | Response[dict[str, Any]]:
    """Puts these in the place of all there are; they hold for what is digested from some seconds later on."""
    done = desk.ruling.set_group_rules(project_id, data.text)
    if isinstance(done, Refused):
        return _refused(done)
    return rules_of(desk.ruling.group_rules(project_id), done)


@post("/group-rules/try", sync_to_thread=True, status_code=200, summary="Try rules for grouping")
def try_rules(
    desk: TheDesk, project_id: TheProject, data: JSONBody[GroupRulesText]
) -> GroupRulesTried | Response[dict[str, Any]]:
    """What they would have done with the newest events that are stored, at most 1,000. Changes nothing."""
    tried = desk.ruling.rehearse(project_id, data.text)
    return _refused(tried) if isinstance(tried, Refused) else tried_of(tried)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(read_rules, set_rules, try_rules)


def _refused(refused: Refused) -> Response[dict[str, Any]]:
    errors = [{"name": f"line {each.line}" if each.line else "text", "why": each.why} for each in refused.problems]
    return problems.problem(400, "These rules are not understood.", errors=errors)
