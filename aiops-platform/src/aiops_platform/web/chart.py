"""An incident's two charts, its last day and its last fortnight: what the script needs, and what shows without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiops_platform.core.care import Mark
from aiops_platform.core.views import HourCount
from aiops_platform.web import drawings

WIDTH, HEIGHT = 560, 96
_DAY_HOURS = 24
_WIDE_BAR_HOURS = 6


@dataclass(frozen=True, kw_only=True)
class Line:
    """Where something changed: so far from the left, at that time (Unix), and what."""

    x: int
    at: int
    said: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars of `step` seconds each, from `start` (Unix time) on. `path` draws them for those without a script.

    `marks` say when something changed.
    """

    name: str
    start: int
    step: int
    counts: tuple[int, ...]
    path: str
    first: datetime
    last: datetime
    marks: tuple[Line, ...] = ()

    @property
    def total(self) -> int:
        """All of them together."""
        return sum(self.counts)

    @property
    def highest(self) -> int:
        """The highest bar."""
        return max(self.counts, default=0)


def charts_of(hours: Sequence[HourCount], marks: Sequence[Mark] = ()) -> tuple[Chart, ...]:
    """The last 24 hours by the hour, and all the hours by six, both ending with the present hour."""
    if not hours:
        return ()
    return (
        _chart("Last 24 hours", hours[-_DAY_HOURS:], 1, marks),
        _chart("Last 14 days", hours, _WIDE_BAR_HOURS, marks),
    )


def _chart(name: str, hours: Sequence[HourCount], each: int, marks: Sequence[Mark]) -> Chart:
    whole = hours[len(hours) % each :]
    counts = tuple(sum(hour.count for hour in whole[index : index + each]) for index in range(0, len(whole), each))
    return Chart(
        name=name,
        start=int(whole[0].hour.timestamp()),
        step=each * 3600,
        counts=counts,
        path=drawings.bars(counts, width=WIDTH, height=HEIGHT),
        first=whole[0].hour,
        last=whole[-1].hour,
        marks=_lines(marks, int(whole[0].hour.timestamp()), len(whole) * 3600),
    )


def _lines(marks: Sequence[Mark], start: int, seconds: int) -> tuple[Line, ...]:
    """Where each stands in this chart. Of those at one place the last is drawn, with the names of all."""
    lines: dict[int, Line] = {}
    for mark in marks:
        at = int(mark.at.timestamp())
        x = round((at - start) / seconds * WIDTH)
        if 0 <= x <= WIDTH:
            before = lines.get(x)
            said = f"{mark.release} {'deployed' if mark.is_deploy else 'first seen'}"
            lines[x] = Line(x=x, at=at, said=said if before is None else f"{before.said}, {said}")
    return tuple(lines.values())
