"""ASGI as far as we speak it ourselves: loose where servers and frameworks type it each in their own way."""

from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: `rest` is all that comes after the server's own headers. `closes`: it says that the connection ends."""

    status: int
    rest: bytes
    closes: bool


class AtOnce(Protocol):
    """A short way beside ASGI, for requests that are many and small: POST to one of `urls`, and come whole."""

    @property
    def urls(self) -> Collection[bytes]:
        """As they stand in a request."""

    def answer(self, headers: Sequence[tuple[bytes, bytes]], body: bytes, tell: Callable[[Reply], None]) -> bool:
        """Whether this request will be answered so. If not, nothing was done: then it is the application's.

        `tell` is called once, in the event loop, maybe before this returns. Names of headers are in lower case.
        """
