"""Small pictures as SVG paths, made on the server: sparklines, bars, a service's life, a job's runs. Pure geometry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from aiops_platform.core.monitor import MonitorState
from aiops_platform.core.views import MonitorSpan

CELLS = 96
STRIP = 20

# When several states meet in one cell, the one to worry about shows; a silence of a minute must not vanish in a day.
_WORST_FIRST = (
    MonitorState.SILENT,
    MonitorState.LATE,
    MonitorState.PAUSED,
    MonitorState.STOPPED,
    MonitorState.ALIVE,
    MonitorState.NEW,
)


def bars(counts: Sequence[int], *, width: int, height: int) -> str:
    """One path with a bar for each count, the highest as high as the picture; nothing is drawn for a zero.

    Any count above zero shows: at least 2 units high.
    """
    highest = max(counts, default=0)
    if not highest:
        return ""
    step = width / len(counts)
    broad = max(step - 1, step * 0.7)
    drawn = []
    for index, count in enumerate(counts):
        if count:
            tall = max(2, round(height * count / highest))
            drawn.append(f"M{_number(index * step)} {height}v-{tall}h{_number(broad)}v{tall}z")
    return "".join(drawn)


@dataclass(frozen=True, kw_only=True)
class LifeLine:
    """A stretch of time cut into cells: for each state that occurs, one path; and how long each state lasted.

    A path is the middle line of its cells, for a dashed stroke: a page of many services would be long otherwise.
    """

    paths: Mapping[MonitorState, str]
    lasted: Mapping[MonitorState, timedelta]
    silences: int


def life_line(spans: Sequence[MonitorSpan], *, now: datetime, covering: timedelta, height: int = 20) -> LifeLine:
    """The last `covering` before `now` as `CELLS` cells, each 4 units wide with a gap of 1; time before the first span stays empty."""
    begin = now - covering
    clipped = [(span.state, max(span.since, begin), min(span.until or now, now)) for span in spans]
    clipped = [(state, since, until) for state, since, until in clipped if since <= until and until >= begin]
    lasted: dict[MonitorState, timedelta] = {}
    for state, since, until in clipped:
        lasted[state] = lasted.get(state, timedelta()) + (until - since)
    drawn: dict[MonitorState, list[str]] = {}
    cells = enumerate(_worst_of_each_cell(clipped, begin, covering / CELLS))
    for worst, run in groupby(cells, key=lambda cell: cell[1]):
        if worst is not None:
            places = [index for index, _ in run]
            drawn.setdefault(worst, []).append(f"M{places[0] * 5} {height // 2}h{len(places) * 5 - 1}")
    return LifeLine(
        paths={state: "".join(cells) for state, cells in drawn.items()},
        lasted=lasted,
        silences=sum(1 for state, _, _ in clipped if state is MonitorState.SILENT),
    )


def strip(runs: Sequence[tuple[str, float | None]], *, height: int = 20) -> Mapping[str, str]:
    """The last runs, given the newest first, as `STRIP` bars of 6 units with a gap of 2, the newest at the right end.

    For each way in which runs stand, one path. A bar is as high as its run was long, a third of the height at least; one whose
    duration nobody knows has the whole height.
    """
    longest = max((duration for _, duration in runs[:STRIP] if duration), default=0.0)
    drawn: dict[str, list[str]] = {}
    for index, (standing, duration) in enumerate(runs[:STRIP]):
        share = 1.0 if duration is None or not longest else max(1 / 3, duration / longest)
        tall = _number(height * share)
        drawn.setdefault(standing, []).append(f"M{(STRIP - 1 - index) * 8} {height}v-{tall}h6v{tall}z")
    return {standing: "".join(each) for standing, each in drawn.items()}


def _worst_of_each_cell(
    clipped: Sequence[tuple[MonitorState, datetime, datetime]], begin: datetime, step: timedelta
) -> list[MonitorState | None]:
    cells: list[MonitorState | None] = [None] * CELLS
    for state, since, until in clipped:
        first = min(int((since - begin) / step), CELLS - 1)
        last = min(int((until - begin) / step), CELLS - 1)
        for index in range(first, last + 1):
            present = cells[index]
            if present is None or _WORST_FIRST.index(state) < _WORST_FIRST.index(present):
                cells[index] = state
    return cells


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
