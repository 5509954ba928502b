"""When something happened, by a client's clock as far as that can be believed, and by ours otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Final

OLDEST: Final = timedelta(days=7)
_AHEAD: Final = timedelta(minutes=5)
_SECOND: Final = timedelta(microseconds=999_999)
# What clocks differ by anyway, and what the way takes.
_NEARLY: Final = timedelta(seconds=2)
_RIGHT: Final = timedelta()


def off_by(sent_at: datetime | None, received_at: datetime) -> timedelta:
    """By how much a client's times are to be moved: it says what its clock showed when it sent. Nothing, where it is right."""
    off = _RIGHT if sent_at is None else received_at - sent_at
    return _RIGHT if abs(off) <= _NEARLY else off


def moved(said: datetime, off: timedelta, received_at: datetime) -> datetime:
    """A client's time as our clock would have told it; never after the receipt."""
    try:
        return min(said + off, received_at)
    except OverflowError:
        return said


def happened(said: datetime | None, stamp: float | None, received_at: datetime) -> datetime:
    """What was said, as a moment or else in Unix seconds, if it can be believed: at most a week before the receipt."""
    told = said or _stamped(stamp, received_at)
    if told is not None and received_at - OLDEST <= told <= received_at + _AHEAD:
        return told.astimezone(UTC)
    return received_at


def _stamped(stamp: float | None, received_at: datetime) -> datetime | None:
    # Compared as numbers first: a date cannot hold every number.
    if stamp is None or not abs(stamp - received_at.timestamp()) <= OLDEST.total_seconds():
        return None
    said = datetime.fromtimestamp(stamp, UTC)
    # Whole seconds are cut, not rounded. The latest moment that was meant: what happened after a resolution must not
    # seem to have happened before it.
    return max(said, min(said + _SECOND, received_at)) if stamp == int(stamp) else said
