"""The application for people: every page behind a sign-in, and the answers' headers. Whoever assembles adds the API."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from litestar import Litestar, Router, asgi
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.types import ControllerRouterHandler, Message, Receive, Scope, Send

from aiops_platform.pipeline.alerting import AlertDesk
from aiops_platform.pipeline.channel_desk import ChannelDesk
from aiops_platform.pipeline.hiding import Hiding
from aiops_platform.pipeline.job_desk import JobDesk
from aiops_platform.pipeline.letters import Letters
from aiops_platform.pipeline.revive import Revive
from aiops_platform.pipeline.ruling import Ruling
from aiops_platform.pipeline.triage import Triage
from aiops_platform.pipeline.upkeep import Upkeep
from aiops_platform.ports import Access, Insights, Monitoring, People, Reads, SavedViews, StoreUnavailableError
from aiops_platform.ports.fixing import FixDeskLike
from aiops_platform.web import (
    access_pages,
    account_pages,
    alert_pages,
    api_docs,
    bulk_pages,
    buried_pages,
    care_pages,
    channel_pages,
    density_pages,
    design_pages,
    error_pages,
    escalation_pages,
    event_pages,
    file_routes,
    finding_pages,
    fix_pages,
    fix_policy_pages,
    forgot_pages,
    incident_pages,
    invitation_pages,
    job_pages,
    key_pages,
    maintenance_pages,
    monitor_pages,
    oncall_pages,
    overview_pages,
    palette_pages,
    people_pages,
    platform_pages,
    project_pages,
    quiet_pages,
    resume_pages,
    rule_pages,
    service_pages,
    session_pages,
    settings_pages,
    setup_pages,
    source_pages,
    status_pages,
    token_pages,
    view_pages,
)
from aiops_platform.web.assets import Assets
from aiops_platform.web.live import Live, send_stream
from aiops_platform.web.site import Site, Visitor
from aiops_platform.web.visitors import NotAllowedError, NotSignedInError, find_visitor, only_visitors, the_visitor

STATIC = Path(__file__).parent / "static"
LARGEST_FORM = 64 * 1024

# What every answer says that does not say otherwise itself.
HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": (
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
}


def build(
    *,
    reads: Reads,
    access: Access,
    people: People,
    triage: Triage,
    revive: Revive,
    ruling: Ruling,
    hiding: Hiding,
    alerts: AlertDesk,
    fixes: FixDeskLike,
    jobs: JobDesk,
    upkeep: Upkeep,
    monitoring: Monitoring,
    channels: ChannelDesk,
    letters: Letters | None = None,
    clock: Callable[[], datetime],
    public_url: str,
    insights: Insights,
    views: SavedViews,
    numbers: Callable[[], Mapping[str, int | float]] = dict,
    also: Sequence[ControllerRouterHandler] = (),
    openapi: OpenAPIConfig | None = None,
) -> Litestar:
    """The application. `also` are further routes (the JSON API), which bring their own ways to let in and to refuse.

    `numbers` are the platform's own; it may raise PlatformErrors.
    """
    live = Live(reads)
    site = Site(
        reads=reads,
        access=access,
        people=people,
        triage=triage,
        revive=revive,
        ruling=ruling,
        hiding=hiding,
        alerts=alerts,
        fixes=fixes,
        jobs=jobs,
        upkeep=upkeep,
        monitoring=monitoring,
        channels=channels,
        letters=letters,
        live=live,
        assets=Assets(STATIC),
        clock=clock,
        public_url=public_url,
        insights=insights,
        views=views,
        numbers=numbers,
    )
    return Litestar(
        route_handlers=[_public_routes(), _routes_of_visitors(), *also],
        dependencies={"site": Provide(lambda: site, sync_to_thread=False)},
        exception_handlers={
            NotSignedInError: error_pages.not_signed_in,
            NotAllowedError: error_pages.not_allowed,
            HTTPException: error_pages.refused,
            StoreUnavailableError: error_pages.store_unavailable,
            Exception: error_pages.broken,
        },
        before_send=[_add_headers],
        state=State({"site": site}),
        request_max_body_size=LARGEST_FORM,
        openapi_config=openapi,
        debug=False,
        logging_config=None,
    )


def _public_routes() -> Router:
    routes = (
        *access_pages.PUBLIC_ROUTES,
        *invitation_pages.PUBLIC_ROUTES,
        *alert_pages.PUBLIC_ROUTES,
        *oncall_pages.PUBLIC_ROUTES,
        *resume_pages.PUBLIC_ROUTES,
        *forgot_pages.PUBLIC_ROUTES,
        *file_routes.PUBLIC_ROUTES,
        *status_pages.PUBLIC_ROUTES,
        *api_docs.PUBLIC_ROUTES,
        live_stream,
    )
    return Router(path="/", route_handlers=routes, include_in_schema=False)


def _routes_of_visitors() -> Router:
    routes = (
        *overview_pages.ROUTES,
        *platform_pages.ROUTES,
        *finding_pages.ROUTES,
        *palette_pages.ROUTES,
        *view_pages.ROUTES,
        *event_pages.ROUTES,
        *incident_pages.ROUTES,
        *care_pages.ROUTES,
        *bulk_pages.ROUTES,
        *service_pages.ROUTES,
        *job_pages.ROUTES,
        *alert_pages.ROUTES,
        *fix_pages.ROUTES,
        *fix_policy_pages.ROUTES,
        *rule_pages.ROUTES,
        *escalation_pages.ROUTES,
        *oncall_pages.ROUTES,
        *maintenance_pages.ROUTES,
        *monitor_pages.ROUTES,
        *status_pages.ROUTES,
        *buried_pages.ROUTES,
        *setup_pages.ROUTES,
        *settings_pages.ROUTES,
        *channel_pages.ROUTES,
        *quiet_pages.ROUTES,
        *source_pages.ROUTES,
        *key_pages.ROUTES,
        *session_pages.ROUTES,
        *account_pages.ROUTES,
        *density_pages.ROUTES,
        *design_pages.ROUTES,
        *people_pages.ROUTES,
        *project_pages.ROUTES,
        *token_pages.ROUTES,
        *access_pages.ROUTES,
    )
    return Router(
        path="/",
        route_handlers=routes,
        guards=[only_visitors],
        dependencies={"visitor": Provide(the_visitor, sync_to_thread=False)},
        include_in_schema=False,
    )


@asgi("/live", copy_scope=True)
async def live_stream(scope: Scope, receive: Receive, send: Send) -> None:
    """What has moved, as it moves, for one open page of a visitor."""
    connection = ASGIConnection[None, None, None, State](scope, receive, send)
    if scope.get("method") != "GET":
        await _refuse(send, 405, (b"allow", b"GET"))
        return
    site: Site = connection.app.state.site
    visitor: Visitor | None = await find_visitor(connection)
    if visitor is None:
        await _refuse(send, 401)
        return
    mark = connection.headers.get("last-event-id") or connection.query_params.get("seen", "")
    stream = site.live.open(visitor.project_id, visitor.session, str(mark))
    if stream is None:
        await _refuse(send, 503, (b"retry-after", b"10"))
        return
    try:
        await send_stream(receive, send, site.live.messages(stream, lambda: _still_in(site, visitor)))
    finally:
        site.live.close(stream)


def _still_in(site: Site, visitor: Visitor) -> bool:
    try:
        found = site.access.session(visitor.session, site.clock())
        return found is not None and site.people.role(found.user.id, visitor.project_id) is not None
    except StoreUnavailableError:
        return True  # Nothing can be read now, so nothing is given away; it is asked again soon.


async def _refuse(send: Send, status: int, *headers: tuple[bytes, bytes]) -> None:
    said = [(b"content-length", b"0"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _add_headers(message: Message, _: Scope) -> None:
    if message["type"] == "http.response.start":
        headers = list(message.get("headers", ()))
        said = {name.lower() for name, _ in headers}
        message["headers"] = headers + [pair for pair in HEADERS.items() if pair[0] not in said]
