"""Whether a change was asked for by our own page: the browser's word (Origin, Sec-Fetch-Site) and a token of the session."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlsplit

# Compared as text, never taken apart: what stands in an Origin header may be no address at all.
_SCHEMES = ("http", "https")

FORM_FIELD = "csrf"
HEADER = "x-csrf-token"


def token_for(session: str, project_id: int | None = None, user_id: int | None = None) -> str:
    """The token that pages of this session carry. It cannot be made without the session's cookie, nor leads back to it.

    One that names the project in which the page was made, and for whom, has them in front: `3.17.0c5e…`.
    """
    names = [each for each in (project_id, user_id) if each is not None]
    said = "".join(f" {each}" for each in names)
    proof = hmac.new(session.encode(), f"aiops csrf v1{said}".encode(), sha256).hexdigest()
    return ".".join([*map(str, names), proof])


def is_token_of(session: str, token: str) -> bool:
    """Whether this session's pages carry this token."""
    ours = token_for(session, *_named_in(token))
    return hmac.compare_digest(ours.encode(), token.encode("utf-8", "replace"))


def project_in(token: str) -> int | None:
    """The project that a token names; None where it names none."""
    return next(iter(_named_in(token)), None)


def user_in(token: str) -> int | None:
    """The same for the user whose page it was. Believed only where the token is, or where the browser says whose form it is."""
    named = _named_in(token)
    return named[1] if len(named) > 1 else None


def _named_in(token: str) -> list[int]:
    named = token.split(".")[:-1]
    are_numbers = len(named) < 3 and all(each.isascii() and each.isdigit() and len(each) < 19 for each in named)
    return [int(each) for each in named] if are_numbers else []


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


def surely_from_us(headers: Mapping[str, str], public_url: str) -> bool:
    """The same, where a browser must say so: for what is done with a form whose token is of no use any more."""
    says = headers.get("sec-fetch-site") == "same-origin" or headers.get("origin") is not None
    return says and comes_from_us(headers, public_url)


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
