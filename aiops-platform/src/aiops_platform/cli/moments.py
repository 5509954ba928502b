"""What people type that has to be understood: a day, a moment, or how long ago; the number of an incident."""

import re
from argparse import ArgumentTypeError
from datetime import UTC, datetime, timedelta

from aiops_platform.process.clock import utc_now

_AGO = re.compile(r"(\d{1,6})([mhd])")
# More than this no database counts to.
_LARGEST = 2**63 - 1
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def moment(text: str) -> datetime:
    """`2026-11-22`, `2026-11-22T03:14:07+01:00` (UTC where no zone is said), or `90m`, `24h`, `7d`: so long ago.

    Raises ArgumentTypeError.
    """
    try:
        if ago := _AGO.fullmatch(text):
            return utc_now() - int(ago[1]) * _UNITS[ago[2]]
        told = datetime.fromisoformat(text)
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except OverflowError as cause:
        raise ArgumentTypeError(f"'{text}' is before all time, or after it") from cause
    except ValueError as cause:
        raise ArgumentTypeError(f"'{text}' is no time: type 2026-11-22, 2026-11-22T03:14:07 or 24h") from cause


def number(text: str) -> int:
    """`7`, as lists show it. Raises ArgumentTypeError."""
    # Long ones are no numbers to `int` either.
    if text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST)) and 1 <= int(text) <= _LARGEST:
        return int(text)
    raise ArgumentTypeError(f"'{text}' is no number of anything: type it as the list shows it")
