"""What events of an incident said in a word (tags and the release), and how often each; bounded, and exact in sum.

A pair is a tag's name and its value. What there is no room for is counted under `REST` as value, or as name, too.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final, TypeAlias

from aiops_platform.core.event import Event, Heartbeat, JobReport
from aiops_platform.core.text import one_line

Pair: TypeAlias = tuple[str, str]

RELEASE: Final = "release"
# Nobody can say this: a tag without a name or a value says nothing.
REST: Final = ""
_NAMES: Final = 30
_VALUES: Final = 50
# Of releases the newest are asked for most.
_RELEASES: Final = 1_000
_LIMIT: Final = 200


def said_by(event: Event) -> list[Pair]:
    """The pairs that an event says: its tags, and the release, which no tag of that name can be."""
    told = {**event.tags, RELEASE: event.release} if event.release else event.tags
    pairs = ((one_line(name, _LIMIT), one_line(value, _LIMIT)) for name, value in told.items() if value)
    return [pair for pair in pairs if all(pair)]


def release_of(report: Event | Heartbeat | JobReport) -> str:
    """The release of a report as it is counted; REST where none was said."""
    return one_line(report.release, _LIMIT) if report.release else REST


def places(known: AbstractSet[Pair], said: Mapping[Pair, int]) -> dict[Pair, Pair]:
    """Where each of these pairs is to be counted, when these pairs are known of the incident already."""
    found: dict[Pair, Pair] = {pair: pair for pair in said if pair in known}
    many: dict[str, int] = {}
    for name, value in known:
        many[name] = many.get(name, 0) + (value != REST)
    many.pop(REST, None)
    for name, value in said:
        if (name, value) in found:
            continue
        if name not in many and len(many) >= _NAMES and name != RELEASE:
            found[name, value] = (REST, REST)
        elif many.get(name, 0) >= (_RELEASES if name == RELEASE else _VALUES):
            found[name, value] = (name, REST)
        else:
            many[name] = many.get(name, 0) + 1
            found[name, value] = (name, value)
    return found
