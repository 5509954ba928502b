"""What is sent, to both servers the same: recorded events as bodies of ours and as Sentry envelopes, long and short.

A body is a template: wherever ``ID`` stands in it, each request gets an id of its own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

ID = "@@event-id@@"
BATCH_OF = 100
_SHORT = 2048
_KINDS_IN_A_BATCH = 10
_SERVICES = 1_000

Event = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What a load generator sends over and over: one of these bodies at a time, in turn."""

    name: str
    path: str
    bodies: list[str]
    content_type: str = "application/json"
    packed: bool = False
    events: int = 1
    headers: dict[str, str] = field(default_factory=dict)


def ours_long(events: list[Event]) -> Mail:
    """About 20 KB each, as gzip."""
    return Mail(name="20 KB, gzip", path="/v1/sdk/exception", bodies=[_ours(event) for event in events], packed=True)


def ours_short(events: list[Event], *, service: str | None = None) -> Mail:
    """About 2 KB each, as they are; of one service if it is named."""
    named = {} if service is None else {"service": service}
    return Mail(name="2 KB", path="/v1/sdk/exception", bodies=[_ours(short(event) | named) for event in events])


def ours_in_batches(events: list[Event]) -> Mail:
    """A hundred of 2 KB in a request, as the SDK writes them: of ten kinds, each stack said once."""
    bodies = [
        _batch([short(event) for event in events[start : start + _KINDS_IN_A_BATCH]])
        for start in range(0, len(events) - _KINDS_IN_A_BATCH + 1, _KINDS_IN_A_BATCH)
    ]
    return Mail(
        name="batches of 100", path="/v1/sdk/batch", bodies=bodies, packed=True, events=BATCH_OF,
        content_type="application/x-ndjson",
    )  # fmt: skip


def ours_beats(events: list[Event]) -> Mail:
    """The heartbeats of a thousand services."""
    like = {name: events[0][name] for name in ("environment", "host", "sdk")}
    bodies = [
        json.dumps(
            like
            | {
                "signal_type": "heartbeat", "service": f"service-{number:04d}", "interval": 30, "closing": False,
                "instance": {"id": f"{number:032x}", "host": like["host"], "pid": 1000 + number},
                "stats": {"captured": 12, "delivered": 12, "spooled": 0, "queued": 0, "dropped": {}, "answers": {}},
                "fixers": [],
            }
        )
        for number in range(_SERVICES)
    ]  # fmt: skip
    return Mail(name="heartbeats", path="/v1/sdk/heartbeat", bodies=bodies)


def sentry_long(events: list[Event], project: int, key: str) -> Mail:
    """The same events as envelopes of Sentry's protocol."""
    return _envelopes("20 KB, gzip", [_as_sentry(event) for event in events], project, key, packed=True)


def sentry_short(events: list[Event], project: int, key: str) -> Mail:
    """The same short events as envelopes."""
    return _envelopes("2 KB", [_as_sentry(short(event)) for event in events], project, key, packed=False)


def short(event: Event) -> Event:
    """The same event with as much of its inner frames, without their surroundings, as 2 KB hold."""
    kept = {name: event[name] for name in event if name not in ("stack_trace", "breadcrumbs", "request", "exceptions")}
    first = event["exceptions"][0]
    frames = [{name: frame[name] for name in frame if name not in ("source", "locals")} for frame in first["frames"]]
    while True:
        kept["exceptions"] = [first | {"frames": frames}]
        if len(json.dumps(kept)) <= _SHORT or len(frames) == 1:
            return kept
        frames = frames[1:]


def _ours(event: Event) -> str:
    # The id comes last: all before it is the same each time, and can be packed ahead.
    return json.dumps({**{name: value for name, value in event.items() if name != "event_id"}, "event_id": ID})


def _batch(kinds: list[Event]) -> str:
    shared = ("service", "environment", "host", "instance", "sdk", "release")
    lines: list[Event] = [{name: kinds[0][name] for name in shared} | {"sent_at": kinds[0]["sent_at"]}]
    lines += [{"frames": event["exceptions"][0]["frames"]} for event in kinds]
    for number in range(BATCH_OF):
        stack = number % len(kinds)
        event = kinds[stack]
        own = {name: value for name, value in event.items() if name not in (*shared, "sent_at")}
        lines.append(own | {"event_id": ID, "exceptions": [event["exceptions"][0] | {"frames": stack}]})
    return "\n".join(json.dumps(line, separators=(",", ":")) for line in lines)


def _envelopes(name: str, events: list[Event], project: int, key: str, *, packed: bool) -> Mail:
    bodies = []
    for event in events:
        # No length: an item without one ends at the line's end.
        head = json.dumps({"event_id": ID, "sdk": {"name": "sentry.python", "version": "2.75.0"}})
        bodies.append(f'{head}\n{{"type":"event","content_type":"application/json"}}\n{json.dumps(event)}\n')
    auth = f"Sentry sentry_version=7, sentry_client=sentry.python/2.75.0, sentry_key={key}"
    return Mail(
        name=name, path=f"/api/{project}/envelope/", bodies=bodies, packed=packed,
        content_type="application/x-sentry-envelope", headers={"X-Sentry-Auth": auth},
    )  # fmt: skip


def _as_sentry(event: Event) -> Event:
    """What Sentry's SDK would have said of the same failure."""
    request = event.get("request", {})
    said: Event = {
        "event_id": ID, "timestamp": event["occurred_at"], "platform": "python", "level": event["level"],
        "environment": event["environment"], "release": event["release"], "server_name": event["host"],
        "transaction": event.get("route"), "user": event.get("user", {}), "contexts": event["contexts"],
        "sdk": {"name": "sentry.python.flask", "version": "2.75.0"},
        "exception": {"values": [_sentry_exception(each) for each in reversed(event["exceptions"])]},
    }  # fmt: skip
    if request:
        said["request"] = {
            "method": request["method"], "url": request["url"], "query_string": request.get("query", ""),
            "headers": request.get("headers", {}),
        }  # fmt: skip
    if event.get("breadcrumbs"):
        crumbs = [
            {"timestamp": each["at"], "category": each["category"], "level": each["level"], "message": each["message"]}
            for each in event["breadcrumbs"]
        ]
        said["breadcrumbs"] = {"values": crumbs}
    return said


def _sentry_exception(exception: Event) -> Event:
    return {
        "type": exception["type"],
        "module": exception["module"],
        "value": exception["value"],
        "mechanism": {"type": "flask", "handled": False},
        "stacktrace": {"frames": [_sentry_frame(frame) for frame in exception["frames"]]},
    }


def _sentry_frame(frame: Event) -> Event:
    said = {
        "filename": frame["file"].rpartition("/")[2], "abs_path": frame["file"], "function": frame["function"],
        "module": frame["module"], "lineno": frame["line"], "in_app": frame["in_app"],
    }  # fmt: skip
    source = frame.get("source")
    if source:
        said |= {"pre_context": source["before"], "context_line": source["line"], "post_context": source["after"]}
    if frame.get("locals"):
        said["vars"] = frame["locals"]
    return said
