"""Who may use the JSON API, and what its handlers have at hand. A token may do what its scope says; a browser's session may read."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from aiops_platform.core.access import SESSION_COOKIE, Scope, looks_like_api_key
from aiops_platform.core.people import Actor, Role
from aiops_platform.pipeline.alerting import AlertDesk
from aiops_platform.pipeline.channel_desk import ChannelDesk
from aiops_platform.pipeline.hiding import Hiding
from aiops_platform.pipeline.job_desk import JobDesk
from aiops_platform.pipeline.revive import Revive
from aiops_platform.pipeline.ruling import Ruling
from aiops_platform.pipeline.triage import Triage
from aiops_platform.pipeline.upkeep import Upkeep
from aiops_platform.ports import Access, Insights, Monitoring, People, Reads, SavedViews
from aiops_platform.ports.fixing import FixDeskLike

_READING = {"GET", "HEAD", "OPTIONS"}
# What a route's `opt` may say: the role that it takes, where that is not a viewer's to read and a member's to act.
_NEEDED_ROLE = "role"
FOR_ADMINS = {_NEEDED_ROLE: Role.ADMIN}
# Whether it lets in an API key, too: what a service may tell of itself.
_TAKES_KEYS = "takes_api_keys"
TAKES_KEYS = {_TAKES_KEYS: True}


class Desk:
    """The API's way to everything else. Safe to share between threads."""

    def __init__(
        self,
        *,
        reads: Reads,
        insights: Insights,
        views: SavedViews,
        access: Access,
        triage: Triage,
        ruling: Ruling,
        hiding: Hiding,
        revive: Revive,
        jobs: JobDesk,
        alerts: AlertDesk,
        fixes: FixDeskLike,
        upkeep: Upkeep,
        monitoring: Monitoring,
        channels: ChannelDesk,
        people: People,
        clock: Callable[[], datetime],
    ) -> None:
        self.reads = reads
        self.insights = insights
        self.views = views
        self.access = access
        self.triage = triage
        self.ruling = ruling
        self.hiding = hiding
        self.revive = revive
        self.jobs = jobs
        self.alerts = alerts
        self.fixes = fixes
        self.upkeep = upkeep
        self.monitoring = monitoring
        self.channels = channels
        self.people = people
        self.clock = clock

    def guard(self) -> Guard:
        """Lets in who may come in, and notes which project it is about, and who it is (`state.actor`) and may (`state.role`).

        Raises NotAuthorizedException (401) and PermissionDeniedException (403).
        """

        async def only_holders(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
            is_change = connection.scope.get("method") not in _READING
            needed = handler.opt.get(_NEEDED_ROLE, Role.MEMBER if is_change else Role.VIEWER)
            takes_keys = bool(handler.opt.get(_TAKES_KEYS))
            found = await asyncio.to_thread(self._found, connection, needed, takes_keys=takes_keys)
            connection.state.project_id, connection.state.actor, connection.state.role = found

        return only_holders

    def _found(
        self, connection: ASGIConnection[Any, Any, Any, Any], needed: Role, *, takes_keys: bool
    ) -> tuple[int, Actor, Role]:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if takes_keys and scheme.lower() == "bearer" and looks_like_api_key(token.strip()):
            reporter = self.access.holder_of_key(token.strip())
            if reporter is not None:
                return reporter.project_id, Actor("token", reporter.id, "an API key"), Role.VIEWER
        if scheme:
            holder = self.access.holder_of_token(token.strip(), self.clock()) if scheme.lower() == "bearer" else None
            if holder is None:
                raise NotAuthorizedException(
                    "This API token is unknown or revoked: `aiops token create NAME` makes one."
                )
            if not holder.may.covers(needed):
                raise PermissionDeniedException(
                    "This API token may only read: another one, made to act, may do this."
                    if holder.scope is not Scope.ACT
                    else "This API token may no more than its user, whose role in the project does not allow this."
                )
            return holder.project_id, holder.actor, holder.may
        session = connection.cookies.get(SESSION_COOKIE)
        # A session may only read: a change by cookie would need the pages' protection against forged requests.
        if session and connection.scope.get("method") in _READING:
            found = self.access.session(session, self.clock())
            if found is not None:
                return found.project_id, found.user.actor, Role.VIEWER
        raise NotAuthorizedException("Send `Authorization: Bearer <API token>`: `aiops token create NAME` makes one.")


def project_of(request: Request[None, None, State]) -> int:
    """The project that the guard found; for handlers to ask for by name."""
    project_id: int = request.state.project_id
    return project_id


def actor_of(request: Request[None, None, State]) -> Actor:
    """Who the guard found; for handlers to ask for by name (`actor`)."""
    actor: Actor = request.state.actor
    return actor


def role_of(request: Request[None, None, State]) -> Role:
    """What the guard found that they may do at most; for handlers to ask for by name (`role`)."""
    role: Role = request.state.role
    return role


# How handlers ask for them.
TheDesk: TypeAlias = NamedDependency[Desk]
TheProject: TypeAlias = NamedDependency[int]
TheActor: TypeAlias = NamedDependency[Actor]
TheRole: TypeAlias = NamedDependency[Role]
