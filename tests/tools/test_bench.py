"""The bench counts what arrived by what each vendor's protocol says, and believes no figure that is not there."""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator

import pytest
import table
from reading import Told, events_in
from sink import SILENT, Loop, Mood, Request, Sink


def a_request(path: str, body: bytes, **headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method="POST", path=path, headers=named, body=body, size=len(body), accepted=True)


def field(number: int, value: bytes) -> bytes:
    assert len(value) < 128
    return bytes([number << 3 | 2, len(value)]) + value


def told_by(path: str, said: object) -> list[Told]:
    return events_in(a_request(path, json.dumps(said).encode()))


def test_each_vendors_event_is_read() -> None:
    exception = {"message": "No stock"}
    assert told_by("/v1/sdk/exception", {"signal_type": "exception", "message": "No stock"}) == [Told("No stock")]
    assert told_by("/v1/notices/", {"error": exception}) == [Told("No stock")]
    assert told_by("/api/1/item/", {"data": {"body": {"trace": {"exception": exception}}}}) == [Told("No stock")]
    assert told_by("/notify", {"events": [{"exceptions": [exception]}] * 2}) == [Told("No stock")] * 2


def test_lines_and_envelopes_are_read_item_by_item() -> None:
    error = json.dumps({"error": {"exception": {"message": "LookupError: No stock"}}})
    lines = f'{{"metadata": {{}}}}\n{error}\n{{"transaction": {{}}}}\n'.encode()
    assert events_in(a_request("/intake/v2/events", gzip.compress(lines), content_encoding="gzip")) == [
        Told("No stock")
    ]

    event = json.dumps({"exception": {"values": [{"value": "No stock"}]}})
    envelope = f'{{}}\n{{"type": "session", "length": 2}}\n{{}}\n{{"type": "event", "length": {len(event)}}}\n{event}\n'
    assert events_in(a_request("/api/1/envelope/", envelope.encode())) == [Told("No stock")]


def test_a_batch_of_ours_counts_every_occurrence() -> None:
    event = {"signal_type": "exception", "message": "No stock", "repeat_count": 9999}
    lines = [{"service": "shop"}, {"frames": []}, event, {**event, "repeat_count": 1}]
    body = "\n".join(map(json.dumps, lines)).encode()

    assert events_in(a_request("/v1/sdk/batch", body)) == [Told("No stock", 9999), Told("No stock", 1)]


def test_a_span_is_an_event_only_with_an_exception() -> None:
    attribute = field(1, b"exception.message") + field(2, field(1, b"No stock"))
    spans = field(2, field(5, b"GET /")) + field(2, field(11, field(2, b"exception") + field(3, attribute)))

    assert events_in(a_request("/v1/traces", field(1, field(2, spans)))) == [Told("No stock")]


def test_a_heartbeat_is_no_event() -> None:
    assert events_in(a_request("/v1/sdk/heartbeat", b"{}")) == []


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    running = Sink(Loop())
    yield running
    running.stop()


def answer(sink: Sink, path: str, body: object, **options: bool) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=20)
    connection.request("POST", path, body, **options)  # type: ignore[arg-type]  # pieces are sent as chunks
    status = connection.getresponse().status
    connection.close()
    return status


def test_the_sink_answers_as_each_vendor_does_and_keeps_what_came(sink: Sink) -> None:
    assert answer(sink, "/v1/sdk/exception", b"{}") == 202
    assert answer(sink, "/v1/notices/", iter([b"{", b"}"]), encode_chunked=True) == 201
    assert [request.body for request in sink.requests[-2:]] == [b"{}", b"{}"]


def test_the_sink_can_refuse_and_be_silent(sink: Sink) -> None:
    sink.mood = Mood(status=503)
    assert answer(sink, "/v1/sdk/exception", b"{}") == 503
    assert not sink.requests[-1].accepted

    sink.mood = SILENT
    connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=0.2)
    connection.request("POST", "/v1/sdk/exception", b"{}")
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()


def test_a_promise_is_kept_or_not_and_a_missing_figure_says_why() -> None:
    figures: dict[str, dict[str, table.Value]] = {
        "ours": {"import": 10.0, "init()": 3.0},
        "sentry": {"import": 50.0, "init()": "not done in 60 s"},
    }

    lines = table.costs(figures, ["ours", "sentry"]).splitlines()

    assert "| `import`, bare, ms | 10.0 | 50.0 | 0.20 | ≤ 1/4 of the best | yes |" in lines
    assert "| `init()`, ms | 3.00 | n/a |  | ≤ 2 ms | **no** |" in lines
    assert "- Sentry, init(): n/a: not done in 60 s" in lines
