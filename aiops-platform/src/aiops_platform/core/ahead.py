"""Times that lie ahead of now were written by a clock that has been put back since: they are not to be believed."""

from datetime import datetime, timedelta
from typing import Final

# More than what a client's clock may be ahead: the time of an event is believed up to 5 minutes from now.
_TOLERATED: Final = timedelta(minutes=10)


def horizon(now: datetime) -> datetime:
    """The latest time that can be believed."""
    return now + _TOLERATED


def is_ahead(moment: datetime, now: datetime) -> bool:
    """Whether this time cannot be."""
    return moment > horizon(now)


def put_right(moment: datetime, now: datetime) -> datetime:
    """The time as it is; `now` where it cannot be."""
    return now if is_ahead(moment, now) else moment
