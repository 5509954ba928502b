"""Channels for machines: which there are, what was sent to them; admins add, try out and delete them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.types import ExceptionHandlersMap

from aiops_platform.api import problems
from aiops_platform.api.desk import FOR_ADMINS, TheActor, TheDesk, TheProject
from aiops_platform.api.incident_acts import unreadable
from aiops_platform.api.incidents import LARGEST_ID
from aiops_platform.api.parameters import only
from aiops_platform.core.access import SecretMismatchError
from aiops_platform.core.backoff import Sent
from aiops_platform.core.channels import Channel, ChannelError, ChannelKind, Delivery

_MOST: Final = 100
_NONE: Final = "This project has no such channel."
ChannelId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The channel's number.")]
_Kind = Literal["mail", "webhook", "slack", "discord", "teams", "ntfy", "pagerduty", "apprise"]
Setting = Annotated[str, msgspec.Meta(max_length=2_000)]


class Adding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new channel. `settings` are those of its kind, by name: `url`; `to` of mail; `token` of ntfy; `routing_key` of PagerDuty."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    kind: _Kind
    settings: dict[str, Setting]


@dataclass(frozen=True, kw_only=True)
class ChannelResource:
    """A channel without its settings; `hint` is enough of them to know it by. `failures` in a row began at `failing_since`."""

    id: int
    name: str
    kind: str
    hint: str
    enabled: bool
    created_at: datetime
    created_by: str
    failures: int
    failing_since: datetime | None
    last_sent_at: datetime | None
    disabled_at: datetime | None
    disabled_why: str


@dataclass(frozen=True, kw_only=True)
class ChannelList:
    """The channels of the project, by name."""

    items: tuple[ChannelResource, ...]


@dataclass(frozen=True, kw_only=True)
class ChannelTried:
    """What came of a test: whether the receiver took it, its number for that, and what it said."""

    sent: bool
    status: int | None
    answer: str


@dataclass(frozen=True, kw_only=True)
class DeliveryResource:
    """A message to a channel: sent, failed for good, or tried again at `due_at`. `status` and `answer` are the last ones."""

    id: int
    title: str
    state: str
    created_at: datetime
    due_at: datetime | None
    attempts: int
    sent_at: datetime | None
    failed_at: datetime | None
    status: int | None
    answer: str


@dataclass(frozen=True, kw_only=True)
class DeliveryList:
    """The last deliveries, the newest first. `next`: what to say as `before` for the earlier ones."""

    items: tuple[DeliveryResource, ...]
    next: int | None


def _wrong(_: Request[Any, Any, Any], error: Exception) -> Response[dict[str, Any]]:
    about = error.about if isinstance(error, ChannelError) else ""
    return problems.problem(400, f"{error}.", errors=[{"name": about, "why": str(error)}] if about else [])


ANSWERS: Final[ExceptionHandlersMap] = {
    ChannelError: _wrong,
    SecretMismatchError: _wrong,
    RecursionError: unreadable,
    UnicodeDecodeError: unreadable,
}


@get("/channels", guards=[only()], sync_to_thread=True, summary="List channels")
def list_channels(desk: TheDesk, project_id: TheProject) -> ChannelList:
    """The ways in which people of the project are told."""
    return ChannelList(items=tuple(resource(each) for each in desk.channels.all(project_id)))


@get("/channels/{channel_id:int}", guards=[only()], sync_to_thread=True, summary="Read a channel")
def read_channel(desk: TheDesk, project_id: TheProject, channel_id: ChannelId) -> ChannelResource:
    """One of them."""
    return resource(found(desk.channels.one(project_id, channel_id)))


@post(
    "/channels",
    opt=FOR_ADMINS,
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=201,
    summary="Add a channel",
)
def add_channel(desk: TheDesk, project_id: TheProject, actor: TheActor, data: JSONBody[Adding]) -> ChannelResource:
    """Its settings are answered never again. The secret of a webhook is made here: `/secret` answers with a new one."""
    kind = ChannelKind(data.kind)
    channel, _ = desk.channels.add(project_id, data.name, kind, data.settings, by=actor.name, now=desk.clock())
    return resource(channel)


@delete(
    "/channels/{channel_id:int}",
    opt=FOR_ADMINS,
    sync_to_thread=True,
    status_code=200,
    summary="Delete a channel",
)
def delete_channel(desk: TheDesk, project_id: TheProject, channel_id: ChannelId) -> ChannelResource:
    """It goes with what was sent to it; what waits is not sent."""
    return resource(found(desk.channels.remove(project_id, channel_id)))


@post(
    "/channels/{channel_id:int}/test",
    opt=FOR_ADMINS,
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Try a channel out",
)
def try_channel(desk: TheDesk, project_id: TheProject, actor: TheActor, channel_id: ChannelId) -> ChannelTried:
    """Sends a message now and answers with what came of it, after up to a minute. At most ten a minute."""
    tried = desk.channels.try_out(project_id, channel_id, project="", by=actor.name, now=desk.clock())
    if tried is None:
        raise NotFoundException(_NONE)
    return ChannelTried(sent=isinstance(tried, Sent), status=tried.status, answer=tried.answer)


@get(
    "/channels/{channel_id:int}/deliveries",
    guards=[only("before")],
    sync_to_thread=True,
    summary="List the last deliveries of a channel",
)
def list_deliveries(
    desk: TheDesk,
    project_id: TheProject,
    channel_id: ChannelId,
    before: Annotated[
        int | None, QueryParameter(ge=1, le=LARGEST_ID, description="Those before the one with this number.")
    ] = None,
) -> DeliveryList:
    """At most 100; they are kept for 30 days."""
    found(desk.channels.one(project_id, channel_id))
    last = desk.channels.deliveries(project_id, channel_id, limit=_MOST + 1, before=before)
    items = tuple(_delivery(each) for each in last[:_MOST])
    return DeliveryList(items=items, next=items[-1].id if len(last) > _MOST else None)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(
    list_channels, read_channel, add_channel, delete_channel, try_channel, list_deliveries
)


def found(channel: Channel | None) -> Channel:
    """The channel. Raises NotFoundException where there is none."""
    if channel is None:
        raise NotFoundException(_NONE)
    return channel


def resource(channel: Channel) -> ChannelResource:
    """The channel as the API tells it."""
    return ChannelResource(
        id=channel.id,
        name=channel.name,
        kind=channel.kind.value,
        hint=channel.hint,
        enabled=channel.is_enabled,
        created_at=channel.created_at,
        created_by=channel.created_by,
        failures=channel.failures,
        failing_since=channel.failing_since,
        last_sent_at=channel.last_sent_at,
        disabled_at=channel.disabled_at,
        disabled_why=channel.disabled_why,
    )


def _delivery(delivery: Delivery) -> DeliveryResource:
    fields = {name: getattr(delivery, name) for name in DeliveryResource.__dataclass_fields__}
    return DeliveryResource(**fields)
