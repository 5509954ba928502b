"""Reports opened: read, without secrets, and ready to be written. What came before is not gone through again.

Most failures repeat, and most of what is said of one is its calls and its surroundings. What comes as it came before, byte by
byte, was read, looked through and written then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from aiops_platform.core import wire
from aiops_platform.core.event import Event
from aiops_platform.core.parcel import ParcelKind
from aiops_platform.core.parts import SURROUNDINGS, Parts, Stack, Surroundings, Told
from aiops_platform.core.salvage import Remarks
from aiops_platform.core.scrubbing import Scrubber
from aiops_platform.core.wire import AnyReport, Unreadable

# What is remembered takes at most twice as much.
_CALLS: Final = 5 * 1024 * 1024
_LINES: Final = 3 * 1024 * 1024
_SURROUNDINGS: Final = 256 * 1024


@dataclass(frozen=True)
class Opened:
    """A report without secrets; of an event maybe also a `form` for `wire.write` alone, in which much is written already."""

    report: AnyReport
    form: Event | None = None


class Opener:
    """Opens reports by one project's rules against secrets."""

    def __init__(self, scrubber: Scrubber) -> None:
        self.scrubber = scrubber
        self._calls = Parts(_CALLS)
        self._lines = Parts(_LINES)
        self._surroundings = {name: Parts(_SURROUNDINGS) for name in SURROUNDINGS}

    def open(self, body: bytes, kind: ParcelKind) -> Opened | Unreadable:
        """What `wire.parse` finds in a body, without secrets. Never raises for what a body contains."""
        opened = self._event(body) if kind is ParcelKind.EXCEPTION else None
        if opened is not None:
            return opened
        report = wire.parse(body, kind)
        if isinstance(report, Unreadable):
            return Unreadable(self.scrubber.text(report.why))
        return Opened(self.scrubber.report(report))

    def _event(self, body: bytes) -> Opened | None:
        """The event of a body with which nothing is wrong; None for any other."""
        try:
            told = _TOLD.decode(body)
            stacks = [Stack(each.frames, self._calls, self._lines) for each in told.exceptions]
            around = Surroundings(told, self._surroundings)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if wire.wrong_door(told.signal_type, ParcelKind.EXCEPTION) or any(
            len(each) > wire.MOST_FRAMES for each in stacks
        ):
            return None
        new = wire.fitted(_with(told, [stack.new for stack in stacks], around.new), Remarks())
        if new.remarks:
            return None
        clean = self.scrubber.report(new)
        around.learn(clean)
        for stack, each in zip(stacks, clean.exceptions, strict=bool(stacks)):
            stack.learn(each.frames)
        return Opened(
            _with(clean, [stack.values() for stack in stacks], around.values()),
            _with(clean, [stack.forms() for stack in stacks], around.forms()),
        )


def _with(event: Event, stacks: Sequence[Sequence[Any]], surroundings: Mapping[str, Any]) -> Event:
    if not stacks:
        # What was thrown may have been read from a text.
        return replace(event, **surroundings)
    told = [replace(each, frames=tuple(stack)) for each, stack in zip(event.exceptions, stacks, strict=True)]
    return replace(event, exceptions=tuple(told), **surroundings)


_TOLD: Final = msgspec.json.Decoder(Told)
