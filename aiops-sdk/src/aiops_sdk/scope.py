"""What surrounds the code that runs now: the request that is being answered, if there is one.

It lives in a context variable, so threads, greenlets and asyncio tasks each see their own. Nothing here knows a framework;
an integration translates its request into a ``RequestScope`` and says when it begins and ends.
"""

from __future__ import annotations

import time
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import List, Mapping, Optional


KEPT = 100


class RequestLog:
    """What was captured while one request ran; the only part of a scope that changes."""

    __slots__ = ("event_ids", "has_exception", "messages")

    def __init__(self) -> None:
        #: An exception of this request has been captured (or had been before, in another thread).
        self.has_exception: bool = False
        #: The messages of what was captured, in order.
        self.messages: List[str] = []
        #: The ids of the events, in order.
        self.event_ids: List[str] = []

    def note(self, event_id: str, message: str, *, has_exception: bool = False) -> None:
        """Remember one captured event; of a request that goes on and on, only the first ones."""
        if len(self.messages) < KEPT:
            self.event_ids.append(event_id)
            self.messages.append(message)
        self.has_exception = self.has_exception or has_exception


class RequestScope:
    """One request, in words that all frameworks share. It is not changed, but for its log.

    ``path`` is without the query, ``query`` is the raw query string without the question mark, ``route`` is the framework's
    pattern such as ``/orders/<int:id>``. While a ``silent`` request runs, nothing that happens is captured. An integration
    may derive its own from this, which finds out only when asked.
    """

    # No dataclass: one is made for every request, and defining one costs every start a millisecond.

    method: str
    path: str
    url: Optional[str]
    route: Optional[str]
    query: Optional[str]
    headers: Mapping[str, str]
    remote_addr: Optional[str]
    silent: bool
    log: RequestLog
    #: ``time.monotonic()`` at the beginning: what was captured before is not this request's failure.
    began: float

    def __init__(
        self,
        method: str,
        path: str,
        *,
        url: Optional[str] = None,
        route: Optional[str] = None,
        query: Optional[str] = None,
        headers: Optional[Mapping[str, str]] = None,
        remote_addr: Optional[str] = None,
        silent: bool = False,
    ) -> None:
        self.method = method
        self.path = path
        self.url = url
        self.route = route
        self.query = query
        self.headers = {} if headers is None else headers
        self.remote_addr = remote_addr
        self.silent = silent
        self.log = RequestLog()
        self.began = time.monotonic()


_request: ContextVar[Optional[RequestScope]] = ContextVar("aiops_sdk_request", default=None)


def current_request() -> Optional[RequestScope]:
    """The request that is being answered here, or None."""
    return _request.get()


def begin_request(request: RequestScope) -> Token[Optional[RequestScope]]:
    """From here on, what is captured belongs to ``request``, until ``end_request`` gets the token back."""
    return _request.set(request)


def end_request(token: Token[Optional[RequestScope]]) -> None:
    """Back to what was before. A token from another context (a response streamed elsewhere) ends the request here."""
    try:
        _request.reset(token)
    except (ValueError, RuntimeError):
        _request.set(None)


class outside:  # noqa: N801 - reads as a statement: "with outside()"
    """A block that belongs to no request, whatever runs around it: the garbage collector calls in the midst of any."""

    __slots__ = ("_token",)

    def __enter__(self) -> None:
        self._token = _request.set(None)

    def __exit__(self, *_: object) -> None:
        end_request(self._token)
