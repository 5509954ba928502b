"""The JSON API in one piece, for the application that people's pages are part of, too."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from litestar import Response, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from aiops_platform.api import (
    alerts,
    bulk,
    channel_acts,
    channels,
    escalations,
    finding,
    fix_policies,
    fixes,
    group_rules,
    incident_acts,
    incidents,
    jobs,
    maintenance,
    manners,
    monitors,
    oncall,
    once,
    overview,
    platform_alerts,
    problems,
    project_settings,
    quiet_hours,
    releases,
    saved_views,
    services,
    surroundings,
)
from aiops_platform.api.desk import Desk, actor_of, project_of, role_of
from aiops_platform.core.saved_views import ViewError
from aiops_platform.core.search import SearchError
from aiops_platform.pipeline.alerting import AlertDesk
from aiops_platform.pipeline.channel_desk import ChannelDesk
from aiops_platform.pipeline.hiding import Hiding
from aiops_platform.pipeline.job_desk import JobDesk
from aiops_platform.pipeline.revive import Revive
from aiops_platform.pipeline.ruling import Ruling
from aiops_platform.pipeline.triage import Triage
from aiops_platform.pipeline.upkeep import Upkeep
from aiops_platform.ports import Access, Answers, Insights, Monitoring, People, Reads, SavedViews, StoreUnavailableError
from aiops_platform.ports.fixing import FixDeskLike

_ABOUT = """What the pages show and do, for programs. Send `Authorization: Bearer <API token>`; `aiops token create NAME` makes one.

Times are RFC 3339 in UTC. Errors are problem details (RFC 9457, `application/problem+json`). A browser that is signed in
may read without a token."""


_ROUTES: Final = (
    *finding.ROUTES,
    *incidents.ROUTES,
    *surroundings.ROUTES,
    *incident_acts.ROUTES,
    *bulk.ROUTES,
    *saved_views.ROUTES,
    *releases.ROUTES,
    *services.ROUTES,
    *overview.ROUTES,
    *maintenance.ROUTES,
    *channels.ROUTES,
    *channel_acts.ROUTES,
    *quiet_hours.ROUTES,
    *monitors.ROUTES,
    *jobs.ROUTES,
    *alerts.ROUTES,
    *escalations.ROUTES,
    *oncall.ROUTES,
    *platform_alerts.ROUTES,
    *fixes.ROUTES,
    *fix_policies.ROUTES,
    *group_rules.ROUTES,
    *project_settings.ROUTES,
)


def routes(
    *,
    reads: Reads,
    insights: Insights,
    views: SavedViews,
    access: Access,
    answers: Answers,
    triage: Triage,
    ruling: Ruling,
    hiding: Hiding,
    revive: Revive,
    job_desk: JobDesk,
    alert_desk: AlertDesk,
    fix_desk: FixDeskLike,
    upkeep: Upkeep,
    monitoring: Monitoring,
    channel_desk: ChannelDesk,
    people: People,
    clock: Callable[[], datetime],
    per_second: int = 0,
) -> Router:
    """Everything under /api/v1. Of one token so many requests a second are answered, 0 is no limit."""
    desk = Desk(
        reads=reads,
        insights=insights,
        views=views,
        access=access,
        triage=triage,
        ruling=ruling,
        hiding=hiding,
        revive=revive,
        jobs=job_desk,
        alerts=alert_desk,
        fixes=fix_desk,
        upkeep=upkeep,
        monitoring=monitoring,
        channels=channel_desk,
        people=people,
        clock=clock,
    )
    return Router(
        path="/api/v1",
        route_handlers=list(_ROUTES),
        guards=[desk.guard()],
        dependencies={
            "desk": Provide(lambda: desk, sync_to_thread=False),
            "project_id": Provide(project_of, sync_to_thread=False),
            "actor": Provide(actor_of, sync_to_thread=False),
            "role": Provide(role_of, sync_to_thread=False),
        },
        exception_handlers={
            **incident_acts.ANSWERS,
            SearchError: finding.not_understood,
            ViewError: incident_acts.wrong,
            ValidationException: problems.invalid,
            HTTPException: problems.refused,
            StoreUnavailableError: problems.store_unavailable,
            Exception: problems.broken,
        },
        before_request=once.looked_up(answers, clock),
        middleware=[
            *([manners.paced(per_second, clock)] if per_second else []),
            manners.remembered,
            once.remembered(answers),
        ],
        security=[{"token": []}],
    )


def openapi(version: str) -> OpenAPIConfig:
    """What describes the API, at /api/openapi.json and, for who looks beside the page, at /api/docs/openapi.json."""
    token = SecurityScheme(type="http", scheme="bearer", description="An API token, `aiopst_…`")
    router = Router(path="/api", route_handlers=[], include_in_schema=False, after_request=_nowhere_is_a_problem)
    return OpenAPIConfig(
        title="AIOps",
        version=version,
        description=_ABOUT,
        openapi_router=router,
        render_plugins=[JsonRenderPlugin(path=["/openapi.json", "/docs/openapi.json"])],
        components=Components(security_schemes={"token": token}),
        use_handler_docstrings=True,
    )


def _nowhere_is_a_problem(answer: Response[Any]) -> Response[Any]:
    # The framework answers for what lies beside the document, with a page of its own.
    return problems.problem(404, problems.NOWHERE) if answer.status_code == 404 else answer
