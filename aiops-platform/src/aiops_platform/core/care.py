"""What people say and decide about an incident beside its state: comments, who cares for it, where else it is dealt with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.people import Actor

#: A comment is at most as long as this, in bytes of UTF-8.
LONGEST_COMMENT: Final = 10_000
_LONGEST_LINK: Final = 2_000


class CareError(PlatformError):
    """What was said or asked for makes no sense here; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Assignee:
    """Who cares for an incident."""

    id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class CommentRow:
    """What somebody said about an incident, in Markdown."""

    id: int
    by: Actor
    text: str
    created_at: datetime
    edited_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Part:
    """An incident that was merged into another one: its numbers are those of then. `keys` lead from it to that one."""

    id: int
    title: str
    count: int
    merged_at: datetime
    keys: int


@dataclass(frozen=True, kw_only=True)
class Mark:
    """When a release was first seen, or put to work: a line in a chart."""

    at: datetime
    release: str
    is_deploy: bool


@dataclass(frozen=True, kw_only=True)
class Care:
    """What people decided of an incident. `ends` says what ends its mute, `resolved_how` in which release it is resolved.

    `marks` are those of the last 14 days, oldest first.
    """

    resolved_in: str | None
    resolved_how: str
    ends: str
    assigned_to: Assignee | None
    tracker: str | None
    merged_into: int | None
    parts: tuple[Part, ...]
    comments: tuple[CommentRow, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, kw_only=True)
class ReleaseRow:
    """A release of a service in an environment, and when it was first seen."""

    service: str
    environment: str
    release: str
    first_seen_at: datetime


@dataclass(frozen=True, kw_only=True)
class DeployRow:
    """A release that was put to work in an environment. `url` leads to who did that, and how."""

    id: int
    service: str
    environment: str
    release: str
    at: datetime
    by: str
    url: str | None


def checked_comment(text: str) -> str:
    """The comment as it is kept. Raises CareError."""
    text = text.replace("\r\n", "\n").replace("\x00", "\ufffd").strip()
    if not text:
        raise CareError("Say something")
    if len(text.encode()) > LONGEST_COMMENT:
        raise CareError(f"A comment has at most {LONGEST_COMMENT:,} bytes; link to what is longer")
    return text


def checked_link(text: str) -> str | None:
    """The address as it is kept; None for an empty one. Raises CareError."""
    link = text.strip()
    if not link:
        return None
    if len(link) > _LONGEST_LINK or not link.isprintable() or " " in link or host_of(link) is None:
        raise CareError(
            "Give an address that begins with https:// or http://, such as https://tracker.example.com/shop/17"
        )
    return link


def host_of(link: str) -> str | None:
    """Where an address leads; None for what is none of http or https."""
    try:
        parts = urlsplit(link)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    return host if parts.scheme in ("http", "https") and host else None
