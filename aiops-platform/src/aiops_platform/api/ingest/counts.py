"""What the door counts for itself: what it refused, by reason, and how long its answers took."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

from aiops_platform.api.ingest.answers import Reason

# Seconds; what took longer is in the last place.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Counts:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self.took_together = 0.0
        self._refused: Counter[str] = Counter()
        self._took = [0] * (len(BOUNDS) + 1)

    def answered(self, seconds: float, refused: Mapping[Reason, int]) -> None:
        """One request was answered, and so many of its reports were refused."""
        self._took[bisect_left(BOUNDS, seconds)] += 1
        self.took_together += seconds
        for reason, number in refused.items():
            self._refused[f"refused_{reason}"] += number

    def refused(self) -> dict[str, int]:
        """What was refused and is not written down, named as the intake counts it."""
        return dict(self._refused)

    def wrote_down(self, refused: Mapping[str, int]) -> None:
        """So much need not be told again."""
        self._refused -= Counter(refused)

    def took(self) -> list[int]:
        """How many answers took no longer than each of `BOUNDS`; at the end, how many there were."""
        return [sum(self._took[: place + 1]) for place in range(len(self._took))]
