"""The page to sign in on, as everything shows it that finds nobody signed in."""

from litestar import Response

from aiops_platform.core.people import LONGEST_EMAIL
from aiops_platform.web.cut import visible
from aiops_platform.web.kept import Kept
from aiops_platform.web.site import Site


def signin_form(
    site: Site,
    *,
    wanted: str = "/",
    email: str = "",
    problem: str = "",
    is_used_up: bool = False,
    kept: Kept | None = None,
    status: int = 200,
) -> Response[str]:
    """The page; `wanted` is where one goes from there, `kept` what was typed before and is not sent yet."""
    given = {
        "is_used_up": is_used_up,
        "sends_mail": site.letters is not None,
        "has_passwords": site.people.anyone_has_password(),
        "wanted": wanted,
        "email": visible(email[:LONGEST_EMAIL]),
        "problem": problem,
        "kept": "" if kept is None else kept.packed(),
    }
    return site.public_page("signin.html", given, status=status)
