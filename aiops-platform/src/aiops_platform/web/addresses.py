"""Addresses that a browser tells of: which of them lead to a page of ours, and to nowhere else."""

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
