"""Hours: what counts over time are summed into."""

from datetime import datetime


def of(moment: datetime) -> datetime:
    """The hour in which a moment lies, by its beginning."""
    return moment.replace(minute=0, second=0, microsecond=0)
