"""Makes what tests need, so that each shows only what matters to it."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable, Dict, Hashable, List, Mapping, Optional, Tuple

from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.delivery.transport import BATCH_PATH, Accepted
from aiops_sdk.event import Event, Origin, new_id

if TYPE_CHECKING:
    from aiops_sdk.delivery.transport import Outcome

__all__ = [
    "ExceptionGroup",
    "HandMadeTransport",
    "a_client",
    "a_config",
    "a_draft",
    "a_record",
    "an_event",
    "an_origin",
    "counts",
    "raised",
    "wait_until",
]

DEADLINE = 60.0

if sys.version_info >= (3, 11):
    from builtins import ExceptionGroup
else:
    # pytest brings it where Python has none.
    from exceptiongroup import ExceptionGroup


def a_config(**options: Any) -> Config:
    """Settings with a key, read from no environment."""
    return Config(**{"api_key": "key-of-the-test", "service_name": "shop", **options})


def an_event(**fields: Any) -> Event:
    """An exception's event, unless said otherwise."""
    usual: Dict[str, Any] = {
        "event_id": new_id(),
        "occurred_at": datetime(2026, 11, 22, 3, 14, 7, 123456, timezone.utc),
        "signal_type": "exception",
        "source": "manual",
        "error_type": "ValueError",
        "message": "it broke",
    }
    return Event(**{**usual, **fields})


def an_origin(**fields: Any) -> Origin:
    """Who speaks, in tests."""
    usual: Dict[str, Any] = {
        "service": "shop",
        "environment": "production",
        "host": "vm-1",
        "pid": 4711,
        "instance_id": "0b8a36cc-4f0e-4d3c-9a49-6f2f3a4d5e6f",
        "sdk_version": "0.2.0",
    }
    return Origin(**{**usual, **fields})


class HandMadeDraft:
    """What was captured, as far as delivery looks at it."""

    def __init__(self, signal_type: str, **fields: Any) -> None:
        self.event_id = new_id()
        self.signal_type = signal_type
        self.source = "manual"
        self.level = "error"
        self.error_type = "ValueError"
        self.message = "it broke"
        self.request_path: Optional[str] = None
        self.status_code: Optional[int] = None
        self.place: Optional[Tuple[str, int, str]] = None
        self.at = 1_795_000_000.0
        self.key: Optional[Hashable] = None
        self.size = 10
        self.repeat_count = 1
        self.first_at: Optional[float] = None
        self.last_at: Optional[float] = None
        self.said: object = "it broke"
        self.seen_by = "manual"
        self.also_seen_by: Tuple[str, ...] = ()
        vars(self).update(fields)

    def event(self) -> Event:
        """What it says on the wire."""
        return an_event(
            event_id=self.event_id,
            signal_type=self.signal_type,
            repeat_count=self.repeat_count,
            stack_trace="Traceback",
        )


def a_draft(signal_type: str = "exception", **fields: Any) -> HandMadeDraft:
    """A draft that repeats nothing, unless said otherwise."""
    return HandMadeDraft(signal_type, **fields)


def a_record(message: str = "it broke", *args: Any, **fields: Any) -> logging.LogRecord:
    """A log record of the level ERROR, unless said otherwise."""
    usual: Dict[str, Any] = {"name": "shop.orders", "level": logging.ERROR, "exc_info": None}
    usual.update(fields)
    return logging.LogRecord(
        usual["name"], usual["level"], "/srv/shop/orders.py", 12, message, args, usual["exc_info"], "place_order"
    )


def raised(exc: BaseException) -> BaseException:
    """The same exception, with a traceback."""
    try:
        raise exc
    except BaseException as caught:
        return caught


class HandMadeTransport:
    """Answers as it is told, in order, and 'accepted' afterwards; keeps what it was given."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes: List[Outcome] = list(outcomes)
        self.bodies: List[Dict[str, Any]] = []
        self.batches: List[bytes] = []
        self.closed = 0
        self.abandoned = 0
        #: While it is cleared, ``send`` does not return.
        self.open = threading.Event()
        self.open.set()

    def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:
        if path == BATCH_PATH:
            self.batches.append(body)
            self.bodies += [line for line in map(json.loads, body.split(b"\n")[1:]) if "signal_type" in line]
        else:
            self.bodies.append(json.loads(body))
        self.open.wait(DEADLINE)
        return self.outcomes.pop(0) if self.outcomes else Accepted()

    def close(self) -> None:
        self.closed += 1

    def abandon(self) -> None:
        self.abandoned += 1


def a_client(transport: Optional[HandMadeTransport] = None, **options: Any) -> Client:
    """A client that is not current, with a transport in memory."""
    return Client(a_config(**options), transport or HandMadeTransport())


def counts(told: Optional[Mapping[str, object]] = None, **expected: int) -> Dict[str, object]:
    """The counts among ``stats()``; or what they should be: what is not named is none, other names are reasons."""
    names = ("captured", "recovered", "delivered", "spooled", "queued")
    if told is not None:
        return {name: told[name] for name in (*names, "dropped")}
    dropped = {name: number for name, number in expected.items() if name not in names}
    return {**{name: expected.get(name, 0) for name in names}, "dropped": dropped}


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something that another thread does has come true."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain: " + what
        time.sleep(0.005)
