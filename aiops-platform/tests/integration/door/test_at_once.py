"""Some requests are answered without the application, and nobody can tell by more than the time it takes."""

import time
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from typing import Any

import pytest
from doors import REQUEST, Door, Impatient, Patient, heard, one_answer

from aiops_platform.process.asgi import Reply

URL = b"/reports"
REPORT = REQUEST.replace(b"/", URL, 1)
Tell = Callable[[Reply], None]


class Reports:
    """Answers what it hears by what it says: at once, when it is told to, never, or by closing."""

    urls = (URL,)

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.headers: Sequence[tuple[bytes, bytes]] = ()
        self.awaited: list[Tell] = []
        self.was_asked = Event()

    def answer(self, headers: Sequence[tuple[bytes, bytes]], body: bytes, tell: Tell) -> bool:
        if body == b"odd":
            return False
        if body == b"broken":
            raise ValueError(body)
        self.heard.append(body)
        self.headers = headers
        if body == b"later":
            self.awaited.append(tell)
        else:
            tell(reply(b"at once %d" % len(body), closes=body == b"last"))
        self.was_asked.set()
        return True


def reply(said: bytes, *, closes: bool = False) -> Reply:
    end = b"connection: close\r\n" if closes else b""
    return Reply(202, b"content-length: %d\r\n%b\r\n%b" % (len(said), end, said), closes)


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def door(reports: Reports) -> Iterator[Door]:
    door = Door(at_once=reports)
    yield door
    door.stop()


@pytest.fixture
def patient(reports: Reports) -> Iterator[Door]:
    door = Door(Patient, at_once=reports)
    yield door
    door.stop()


def told_later(door: Door, reports: Reports, answer: Reply) -> None:
    assert reports.was_asked.wait(60)
    door.loop.call_soon_threadsafe(reports.awaited.pop(), answer)


def is_refused(door: Door) -> bool:
    try:
        with door.connected():
            return False
    except ConnectionRefusedError:
        return True


def test_a_request_that_came_whole_is_answered_without_the_application(door, reports):
    with door.connected() as connection:
        for body in (b"one", b"three"):
            connection.sendall(REPORT % len(body) + body)
            answered = one_answer(connection, b"at once %d" % len(body))
            assert answered.startswith(b"HTTP/1.1 202 Accepted\r\n")
            assert b"\r\ndate: " in answered
            assert b"server:" not in answered.lower()
    assert reports.heard == [b"one", b"three"]
    assert not door.app.begun.is_set()


def test_a_body_in_chunks_that_came_whole_is_one_too(door, reports):
    chunks = b"POST /reports HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n3\r\n, 2\r\n0\r\n\r\n"
    with door.connected(chunks) as connection:
        one_answer(connection, b"at once 6")
    assert reports.heard == [b"one, 2"]


HEAD = len(REPORT % 10)


@pytest.mark.parametrize("at", [(3,), (40,), (HEAD,), (20, HEAD), (HEAD + 4,), (HEAD, HEAD + 4)])
def test_what_comes_in_parts_is_answered_by_the_application_if_its_body_does(patient, reports, at):
    request = REPORT % 10 + b"0123456789"
    with patient.connected() as connection:
        for begin, end in zip((0, *at), (*at, len(request)), strict=True):
            connection.sendall(request[begin:end])
            time.sleep(0.1)  # so that the door reads each by itself
        answered = one_answer(connection, b"10")
        body_came_whole = at[-1] <= HEAD
        assert answered.startswith(b"HTTP/1.1 202" if body_came_whole else b"HTTP/1.1 200")
        assert reports.heard == ([b"0123456789"] if body_came_whole else [])
        # The connection is kept either way.
        connection.sendall(REPORT % 3 + b"one")
        one_answer(connection, b"at once 3")


def test_a_body_that_does_not_come_is_what_the_application_waits_for(door, reports):
    with door.connected(REPORT % 3) as connection:
        assert door.app.begun.wait(60)
        connection.sendall(b"one")
        assert one_answer(connection, b"\r\n\r\n3").startswith(b"HTTP/1.1 200 OK")
    assert reports.heard == []


def test_endless_headers_after_a_body_are_refused(door, reports):
    begin = b"POST /reports HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n0\r\n"
    assert door.answers(begin + b"a: b\r\n" * 1000 + b"\r\n").startswith(b"HTTP/1.1 431 ")
    assert reports.heard == []


@pytest.mark.parametrize(
    ("request_line", "header"),
    [
        (b"POST /reports?x=1 HTTP/1.1", b""),
        (b"POST /other HTTP/1.1", b""),
        (b"PUT /reports HTTP/1.1", b""),
        (b"POST /reports HTTP/1.0", b""),
        (b"POST /reports HTTP/1.1", b"connection: close\r\n"),
        (b"POST /reports HTTP/1.1", b"expect: 100-continue\r\n"),
    ],
)
def test_whatever_is_out_of_the_ordinary_is_the_application_s(door, reports, request_line, header):
    with door.connected(request_line + b"\r\nhost: x\r\n" + header + b"content-length: 2\r\n\r\nhi") as connection:
        assert b"HTTP/1.1 200 OK" in one_answer(connection, b"\r\n\r\n2")
    assert reports.heard == []


@pytest.mark.parametrize("body", [b"odd", b"broken"])
def test_what_it_does_not_want_or_breaks_at_is_answered_by_the_application(door, reports, body):
    with door.connected(REPORT % len(body) + body) as connection:
        assert one_answer(connection, b"\r\n\r\n%d" % len(body)).startswith(b"HTTP/1.1 200 OK")
        connection.sendall(REPORT % 3 + b"one")
        one_answer(connection, b"at once 3")
    assert reports.heard == [b"one"]


