"""How many requests were answered well, by method and route; told with the heartbeats, so that a fix can be proven by them."""

from __future__ import annotations

import _thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Tuple

#: So many routes, with their methods, are counted by themselves, and the rest as other routes.
ROUTES = 100
#: Characters of a route, and of a method. A longer one is not cut: it would be taken for another one.
ROUTE = 200
METHOD = 20

OTHER_ROUTES = "(other)"
_OTHERS = ("", OTHER_ROUTES)


class Answered:
    """Counts in any thread. It is small, whatever is asked for."""

    def __init__(self) -> None:
        # Reentrant, because the garbage collector runs where it likes.
        self._lock = _thread.RLock()
        self._counts: Dict[Tuple[str, str], int] = {}

    def count(self, method: str, route: str) -> None:
        """One more answer that was no failure."""
        key = (method, route)
        with self._lock:
            known = self._counts.get(key)
            if known is None and (len(self._counts) >= ROUTES or len(route) > ROUTE or len(method) > METHOD):
                key, known = _OTHERS, self._counts.get(_OTHERS)
            self._counts[key] = 1 if known is None else known + 1

    def told(self, scrub: Callable[[str], str]) -> List[Dict[str, object]]:
        """The counts as the wire has them, with routes as events name them."""
        with self._lock:
            counts = sorted(self._counts.items())
        told = []
        for (method, route), count in counts:
            named: Dict[str, object] = {"method": scrub(method)} if method else {}
            told.append({**named, "route": scrub(route), "count": count})
        return told
