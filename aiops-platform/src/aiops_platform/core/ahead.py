"""Times that lie ahead of now were written by a clock that has been put back since: they are not to be believed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# More than what a client's clock may be ahead: the time of an event is believed up to 5 minutes from now.
_TOLERATED: Final = timedelta(minutes=10)
# A clock that is corrected by less than this holds nothing up.
_JITTER: Final = timedelta(seconds=5)


def horizon(now: datetime) -> datetime:
    """The latest time that can be believed."""
    return now + _TOLERATED


def is_ahead(moment: datetime, now: datetime) -> bool:
    """Whether this time cannot be."""
    return moment > horizon(now)


def put_right(moment: datetime, now: datetime) -> datetime:
    """The time as it is; `now` where it cannot be."""
    return now if is_ahead(moment, now) else moment


@dataclass
class Doubt:
    """Which times at which something is due are not to be believed: for a station that does nothing before them.

    It is asked at each step. Nothing is put off for longer than `longest`.
    """

    longest: timedelta
    _last: datetime | None = None
    _beyond: datetime | None = None

    def beyond(self, now: datetime) -> datetime | None:
        """What is due later than this is to be looked at now; None where there is nothing to doubt.

        At first that is what nobody can have put off for so long: the clock may have been put back while nothing ran. After
        it was put back it is all that lies ahead: to look too early does no harm. The same again until it is `settled`.
        """
        last, self._last = self._last, now
        if last is None:
            self._beyond = now + self.longest
        elif now < last - _JITTER:
            self._beyond = now
        return self._beyond

    def settled(self) -> None:
        """All of that is looked at."""
        self._beyond = None
