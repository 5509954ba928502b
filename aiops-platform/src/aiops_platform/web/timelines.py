"""Time lines as SVG paths, made on the server: how services stood over hours, days and months. Pure geometry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from aiops_platform.core.uptime import Standing, Stretch

HEIGHT: Final = 20
#: The widths of a line by the name of what it covers: its length, and in how many cells that is shown.
COVERINGS: Final[Mapping[str, tuple[timedelta, int]]] = {
    "90d": (timedelta(days=90), 90),
    "7d": (timedelta(days=7), 84),
    "24h": (timedelta(hours=24), 96),
    "1h": (timedelta(hours=1), 60),
}


@dataclass(frozen=True, kw_only=True)
class TimeLine:
    """A stretch of time cut into cells: for each standing that occurs one path; and how long each lasted.

    A path is the middle line of its cells, each 4 units wide with a gap of 1, for a dashed stroke: a page of many services
    would be long otherwise.
    """

    paths: Mapping[str, str]
    lasted: Mapping[str, timedelta]
    silences: int
    width: int


def time_line(found: Sequence[Stretch], *, since: datetime, until: datetime, cells: int) -> TimeLine:
    """The time between the two; what is before the first stretch stays empty.

    A cell shows silence if there was any, for a minute of it must not vanish in a day; else what lasted longest in it.
    """
    step = (until - since) / cells
    shown = [_shown_in(lasting) for lasting in _by_cell(found, since, step, cells)]
    drawn: dict[str, list[str]] = {}
    for standing, run in groupby(enumerate(shown), key=lambda cell: cell[1]):
        if standing is not None:
            places = [index for index, _ in run]
            drawn.setdefault(standing.value, []).append(f"M{places[0] * 5} {HEIGHT // 2}h{len(places) * 5 - 1}")
    lasted: dict[str, timedelta] = {}
    for each in found:
        begin, end = max(each.since, since), min(each.until, until)
        if begin < end:
            lasted[each.standing.value] = lasted.get(each.standing.value, timedelta()) + (end - begin)
    return TimeLine(
        paths={standing: "".join(cells) for standing, cells in drawn.items()},
        lasted=lasted,
        silences=sum(each.standing is Standing.SILENT and each.until > since for each in found),
        width=cells * 5 - 1,
    )


def _by_cell(found: Sequence[Stretch], since: datetime, step: timedelta, cells: int) -> list[dict[Standing, timedelta]]:
    lasting: list[dict[Standing, timedelta]] = [{} for _ in range(cells)]
    for each in found:
        first = min(max(int((each.since - since) / step), 0), cells - 1)
        last = min(int((each.until - since) / step), cells - 1)
        for index in range(first, last + 1):
            begin, end = since + index * step, since + (index + 1) * step
            part = min(each.until, end) - max(each.since, begin)
            if part > timedelta():
                lasting[index][each.standing] = lasting[index].get(each.standing, timedelta()) + part
    return lasting


def _shown_in(lasting: Mapping[Standing, timedelta]) -> Standing | None:
    if Standing.SILENT in lasting:
        return Standing.SILENT
    return max(lasting, key=lambda standing: lasting[standing], default=None)
