"""Lately: what is counted finely for a few hours, by the minute for events and by five minutes for people."""

from datetime import datetime, timedelta
from typing import Final

#: A rule counts by the minute within so long at most; within longer, by the hour.
LONGEST: Final = timedelta(hours=3)
#: So long minutes are kept: a little more.
KEPT: Final = LONGEST + timedelta(hours=1)
#: A person who comes again is noted so seldom: so much longer ago may be who still counts as having come in time.
STEP: Final = timedelta(minutes=5)
MINUTE: Final = timedelta(minutes=1)


def minute(moment: datetime) -> datetime:
    """The minute in which a moment lies, by its beginning."""
    return moment.replace(second=0, microsecond=0)


def step(moment: datetime) -> datetime:
    """The five minutes in which a moment lies, by their beginning."""
    return moment.replace(minute=moment.minute - moment.minute % 5, second=0, microsecond=0)
