"""A rota: who is on call, week by week, by the clocks of a zone, with overrides. And the same as a calendar."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final

import msgspec

from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.rules import checked_name
from aiops_platform.core.zones import ZoneError, moment_at, zone_called, zone_kept

MOST_ROTAS: Final = 8
MOST_PEOPLE: Final = 20
MOST_OVERRIDES: Final = 10
LONGEST_OVERRIDE: Final = timedelta(days=92)
_WEEK: Final = timedelta(weeks=1)
# The longest that somebody stands in, and the turns before and after it.
_WEEKS_BACK: Final = LONGEST_OVERRIDE // _WEEK + 2
# What a line of a calendar has room for, in bytes (RFC 5545, 3.1).
_LINE: Final = 75


@dataclass(frozen=True, kw_only=True)
class OnCall:
    """Somebody who takes turns, and the channel that reaches them."""

    name: str
    channel: int


@dataclass(frozen=True, kw_only=True)
class Override:
    """Somebody of the rota stands in for whoever would be on call, from then to then."""

    name: str
    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Rota:
    """People take turns of a week each, handed over on a day of the week (0 is Monday) at a time, by a zone's clocks.

    The first of them has the week of which `first` is the day on which it begins.
    """

    id: int | None = None
    name: str
    zone: str
    at: time
    first: date
    people: tuple[OnCall, ...]
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shift:
    """Somebody is on call from then to then."""

    who: OnCall
    since: datetime
    until: datetime
    is_override: bool = False


def on_call(rota: Rota, now: datetime) -> OnCall | None:
    """Who is on call; nobody in a rota without people. Of two overrides the one that was added last counts."""
    found = _override_at(rota, now)
    if found is not None:
        return found[1]
    return _turn_at(rota, _week_of(rota, now)) if rota.people else None


def in_line(rota: Rota, now: datetime) -> tuple[OnCall, ...]:
    """Everybody of the rota: who is on call first, then as their turns come."""
    first = on_call(rota, now)
    week = _week_of(rota, now)
    turns = [_turn_at(rota, week + ahead) for ahead in range(len(rota.people))]
    return tuple(dict.fromkeys(([] if first is None else [first]) + turns))


def shifts(rota: Rota, since: datetime, until: datetime) -> Iterator[Shift]:
    """Who is on call when, in that time, one after the other; who follows themselves goes on."""
    cuts = sorted({since, until, *(cut for cut in _cuts(rota, since, until) if since < cut < until)})
    last: Shift | None = None
    for begin, end in pairwise(cuts):
        who = on_call(rota, begin)
        if who is None:
            return
        is_override = _override_at(rota, begin) is not None
        if last is not None and (last.who, last.is_override) == (who, is_override):
            last = Shift(who=who, since=last.since, until=end, is_override=is_override)
            continue
        if last is not None:
            yield last
        last = Shift(who=who, since=begin, until=end, is_override=is_override)
    if last is not None:
        yield last


def day_of(text: str) -> date:
    """The day on which a rota begins, as people write it: `2026-12-07`. Raises AlertingError."""
    try:
        first = date.fromisoformat(text[:10])
    except ValueError:
        raise AlertingError("first", "Say on which day the first week begins, such as 2026-12-07") from None
    if not 2000 <= first.year < 2200:
        raise AlertingError("first", "Say a day within some years from now")
    return first


def checked(rota: Rota) -> Rota:
    """The rota as it is kept. Raises AlertingError."""
    name = checked_name(rota.name)
    if not 1 <= len(rota.people) <= MOST_PEOPLE:
        raise AlertingError("people", f"A rota has 1 to {MOST_PEOPLE} people")
    if len(rota.overrides) > MOST_OVERRIDES:
        raise AlertingError("overrides", f"There is room for {MOST_OVERRIDES} overrides: remove some that are over")
    for each in rota.people:
        checked_name(each.name)
    names = {each.name for each in rota.people}
    if len(names) < len(rota.people):
        raise AlertingError("people", "Name everybody once: each has a turn in each round")
    for override in rota.overrides:
        if override.name not in names:
            raise AlertingError("who", f"'{override.name[:40]}' is not in the rota")
        if not timedelta(0) < override.until - override.since <= LONGEST_OVERRIDE:
            raise AlertingError("until", f"Let it end after it begins, within {LONGEST_OVERRIDE.days} days")
    try:
        zone_called(rota.zone)
    except ZoneError as wrong:
        raise AlertingError("zone", str(wrong)) from wrong
    people = tuple(replace(each, name=checked_name(each.name)) for each in rota.people)
    return replace(rota, name=name, people=people)


def with_override(rota: Rota, override: Override, now: datetime) -> Rota:
    """The rota with this one, too, and without those that are over."""
    return replace(rota, overrides=(*(each for each in rota.overrides if each.until > now), override))


def still_named(overrides: Sequence[Override], people: Sequence[OnCall]) -> tuple[Override, ...]:
    """Those of somebody who is still in the rota."""
    names = {each.name for each in people}
    return tuple(each for each in overrides if each.name in names)


def as_data(rota: Rota) -> dict[str, Any]:
    """What is kept of it beside its name, as JSON."""
    told: dict[str, Any] = msgspec.to_builtins(rota)
    return {key: value for key, value in told.items() if key not in ("id", "name")}


def from_data(data: Mapping[str, Any], *, id_: int, name: str) -> Rota:
    """What `as_data` gave."""
    return msgspec.convert({**data, "id": id_, "name": name}, Rota)


def calendar(rota: Rota, *, address: str, since: datetime, until: datetime, now: datetime) -> str:
    """Who is on call in that time, in the words of iCalendar (RFC 5545): times in UTC, lines folded.

    Shifts that began before are whole, so that each stays the same entry whenever it is asked for; before the rota begins
    nobody is on call.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//aiops//on-call//EN", "METHOD:PUBLISH"]
    lines += [f"X-WR-CALNAME:{_text(f'On call: {rota.name}')}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
    begin = _looked_at_from(rota, since)
    for shift in shifts(rota, begin, until) if begin < until else ():
        if shift.until <= since:
            continue
        lines += [
            "BEGIN:VEVENT",
            f"UID:{rota.id}-{_utc(shift.since)}@{_text(address)}",
            f"DTSTAMP:{_utc(now)}",
            f"DTSTART:{_utc(shift.since)}",
            f"DTEND:{_utc(shift.until)}",
            f"SUMMARY:{_text(f'On call: {shift.who.name}')}",
            *(["DESCRIPTION:Stands in"] if shift.is_override else []),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(f"{piece}\r\n" for line in (*lines, "END:VCALENDAR") for piece in _folded(line))


def _override_at(rota: Rota, now: datetime) -> tuple[Override, OnCall] | None:
    people = {each.name: each for each in rota.people}
    for override in reversed(rota.overrides):
        if override.since <= now < override.until and override.name in people:
            return override, people[override.name]
    return None


def _turn_at(rota: Rota, week: int) -> OnCall:
    return rota.people[week % len(rota.people)]


def _begin(rota: Rota, week: int) -> datetime:
    return moment_at(rota.first + week * _WEEK, rota.at, zone_kept(rota.zone))


def _week_of(rota: Rota, now: datetime) -> int:
    """Which week it is, by the clocks there: one of them may be an hour longer or shorter."""
    week = (now.astimezone(zone_kept(rota.zone)).date() - rota.first) // _WEEK
    while _begin(rota, week) > now:
        week -= 1
    while _begin(rota, week + 1) <= now:
        week += 1
    return week


def _looked_at_from(rota: Rota, since: datetime) -> datetime:
    """When to begin so that the shift of that time is whole; not before the rota does."""
    # Somebody alone has one shift, which has no end.
    week = 0 if len(rota.people) == 1 else max(0, _week_of(rota, since) - _WEEKS_BACK)
    return _begin(rota, week)


def _cuts(rota: Rota, since: datetime, until: datetime) -> Iterator[datetime]:
    for override in rota.overrides:
        yield override.since
        yield override.until
    week = _week_of(rota, since)
    while len(rota.people) > 1 and (begin := _begin(rota, week)) < until:
        yield begin
        week += 1


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(said: str) -> str:
    for special in ("\\", ";", ","):
        said = said.replace(special, "\\" + special)
    return said.replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> Sequence[str]:
    """The line in pieces of at most 75 bytes, each further one behind a blank; no letter is cut."""
    pieces, piece = [], ""
    for letter in line:
        if len((piece + letter).encode()) > _LINE:
            pieces.append(piece)
            piece = " "
        piece += letter
    return [*pieces, piece]
