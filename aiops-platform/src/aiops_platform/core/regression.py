"""Whether an event of a resolved incident means that the problem is back. Told by what it says, not by when it arrived."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from aiops_platform.core import ahead, releases

#: For so long a resolution waits for a release that does not come, while the problem goes on.
LONGEST_WAIT: Final = timedelta(days=30)


class Resolution(StrEnum):
    """In which release a problem was resolved: the newest one known, the one after that, or one that people named."""

    NOW = "now"
    NEXT = "next"
    GIVEN = "given"


class Stays(StrEnum):
    """Why an incident stays resolved although one more of its events has come."""

    LATE = "late"
    OLDER = "older"
    AWAITED = "awaited"


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
    how: Resolution = Resolution.NOW,
) -> Verdict:
    """What an event is that happened `at` that time in that release ("" where it names none).

    It is no news if it happened before the resolution and came late, nor if its release is older than the one in which
    the problem was resolved: there nobody claims that it is mended. Where that release is still to come (`how`), it is
    waited for, but not for ever: who never deploys it would never hear of the problem again.
    """
    # Of a resolution that a clock ahead has dated nobody knows when it was: better a problem too many than one that
    # never returns.
    if at <= resolved_at and not ahead.is_ahead(resolved_at, now):
        return Verdict(stays=Stays.LATE, why=f"an event that came late happened before that, at {_told(at)}")
    if not release:
        return Verdict(stays=None, why=f"it happened again at {_told(at)}")
    if resolved_in is None:
        return Verdict(stays=None, why=f"it happened again in {release}")
    stays = _not_yet(release, resolved_in, resolved_at, first_seen, how)
    if stays is not None:
        return _waited_too_long(resolved_in, resolved_at, first_seen, how, now) or stays
    since = f", and it was resolved in {_named(resolved_in, how)}" if resolved_in != release else ""
    return Verdict(stays=None, why=f"it happened again in {release}{since}")


def _not_yet(
    release: str, resolved_in: str, resolved_at: datetime, first_seen: Mapping[str, datetime], how: Resolution
) -> Verdict | None:
    """Why a release is one in which nobody claims that the problem is mended."""
    known = first_seen
    if how is Resolution.GIVEN and resolved_in not in first_seen:
        # It comes after all that were there when it was named.
        known = {**first_seen, resolved_in: resolved_at}
    if how is Resolution.NEXT and release == resolved_in:
        why = f"it still happens in {release}, and was resolved in {_named(resolved_in, how)}"
        return Verdict(stays=Stays.AWAITED, why=why)
    if releases.is_older(release, resolved_in, known):
        in_which = "" if how is Resolution.NEXT else ", in which it was resolved"
        return Verdict(stays=Stays.OLDER, why=f"it happened in {release}, which is older than {resolved_in}{in_which}")
    return None


def _waited_too_long(
    resolved_in: str, resolved_at: datetime, first_seen: Mapping[str, datetime], how: Resolution, now: datetime
) -> Verdict | None:
    if how is Resolution.NOW or now - resolved_at <= LONGEST_WAIT:
        return None
    came = resolved_in in first_seen
    if how is Resolution.NEXT:
        new = [release for release, at in first_seen.items() if at > resolved_at]
        came = any(releases.is_older(resolved_in, release, first_seen) for release in new)
    if came:
        return None
    why = f"{_named(resolved_in, how)} was not seen within {LONGEST_WAIT.days} days, and it still happens"
    return Verdict(stays=None, why=why)


def _named(resolved_in: str, how: Resolution) -> str:
    return f"the release after {resolved_in}" if how is Resolution.NEXT else resolved_in


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
