"""Releases and deploys, as a deploy script tells of them: with an API token that may act, or with an API key."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from aiops_platform.api import problems
from aiops_platform.api.desk import TAKES_KEYS, TheActor, TheDesk, TheProject
from aiops_platform.api.parameters import only
from aiops_platform.api.shapes import DeployList, ReleaseList
from aiops_platform.core.care import CareError, DeployRow, ReleaseRow

_KNOWN: Final = ("service", "environment", "most")
Word = Annotated[str | None, QueryParameter(max_length=200)]
Most = Annotated[int, QueryParameter(ge=1, le=500, description="How many at most, the newest first.")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Releasing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A release of a service in an environment, as its events name it, and since when there is one; now, if not said."""

    service: Name
    release: Name
    environment: Name = "production"
    at: datetime | None = None


class Deploying(Releasing, frozen=True, forbid_unknown_fields=True):
    """A release that is put to work in an environment. `url` leads to who did that, and how."""

    url: Annotated[str, msgspec.Meta(max_length=2_000)] = ""


@get("/releases", guards=[only(*_KNOWN)], sync_to_thread=True, summary="List releases")
def list_releases(
    desk: TheDesk, project_id: TheProject, service: Word = None, environment: Word = None, most: Most = 100
) -> ReleaseList:
    """The releases that were seen or told of, of all services or some."""
    found = desk.reads.releases(project_id, service=service or None, environment=environment or None, limit=most)
    return ReleaseList(items=tuple(found))


@post(
    "/releases",
    opt=TAKES_KEYS,
    sync_to_thread=True,
    status_code=200,
    summary="Tell of a release",
)
def tell_release(desk: TheDesk, project_id: TheProject, data: JSONBody[Releasing]) -> ReleaseRow:
    """There is this release. Told twice it is there once; the earliest time stays."""
    named = data.service, data.environment, data.release
    at = desk.triage.deploys.released(project_id, *named, at=_aware(data.at), now=desk.clock())
    return ReleaseRow(service=data.service, environment=data.environment, release=data.release, first_seen_at=at)


@get("/deploys", guards=[only(*_KNOWN)], sync_to_thread=True, summary="List deploys")
def list_deploys(
    desk: TheDesk, project_id: TheProject, service: Word = None, environment: Word = None, most: Most = 100
) -> DeployList:
    """What was put to work, the newest first."""
    found = desk.reads.deploys(project_id, service=service or None, environment=environment or None, limit=most)
    return DeployList(items=tuple(found))


@post(
    "/deploys",
    opt=TAKES_KEYS,
    sync_to_thread=True,
    status_code=200,
    summary="Tell of a deploy",
)
def tell_deploy(desk: TheDesk, project_id: TheProject, actor: TheActor, data: JSONBody[Deploying]) -> DeployRow:
    """This release works there from now on, or since `at`. Told twice with the same `at` it is there once."""
    named = data.service, data.environment, data.release
    told = desk.triage.deploys.deployed(
        project_id, *named, at=_aware(data.at), now=desk.clock(), by=actor.name, url=data.url
    )
    return DeployRow(
        id=told.id,
        service=data.service,
        environment=data.environment,
        release=data.release,
        at=told.at,
        by=actor.name,
        url=data.url or None,
    )


ROUTES: tuple[HTTPRouteHandler, ...] = problems.documented(list_releases, tell_release, list_deploys, tell_deploy)


def _aware(at: datetime | None) -> datetime | None:
    if at is not None and at.tzinfo is None:
        raise CareError("Say `at` with its offset from UTC, such as 2026-12-01T08:00:00Z")
    return at
