"""What is wrong with the platform itself, from its own numbers: reports wait, the disk fills, reports are refused."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

LATE: Final = timedelta(minutes=5)
LEAST_FREE: Final = 500_000_000
MANY_REFUSED: Final = 100


def troubles(numbers: Mapping[str, int | float], *, free_bytes: int, refused_before: int | None) -> dict[str, str]:
    """What is told of each, by a name that stays the same while it lasts; `refused_before` is that number a minute ago."""
    found = {}
    waited = timedelta(seconds=numbers.get("intake_oldest_seconds", 0))
    if numbers.get("intake_depth", 0) and waited > LATE:
        minutes = int(waited.total_seconds()) // 60
        found["lag"] = f"Reports wait to be digested, the oldest of them for {minutes} min"
    if free_bytes < LEAST_FREE:
        found["disk"] = f"Only {free_bytes // 1_000_000} MB are free where the data folder is"
    refused = int(numbers.get("refused", 0)) - (refused_before if refused_before is not None else 0)
    if refused_before is not None and refused >= MANY_REFUSED:
        found["refused"] = "Many reports are refused: the page of the platform says for which reasons"
    return found
