"""By which id events of one request, or of one trace through several services, know each other. Pure.

The wire has no field of its own for it: it is taken from where clients and frameworks put it.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from aiops_platform.core.event import Event

_NAMES: Final = ("trace_id", "request_id", "correlation_id")
_HEADERS: Final = ("x-request-id", "x-correlation-id", "x-trace-id", "x-amzn-trace-id")
# https://www.w3.org/TR/trace-context/#traceparent-header
_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
# Shorter ones are numbers that mean something else elsewhere; what is hidden is the same for all.
_ID: Final = re.compile(r"(?=.*\d)[\w.:=;-]{12,200}", re.ASCII)
_MOST: Final = 4


def ids_of(event: Event) -> tuple[str, ...]:
    """The ids of the request and the trace that an event belongs to, each once; none where it says none."""
    return tuple(dict.fromkeys(said for said in _said(event) if _ID.fullmatch(said)))[:_MOST]


def _said(event: Event) -> Iterator[str]:
    for name in ("trace", "request", "opentelemetry"):
        yield from _named(event.contexts.get(name) or {})
    yield from _named(event.tags)
    headers = {name.lower(): value for name, value in (event.request.headers if event.request else {}).items()}
    if parent := _TRACEPARENT.fullmatch(headers.get("traceparent", "").strip()):
        yield parent[1]
    for name in _HEADERS:
        if name in headers:
            yield headers[name].strip()


def _named(values: dict[str, Any]) -> Iterator[str]:
    for name in _NAMES:
        if isinstance(said := values.get(name), str):
            yield said.strip()
