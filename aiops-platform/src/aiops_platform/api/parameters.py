"""Query parameters: those that a list does not know are refused, for a filter that is misspelt filters nothing; moments; keys of writes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Operation, Parameter, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.types import Guard

from aiops_platform.core.salvage import sound
from aiops_platform.core.text import one_line

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_LONGEST_NAME = 60
_MOST_NAMED = 10

ONCE: Final = "Idempotency-Key"
LONGEST_KEY: Final = 200
_ONCE_SAID: Final = (
    "Any text that is new for each write. Sent again with the same one within a day, it is answered as the first time and "
    "not done again; `Idempotency-Replayed: true` says so."
)


@dataclass
class Write(Operation):
    """A write in the API's description: it takes an idempotency key."""

    def __post_init__(self) -> None:
        """Adds the key to what it takes."""
        text = Schema(type=OpenAPIType.STRING, min_length=1, max_length=LONGEST_KEY)
        known = [each for each in self.parameters or [] if not (isinstance(each, Parameter) and each.name == ONCE)]
        self.parameters = [*known, Parameter(name=ONCE, param_in="header", schema=text, description=_ONCE_SAID)]


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


def _those(known: Collection[str]) -> str:
    return "there are " + ", ".join(f"`{each}`" for each in known) + "." if known else "there is none."


def _said(name: str, known: Collection[str]) -> dict[str, str]:
    near = get_close_matches(name[:_LONGEST_NAME].lower(), known, n=1)
    there_is = f"did you mean `{near[0]}`?" if near else _those(known)
    return {"key": one_line(sound(name), _LONGEST_NAME), "message": f"Not a parameter here; {there_is}"}
