"""`aiops incidents resolve|mute|assign|…`: what people do with incidents, from a shell. What was done twice is done once."""

import sys
from argparse import Namespace
from collections.abc import Callable
from typing import Any

import msgspec

from aiops_platform.cli.incidents import unknown
from aiops_platform.cli.many import do_with_all
from aiops_platform.cli.places import Doing, Place, place_of
from aiops_platform.core import muting
from aiops_platform.core.acts import ActKind
from aiops_platform.core.care import Assignee
from aiops_platform.core.errors import PlatformError
from aiops_platform.core.muting import NEXT, Ends
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings


class NothingMeantError(PlatformError):
    """It was not said which incidents are meant, or twice."""


class UnknownMemberError(PlatformError):
    """Nobody in the project is called so, or more than one."""


class NothingToUndoError(PlatformError):
    """Nothing was done under this name."""


def resolve(settings: Settings, given: Namespace) -> int:
    """They are mended; each reopens when its error returns. Raises UnknownIncidentError and MuteError."""
    which = NEXT if given.in_next else given.in_release
    said = "resolved" + (" in the next release" if given.in_next else f" in {which}" if which else "")
    return _several(settings, given, lambda _: Doing(ActKind.RESOLVE, release=which), f"is {said}")


def mute(settings: Settings, given: Namespace) -> int:
    """They only count until the mute ends. Raises UnknownIncidentError and MuteError."""
    now = utc_now()
    ends = Ends(
        until=given.until if given.lasts is None else now + muting.span_of(given.lasts),
        events=given.events,
        within=None if given.within is None else muting.span_of(given.within),
        release=NEXT if given.next_release else None,
    )
    muting.check(ends, now)
    said = "is muted" + (" for a while" if ends != Ends() else "")
    return _several(settings, given, lambda _: Doing(ActKind.MUTE, ends=ends), said)


def reopen(settings: Settings, given: Namespace) -> int:
    """They are to be looked at again. Raises UnknownIncidentError."""
    return _several(settings, given, lambda _: Doing(ActKind.REOPEN), "is open again")


def assign(settings: Settings, given: Namespace) -> int:
    """Somebody cares for them. Raises UnknownIncidentError and UnknownMemberError."""

    def doing(place: Place) -> Doing:
        return Doing(ActKind.ASSIGN, to=_member(place, given.to).id)

    return _several(settings, given, doing, f"is for {given.to}")


def unassign(settings: Settings, given: Namespace) -> int:
    """Nobody cares for them any more. Raises UnknownIncidentError."""
    return _several(settings, given, lambda _: Doing(ActKind.ASSIGN), "is for nobody")


def delete(settings: Settings, given: Namespace) -> int:
    """They go, and can come back for a while. Raises UnknownIncidentError."""
    return _several(settings, given, lambda _: Doing(ActKind.DELETE), "is deleted")


def undo(settings: Settings, given: Namespace) -> int:
    """Each stands as it did before, unless it has gone on since. Raises NothingToUndoError."""
    with place_of(settings, given) as place:
        undone = place.undo(given.name)
    if undone is None:
        raise NothingToUndoError(
            f"Nothing was done as '{given.name}', or it was more than 15 minutes ago: "
            "`aiops incidents show NUMBER` says how one stands now"
        )
    restored, left = undone
    if given.json:
        _print_json(restored=restored, left=left)
        return 0
    rest = f"; {left} have gone on since, and were left alone" if left else ""
    print(f"{restored} stand as before{rest}")
    return 0


def comment(settings: Settings, given: Namespace) -> int:
    """Says something about one. Raises UnknownIncidentError and CareError."""
    text = " ".join(given.text)
    return _each(settings, given, lambda place, number: place.comment(number, text), "has a comment more")


def merge(settings: Settings, given: Namespace) -> int:
    """The others become parts of the first. Raises UnknownIncidentError and CareError."""
    parts = ", ".join(f"#{part}" for part in given.parts)
    said = f"holds {parts}, too"
    return _each(settings, given, lambda place, number: place.merge(number, given.parts, given.why), said)


def unmerge(settings: Settings, given: Namespace) -> int:
    """They are by themselves again. Raises UnknownIncidentError."""
    return _each(settings, given, lambda place, number: place.unmerge(number), "is by itself")


def _several(settings: Settings, given: Namespace, doing: Callable[[Place], Doing], said: str) -> int:
    if bool(given.numbers) == (given.all is not None):
        raise NothingMeantError(
            "Say which: numbers, as `aiops incidents list` shows them, or --all and a search; not both"
        )
    with place_of(settings, given) as place:
        what = doing(place)
        if given.all is not None:
            return do_with_all(place, what, given)
        for number in given.numbers:
            undone_as = place.act(number, what)
            if undone_as is None:
                raise unknown(number)
            _tell(given, number, said)
            if what.kind is ActKind.DELETE and not given.json:
                print(f"for 15 minutes it comes back with: aiops incidents undo {undone_as}", file=sys.stderr)
    return 0


def _each(settings: Settings, given: Namespace, do: Callable[[Place, int], bool], said: str) -> int:
    with place_of(settings, given) as place:
        for number in given.numbers if "numbers" in given else [given.number]:
            if not do(place, number):
                raise unknown(number)
            _tell(given, number, said)
    return 0


def _tell(given: Namespace, number: int, said: str) -> None:
    if given.json:
        _print_json(id=number, done=said)
    else:
        print(f"#{number} {said}")


def _print_json(**told: Any) -> None:
    print(msgspec.json.encode(told).decode())


def _member(place: Place, who: str) -> Assignee:
    members = place.members()
    named = [each for each in members if who.casefold() in (each.name.casefold(), str(each.id))]
    if len(named) == 1:
        return named[0]
    there_are = (
        ", ".join(f"{each.name} ({each.id})" for each in members) or "nobody: `aiops user invite` brings somebody"
    )
    wrong = f"More than one is called '{who}': say the number" if named else f"There is no '{who}' in the project"
    raise UnknownMemberError(f"{wrong}; there are {there_are}")
