"""What of a project is shown to everybody: which services, under which names, at which address. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.text import one_line

MOST_SHOWN: Final = 50
LONGEST_TITLE: Final = 100
LONGEST_SLUG: Final = 60
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,58}[a-z0-9])")


class StatusPageError(PlatformError):
    """A status page that cannot be; the message says why, and what to do."""


@dataclass(frozen=True)
class ShownService:
    """A service by its number, and what everybody reads in the place of its name."""

    service_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class StatusPage:
    """`shows_incidents`: also since when something is wrong, and until when maintenance lasts."""

    project_id: int
    slug: str
    title: str
    is_on: bool
    shows_incidents: bool
    shown: tuple[ShownService, ...]


def checked(
    *, project_id: int, slug: str, title: str, is_on: bool, shows_incidents: bool, shown: Sequence[ShownService]
) -> StatusPage:
    """The page as an admin wants it. Raises StatusPageError."""
    slug, title = slug.strip().lower(), one_line(title, LONGEST_TITLE)
    if not _SLUG.fullmatch(slug):
        raise StatusPageError("Give an address of 3 to 60 small letters, digits and hyphens, such as acme-status")
    if not title:
        raise StatusPageError("Give the page a title: everybody reads it")
    if len(shown) > MOST_SHOWN:
        raise StatusPageError(f"Show at most {MOST_SHOWN} services")
    named = tuple(ShownService(each.service_id, one_line(each.name, LONGEST_TITLE)) for each in shown)
    if not all(each.name for each in named):
        raise StatusPageError("Say under which name each service is shown")
    if is_on and not named:
        raise StatusPageError("Choose at least one service, or switch the page off")
    return StatusPage(
        project_id=project_id,
        slug=slug,
        title=title,
        is_on=is_on,
        shows_incidents=shows_incidents,
        shown=named,
    )
