"""What needs no sign-in and no template: styles and scripts, the SDK's wheel, a sign of health, the icon."""

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from aiops_platform.web.assets import Asset
from aiops_platform.web.site import PageRequest, TheSite

_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_NOW = "public, max-age=300"


@get("/static/{name:path}", sync_to_thread=False)
def static(request: PageRequest, site: TheSite, name: FromPath[str]) -> Response[bytes]:
    """A style, script or picture."""
    return _answer(site.assets.find(name.lstrip("/")), request)


@get("/sdk/{name:str}", sync_to_thread=False)
def sdk_wheel(request: PageRequest, site: TheSite, name: FromPath[str]) -> Response[bytes]:
    """The SDK, for pip."""
    return _answer(site.assets.find(f"sdk/{name}"), request)


@get("/favicon.ico", sync_to_thread=False)
def icon(request: PageRequest, site: TheSite) -> Response[bytes]:
    """Browsers ask for it here, whatever the page says."""
    return _answer(site.assets.find("icon.svg"), request)


@get("/health", sync_to_thread=False)
def health() -> dict[str, str]:
    """The door answers."""
    return {"status": "ok"}


PUBLIC_ROUTES: tuple[HTTPRouteHandler, ...] = (static, sdk_wheel, icon, health)


def _answer(asset: Asset | None, request: PageRequest) -> Response[bytes]:
    if asset is None:
        raise NotFoundException
    # Only an address that names this very content may be kept for ever.
    kept = _FOR_EVER if request.query_params.get("v") == asset.version else _FOR_NOW
    headers = {"ETag": f'"{asset.version}"', "Vary": "Accept-Encoding", "Cache-Control": kept}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers, media_type=asset.media_type)
    if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.media_type)
    return Response(asset.content, headers=headers, media_type=asset.media_type)
