"""Mutes that end: at a time, after so many events, so many within a time, or with a release. Pure; the first of them counts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from aiops_platform.core import releases
from aiops_platform.core.errors import PlatformError

#: "In the next release".
NEXT: Final = "next"
_LONGEST: Final = timedelta(days=3650)
_MOST_EVENTS: Final = 1_000_000_000
_LONGEST_WITHIN: Final = timedelta(days=30)
_LONGEST_RELEASE: Final = 200
# A span of time is counted in so many pieces: at most by one of them too much is counted as one span.
_PIECES: Final = 12
_SPAN: Final = re.compile(r"(?P<many>[0-9]+) ?(?P<unit>s|min|m|h|d|w)")
_DIGITS: Final = 7
_UNITS: Final = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


class MuteError(PlatformError):
    """A mute that makes no sense; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Ends:
    """What people say of the end of a mute. Nothing said: it lasts until somebody ends it.

    `events` alone are so many more; with `within`, so many in that time. `release` is one by name, or `NEXT`: any that is
    newer than the newest one known.
    """

    until: datetime | None = None
    events: int | None = None
    within: timedelta | None = None
    release: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mute:
    """What ends a mute, as it is kept.

    `count` is how many events the incident will have had in all, `many` how many within `within` seconds; `lately` says
    how many there were in each piece of that time. With `is_next` it waits for a release newer than `release`.
    """

    until: datetime | None = None
    count: int | None = None
    events: int | None = None
    many: int | None = None
    within: int | None = None
    lately: Mapping[str, int] = field(default_factory=dict)
    release: str | None = None
    is_next: bool = False

    @property
    def waits_for_release(self) -> bool:
        """Whether it takes the service's releases to judge it."""
        return self.release is not None


def begun(ends: Ends, *, count: int, newest: str | None, now: datetime) -> Mute | None:
    """The mute of an incident that has had so many events, of a service whose newest release that is.

    None where nothing ends it. Raises MuteError.
    """
    check(ends, now)
    if ends == Ends():
        return None
    if ends.release == NEXT and newest is None and ends == Ends(release=NEXT):
        raise MuteError("No release of this service was ever named: there is none to wait for. Say a time or a number")
    mute = Mute(until=ends.until)
    if ends.events is not None and ends.within is not None:
        mute = replace(mute, many=ends.events, within=int(ends.within.total_seconds()))
    elif ends.events is not None:
        mute = replace(mute, count=count + ends.events, events=ends.events)
    if ends.release == NEXT:
        return replace(mute, release=newest, is_next=newest is not None)
    return replace(mute, release=ends.release)


def ended_by_time(mute: Mute | None, now: datetime) -> str | None:
    """Why the mute is over by now; None while it is not."""
    if mute is None or mute.until is None or now < mute.until:
        return None
    return f"it was muted until {_told(mute.until)}"


def after_event(
    mute: Mute,
    *,
    count: int,
    repeats: int,
    at: datetime,
    since: datetime,
    first_seen: Mapping[str, datetime],
    now: datetime,
) -> tuple[Mute, str | None]:
    """The mute after an event that stands for so many and makes the incident's `count`; and why it is over, if it is.

    `since` is when it began, `first_seen` says when each release of the service was.
    """
    over = ended_by_time(mute, now)
    if over is not None:
        return mute, over
    if mute.count is not None and count >= mute.count:
        return mute, f"{_many(mute.events or 0, more=True)} came while it was muted"
    appeared = _appeared(mute, since, first_seen) if mute.waits_for_release else None
    if appeared is not None:
        return mute, f"it was muted until {appeared} was seen, and happened again"
    if mute.many is None or mute.within is None:
        return mute, None
    counted = _lately(mute.lately, mute.within, at, repeats)
    lately, span = sum(counted.values()), lasting(timedelta(seconds=mute.within))
    over = f"{_many(lately)} came within {span} while it was muted" if lately >= mute.many else None
    return replace(mute, lately=counted), over


def recounted(mute: Mute | None, by: int) -> Mute | None:
    """The mute of an incident whose count was changed by so many that are no news to it: it takes as many more as before."""
    return mute if mute is None or mute.count is None else replace(mute, count=mute.count + by)


