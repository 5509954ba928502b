"""`aiops incidents resolve|mute|…`: what people do with incidents, from a shell. What was done twice is done once."""

from argparse import Namespace
from collections.abc import Callable
from datetime import datetime

from aiops_platform import assembly
from aiops_platform.cli.incidents import unknown
from aiops_platform.cli.started import check_started
from aiops_platform.core import acts, muting
from aiops_platform.core.acts import Act, ActKind
from aiops_platform.core.muting import NEXT, Ends
from aiops_platform.core.people import COMMAND_LINE
from aiops_platform.pipeline.triage import Triage
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings


def resolve(settings: Settings, given: Namespace) -> int:
    """They are mended; each reopens when its error returns. Raises UnknownIncidentError and MuteError."""
    which = NEXT if given.in_next else given.in_release
    said = "resolved" + (" in the next release" if given.in_next else f" in {which}" if which else "")
    return _act(settings, given, acts.resolving(which), said)


def mute(settings: Settings, given: Namespace) -> int:
    """They only count until the mute ends. Raises UnknownIncidentError and MuteError."""
    now = utc_now()
    until = given.until if given.lasts is None else now + muting.span_of(given.lasts)
    ends = Ends(
        until=until,
        events=given.events,
        within=None if given.within is None else muting.span_of(given.within),
        release=NEXT if given.next_release else None,
    )
    muting.check(ends, now)
    return _act(
        settings, given, Act(kind=ActKind.MUTE, ends=ends), "muted" + (" for a while" if ends != Ends() else "")
    )


def reopen(settings: Settings, given: Namespace) -> int:
    """They are to be looked at again. Raises UnknownIncidentError."""
    return _act(settings, given, Act(kind=ActKind.REOPEN), "open again")


def comment(settings: Settings, given: Namespace) -> int:
    """Says something about one. Raises UnknownIncidentError and CareError."""

    def say(triage: Triage, project_id: int, number: int, now: datetime) -> bool:
        return triage.comments.add(project_id, number, " ".join(given.text), now, by=COMMAND_LINE) is not None

    return _each(settings, [given.number], say, "has a comment more")


def merge(settings: Settings, given: Namespace) -> int:
    """The others become parts of the first. Raises UnknownIncidentError and CareError."""

    def join(triage: Triage, project_id: int, number: int, now: datetime) -> bool:
        return triage.merging.merge(project_id, given.parts, number, now, why=given.why, by=COMMAND_LINE)

    parts = ", ".join(f"#{part}" for part in given.parts)
    return _each(settings, [given.number], join, f"holds {parts}, too")


def unmerge(settings: Settings, given: Namespace) -> int:
    """They are by themselves again. Raises UnknownIncidentError."""

    def part(triage: Triage, project_id: int, number: int, now: datetime) -> bool:
        return triage.merging.unmerge(project_id, number, now, by=COMMAND_LINE) is not None

    return _each(settings, given.numbers, part, "is by itself again")


def _act(settings: Settings, given: Namespace, act: Act, said: str) -> int:
    def do(triage: Triage, project_id: int, number: int, now: datetime) -> bool:
        return triage.act(project_id, number, act, now, by=COMMAND_LINE)

    return _each(settings, given.numbers, do, f"is {said}")


def _each(settings: Settings, numbers: list[int], do: Callable[[Triage, int, int, datetime], bool], said: str) -> int:
    check_started(settings)
    with assembly.opened(settings) as platform:
        triage = assembly.triage(platform)
        for number in numbers:
            if not do(triage, platform.project_id, number, utc_now()):
                raise unknown(number)
            print(f"#{number} {said}")
    return 0
