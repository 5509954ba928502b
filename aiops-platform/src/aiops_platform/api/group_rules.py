"""A project's own rules for grouping, for machines: read them, try them, put others in their place."""

from typing import Any, Final

from litestar import Request, Response, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from litestar.types import ExceptionHandlersMap

from aiops_platform.api import problems
from aiops_platform.api.desk import FOR_ADMINS, TheDesk, TheProject
from aiops_platform.api.shapes import GroupRules, GroupRulesText, GroupRulesTried, rules_of, tried_of
from aiops_platform.core import group_rules
from aiops_platform.core.errors import PlatformError
from aiops_platform.pipeline.ruling import Refused


class RulesRefusedError(PlatformError):
    """Rules that are not understood."""

    def __init__(self, refused: Refused) -> None:
        super().__init__("These rules are not understood.")
        self.problems = refused.problems


def _refused(_: Request[Any, Any, Any], error: RulesRefusedError) -> Response[dict[str, Any]]:
    errors = [{"name": f"line {each.line}" if each.line else "text", "why": each.why} for each in error.problems]
    return problems.problem(400, str(error), errors=errors)


def _unreadable(_: Request[Any, Any, Any], __: Exception) -> Response[dict[str, Any]]:
    return problems.problem(400, 'The body is not JSON: send `{"text": "…"}` in UTF-8.')


# What the framework's reader of JSON raises of a body that is nested too deep, or no text.
_ANSWERS: Final[ExceptionHandlersMap] = {
    RulesRefusedError: _refused,
    RecursionError: _unreadable,
    UnicodeDecodeError: _unreadable,
}


@get("/group-rules", sync_to_thread=True, summary="Read the rules for grouping")
def read_rules(desk: TheDesk, project_id: TheProject) -> GroupRules:
    """Those of the project, in their order; `text` holds them as they were written, with remarks."""
    text = desk.ruling.group_rules(project_id)
    return rules_of(text, group_rules.read(text).rules)


@put(
    "/group-rules",
    opt=FOR_ADMINS,
    exception_handlers=_ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Set the rules for grouping",
)
def set_rules(desk: TheDesk, project_id: TheProject, data: JSONBody[GroupRulesText]) -> GroupRules:
    """Puts these in the place of all there are; they hold for what is digested from some seconds later on."""
    done = desk.ruling.set_group_rules(project_id, data.text)
    if isinstance(done, Refused):
        raise RulesRefusedError(done)
    return rules_of(desk.ruling.group_rules(project_id), done)


@post(
    "/group-rules/try",
    exception_handlers=_ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Try rules for grouping",
)
def try_rules(desk: TheDesk, project_id: TheProject, data: JSONBody[GroupRulesText]) -> GroupRulesTried:
    """What they would have done with the newest events that are stored, at most 1,000. Changes nothing."""
    tried = desk.ruling.rehearse(project_id, data.text)
    if isinstance(tried, Refused):
        raise RulesRefusedError(tried)
    return tried_of(tried)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(read_rules, set_rules, try_rules)