def sentence(mute: Mute | None) -> str:
    """What ends it, after the word "muted"; empty where nothing does."""
    if mute is None:
        return ""
    ends = []
    if mute.until is not None:
        ends.append(_told(mute.until))
    if mute.count is not None:
        ends.append(f"{_many(mute.events or 0, more=True)} came")
    if mute.many is not None and mute.within is not None:
        ends.append(f"{_many(mute.many)} come within {lasting(timedelta(seconds=mute.within))}")
    if mute.release is not None:
        ends.append(f"a release newer than {mute.release} appears" if mute.is_next else f"{mute.release} appears")
    return "until " + " or ".join(ends) if ends else ""


def as_data(mute: Mute | None) -> dict[str, Any] | None:
    """As JSON, without what is not said."""
    if mute is None:
        return None
    told: dict[str, Any] = msgspec.to_builtins(mute)
    return {name: value for name, value in told.items() if value not in (None, False) and value != {}}


def from_data(data: Any) -> Mute | None:
    """What `as_data` gave."""
    return None if data is None else msgspec.convert(data, Mute)


def check_release(release: str) -> None:
    """Raises MuteError for what can be the name of no release."""
    if not (release.isprintable() and 1 <= len(release) <= _LONGEST_RELEASE):
        raise MuteError(f"A release has 1 to {_LONGEST_RELEASE} printable characters")


def span_of(text: str) -> timedelta:
    """A span as people write it: `90s`, `30min` or `30m`, `8h`, `7d`, `2w`. Raises MuteError."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or len(found["many"]) > _DIGITS:
        raise MuteError(f"Not a span of time: {text[:20]!r}. Write one such as 30min, 8h or 7d")
    span = int(found["many"]) * _UNITS[found["unit"]]
    if span > _LONGEST:
        raise MuteError("Longer than ten years is for ever: leave it out")
    return span


def lasting(span: timedelta) -> str:
    """A span as people say it: `45 s`, `10 min`, `2 h`, `7 days`."""
    seconds = int(span.total_seconds())
    for size, name in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            many = seconds // size
            return f"{many} {name}" + ("s" if name == "day" and many > 1 else "")
    return f"{seconds} s"


def check(ends: Ends, now: datetime) -> None:
    """Raises MuteError for ends that make no sense."""
    if ends.until is not None and not now < ends.until <= now + _LONGEST:
        raise MuteError("Mute until a time that is to come, within ten years")
    if ends.events is not None and not 1 <= ends.events <= _MOST_EVENTS:
        raise MuteError(f"Mute until 1 to {_MOST_EVENTS:,} events came")
    if ends.within is not None and ends.events is None:
        raise MuteError("Say how many events within that time end it")
    if ends.within is not None and not timedelta(minutes=1) <= ends.within <= _LONGEST_WITHIN:
        raise MuteError("Count events within a minute to 30 days")
    if ends.release is not None:
        check_release(ends.release)


def _appeared(mute: Mute, since: datetime, first_seen: Mapping[str, datetime]) -> str | None:
    """The release that was waited for, where it was seen."""
    awaited = mute.release or ""
    if not mute.is_next and awaited in first_seen:
        return awaited
    # What is told late was seen before the mute began: newer than the newest one that was known then, it is new to it.
    known_until = first_seen.get(awaited, since) if mute.is_next else since
    new = (release for release, at in first_seen.items() if at > known_until)
    # Of a release that nobody has seen only numbers tell what is newer.
    known = first_seen if mute.is_next else {}
    return next((release for release in new if releases.is_older(awaited, release, known)), None)


def _lately(lately: Mapping[str, int], within: int, at: datetime, repeats: int) -> dict[str, int]:
    """How many came in the newest pieces of time, in whatever order they come."""
    piece = max(1, within // _PIECES)
    mine = int(at.timestamp()) // piece
    newest = max([mine, *map(int, lately)])
    counted = {**lately, str(mine): lately.get(str(mine), 0) + repeats}
    return {each: many for each, many in counted.items() if int(each) > newest - _PIECES}


def _many(events: int, *, more: bool = False) -> str:
    return f"{events:,} {'more ' if more else ''}event" + ("" if events == 1 else "s")


def _told(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
