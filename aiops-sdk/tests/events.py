"""Makes what tests need, so that each shows only what matters to it."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from datetime import datetime, timezone
from typing import Any, Callable, Dict, List, Optional

from aiops_sdk.client import Client
from aiops_sdk.config import Config
from aiops_sdk.delivery import Accepted, Outcome
from aiops_sdk.event import Event, Origin, new_id

__all__ = [
    "ExceptionGroup",
    "HandMadeTransport",
    "a_client",
    "a_config",
    "a_record",
    "an_event",
    "an_origin",
    "raised",
    "wait_until",
]

DEADLINE = 20.0

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
        self.closed = 0
        self.abandoned = 0
        #: While it is cleared, ``send`` does not return.
        self.open = threading.Event()
        self.open.set()

    def send(self, path: str, body: bytes) -> Outcome:
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


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until something that another thread does has come true."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain: " + what
        time.sleep(0.005)
