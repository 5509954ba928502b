"""Whom an incident touched, so far that they can be counted and asked for: hashes, and never a name."""

from hashlib import blake2b
from typing import Final, TypeAlias

from aiops_platform.core.event import Event

# So many of an incident are counted exactly, with at most so many names in all; then it is "1,000+".
MOST_PEOPLE: Final = 1_000
MOST_NAMES: Final = 3_000
_LONGEST: Final = 1_000
_BYTES: Final = 8
# What stands where something was hidden or erased is nobody's name.
_NOBODY: Final = "["

# The hashes of the names that an event gives a person. The first is who they are, by which they are counted.
Person: TypeAlias = tuple[bytes, ...]


def names_of(event: Event, project_id: int) -> Person:
    """How the event calls the person it happened to; empty where it says nothing of one.

    Who they are says the id, else the mail address, else the name; an IP address only where there is nothing else.
    """
    user = event.user
    if user is None:
        return ()
    told = [name for name in (user.id, user.email, user.name) if _is_name(name)] or [user.ip_address]
    return tuple(dict.fromkeys(hashed(name, project_id) for name in told if name and _is_name(name)))


def hashed(name: str, project_id: int) -> bytes:
    """A name as it is kept. Capital letters make no other."""
    told = name.strip()[:_LONGEST].casefold().encode("utf-8", "replace")
    return blake2b(told, digest_size=_BYTES, person=b"affected", salt=project_id.to_bytes(8, "big")).digest()


def _is_name(text: str | None) -> bool:
    return bool(text and text.strip() and not text.startswith(_NOBODY))
