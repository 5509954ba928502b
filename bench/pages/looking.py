"""Asks a server for its pages, one after the other over one connection, and says how long each takes and how long it is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPConnection, RemoteDisconnected
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


@dataclass(frozen=True, kw_only=True)
class Both:
    """The same page of two servers, asked in turns."""

    ours: Looked
    theirs: Looked

    @property
    def times(self) -> float:
        """How many times as long theirs takes: the median of the ratios of neighbouring looks."""
        return statistics.median(their / our for our, their in zip(self.ours.seconds, self.theirs.seconds, strict=True))


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
        try:
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
        except (RemoteDisconnected, ConnectionResetError):
            # Who has said nothing for long is left by the server.
            self._connection.close()
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

    def carry(self, name: str, value: str) -> None:
        """From now on this cookie goes with each question."""
        self._cookies[name] = value

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


def side_by_side(ours: tuple[Browser, str], theirs: tuple[Browser, str], *, times: int) -> Both:
    """Both pages so many times, each time one after the other; the first two do not count."""
    answers: list[tuple[int, bytes]] = [(0, b""), (0, b"")]
    seconds: list[list[float]] = [[], []]
    for turn in range(times + 2):
        for number, (browser, path) in enumerate((ours, theirs)):
            began = time.perf_counter()
            answers[number] = browser.get(path)
            if turn >= 2:
                seconds[number].append(time.perf_counter() - began)
    looked = [
        Looked(status=status, seconds=tuple(each), size=len(body), cpu=0.0)
        for (status, body), each in zip(answers, seconds, strict=True)
    ]
    return Both(ours=looked[0], theirs=looked[1])
