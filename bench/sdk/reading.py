"""What a request says, in each vendor's own protocol: the messages of its events, and how many occurrences each stands for."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sink import Request


@dataclass(frozen=True)
class Told:
    """One event as it arrived."""

    message: str
    count: int = 1


def events_in(request: Request) -> list[Told]:
    """The events that a request carries; none for heartbeats, sessions, metrics and the like."""
    for beginning, read in _READERS:
        if request.path.startswith(beginning):
            return list(read(unpacked(request)))
    return []


def unpacked(request: Request) -> bytes:
    """The body as the SDK made it."""
    encoding = request.headers.get("content-encoding", "")
    if encoding == "gzip":
        return gzip.decompress(request.body)
    if encoding == "deflate":
        return zlib.decompress(request.body)
    if encoding == "zstd":
        raise ValueError("zstd is not read here; the SDK has to be configured for gzip")
    return request.body


def _ours(body: bytes) -> Iterator[Told]:
    yield from _our_event(json.loads(body))


def _our_batch(body: bytes) -> Iterator[Told]:
    for line in body.splitlines()[1:]:
        yield from _our_event(json.loads(line))


def _our_event(event: dict[str, Any]) -> Iterator[Told]:
    if "signal_type" in event:
        yield Told(event["message"], event.get("repeat_count", 1))


def _sentry(body: bytes) -> Iterator[Told]:
    """An envelope: a line about all, then for each item a line about it and its payload."""
    at = body.index(b"\n") + 1
    while at < len(body):
        end = body.index(b"\n", at)
        about = json.loads(body[at:end])
        length = about.get("length", len(body) - end - 1)
        if about.get("type") == "event":
            event = json.loads(body[end + 1 : end + 1 + length])
            values = (event.get("exception") or {}).get("values") or [{"value": event.get("message")}]
            yield Told(str(values[-1]["value"]))
        at = end + 1 + length + 1


def _rollbar(body: bytes) -> Iterator[Told]:
    told = json.loads(body)["data"]["body"]
    trace = told.get("trace") or (told.get("trace_chain") or [{}])[0]
    yield Told(str(trace.get("exception", {}).get("message")))


def _honeybadger(body: bytes) -> Iterator[Told]:
    yield Told(str(json.loads(body)["error"]["message"]))


def _bugsnag(body: bytes) -> Iterator[Told]:
    for event in json.loads(body)["events"]:
        yield Told(str(event["exceptions"][0]["message"]))


def _elastic(body: bytes) -> Iterator[Told]:
    for line in body.splitlines():
        error = json.loads(line).get("error")
        if error:
            # Elastic writes the type before the message.
            yield Told(str(error.get("exception", {}).get("message")).partition(": ")[2])


def _logfire(body: bytes) -> Iterator[Told]:
    """OTLP: resources (1), of them scopes (2), of them spans (2), of them events (11), with attributes (3)."""
    for resource in _fields(body, 1):
        for scope in _fields(resource, 2):
            for span in _fields(scope, 2):
                for event in _fields(span, 11):
                    attributes = dict(_attribute(one) for one in _fields(event, 3))
                    if "exception.message" in attributes:
                        yield Told(attributes["exception.message"])


def _attribute(encoded: bytes) -> tuple[str, str]:
    key = next(_fields(encoded, 1), b"").decode()
    value = next(_fields(encoded, 2), b"")
    return key, next(_fields(value, 1), b"").decode("utf-8", "replace")


def _fields(encoded: bytes, wanted: int) -> Iterator[bytes]:
    """The values of one length-delimited field of a protobuf message."""
    at = 0
    while at < len(encoded):
        tag, at = _varint(encoded, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            _, at = _varint(encoded, at)
        elif kind == 2:
            length, at = _varint(encoded, at)
            if number == wanted:
                yield encoded[at : at + length]
            at += length
        else:
            at += 8 if kind == 1 else 4


def _varint(encoded: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = encoded[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


_READERS = [
    ("/v1/sdk/exception", _ours),
    ("/v1/sdk/batch", _our_batch),
    ("/v1/notices", _honeybadger),
    ("/v1/traces", _logfire),
    ("/api/1/envelope/", _sentry),
    ("/api/1/item", _rollbar),
    ("/notify", _bugsnag),
    ("/intake/v2/events", _elastic),
]
