"""Whether a change was asked for by our own page: the browser's word (Origin, Sec-Fetch-Site) and a token of the session."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

# Compared as text, never taken apart: what stands in an Origin header may be no address at all.
_SCHEMES = ("http", "https")

FORM_FIELD = "csrf"
HEADER = "x-csrf-token"


def token_for(session: str, project_id: int | None = None) -> str:
    """The token that pages of this session carry. It cannot be made without the session's cookie, nor leads back to it.

    One that names the project in which the page was made has that in front: `3.0c5e…`.
    """
    said, named = ("", "") if project_id is None else (f" {project_id}", f"{project_id}.")
    return named + hmac.new(session.encode(), f"aiops csrf v1{said}".encode(), sha256).hexdigest()


def is_token_of(session: str, token: str) -> bool:
    """Whether this session's pages carry this token."""
    return hmac.compare_digest(token_for(session, project_in(token)).encode(), token.encode("utf-8", "replace"))


def project_in(token: str) -> int | None:
    """The project that a token names; None where it names none."""
    named, dot, _ = token.partition(".")
    return int(named) if dot and named.isascii() and named.isdigit() and len(named) < 19 else None


def comes_from_us(headers: Mapping[str, str], public_url: str) -> bool:
    """Whether the browser says that our own page asked. Clients that are no browsers say nothing, and pass."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    host = headers.get("host", "")
    # Behind a proxy the host that we see may be an inner one; the public address is what browsers know.
    ours = {_origin_of(public_url)} | {f"{scheme}://{host}" for scheme in _SCHEMES if host}
    return origin in ours


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
