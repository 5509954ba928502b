"""How closely lists stand in a browser: compact, one line for an incident, or comfortable. A cookie, so no page jumps."""

from collections.abc import Mapping
from typing import Final

COOKIE: Final = "aiops_density"
COMPACT: Final = "compact"
COMFORTABLE: Final = "comfortable"


def is_compact(cookies: Mapping[str, str]) -> bool:
    """Whether this browser keeps that choice."""
    return cookies.get(COOKIE) == COMPACT
