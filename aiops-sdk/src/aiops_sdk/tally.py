"""How often which answer was given that is no failure, by status and route; told with the heartbeats."""

from __future__ import annotations

import _thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Tuple


#: So many pairs of status and route are counted by themselves, and the rest as other routes.
PAIRS = 100
#: Characters of a route.
ROUTE = 100

NO_ROUTE = "(none)"
OTHER_ROUTES = "(other)"


class Tally:
    """Counts in any thread. It is small, whatever is asked for."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew, with a new lock: after a fork somebody who is not here any more may hold the old one."""
        # Reentrant, because the garbage collector runs where it likes.
        self._lock = _thread.RLock()
        self._counts: Dict[Tuple[int, str], int] = {}

    def count(self, status: int, route: Optional[str]) -> None:
        """One more answer with this status; ``route`` is what led to it, if anything did."""
        key = (status, (route or NO_ROUTE)[:ROUTE])
        with self._lock:
            if key not in self._counts and len(self._counts) >= PAIRS:
                key = (status, OTHER_ROUTES)
            self._counts[key] = self._counts.get(key, 0) + 1

    def told(self) -> Dict[str, Dict[str, int]]:
        """The counts by status, then by route."""
        with self._lock:
            counts = dict(self._counts)
        told: Dict[str, Dict[str, int]] = {}
        for (status, route), count in sorted(counts.items()):
            told.setdefault(str(status), {})[route] = count
        return told
