"""`aiops incidents resolve|mute|…`: what people do with incidents, from a shell. What was done twice is done once."""

from argparse import Namespace
from collections.abc import Callable

from aiops_platform.cli.incidents import unknown
from aiops_platform.cli.places import Place, place_of
from aiops_platform.core import muting
from aiops_platform.core.muting import NEXT, Ends
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings


def resolve(settings: Settings, given: Namespace) -> int:
    """They are mended; each reopens when its error returns. Raises UnknownIncidentError and MuteError."""
    which = NEXT if given.in_next else given.in_release
    said = "resolved" + (" in the next release" if given.in_next else f" in {which}" if which else "")
    return _each(settings, given, lambda place, number: place.resolve(number, which), f"is {said}")


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
    return _each(settings, given, lambda place, number: place.mute(number, ends), said)


def reopen(settings: Settings, given: Namespace) -> int:
    """They are to be looked at again. Raises UnknownIncidentError."""
    return _each(settings, given, lambda place, number: place.reopen(number), "is open again")


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


def _each(settings: Settings, given: Namespace, do: Callable[[Place, int], bool], said: str) -> int:
    with place_of(settings, given) as place:
        for number in given.numbers if "numbers" in given else [given.number]:
            if not do(place, number):
                raise unknown(number)
            print(f"#{number} {said}")
    return 0
