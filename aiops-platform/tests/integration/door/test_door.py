import socket
import time
from contextlib import suppress

import pytest
from doors import REQUEST, Door, Impatient, Patient, heard, one_answer


@pytest.fixture
def door():
    door = Door()
    yield door
    door.stop()


@pytest.fixture
def patient():
    door = Door(Patient)
    yield door
    door.stop()


def test_a_connection_is_kept_for_the_next_request(door):
    with door.connected() as connection:
        for body in (b"one", b"three"):
            connection.sendall(REQUEST % len(body) + body)
            assert one_answer(connection, b"\r\n%d" % len(body)).startswith(b"HTTP/1.1 200 OK")


def test_it_does_not_say_which_server_it_is(door):
    with door.connected(REQUEST % 0) as connection:
        assert b"server:" not in one_answer(connection, b"\r\n0").lower()


def test_who_says_nothing_is_hung_up_on(door):
    assert door.answers(b"") == b""


def test_who_never_ends_its_headers_is_hung_up_on(door):
    assert door.answers(b"POST / HTTP/1.1\r\nhost: x\r\nx-slow: ") == b""


def test_a_second_request_may_not_dawdle_either(door):
    with door.connected(REQUEST % 0) as connection:
        one_answer(connection, b"\r\n0")
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\n")
        assert heard(connection) == b""


def test_an_idle_connection_is_not_a_slow_one(door):
    with door.connected(REQUEST % 0) as connection:
        one_answer(connection, b"\r\n0")
        time.sleep(2 * Impatient.header_seconds)
        connection.sendall(REQUEST % 1 + b"x")
        one_answer(connection, b"\r\n1")


@pytest.mark.parametrize("nothing", [b"\r\n", b"\r"])
def test_blank_lines_keep_no_connection_open(door, nothing):
    with door.connected(REQUEST % 0) as connection:
        one_answer(connection, b"\r\n0")
        connection.sendall(nothing)
        assert heard(connection) == b""


def test_a_request_may_follow_a_blank_line(door):
    with door.connected(REQUEST % 0) as connection:
        one_answer(connection, b"\r\n0")
        connection.sendall(b"\r\n" + REQUEST % 1 + b"x")
        one_answer(connection, b"\r\n1")


@pytest.mark.parametrize(
    "long", [b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1000 + b"\r\n"]
)
def test_endless_headers_are_refused(door, long):
    assert door.answers(long).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "nonsense",
    [b"hello\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n"],
    ids=["words", "TLS", "a negative length"],
)
def test_what_is_not_http_is_refused(door, nonsense):
    assert door.answers(nonsense).startswith(b"HTTP/1.1 400 ")


def test_who_was_answered_early_may_end_its_sentence_and_go_on(patient):
    with patient.connected(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 50000\r\n\r\n") as connection:
        one_answer(connection, b"early")
        connection.sendall(bytes(50000) + REQUEST % 2 + b"xy")
        one_answer(connection, b"\r\n2")


def test_who_was_answered_early_ends_its_sentence_and_says_no_more_is_hung_up_on(door):
    with door.connected(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nx") as connection:
        one_answer(connection, b"early")
        connection.sendall(b"yyyy")
        assert heard(connection) == b""


def test_who_was_answered_early_and_stops_in_the_middle_is_hung_up_on(door):
    with door.connected(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 50000\r\n\r\nx") as connection:
        one_answer(connection, b"early")
        assert heard(connection) == b""


def test_who_was_answered_early_and_never_stops_is_hung_up_on(door):
    with door.connected(b"POST /early HTTP/1.1\r\nhost: x\r\ncontent-length: 500000000\r\n\r\nx") as connection:
        one_answer(connection, b"early")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(bytes(100_000_000))


def test_too_many_connections_are_turned_away(patient):
    connections = [socket.create_connection(("127.0.0.1", patient.port), timeout=60) for _ in range(5)]

    assert b"503" in patient.answers(b"")
    for connection in connections:
        connection.close()


def test_the_end_answers_what_is_in_flight():
    door = Door()
    with door.connected(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n") as connection:
        assert door.app.begun.wait(60)
        door.stop()

        answered = heard(connection)
    assert answered.endswith(b"slow")
    assert b"connection: close" in answered
    assert door.app.life == ["lifespan.startup", "lifespan.shutdown"]


def test_the_end_ends_streams_properly(caplog):
    door = Door()
    with door.connected(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n") as connection:
        one_answer(connection, b"first\r\n")

        door.stop()

        assert heard(connection) == b"0\r\n\r\n"
    # uvicorn would complain about a stream that it had to cut off.
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_the_end_does_not_wait_for_those_who_say_nothing(caplog):
    door = Door()
    with door.connected():
        door.stop()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_more_requests_than_may_wait_end_the_connection(door):
    with door.connected(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n") as connection:
        assert door.app.begun.wait(60)
        with suppress(ConnectionError):
            connection.sendall((REQUEST % 0) * (Impatient.most_waiting + 1))
            assert heard(connection) == b""
    with door.connected((REQUEST % 0) * Impatient.most_waiting) as connection:
        answered = b""
        while answered.count(b"HTTP/1.1 200 OK") < Impatient.most_waiting:
            answered += connection.recv(65536)


def test_who_reads_no_answers_is_not_listened_to_for_ever(patient):
    def never_ends(connection: socket.socket) -> None:
        for _ in range(100_000):
            connection.sendall((REQUEST % 0) * 20)

    with patient.connected() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        connection.settimeout(1)
        with pytest.raises(TimeoutError):
            never_ends(connection)
