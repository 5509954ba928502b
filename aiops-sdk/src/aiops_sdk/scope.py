"""What surrounds the code that runs now: the request that is being answered, if there is one.

It lives in a context variable, so threads, greenlets and asyncio tasks each see their own. Nothing here knows a framework;
an integration translates its request into a ``RequestScope`` and says when it begins and ends.
"""

from __future__ import annotations

import time
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class RequestScope:
    """One request, in words that all frameworks share.

    ``path`` is without the query, ``query`` is the raw query string without the question mark, ``route`` is the framework's
    pattern such as ``/orders/<int:id>``. While a ``silent`` request runs, nothing that happens is captured.
    """

    method: str
    path: str
    url: Optional[str] = None
    route: Optional[str] = None
    query: Optional[str] = None
    headers: Mapping[str, str] = field(default_factory=dict)
    remote_addr: Optional[str] = None
    silent: bool = False
    log: RequestLog = field(default_factory=RequestLog, compare=False)
    #: ``time.monotonic()`` at the beginning: what was captured before is not this request's failure.
    began: float = field(default_factory=time.monotonic, compare=False)


@dataclass(frozen=True)
class Scope:
    """Everything known about the surroundings; replaced, never changed."""

    request: Optional[RequestScope] = None


_NOTHING = Scope()
_scope: ContextVar[Scope] = ContextVar("aiops_sdk_scope", default=_NOTHING)


def current() -> Scope:
    """The scope of the code that is running."""
    return _scope.get()


def current_request() -> Optional[RequestScope]:
    """The request that is being answered here, or None."""
    return _scope.get().request


def begin_request(request: RequestScope) -> Token[Scope]:
    """From here on, what is captured belongs to ``request``, until ``end_request`` gets the token back."""
    return _scope.set(Scope(request=request))


def end_request(token: Token[Scope]) -> None:
    """Back to what was before. A token from another context (a response streamed elsewhere) ends the request here."""
    try:
        _scope.reset(token)
    except (ValueError, RuntimeError):
        _scope.set(_NOTHING)
