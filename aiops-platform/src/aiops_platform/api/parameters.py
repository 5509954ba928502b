"""Query parameters: those that a list does not know are refused, for a filter that is misspelt filters nothing; moments."""

from collections.abc import Collection
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from litestar.connection import ASGIConnection
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from aiops_platform.core.salvage import sound
from aiops_platform.core.text import one_line

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_LONGEST_NAME = 60
_MOST_NAMED = 10


def only(*known: str) -> Guard:
    """A guard that lets through what asks with these parameters alone. Raises ValidationException, which names the others."""

    def only_known(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        # Each once, in the order in which they were sent.
        unknown = dict.fromkeys(name for name in connection.query_params if name not in known)
        if unknown:
            raise ValidationException(extra=[_said(name, known) for name in list(unknown)[:_MOST_NAMED]])

    return only_known


def utc(name: str, at: datetime | None) -> datetime | None:
    """The moment that a parameter of this name says, in UTC. Raises ValidationException where nothing can have happened."""
    if at is None:
        return None
    try:
        told = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        told = _LATEST
    if not _EARLIEST <= told < _LATEST:
        raise ValidationException(extra=[{"key": name, "message": "There is nothing to count at that time."}])
    return told


def _said(name: str, known: Collection[str]) -> dict[str, str]:
    near = get_close_matches(name[:_LONGEST_NAME].lower(), known, n=1)
    there_is = f"did you mean `{near[0]}`?" if near else "there are " + ", ".join(f"`{each}`" for each in known) + "."
    return {"key": one_line(sound(name), _LONGEST_NAME), "message": f"Not a parameter here; {there_is}"}
