"""Times as people type them: a day, a moment, or how long ago."""

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

from aiops_platform.process.clock import utc_now

_AGO = re.compile(r"(\d{1,6})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def moment(text: str) -> datetime:
    """`2026-11-22`, `2026-11-22T03:14:07+01:00` (UTC where no zone is said), or `90m`, `24h`, `7d`: so long ago.

    Raises ArgumentTypeError.
    """
    if ago := _AGO.fullmatch(text):
        return utc_now() - int(ago[1]) * _UNITS[ago[2]]
    try:
        told = datetime.fromisoformat(text)
    except ValueError as cause:
        raise ArgumentTypeError(f"'{text}' is no time: type 2026-11-22, 2026-11-22T03:14:07 or 24h") from cause
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
