"""For tests of programs that use the SDK: what they would report, in memory, without a platform and without a key."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional, Sequence, Union, overload

from aiops_sdk import client
from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.delivery.transport import Accepted
from aiops_sdk.integrations import asyncio, futures, logging, threading, unraisable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aiops_sdk.delivery.transport import Outcome

SECONDS = 5.0


class InMemoryTransport:
    """Takes everything, and keeps it."""

    def __init__(self) -> None:
        self.bodies: List[Dict[str, Any]] = []

    def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:  # noqa: ARG002 - all go one way
        """Keep the body as the platform would read it."""
        self.bodies.append(json.loads(body))
        return Accepted()

    def close(self) -> None:
        """There is nothing to close."""

    def abandon(self) -> None:
        """What a forked child captures is its own."""
        self.bodies = []


class CapturedEvents(Sequence[Dict[str, Any]]):
    """The events captured so far, each as it would travel, oldest first. Looking at them waits until all are in."""

    def __init__(self, running: Client, transport: InMemoryTransport) -> None:
        self._running = running
        self._transport = transport

    @overload
    def __getitem__(self, index: int) -> Dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> List[Dict[str, Any]]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Dict[str, Any], List[Dict[str, Any]]]:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())

    def __repr__(self) -> str:
        told = ["{}: {}".format(event["error_type"], event["message"]) for event in self._all()]
        return "<{} captured: {}>".format(len(told), "; ".join(told) or "nothing")

    def _all(self) -> List[Dict[str, Any]]:
        self._running.flush(SECONDS)
        return list(self._transport.bodies)


@contextmanager
def capture_events(config: Optional[Config] = None) -> Iterator[CapturedEvents]:
    """Keep what happens in the block instead of sending it; the value is what happened, each repeat by itself.

    Error logs, dying threads, forgotten tasks and futures, ``__del__``, ``capture_exception()`` and Flask apps are
    listened to as after ``init()``. A client that is current already hears nothing meanwhile, and is current again
    afterwards.
    """
    transport = InMemoryTransport()
    running = Client(config or Config(api_key="test", aggregate_repeats=False), transport)
    before = client.make_current(running)
    undos = [each.install(running) for each in (threading, logging, unraisable, asyncio, futures)]
    try:
        yield CapturedEvents(running, transport)
    finally:
        for undo in reversed(undos):
            undo()
        client.make_current(before)
        running.close(SECONDS)