def test_requests_that_come_together_are_answered_in_their_order_and_one_in_a_turn_at_once(door, reports):
    bodies = [b"x" * number for number in range(1, 51)]
    with door.connected(b"".join(REPORT % len(body) + body for body in bodies)) as connection:
        answered = one_answer(connection, b"\r\n\r\n50")
    said = [part.partition(b"HTTP/1.1")[0].removeprefix(b"at once ") for part in answered.split(b"\r\n\r\n")[1:]]
    assert [int(number) for number in said] == list(range(1, 51))
    assert b"at once 1" in answered
    # They lie in few pieces, of which each has a first one. The others wait, so that other clients are served meanwhile.
    assert 0 < len(reports.heard) < 10


def test_a_slow_request_right_after_is_not_taken_for_an_idle_connection(reports):
    class Brief(Patient):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.timeout_keep_alive = 0.1

    door = Door(Brief, at_once=reports)
    with door.connected(REPORT % 3 + b"one" + b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n") as connection:
        one_answer(connection, b"slow")
    door.stop()


def test_who_is_still_sending_the_next_request_has_the_application_s_time(door, reports):
    with door.connected(REPORT % 5 + b"later" + REPORT % 3 + b"o") as connection:
        told_later(door, reports, reply(b"first"))
        one_answer(connection, b"first")
        time.sleep(2 * Impatient.unread_seconds)
        connection.sendall(b"ne")
        one_answer(connection, b"\r\n\r\n3")


@pytest.mark.parametrize("pause", [0.0, 0.1])
def test_headers_that_follow_a_body_are_not_those_of_the_request(patient, reports, pause):
    begin = b"POST /reports HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    with patient.connected(begin) as connection:
        time.sleep(pause)
        connection.sendall(b"3\r\none\r\n0\r\nx-late: 1\r\n\r\n")
        one_answer(connection, b"at once 3")
    assert b"x-late" not in [name for name, _ in reports.headers]


def test_what_broke_off_is_not_begun_anew(door, reports, caplog):
    begin = b"POST /reports HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    with door.connected(begin) as connection:
        time.sleep(0.1)
        connection.sendall(b"no number\r\n")
        assert heard(connection).startswith(b"HTTP/1.1 400 ")
        time.sleep(2 * Impatient.body_seconds)
    assert not door.app.begun.is_set()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_who_asks_again_before_the_answer_waits_for_its_turn(door, reports):
    with door.connected(REPORT % 5 + b"later" + REPORT % 3 + b"one" + REPORT % 2 + b"no") as connection:
        told_later(door, reports, reply(b"first"))
        answered = one_answer(connection, b"\r\n\r\n2")
        assert answered.index(b"first") < answered.index(b"\r\n\r\n3") < answered.index(b"\r\n\r\n2")
        # And is as quick as any other again.
        connection.sendall(REPORT % 4 + b"four")
        one_answer(connection, b"at once 4")


def test_who_hangs_up_before_the_answer_costs_nobody_anything(door, reports, caplog):
    with door.connected(REPORT % 5 + b"later"):
        assert reports.was_asked.wait(60)
    with door.connected(REPORT % 3 + b"one") as connection:
        one_answer(connection, b"at once 3")
        told_later(door, reports, reply(b"nobody listens"))
        connection.sendall(REPORT % 3 + b"two")
        one_answer(connection, b"at once 3")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_an_answer_may_end_the_connection(door):
    answered = door.answers(REPORT % 4 + b"last" + REPORT % 3 + b"one")
    assert answered.endswith(b"at once 4")
    assert answered.count(b"connection: close") == 1


def test_nonsense_after_a_request_is_refused(door):
    with door.connected(REPORT % 3 + b"one") as connection:
        one_answer(connection, b"at once 3")
        connection.sendall(b"nonsense\r\n\r\n")
        assert heard(connection).startswith(b"HTTP/1.1 400 ")


def test_an_idle_connection_is_not_a_slow_one(door):
    with door.connected(REPORT % 3 + b"one") as connection:
        one_answer(connection, b"at once 3")
        time.sleep(2 * Impatient.header_seconds)
        connection.sendall(REPORT % 3 + b"two")
        one_answer(connection, b"at once 3")


@pytest.mark.parametrize("begun", [b"\r\n", b"POST /reports HTTP/1.1\r\nhost: x\r\n"])
def test_the_next_request_may_not_dawdle(door, begun):
    with door.connected(REPORT % 3 + b"one") as connection:
        one_answer(connection, b"at once 3")
        connection.sendall(begun)
        assert heard(connection) == b""


def test_endless_headers_are_refused(door, reports):
    request = REPORT.replace(b"host: x\r\n", b"host: x\r\n" + b"a: b\r\n" * 1000) % 3 + b"one"
    assert door.answers(request).startswith(b"HTTP/1.1 431 ")
    assert reports.heard == []


def test_the_end_waits_for_the_body_of_what_has_begun(reports):
    door = Door(Patient, at_once=reports)
    with door.connected(REPORT % 3) as connection:
        time.sleep(0.1)  # so that the door has read it
        door.begin_to_stop()
        while not is_refused(door):
            time.sleep(0.01)
        connection.sendall(b"one")
        assert one_answer(connection, b"\r\n\r\n3").startswith(b"HTTP/1.1 200 OK")
    door.stop()


def test_the_end_answers_what_is_in_flight(reports):
    door = Door(at_once=reports)
    with door.connected(REPORT % 5 + b"later") as connection:
        assert reports.was_asked.wait(60)
        door.begin_to_stop()
        while not is_refused(door):
            time.sleep(0.01)
        told_later(door, reports, reply(b"in time"))
        answered = heard(connection)
    door.stop()
    assert answered.endswith(b"in time")
    assert b"connection: close" in answered
