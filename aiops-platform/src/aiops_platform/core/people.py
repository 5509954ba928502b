"""People: who they are, what they may do in a project, and under which name a thing is done. Storing is storage's.

Who may come in by which text is said in `access`; here is what those who are in may do.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any, Final, Literal, TypeAlias
from unicodedata import normalize

from aiops_platform.core.errors import PlatformError

INVITATION_LASTS: Final = timedelta(days=7)
LONGEST_EMAIL: Final = 254
LONGEST_PERSON: Final = 100
LONGEST_PROJECT: Final = 100
SHORTEST_PASSWORD: Final = 10
LONGEST_PASSWORD: Final = 200
_LONGEST_SLUG: Final = 60
# The first admin is there before anybody has said who that is.
NAMELESS: Final = "Admin"

# What mail servers take is wider than this, what people have is not; whether it is theirs only a mail could tell.
_EMAIL: Final = re.compile(r"[^\s@\"<>(),:;\\]+@[^\s@\"<>(),:;\\]+\.[^\s@\"<>(),:;\\.]+")


class PeopleError(PlatformError):
    """People, roles or projects cannot be changed like this; the message says why, and what to do."""


class Role(StrEnum):
    """What somebody may do in a project: a viewer reads, a member acts, an admin rules. Each may what those before may."""

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"

    @property
    def called(self) -> str:
        """With its article, as in "Ana is a member"."""
        return f"{'an' if self is Role.ADMIN else 'a'} {self.value}"

    def covers(self, needed: "Role") -> bool:
        """Whether who has this role may do what takes that one."""
        return _RANKS[self] >= _RANKS[needed]


_RANKS: Final = {role: rank for rank, role in enumerate(Role)}

ActorKind: TypeAlias = Literal["user", "token", "platform"]


@dataclass(frozen=True)
class Actor:
    """Who did something, as it was then: names change and people go, what they did stays theirs."""

    kind: ActorKind
    id: int | None
    name: str

    def is_same_as(self, other: "Actor") -> bool:
        """Whether it is the same one, whatever they are called now."""
        return (self.kind, self.id) == (other.kind, other.id)

    def as_data(self) -> dict[str, Any]:
        """For a fact's data, as JSON."""
        return {"kind": self.kind, "id": self.id, "name": self.name}


def actor_from(data: Any) -> Actor | None:
    """What `as_data` gave; None for anything else: older facts do not say who."""
    match data:
        case {"kind": "user" | "token" | "platform" as kind, "id": int() | None as number, "name": str() as name}:
            return Actor(kind, number, name)
        case _:
            return None


PLATFORM: Final = Actor("platform", None, "the platform")
COMMAND_LINE: Final = Actor("platform", None, "the command line")


@dataclass(frozen=True, kw_only=True)
class User:
    """Somebody. The first admin may have no e-mail, and who comes in by links alone no password."""

    id: int
    email: str | None
    name: str
    has_password: bool
    created_at: datetime

    @property
    def actor(self) -> Actor:
        """Under which name they act."""
        return Actor("user", self.id, self.name)

    @property
    def is_complete(self) -> bool:
        """Whether they can come in by themselves, without a link."""
        return self.email is not None and self.has_password


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody in a project, since when, and when they were last seen there."""

    user: User
    role: Role
    since: datetime
    seen_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Project:
    """What keys open and people are members of. `role` is that of the one who asked, where somebody did."""

    id: int
    slug: str
    name: str
    role: Role | None = None


@dataclass(frozen=True, kw_only=True)
class Invitation:
    """A link that makes somebody a member, once. `id` is the hash of its text in hexadecimal digits."""

    id: str
    project_id: int
    project: str
    role: Role
    email: str | None
    by: str
    created_at: datetime
    expires_at: datetime


def checked_email(text: str) -> str:
    """The address as it is kept: in lower case. Raises PeopleError."""
    email = text.strip().lower()
    if len(email) > LONGEST_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise PeopleError("Give an e-mail address, such as 'ana@example.com'")
    return email


def checked_person(text: str) -> str:
    """The name of somebody, without blanks around it. Raises PeopleError."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_PERSON or not name.isprintable():
        raise PeopleError(f"Give a name of 1 to {LONGEST_PERSON} printable characters, such as 'Ana Lee'")
    return name


def checked_project(text: str) -> str:
    """The name of a project, without blanks around it. Raises PeopleError."""
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_PROJECT or not name.isprintable():
        raise PeopleError(f"Give the project a name of 1 to {LONGEST_PROJECT} printable characters, such as 'Web shop'")
    return name


def slug_of(name: str, taken: Collection[str]) -> str:
    """What commands call a project of this name: `web-shop`, or `web-shop-2` where that is taken."""
    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].rstrip("-") or "project"
    numbered = (slug if number == 1 else f"{slug}-{number}" for number in count(1))
    return next(each for each in numbered if each not in taken)
