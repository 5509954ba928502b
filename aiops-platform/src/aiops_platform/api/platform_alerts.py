"""Which project is told of the platform's own troubles, for machines: its admins hand that over to another of theirs."""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from litestar import get, put
from litestar.exceptions import PermissionDeniedException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from aiops_platform.api import problems
from aiops_platform.api.desk import FOR_ADMINS, TheActor, TheDesk, TheProject
from aiops_platform.api.incidents import LARGEST_ID
from aiops_platform.api.parameters import only
from aiops_platform.core.people import Role

_NOT_OURS: Final = (
    "Another project than this token's is told of the platform's troubles: only its admins hand that over."
)
_NOT_THEIRS: Final = "This token's user is no admin of such a project."
_NOBODY_S: Final = (
    "Use a token of yours (Settings, Your tokens): this one belongs to a project, and may nothing in others."
)


class HandingOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The number of the project that is told from now on; its admin the token's user is."""

    project: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_ID)]


@dataclass(frozen=True, kw_only=True)
class PlatformTold:
    """Whether this project is told of the platform's own troubles."""

    is_told: bool


@get("/platform/told", guards=[only()], sync_to_thread=True, summary="Ask who hears of the platform's troubles")
def read_told(desk: TheDesk, project_id: TheProject) -> PlatformTold:
    """Of another project that does not even the number is said."""
    return PlatformTold(is_told=desk.alerts.reads.told_of_platform() == project_id)


@put(
    "/platform/told",
    opt=FOR_ADMINS,
    sync_to_thread=True,
    status_code=200,
    summary="Have another project hear of the platform's troubles",
)
def hand_over(desk: TheDesk, project_id: TheProject, actor: TheActor, data: JSONBody[HandingOver]) -> PlatformTold:
    """That one gets the usual rule for it, where it has none; what fires here is over. Takes a token of a user."""
    if actor.kind != "user":
        raise PermissionDeniedException(_NOBODY_S)
    ruled = [each.id for each in desk.people.projects(actor.id) if each.role is Role.ADMIN]
    if data.project not in ruled:
        raise PermissionDeniedException(_NOT_THEIRS)
    if not desk.alerts.hand_over_platform(project_id, data.project, desk.clock()):
        raise PermissionDeniedException(_NOT_OURS)
    return PlatformTold(is_told=data.project == project_id)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(read_told, hand_over)
