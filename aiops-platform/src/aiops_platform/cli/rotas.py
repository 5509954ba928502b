"""`aiops rotas …`: who is on call when, and who stands in."""

import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from aiops_platform import assembly
from aiops_platform.cli.started import check_started
from aiops_platform.cli.table import print_table
from aiops_platform.core.alerting import rota as rules
from aiops_platform.core.alerting.errors import AlertingError
from aiops_platform.core.alerting.rota import OnCall, Override, Rota
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.zones import zone_kept
from aiops_platform.pipeline.alerting import AlertDesk
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings

_HEAD = ("NUMBER", "NAME", "ON CALL", "UNTIL", "NEXT", "PEOPLE", "HANDED OVER")
_AHEAD = timedelta(weeks=6)


class WrongRotaError(PlatformError):
    """There is no such rota, person or channel, or it cannot be said like this."""


def show_all(settings: Settings, given: Namespace) -> int:
    """Prints the rotas, and who is on call now and next; times are those of the rota's zone."""
    with _opened(settings, given) as (desk, project_id, _):
        found = desk.rotas(project_id)
    if found:
        print_table(_HEAD, [_row(number, each, utc_now()) for number, each in found.items()])
    else:
        print("There is no rota: nobody is on call.", file=sys.stderr)
    return 0


def put(settings: Settings, given: Namespace) -> int:
    """Adds a rota, or puts this in the place of the one of that name; prints its number alone.

    Raises AlertingError and WrongRotaError.
    """
    with _opened(settings, given) as (desk, project_id, channels):
        known = next((each for each in desk.rotas(project_id).values() if each.name == given.name), None)
        people = tuple(_person(text, channels) for text in given.people)
        rota = Rota(
            id=None if known is None else known.id,
            name=given.name,
            zone=given.zone,
            at=_time(given.at),
            first=_this_week() if given.first is None else rules.day_of(given.first),
            people=people,
            overrides=() if known is None else rules.still_named(known.overrides, people),
        )
        number = desk.save_rota(project_id, rota)
    print(number)
    return 0


def stand_in(settings: Settings, given: Namespace) -> int:
    """Somebody is on call, whosever turn it is. Raises AlertingError and WrongRotaError."""
    with _opened(settings, given) as (desk, project_id, _):
        rota = _meant(given.rota, desk.rotas(project_id))
        zone = zone_kept(rota.zone)
        override = Override(name=given.who, since=_moment(given.since, zone), until=_moment(given.until, zone))
        desk.save_rota(project_id, rules.with_override(rota, override, utc_now()))
    print(
        f"{given.who} is on call in '{rota.name}' from {_clock(override.since, zone)} to {_clock(override.until, zone)}."
    )
    return 0


def delete(settings: Settings, given: Namespace) -> int:
    """Takes a rota away. Raises WrongRotaError."""
    with _opened(settings, given) as (desk, project_id, _):
        rota = _meant(given.rota, desk.rotas(project_id))
        desk.drop_rota(project_id, rota.id or 0)
    print(f"'{rota.name}' is deleted.")
    return 0


@contextmanager
def _opened(settings: Settings, _given: Namespace) -> Iterator[tuple[AlertDesk, int, Mapping[str, int]]]:
    check_started(settings)
    with assembly.opened(settings) as platform:
        channels = assembly.channel_desk(settings, platform).all(platform.project_id)
        names = {name: each.id for each in channels for name in (str(each.id), each.name)}
        yield assembly.alert_desk(settings, platform.database), platform.project_id, names


def _person(text: str, channels: Mapping[str, int]) -> OnCall:
    name, equals, channel = text.rpartition("=")
    if not equals:
        raise AlertingError("people", f"Say who is reached by which channel: {text[:40]}=CHANNEL")
    if channel not in channels:
        raise WrongRotaError(f"There is no channel '{channel[:80]}': `aiops channels list` shows those there are")
    return OnCall(name=name, channel=channels[channel])


def _meant(said: str, rotas: Mapping[int, Rota]) -> Rota:
    for number, each in rotas.items():
        if said in (str(number), each.name):
            return each
    raise WrongRotaError(f"There is no rota '{said[:100]}': `aiops rotas list` shows those there are")


def _row(number: int, rota: Rota, now: datetime) -> Sequence[str]:
    zone = zone_kept(rota.zone)
    turns = list(rules.shifts(rota, now, now + _AHEAD))
    first, after = turns[0] if turns else None, turns[1] if len(turns) > 1 else None
    return (
        str(number),
        rota.name,
        "" if first is None else first.who.name,
        "" if after is None else _clock(after.since, zone),
        "" if after is None else after.who.name,
        ", ".join(each.name for each in rota.people),
        f"{rota.first:%A}s at {rota.at:%H:%M}, {rota.zone}",
    )


def _clock(at: datetime, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def _moment(text: str, zone: tzinfo) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise AlertingError(
            "since", f"'{text[:40]}' is no time: say a day and a time such as 2026-12-24T08:00"
        ) from None


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise AlertingError("at", "Say at what time it is handed over, such as 09:00") from None


def _this_week() -> date:
    today = utc_now().date()
    return today - timedelta(days=today.weekday())
