"""One body on its way over real sockets."""

from __future__ import annotations

import base64
import json
import socket
import threading
from typing import Iterator, List

import pytest
from loopback import EVENTS, Answer, Platform

from aiops_sdk.delivery.transport import BATCH_PATH, Accepted, Barred, HttpTransport, Retry

BODY = b'{"message": "it broke"}'


@pytest.fixture
def transport(platform: Platform) -> Iterator[HttpTransport]:
    made = HttpTransport(platform.url, "key-of-the-test")
    yield made
    made.close()


def test_a_body_arrives_with_the_key(platform: Platform, transport: HttpTransport):
    assert isinstance(transport.send(EVENTS, BODY), Accepted)
    (received,) = platform.received
    assert (received.path, received.body) == (EVENTS, {"message": "it broke"})
    assert received.headers["Authorization"] == "Bearer key-of-the-test"
    assert received.headers["Content-Type"] == "application/json"


def test_one_connection_serves_all(platform: Platform, transport: HttpTransport):
    for _ in range(5):
        transport.send(EVENTS, BODY)
    assert {received.connection for received in platform.received} == {1}


def test_a_platform_may_live_below_a_path(platform: Platform):
    transport = HttpTransport(platform.url + "/aiops", "key")
    platform.always_answer(Answer(), "/aiops" + EVENTS)
    assert isinstance(transport.send(EVENTS, BODY), Accepted)
    assert platform.received[0].path == "/aiops/v1/sdk/exception"
    transport.close()


def test_a_kept_alive_connection_that_went_stale_is_reopened_at_once(platform: Platform, transport: HttpTransport):
    transport.send(EVENTS, BODY)
    platform.hang_up_idle_connections()
    assert isinstance(transport.send(EVENTS, BODY), Accepted)
    assert [received.connection for received in platform.received] == [1, 2]


def test_a_server_that_hangs_up_on_a_fresh_connection_is_a_failed_attempt(platform: Platform, transport: HttpTransport):
    platform.answer(Answer(hang_up=True))
    assert isinstance(transport.send(EVENTS, BODY), Retry)
    assert isinstance(transport.send(EVENTS, BODY), Accepted)


def test_answers_are_what_they_mean(platform: Platform, transport: HttpTransport):
    platform.answer(
        Answer(401),
        Answer(429, headers={"Retry-After": "7"}),
        Answer(200, body=b"OK"),
        Answer(302, headers={"Location": "/x"}),
    )
    outcomes = [transport.send(EVENTS, BODY) for _ in range(4)]
    assert isinstance(outcomes[0], Barred)
    assert outcomes[0].unauthorized
    assert isinstance(outcomes[1], Retry)
    assert outcomes[1].after == 7.0
    assert isinstance(outcomes[2], Accepted)
    assert isinstance(outcomes[3], Barred)
    assert len(platform.received) == 4


def test_what_the_platform_says_it_can_is_heard(platform: Platform, transport: HttpTransport):
    platform.answer(
        Answer(
            body=b'{"accepted": 1, "rejected": [{"index": 3, "why": "no\\n field"}], "capabilities": ["batch", "gzip", 7]}'
        )
    )
    assert transport.send(EVENTS, BODY) == Accepted(
        rejected=((3, "no field"),), capabilities=frozenset({"batch", "gzip"})
    )


@pytest.mark.parametrize("path", [EVENTS, BATCH_PATH])
def test_a_body_is_compressed_where_the_platform_takes_that(platform: Platform, transport: HttpTransport, path: str):
    transport.send(path, json.dumps({"message": "x" * 10_000}).encode(), compress=True)
    (received,) = platform.received
    assert received.headers["Content-Encoding"] == "gzip"
    assert int(received.headers["Content-Length"]) < 200
    assert received.headers["Content-Type"] == ("application/json" if path == EVENTS else "application/x-ndjson")


def test_a_huge_answer_is_not_read_to_its_end(platform: Platform, transport: HttpTransport):
    platform.answer(Answer(200, body=b"x" * 1_000_000))
    assert isinstance(transport.send(EVENTS, BODY), Accepted)
    assert isinstance(transport.send(EVENTS, BODY), Accepted)
    assert [received.connection for received in platform.received] == [1, 2]


