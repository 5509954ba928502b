"""Asks a server for its pages, one after the other over one connection, and says how long each takes and how long it is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

_TIMEOUT = 60.0


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What came of one page: seconds, each; bytes of HTML. `status` is that of the last answer."""

    status: int
    seconds: tuple[float, ...]
    size: int
    cpu: float

    @property
    def median(self) -> float:
        """Half of them were quicker."""
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """All but the slowest twentieth were quicker."""
        return sorted(self.seconds)[max(0, round(0.95 * len(self.seconds)) - 1)]


class Browser:
    """One kept-alive connection with the cookies that it was given."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = HTTPConnection(host, port, timeout=_TIMEOUT)
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[int, bytes]:
        """The answer to a question, whatever it is."""
        headers = {
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        self._keep(answer.headers.get_all("Set-Cookie") or ())
        return answer.status, answer.read()

    def sign_in(self, link: str) -> None:
        """Goes where the link leads, until there is a session."""
        parts = urlsplit(link)
        status, _ = self.get(parts.path)
        if status not in (200, 302, 303) or not self._cookies:
            raise RuntimeError(f"the sign-in link was answered {status}")

    def look(self, path: str, *, times: int, cpu: Callable[[], float]) -> Looked:
        """The page so many times; the first two do not count."""
        self.get(path)
        status, body = self.get(path)
        seconds, before = [], cpu()
        for _ in range(times):
            began = time.perf_counter()
            status, body = self.get(path)
            seconds.append(time.perf_counter() - began)
        return Looked(status=status, seconds=tuple(seconds), size=len(body), cpu=(cpu() - before) / times)

    def _keep(self, cookies: Iterable[str]) -> None:
        for cookie in cookies:
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(cookie).items()}
