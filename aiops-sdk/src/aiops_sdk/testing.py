"""For tests of programs that use the SDK: what they would report, in memory, without a platform and without a key."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional, Sequence, Union, overload

from aiops_sdk import _api, client, deciding, scope
from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.delivery.transport import Accepted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aiops_sdk.deciding import Decision
    from aiops_sdk.delivery.transport import Outcome

SECONDS = 5.0

#: Nobody listens there. Only a process that is started anew, and not forked, would try.
NOWHERE = "http://127.0.0.1:9"


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
    """The events captured so far, each as it would travel, oldest first. Looking at them waits until all are in.

    ``ignored`` has what was seen and is no event of its own, with the reason. Printed, as by an assertion that fails, it
    tells of both.
    """

    def __init__(self, running: Client, transport: InMemoryTransport) -> None:
        self._running = running
        self._transport = transport
        #: What became no event, oldest first: ``what`` was seen, by which ``rule`` it was ignored, and ``why`` there is one.
        self.ignored: List[Decision] = []
        self._order: List[str] = []
        running.on_decision(self._hear)

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
        captured = "{} captured: {}".format(len(told), "; ".join(told) or "nothing")
        ignored = "; ".join(str(decision) for decision in self.ignored)
        return "<{}. Besides: {}>".format(captured, ignored) if ignored else "<{}>".format(captured)

    def _all(self) -> List[Dict[str, Any]]:
        self._running.flush(SECONDS)
        # Some leave later than others that were captured after them.
        places = {event_id: place for place, event_id in enumerate(self._order)}
        return sorted(self._transport.bodies, key=lambda event: places.get(event["event_id"], len(places)))

    def _hear(self, decision: Decision) -> None:
        if decision.outcome == deciding.CAPTURED and decision.event_id is not None:
            self._order.append(decision.event_id)
        if decision.outcome != deciding.CAPTURED:
            self.ignored.append(decision)


@contextmanager
def capture_events(config: Optional[Config] = None) -> Iterator[CapturedEvents]:
    """Keep what happens in the block instead of sending it; the value is what happened, each repeat by itself.

    Everything is listened to as after ``init()``; only there are no heartbeats, and nothing is kept on disk. A client that
    is current already hears nothing meanwhile, and is current again afterwards. What a forked child captures stays in it.
    What the block says of its thread or task, as by ``set_tag()``, ends with it.
    """
    transport = InMemoryTransport()
    running = Client(
        config or Config(api_key="no-key-is-needed", platform_url=NOWHERE, aggregate_repeats=False), transport
    )
    events = CapturedEvents(running, transport)
    before = client.make_current(running)
    try:
        _api.listen(running)
        with scope.unsaid():
            yield events
    finally:
        client.make_current(before)
        running.close(SECONDS)