def test_a_server_that_wants_to_close_is_obeyed(platform: Platform, transport: HttpTransport):
    platform.answer(Answer(headers={"Connection": "close"}))
    assert isinstance(transport.send(EVENTS, BODY), Accepted)
    assert isinstance(transport.send(EVENTS, BODY), Accepted)
    assert [received.connection for received in platform.received] == [1, 2]


def test_nobody_there_is_a_failed_attempt(platform: Platform, transport: HttpTransport):
    platform.stop()
    outcome = transport.send(EVENTS, BODY)
    assert isinstance(outcome, Retry)
    assert "ConnectionRefusedError" in outcome.why


@pytest.mark.parametrize(
    "url", ["http://name-that-does-not-exist.invalid", "http://" + "x" * 300 + ".invalid", "http://a..b"]
)
def test_a_name_that_leads_nowhere_is_a_failed_attempt(url: str):
    assert isinstance(HttpTransport(url, "key").send(EVENTS, BODY), Retry)


def test_a_server_that_speaks_something_else_is_a_failed_attempt():
    server = socket.create_server(("127.0.0.1", 0))

    def greet() -> None:
        connection, _ = server.accept()
        connection.sendall(b"220 mail ready\r\n")
        connection.close()

    thread = threading.Thread(target=greet, daemon=True)
    thread.start()
    assert isinstance(HttpTransport(f"http://127.0.0.1:{server.getsockname()[1]}", "key").send(EVENTS, BODY), Retry)
    thread.join(20)
    server.close()


def test_an_encrypted_connection_to_a_server_without_encryption_is_a_failed_attempt(platform: Platform):
    transport = HttpTransport(platform.url.replace("http:", "https:"), "key")
    assert isinstance(transport.send(EVENTS, BODY), Retry)


def test_through_a_proxy_the_whole_address_is_asked_for(platform: Platform):
    address = "http://platform.example:8400" + EVENTS
    platform.always_answer(Answer(), address)
    transport = HttpTransport("http://platform.example:8400", "key", proxy=platform.url.replace("//", "//me:p%40ss@"))
    assert isinstance(transport.send(EVENTS, BODY), Accepted)
    (received,) = platform.received
    assert received.path == address
    assert received.headers["Proxy-Authorization"] == "Basic " + base64.b64encode(b"me:p@ss").decode()
    transport.close()


def test_an_encrypted_connection_through_a_proxy_is_a_tunnel():
    proxy = socket.create_server(("127.0.0.1", 0))
    asked: List[bytes] = []

    def refuse() -> None:
        connection, _ = proxy.accept()
        asked.append(b"")
        while not asked[0].endswith(b"\r\n\r\n"):
            asked[0] += connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        connection.close()

    thread = threading.Thread(target=refuse, daemon=True)
    thread.start()
    url = f"http://me:secret@127.0.0.1:{proxy.getsockname()[1]}"
    outcome = HttpTransport("https://platform.example", "key-of-the-test", proxy=url).send(EVENTS, BODY)
    thread.join(20)
    proxy.close()
    assert isinstance(outcome, Retry)
    assert asked[0].startswith(b"CONNECT platform.example:443 HTTP/1.")
    assert b"Proxy-Authorization: Basic " in asked[0]
    assert b"key-of-the-test" not in asked[0]


def test_an_abandoned_connection_stays_open_for_the_other_process(platform: Platform, transport: HttpTransport):
    transport.send(EVENTS, BODY)
    transport.abandon()
    assert isinstance(transport.send(EVENTS, BODY), Accepted)
    assert [received.connection for received in platform.received] == [1, 2]


def test_what_was_sent_can_be_read(platform: Platform, transport: HttpTransport):
    transport.send(EVENTS, json.dumps({"message": "schön \U0001f600"}, ensure_ascii=False).encode())
    assert platform.events == [{"message": "schön \U0001f600"}]
