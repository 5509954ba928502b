"""What a process's client has counted, in words: what became of its events, and whether monitoring is blind there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import takewhile
from typing import Any

from aiops_platform.core import instance
from aiops_platform.core.views import InstanceRow, ServiceRow
from aiops_platform.web import words
from aiops_platform.web.cut import Budget

_MOST_ROUTES = 5
_MOST_STATUSES = 4
# What all processes on a page may cost together, in bytes, and what the markup around each one does.
_PAGE_BUDGET, _PROCESS = 16_000, 620

_REASONS: Mapping[str, str] = {
    "queue_full": "more at once than its queue holds",
    "spool_full": "no room on its disk, or older than seven days",
    "spool_damaged": "damaged on its disk",
    "exit": "the process ended too soon",
    "not_understood": "not understood here",
    "too_large": "too large",
    "refused": "refused here",
    "step": "a step of the SDK failed",
    "sdk_error": "the SDK failed",
    "reentrant": "said while the SDK was at work",
    "before_send": "dropped by before_send",
    "ignored": "told to be ignored",
    "noise": "noise",
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """A process in words. `blind` says why monitoring is, or is empty."""

    row: InstanceRow
    title: str
    events: str
    dropped: tuple[str, ...]
    health: str
    answers: tuple[str, ...]
    blind: str


@dataclass(frozen=True, kw_only=True)
class Processes:
    """Those of a service: all in number, those that are shown, and why monitoring is blind in some."""

    many: int
    shown: tuple[Told, ...]
    blind: tuple[str, ...]


def of_page(rows: Sequence[ServiceRow], now: datetime) -> dict[int, Processes]:
    """The processes of each service on a page (by its id), the blind ones first, as many as the page has room for."""
    budget = Budget(_PAGE_BUDGET)
    left = sum(1 for row in rows if row.instances)
    told = {}
    for row in rows:
        every = sorted((of(each, now) for each in row.instances), key=lambda each: not each.blind)
        # Each service has its share; what one leaves is for those after it.
        share = budget.share(budget.left // left if every else 0)
        shown = tuple(_fitting(every, share))
        told[row.id] = Processes(many=len(every), shown=shown, blind=tuple(each.blind for each in every if each.blind))
        left -= bool(every)
    return told


def _fitting(every: Sequence[Told], budget: Budget) -> Iterator[Told]:
    return takewhile(lambda each: budget.room(_cost(each)), every)


def of(row: InstanceRow, now: datetime) -> Told:
    """The process as its newest heartbeat told of it."""
    stats = row.stats
    return Told(
        row=row,
        title=" ".join(part for part in (row.host, f"process {row.pid}" if row.pid is not None else "") if part)
        or row.name
        or "a process that does not say which",
        events=", ".join(_events(stats)),
        dropped=tuple(_dropped(stats)),
        health=", ".join(_health(stats)),
        answers=tuple(_answers(stats)),
        blind=_blind(row, now),
    )


def _cost(told: Told) -> int:
    texts = (
        told.title,
        told.row.sdk or "",
        told.blind,
        told.events,
        "; ".join(told.dropped),
        *told.answers,
        told.health,
    )
    return _PROCESS + sum(len(escape(text[:300]).encode("utf-8", "replace")) for text in texts)


def _number(stats: Mapping[str, Any], name: str) -> int:
    value = stats.get(name)
    return int(value) if isinstance(value, (int, float)) else 0


def _events(stats: Mapping[str, Any]) -> Iterator[str]:
    """Only what a client says; one of version 0.1.x says nothing."""
    if "captured" not in stats:
        return
    yield f"{words.many(_number(stats, 'captured'), 'event')} captured"
    if _number(stats, "recovered"):
        yield f"{_number(stats, 'recovered'):,} taken over from disk"
    yield f"{_number(stats, 'delivered'):,} delivered"
    if _number(stats, "queued"):
        yield f"{_number(stats, 'queued'):,} waiting in memory"
    if _number(stats, "spooled"):
        yield f"{_number(stats, 'spooled'):,} put on disk to wait"


def _dropped(stats: Mapping[str, Any]) -> Iterator[str]:
    for reason, count in stats.get("dropped", {}).items():
        yield f"{count:,} {_REASONS.get(reason, reason.replace('_', ' '))}"


def _health(stats: Mapping[str, Any]) -> Iterator[str]:
    if _number(stats, "memory"):
        yield f"{words.memory(stats['memory'])} of memory"
    if _number(stats, "uptime"):
        yield f"up for {words.took(_number(stats, 'uptime'))}"


def _answers(stats: Mapping[str, Any]) -> Iterator[str]:
    """What was answered so and is no incident, by route."""
    for status, routes in list(stats.get("answers", {}).items())[:_MOST_STATUSES]:
        shown = [f"{route} {count:,}" for route, count in list(routes.items())[:_MOST_ROUTES]]
        more = len(routes) - len(shown)
        rest = f", and {words.many(more, 'more route')}" if more else ""
        yield f"{words.many(sum(routes.values()), 'answer')} of {status}: {', '.join(shown)}{rest}"


def _blind(row: InstanceRow, now: datetime) -> str:
    why = row.stats.get("last_error")
    if instance.is_stuck(row.last_beat_at, row.stuck_since) and not row.closing:
        # Counts only grow: what was put on disk and taken up again since waits no longer.
        on_disk = max(0, _number(row.stats, "spooled") - _number(row.stats, "recovered"))
        waiting = _number(row.stats, "queued") + on_disk
        return f"nothing gets through, {words.many(waiting, 'event')} waiting" + (f" ({why})" if why else "")
    if instance.lost_lately(row.lost_at, now):
        return f"{words.many(row.lost, 'event')} lost" + (f" ({why})" if why else "")
    return ""
