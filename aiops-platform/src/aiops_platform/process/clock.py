"""The clock, for those who hand `now` on to everyone else."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now: aware, in UTC."""
    return datetime.now(UTC)
