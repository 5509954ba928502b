"""An incident's two charts, its last day and its last fortnight: what the script needs, and what shows without one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiops_platform.core.views import HourCount
from aiops_platform.web import drawings

WIDTH, HEIGHT = 560, 96
_DAY_HOURS = 24
_WIDE_BAR_HOURS = 6


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars of `step` seconds each, from `start` (Unix time) on. `path` draws them for those without a script."""

    name: str
    start: int
    step: int
    counts: tuple[int, ...]
    path: str
    first: datetime
    last: datetime

    @property
    def total(self) -> int:
        """All of them together."""
        return sum(self.counts)

    @property
    def highest(self) -> int:
        """The highest bar."""
        return max(self.counts, default=0)


def charts_of(hours: Sequence[HourCount]) -> tuple[Chart, ...]:
    """The last 24 hours by the hour, and all the hours by six, both ending with the present hour."""
    if not hours:
        return ()
    return (
        _chart("Last 24 hours", hours[-_DAY_HOURS:], 1),
        _chart("Last 14 days", hours, _WIDE_BAR_HOURS),
    )


def _chart(name: str, hours: Sequence[HourCount], each: int) -> Chart:
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
    )
