"""Settings of a project, for programs: what is secret in it, and the way from a traceback to its repository."""

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from litestar.types import ExceptionHandlersMap

from aiops_platform.api import problems
from aiops_platform.api.desk import FOR_ADMINS, Desk, TheDesk, TheProject
from aiops_platform.api.insight_shapes import ScrubRule, ScrubRuleList, SourceLinkResource
from aiops_platform.api.overview import NO_PARCEL, Number
from aiops_platform.core import source_links
from aiops_platform.core.scrubbing.rules import RuleKind, WrongRuleError, told
from aiops_platform.core.source_links import SourceLinkError


class Hidden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is secret: under each name that holds `text`, in any spelling; or this value, wherever it stands."""

    kind: RuleKind
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]


class SourceLinking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An https address with `{path}`, `{line}`, `{release}` in it; empty takes it away. `root` is what lies before the path."""

    template: Annotated[str, msgspec.Meta(max_length=source_links.LONGEST)]
    root: Annotated[str, msgspec.Meta(max_length=source_links.LONGEST)] = ""


def _wrong(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    return problems.problem(400, str(error))


_ANSWERS: Final[ExceptionHandlersMap] = {WrongRuleError: _wrong, SourceLinkError: _wrong}


@get("/scrub-rules", sync_to_thread=True, summary="List what else is hidden")
def list_rules(desk: TheDesk, project_id: TheProject) -> ScrubRuleList:
    """What is secret in this project besides what is everywhere; of values only how they begin."""
    return _rules(desk, project_id)


@post(
    "/scrub-rules",
    opt=FOR_ADMINS,
    exception_handlers=_ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Hide more",
)
def add_rule(desk: TheDesk, project_id: TheProject, data: JSONBody[Hidden]) -> ScrubRuleList:
    """From now on hidden in what is digested; what is stored already stays as it is."""
    desk.hiding.add(project_id, data.kind, data.text)
    return _rules(desk, project_id)


@post(
    "/scrub-rules/remove",
    opt=FOR_ADMINS,
    exception_handlers=_ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Hide less",
)
def drop_rule(desk: TheDesk, project_id: TheProject, data: JSONBody[Hidden]) -> ScrubRuleList:
    """Hidden by this rule no longer; one that is not there is no error."""
    desk.hiding.remove(project_id, data.kind, data.text)
    return _rules(desk, project_id)


@get("/source-link", sync_to_thread=True, summary="Read the way to the repository")
def read_link(desk: TheDesk, project_id: TheProject) -> SourceLinkResource:
    """How a line of a traceback becomes an address; an empty `template` is none."""
    return _link(desk, project_id)


@put(
    "/source-link",
    opt=FOR_ADMINS,
    exception_handlers=_ANSWERS,
    sync_to_thread=True,
    summary="Set the way to the repository",
)
def set_link(desk: TheDesk, project_id: TheProject, data: JSONBody[SourceLinking]) -> SourceLinkResource:
    """Tracebacks lead there from now on."""
    link = source_links.checked(data.template, data.root) if data.template.strip() else None
    desk.insights.keep_source_link(project_id, link)
    return _link(desk, project_id)


@post("/buried/{buried_id:int}/retry", sync_to_thread=True, status_code=204, summary="Digest a buried report again")
def retry(desk: TheDesk, project_id: TheProject, buried_id: Number) -> None:
    """After an upgrade, say. What cannot be digested still is buried once more, with the reason of today."""
    if not desk.revive.one(project_id, buried_id):
        raise NotFoundException(NO_PARCEL)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_rules, add_rule, drop_rule, read_link, set_link, retry)


def _rules(desk: Desk, project_id: int) -> ScrubRuleList:
    found = desk.hiding.rules(project_id)
    return ScrubRuleList(items=tuple(ScrubRule(kind=kind, text=told(kind, text)) for kind, text in found))


def _link(desk: Desk, project_id: int) -> SourceLinkResource:
    link = desk.insights.source_link(project_id)
    return SourceLinkResource(template=link.template if link else "", root=link.root if link else "")
