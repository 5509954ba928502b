"""Whether an event of a resolved incident means that the problem is back. Told by what it says, not by when it arrived."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from aiops_platform.core import ahead, releases


class Stays(StrEnum):
    """Why an incident stays resolved although one more of its events has come."""

    LATE = "late"
    OLDER = "older"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """`stays` is None where the problem is back; `why` says it for people."""

    stays: Stays | None
    why: str


def judged(
    *,
    at: datetime,
    release: str,
    resolved_at: datetime,
    resolved_in: str | None,
    first_seen: Mapping[str, datetime],
    now: datetime,
) -> Verdict:
    """What an event is that happened `at` that time in that release ("" where it names none).

    It is no news if it happened before the resolution and came late, nor if its release is older than the one in which
    the problem was resolved: there nobody claims that it is mended.
    """
    # Of a resolution that a clock ahead has dated nobody knows when it was: better a problem too many than one that
    # never returns.
    if at <= resolved_at and not ahead.is_ahead(resolved_at, now):
        return Verdict(stays=Stays.LATE, why=f"an event that came late happened before that, at {_told(at)}")
    if release and resolved_in and releases.is_older(release, resolved_in, first_seen):
        why = f"it happened in {release}, which is older than {resolved_in}, in which it was resolved"
        return Verdict(stays=Stays.OLDER, why=why)
    if not release:
        return Verdict(stays=None, why=f"it happened again at {_told(at)}")
    since = f", and it was resolved in {resolved_in}" if resolved_in not in (None, release) else ""
    return Verdict(stays=None, why=f"it happened again in {release}{since}")


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
