"""What of projects is shown to everybody: status pages, and what lets badges be seen."""

import secrets

from sqlalchemy import Connection, RowMapping, delete, insert, select

from aiops_platform.core.status_page import ShownService, StatusPage, StatusPageError
from aiops_platform.storage.dialects import insert as insert_or
from aiops_platform.storage.schema import badges, services, status_pages

_TOKEN_BYTES = 24


def of_project(connection: Connection, project_id: int) -> StatusPage | None:
    """The page of a project, also one that is switched off."""
    query = select(status_pages).where(status_pages.c.project_id == project_id)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _page(row)


def public(connection: Connection, slug: str) -> StatusPage | None:
    """The page at this address, if it is switched on."""
    query = select(status_pages).where(status_pages.c.slug == slug, status_pages.c.is_on)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _page(row)


def save(connection: Connection, page: StatusPage) -> None:
    """Puts this one in the place of the project's. Services of others are left out. Raises StatusPageError."""
    taken = select(status_pages.c.project_id).where(
        status_pages.c.slug == page.slug, status_pages.c.project_id != page.project_id
    )
    if connection.execute(taken).first() is not None:
        raise StatusPageError("Another project has this address already: choose another one")
    wanted = [each.service_id for each in page.shown]
    mine = select(services.c.id).where(services.c.project_id == page.project_id, services.c.id.in_(wanted))
    own = set(connection.execute(mine).scalars())
    shown = [{"service": each.service_id, "name": each.name} for each in page.shown if each.service_id in own]
    row = {name: getattr(page, name) for name in ("slug", "title", "is_on", "shows_incidents")} | {"shown": shown}
    statement = insert_or(connection, status_pages).values(project_id=page.project_id, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=[status_pages.c.project_id], set_=row))


def badge_token(connection: Connection, project_id: int) -> str | None:
    """What lets everybody see how the project's services are; None where nobody may."""
    found: str | None = connection.execute(
        select(badges.c.token).where(badges.c.project_id == project_id)
    ).scalar_one_or_none()
    return found


def renew_badge_token(connection: Connection, project_id: int, *, is_wanted: bool) -> None:
    """Another one in its place, or none: what was handed out before leads nowhere."""
    connection.execute(delete(badges).where(badges.c.project_id == project_id))
    if is_wanted:
        connection.execute(insert(badges).values(project_id=project_id, token=secrets.token_urlsafe(_TOKEN_BYTES)))


def project_of_badge(connection: Connection, token: str) -> int | None:
    """The project whose services may be seen with this."""
    found: int | None = connection.execute(
        select(badges.c.project_id).where(badges.c.token == token)
    ).scalar_one_or_none()
    return found


def _page(row: RowMapping) -> StatusPage:
    fields = {name: row[name] for name in StatusPage.__dataclass_fields__}
    fields["shown"] = tuple(ShownService(each["service"], each["name"]) for each in row["shown"])
    return StatusPage(**fields)
