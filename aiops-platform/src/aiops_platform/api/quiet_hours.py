"""Quiet hours of channels for machines: what is not critical waits for their end."""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from litestar import delete, get, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from aiops_platform.api import problems
from aiops_platform.api.alerts import ANSWERS
from aiops_platform.api.channels import ChannelId, found
from aiops_platform.api.desk import FOR_ADMINS, Desk, TheDesk, TheProject
from aiops_platform.api.parameters import only
from aiops_platform.core.alerting import quiet
from aiops_platform.core.alerting.quiet import QuietHours

_NONE: Final = "This project has no such channel."
_Time = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class QuietToSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `begin` to `end` by the clocks of `zone`: `22:00`, `07:00`, `Europe/Berlin`.

    With `but_critical` what is critical is told at once.
    """

    begin: _Time
    end: _Time
    zone: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] = "UTC"
    but_critical: bool = True


@dataclass(frozen=True, kw_only=True)
class QuietResource:
    """When a channel is quiet; all of it null where it never is."""

    begin: str | None
    end: str | None
    zone: str | None
    but_critical: bool | None


@get("/channels/{channel_id:int}/quiet", guards=[only()], sync_to_thread=True, summary="Read a channel's quiet hours")
def read_quiet(desk: TheDesk, project_id: TheProject, channel_id: ChannelId) -> QuietResource:
    """When nothing but what is critical is told there."""
    found(desk.channels.one(project_id, channel_id))
    return _resource(desk.alerts.reads.quiet(channel_id))


@put(
    "/channels/{channel_id:int}/quiet",
    opt=FOR_ADMINS,
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Set a channel's quiet hours",
)
def set_quiet(
    desk: TheDesk, project_id: TheProject, channel_id: ChannelId, data: JSONBody[QuietToSet]
) -> QuietResource:
    """What waits comes as one message when they end."""
    hours = quiet.read(data.begin, data.end, data.zone, but_critical=data.but_critical)
    return _set(desk, project_id, channel_id, hours)


@delete(
    "/channels/{channel_id:int}/quiet",
    opt=FOR_ADMINS,
    sync_to_thread=True,
    status_code=200,
    summary="End a channel's quiet hours",
)
def end_quiet(desk: TheDesk, project_id: TheProject, channel_id: ChannelId) -> QuietResource:
    """It never is quiet. What waits is told now."""
    return _set(desk, project_id, channel_id, None)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(read_quiet, set_quiet, end_quiet)


def _set(desk: Desk, project_id: int, channel_id: int, hours: QuietHours | None) -> QuietResource:
    if not desk.alerts.set_quiet(project_id, channel_id, hours):
        raise NotFoundException(_NONE)
    return _resource(hours)


def _resource(hours: QuietHours | None) -> QuietResource:
    if hours is None:
        return QuietResource(begin=None, end=None, zone=None, but_critical=None)
    begin, end = f"{hours.begin:%H:%M}", f"{hours.end:%H:%M}"
    return QuietResource(begin=begin, end=end, zone=hours.zone, but_critical=hours.but_critical)
