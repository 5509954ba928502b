"""What was typed into a form whose session had ended, kept until its sender has signed in again.

It rests in the answer's own page, in a hidden field, and nowhere else; passwords do not. Only who sent it gets it back,
and nothing of it is sent before they press a button: see `resume_pages`.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Request

from aiops_platform.web import origin
from aiops_platform.web.addresses import onwards, page_of
from aiops_platform.web.forms import whole_form

FIELD: Final = "kept"
# Whoever sends it again sends more than a form holds.
LARGEST_KEPT: Final = 160 * 1024
_LONGEST: Final = 256 * 1024
_MOST_FIELDS: Final = 1_100
# Who comes in or goes away sends nothing that is worth it.
_NEVER: Final = ("/signin", "/signout", "/resume", "/invited/", "/density")
# The address of a channel lets its reader write there, as a password would.
_CHANNELS: Final = "/settings/channels"
_OF_CHANNELS: Final = ("url", "token", "routing_key")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A form: to where it was sent, from which page, by whom, in which project; and its fields, in their order.

    Of a password or the address of a channel only its field's name is known, with nothing in it.
    """

    path: str
    page: str
    user_id: int
    project_id: int
    fields: tuple[tuple[str, str], ...]

    def packed(self) -> str:
        """The same as a word, for a hidden field."""
        return urlsafe_b64encode(zlib.compress(msgspec.json.encode(self))).decode().rstrip("=")


def unpacked(text: str) -> Kept | None:
    """What was packed; None for what was not, and for what leads to no page of ours."""
    try:
        unzip = zlib.decompressobj()
        body = unzip.decompress(urlsafe_b64decode(text + "=" * (-len(text) % 4)), _LONGEST)
        kept = msgspec.json.decode(body, type=Kept)
    except (ValueError, zlib.error, msgspec.MsgspecError):
        return None
    are_ours = onwards(kept.path) == kept.path and onwards(kept.page) == kept.page
    return kept if are_ours and _is_worth(kept.path) else None


async def kept_of(request: Request[Any, Any, Any], public_url: str) -> Kept | None:
    """What a form that cannot be taken said; None where it does not surely come from a page of ours, or names nobody."""
    if request.method != "POST" or not origin.surely_from_us(request.headers, public_url):
        return None
    form = await whole_form(request)
    told = form.get(origin.FORM_FIELD)
    token = told if isinstance(told, str) else ""
    user_id, project_id = origin.user_in(token), origin.project_in(token)
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if user_id is None or project_id is None or onwards(path) != path or not _is_worth(path):
        return None
    page = page_of(request.headers.get("referer", ""))
    return Kept(path=path, page=page, user_id=user_id, project_id=project_id, fields=_fields(path, form.items()))


def _is_worth(path: str) -> bool:
    return not path.startswith(_NEVER)


def _fields(path: str, said: Iterable[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    texts = [(name, value) for name, value in said if isinstance(value, str) and name != origin.FORM_FIELD]
    return tuple((name, "" if is_secret(path, name) else value) for name, value in texts if value)[:_MOST_FIELDS]


def is_secret(path: str, name: str) -> bool:
    """Whether a field of that name, in a form that is sent there, holds a password or as much as one."""
    is_of_project = path.startswith("/settings/secrets") and name == "text"
    return "password" in name or is_of_project or (path.startswith(_CHANNELS) and name in _OF_CHANNELS)
