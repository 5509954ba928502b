"""Set-up: a fresh key and the few lines that connect a service, and whether it has been heard from yet."""

import secrets
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler

from aiops_platform.core import snippet
from aiops_platform.web.site import FOR_ADMINS, PageRequest, Site, TheSite, TheVisitor, Visitor, is_partial


@get("/setup", sync_to_thread=True)
def setup_page(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """What to do first; for htmx only whether something has been heard."""
    given = site.common(visitor) | _heard(site, visitor, request.query_params.get("key", ""))
    if is_partial(request):
        return site.part("setup_heard.html", given)
    return site.page("setup.html", given | {"key": None})


@post("/setup/key", opt=FOR_ADMINS, sync_to_thread=True, status_code=200)
def make_key(request: PageRequest, site: TheSite, visitor: TheVisitor) -> Response[str]:
    """A fresh key in its snippet. It is shown this once."""
    now = site.clock()
    name = f"setup-{now:%Y%m%d-%H%M}-{secrets.token_hex(2)}"
    key = site.access.create_key(visitor.project_id, name, now)
    made = next((known.id for known in site.access.keys(visitor.project_id) if known.name == name), None)
    shown = {"key": key, "key_name": name, "steps": snippet.steps(url=site.public_url, key=key)}
    given = site.common(visitor) | shown | _heard(site, visitor, str(made or ""))
    return site.part("setup_key.html", given) if is_partial(request) else site.page("setup.html", given)


def _heard(site: Site, visitor: Visitor, key_id: str) -> dict[str, Any]:
    """Of a key: whether it was used. Without one: whether anything has ever reported."""
    key = next((known for known in site.access.keys(visitor.project_id) if str(known.id) == key_id), None)
    rows = site.reads.services(visitor.project_id, site.clock(), per_page=200).rows
    signs = [row for row in rows if key is None or _last_sign(row) >= key.created_at]
    used = bool(rows) if key is None else key.last_used_at is not None
    newest = max(signs, key=_last_sign, default=None) if used else None
    return {"waits_for": "" if key is None else str(key.id), "heard": used, "newest": newest}


def _last_sign(row: Any) -> Any:
    return max(at for at in (row.last_beat_at, row.last_event_at, row.first_seen_at) if at is not None)


ROUTES: tuple[HTTPRouteHandler, ...] = (setup_page, make_key)
