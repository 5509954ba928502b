"""One process of a service, as its heartbeats tell of it: what became of its events, and whether monitoring is blind there.

Counts are those of its client since it started; what they mean over time is found by comparing beats. Pure.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from aiops_platform.core.event import Heartbeat
from aiops_platform.core.text import one_line

# Somebody wanted these not to be told, so nothing is missing without them.
_MEANT: Final = frozenset({"before_send", "ignored", "noise"})
_RECENTLY: Final = timedelta(minutes=15)
_KEPT: Final = timedelta(hours=1)
_NAME_LIMIT: Final = 200
_TEXT_LIMIT: Final = 500
_STATS_LIMIT: Final = 8_000
_ANSWERS_LIMIT: Final = 20
_REASONS_LIMIT: Final = 30
_NUMBERS: Final = ("captured", "delivered", "spooled", "recovered", "queued", "uptime", "memory")


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A process by the newest of its beats. `stats` is what it counted, bounded; `lost` what of it nobody will ever see.

    `stuck_since`: since when it has something to tell and gets nothing through. `gone_at`: when it may be forgotten.
    """

    name: str
    host: str | None
    pid: int | None
    sdk: str | None
    last_beat_at: datetime
    closing: bool
    gone_at: datetime
    stats: Mapping[str, Any]
    lost: int
    lost_at: datetime | None
    stuck_since: datetime | None


def name_of(heartbeat: Heartbeat) -> str:
    """What tells the processes of a service apart; older clients name only their machine."""
    return ((heartbeat.instance.id if heartbeat.instance else "") or heartbeat.host or "")[:_NAME_LIMIT]


def heard(heartbeat: Heartbeat, before: Instance | None, *, interval: int, at: datetime) -> Instance:
    """The process after a beat that was received at `at`; one older than the newest changes nothing. `interval`: seconds."""
    if before is not None and at < before.last_beat_at:
        return before
    instance, sdk = heartbeat.instance, heartbeat.sdk
    stats = _bounded(heartbeat.stats)
    lost = lost_of(stats)
    return Instance(
        name=name_of(heartbeat),
        host=one_line((instance.host if instance else None) or heartbeat.host or "", _NAME_LIMIT) or None,
        pid=instance.pid if instance and instance.pid is not None and 0 <= instance.pid < 2**31 else None,
        sdk=one_line(" ".join(part for part in (sdk.name, sdk.version) if part), _NAME_LIMIT) or None if sdk else None,
        last_beat_at=at,
        closing=heartbeat.closing,
        gone_at=at + max(_KEPT, timedelta(seconds=3 * interval)),
        stats=stats,
        lost=lost,
        lost_at=_lost_at(lost, before, at),
        stuck_since=_stuck_since(stats, before, at),
    )


def lost_of(stats: Mapping[str, Any]) -> int:
    """How many events will never be seen, against everybody's will."""
    return sum(count for reason, count in stats.get("dropped", {}).items() if reason not in _MEANT)


def is_stuck(last_beat_at: datetime, stuck_since: datetime | None) -> bool:
    """Whether it could not deliver: two beats at least, for one may fall into the moment before a delivery."""
    return stuck_since is not None and stuck_since < last_beat_at


def lost_lately(lost_at: datetime | None, now: datetime) -> bool:
    """Whether what was lost was lost in the last quarter of an hour."""
    return lost_at is not None and now - lost_at <= _RECENTLY


def _lost_at(lost: int, before: Instance | None, at: datetime) -> datetime | None:
    if lost > (before.lost if before else 0):
        return at
    return before.lost_at if before else None


def _stuck_since(stats: Mapping[str, Any], before: Instance | None, at: datetime) -> datetime | None:
    was = before.stats if before else {}
    gets_through = _count(stats, "delivered") > _count(was, "delivered") or (
        _count(stats, "recovered") > _count(was, "recovered")
    )
    has_more = _count(stats, "queued") > 0 or _count(stats, "spooled") > _count(was, "spooled")
    still = before.stuck_since if before and _count(stats, "spooled") else None
    if gets_through or not (has_more or still):
        return None
    return (before.stuck_since if before else None) or at


def _count(stats: Mapping[str, Any], name: str) -> float:
    value = stats.get(name, 0)
    return value if isinstance(value, (int, float)) else 0


def _bounded(stats: Mapping[str, Any]) -> dict[str, Any]:
    """Of what a client says, the part that people are told, in the types that it should have."""
    kept: dict[str, Any] = {name: stats[name] for name in _NUMBERS if _is_number(stats.get(name))}
    dropped = _counts(stats.get("dropped"), _REASONS_LIMIT)
    if dropped:
        kept["dropped"] = dropped
    if isinstance(error := stats.get("last_error"), str) and error:
        kept["last_error"] = one_line(error, _TEXT_LIMIT)
    answers = stats.get("answers")
    if isinstance(answers, dict):
        kept["answers"] = {
            one_line(status, 10): counts
            for status, routes in list(answers.items())[:_ANSWERS_LIMIT]
            if (counts := _counts(routes, _ANSWERS_LIMIT))
        }
    return kept if len(msgspec.json.encode(kept)) <= _STATS_LIMIT else {**kept, "answers": {}}


def _counts(found: object, most: int) -> dict[str, int]:
    """The highest of what was counted by name."""
    if not isinstance(found, dict):
        return {}
    counted = {one_line(str(name), _NAME_LIMIT): int(count) for name, count in found.items() if _is_number(count)}
    highest = sorted(((name, count) for name, count in counted.items() if count), key=lambda each: -each[1])
    return dict(highest[:most])


def _is_number(value: object) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and 0 <= value < 2**53  # type: ignore[arg-type, operator]  # it is a number
