"""Since when things are new to somebody: since they had last looked, before they came this time. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

# Who looks again after so long comes anew.
PAUSE: Final = timedelta(minutes=30)
# How exactly it is known when somebody looked last: who looks all the time need not be noted all the time.
_GRAIN: Final = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Somebody at a project: last seen there, and `since` when things are new to them; None at their first visit."""

    since: datetime | None
    seen_at: datetime


def looked(before: Visit | None, now: datetime) -> Visit:
    """The visit after one more look. A look by a clock that was put back changes nothing."""
    if before is None:
        return Visit(since=None, seen_at=now)
    if now - before.seen_at >= PAUSE:
        return Visit(since=before.seen_at, seen_at=now)
    return replace(before, seen_at=now) if now - before.seen_at >= _GRAIN else before
