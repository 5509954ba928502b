"""Addresses that a browser tells of: which of them lead to a page of ours, and to nowhere else."""

from collections.abc import Iterable
from urllib.parse import urlsplit

_LONGEST = 2_000


def onwards(wanted: str) -> str:
    """Where to go after the sign-in: a page of ours, else the first one."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_ours and not wanted.startswith(("/signin", "/signout")) and len(wanted) < _LONGEST else "/"


def page_of(url: str) -> str:
    """The page at a whole address. Its path is taken alone, so it is one of ours."""
    try:
        page = urlsplit(url)
    except ValueError:
        return "/"
    return onwards(f"{page.path}?{page.query}" if page.query else page.path)


def nearest_page(address: str, pages: Iterable[str]) -> str:
    """This address, if one of the pages (`/incidents/{incident_id}`) is there; else that of the nearest page above it.

    What answers a form stands at the form's address, where there may be no page to go back to.
    """
    known = [each.strip("/").split("/") for each in pages]
    parts = address.partition("?")[0].strip("/").split("/")
    for many in range(len(parts), 0, -1):
        if any(_is_at(page, parts[:many]) for page in known):
            above = "/" + "/".join(parts[:many])
            return address if many == len(parts) else above
    return "/"


def _is_at(page: list[str], parts: list[str]) -> bool:
    return len(page) == len(parts) and all(map(_is_part, page, parts))


def _is_part(named: str, part: str) -> bool:
    if not named.startswith("{"):
        return named == part
    # Rows are named by their numbers.
    return part.isdigit() if named.endswith("id}") else bool(part)
