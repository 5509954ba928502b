"""What admins do with channels by API: change one, switch it, give it another secret, have what failed sent again."""

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from litestar import post, put
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from aiops_platform.api import problems
from aiops_platform.api.channels import ANSWERS, ChannelId, ChannelResource, Setting, found, resource
from aiops_platform.api.desk import FOR_ADMINS, Desk, TheActor, TheDesk, TheProject
from aiops_platform.api.incidents import LARGEST_ID
from aiops_platform.api.once import NOT_KEPT
from aiops_platform.core.channels import ChannelError

_DeliveryId = Annotated[int, PathParameter(ge=1, le=LARGEST_ID, description="The delivery's number.")]
_DOES_NOT_SIGN: Final = "This channel does not sign what it sends: only a webhook has a secret"


class Changing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another name, and other settings; what is not said stays. With another `url` the rest of them is to be said, too."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] | None = None
    settings: dict[str, Setting] = {}


@dataclass(frozen=True, kw_only=True)
class ChannelSecret:
    """What signs from now on; what signed before does so beside it for a day."""

    secret: str


@dataclass(frozen=True, kw_only=True)
class SentAgain:
    """How many deliveries are sent again."""

    deliveries: int


@put(
    "/channels/{channel_id:int}",
    opt=FOR_ADMINS,
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Change a channel",
)
def change_channel(
    desk: TheDesk, project_id: TheProject, channel_id: ChannelId, data: JSONBody[Changing]
) -> ChannelResource:
    """What was on its way goes to the new receiver. The secret of a webhook stays."""
    name = found(desk.channels.one(project_id, channel_id)).name if data.name is None else data.name
    return resource(found(desk.channels.change(project_id, channel_id, name, data.settings)))


@post(
    "/channels/{channel_id:int}/enable",
    opt=FOR_ADMINS,
    sync_to_thread=True,
    status_code=200,
    summary="Enable a channel",
)
def enable_channel(desk: TheDesk, project_id: TheProject, actor: TheActor, channel_id: ChannelId) -> ChannelResource:
    """It is sent to again. What failed meanwhile stays so until it is sent again."""
    return _switched(desk, project_id, channel_id, on=True, by=actor.name)


@post(
    "/channels/{channel_id:int}/disable",
    opt=FOR_ADMINS,
    sync_to_thread=True,
    status_code=200,
    summary="Disable a channel",
)
def disable_channel(desk: TheDesk, project_id: TheProject, actor: TheActor, channel_id: ChannelId) -> ChannelResource:
    """It is sent nothing, and what waits for it has failed."""
    return _switched(desk, project_id, channel_id, on=False, by=actor.name)


@post(
    "/channels/{channel_id:int}/secret",
    opt=FOR_ADMINS | NOT_KEPT,
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Make another secret",
)
def renew_secret(desk: TheDesk, project_id: TheProject, channel_id: ChannelId) -> ChannelSecret:
    """For a webhook. It is answered this once, and kept in no answer: asked again under the same key, there is another one."""
    found(desk.channels.one(project_id, channel_id))
    secret = desk.channels.new_secret(project_id, channel_id, desk.clock())
    if secret is None:
        raise ChannelError(_DOES_NOT_SIGN)
    return ChannelSecret(secret=secret)


@post(
    "/channels/{channel_id:int}/send-again",
    opt=FOR_ADMINS,
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Send again all that failed",
)
def send_all_again(desk: TheDesk, project_id: TheProject, channel_id: ChannelId) -> SentAgain:
    """Each delivery of the channel that has failed for good is on its way again."""
    found(desk.channels.one(project_id, channel_id))
    return SentAgain(deliveries=desk.channels.send_again(project_id, channel_id, None, desk.clock()))


@post(
    "/channels/{channel_id:int}/deliveries/{delivery_id:int}/send-again",
    opt=FOR_ADMINS,
    exception_handlers=ANSWERS,
    sync_to_thread=True,
    status_code=200,
    summary="Send a delivery again",
)
def send_one_again(desk: TheDesk, project_id: TheProject, channel_id: ChannelId, delivery_id: _DeliveryId) -> SentAgain:
    """One that has failed for good is on its way again, with the same id for its receiver."""
    found(desk.channels.one(project_id, channel_id))
    many = desk.channels.send_again(project_id, channel_id, delivery_id, desk.clock())
    if not many:
        raise NotFoundException("The channel has no delivery of that number that has failed.")
    return SentAgain(deliveries=many)


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(
    change_channel, enable_channel, disable_channel, renew_secret, send_all_again, send_one_again
)


def _switched(desk: Desk, project_id: int, channel_id: int, *, on: bool, by: str) -> ChannelResource:
    return resource(found(desk.channels.switch(project_id, channel_id, on=on, by=by, now=desk.clock())))
