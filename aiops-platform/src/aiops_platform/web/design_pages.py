"""The design system on one page, for those who develop it: tokens with their contrast, components in all their states."""

from functools import cache
from pathlib import Path
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from aiops_platform.core.monitor import MonitorState
from aiops_platform.web import design
from aiops_platform.web.site import TheSite, TheVisitor

_STYLE: Final = Path(__file__).parent / "static" / "aiops.css"


@get("/design", sync_to_thread=True)
def design_page(site: TheSite, visitor: TheVisitor) -> Response[str]:
    """All of it. No page leads here but CONTRIBUTING."""
    tokens = _tokens()
    given = {
        "tokens": tokens,
        "pairs": tokens.pairs(),
        "sizes": {prefix: _named(tokens, prefix) for prefix in ("t", "s")},
        "lives": (*MonitorState, None),
    }
    return site.page("design.html", site.common(visitor) | given)


ROUTES: tuple[HTTPRouteHandler, ...] = (design_page,)


@cache
def _tokens() -> design.Tokens:
    return design.read(_STYLE.read_text())


def _named(tokens: design.Tokens, prefix: str) -> dict[str, str]:
    return {name: value for name, value in tokens.sizes.items() if name[:1] == prefix and name[1:].isdigit()}
