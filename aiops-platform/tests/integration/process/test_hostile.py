"""What nobody should send: the door answers with a reason or hangs up, loses nobody else's reports, and stays as it is."""

import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from platform_process import Running, eventually

MEGABYTE = 1024 * 1024
EVENT = b'{"signal_type": "exception", "service": "hostile"}'


@dataclass
class Platform:
    running: Running
    key: str

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.running.port), timeout=60)

    def head(self, *headers: bytes, path: bytes = b"exception", length: int | None = None) -> bytes:
        lines = [
            b"POST /v1/sdk/%s HTTP/1.1" % path,
            b"Host: x",
            b"Authorization: Bearer " + self.key.encode(),
            *headers,
        ]
        if length is not None:
            lines.append(b"Content-Length: %d" % length)
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def statuses(self, *parts: bytes, ends: bool = True) -> list[int]:
        """The statuses of all answers until the door hangs up, or has said what there is to say."""
        with self.connect() as connection:
            with suppress(OSError):  # It may have hung up already; what it said before that is to be read.
                for part in parts:
                    connection.sendall(part)
                if ends:
                    connection.shutdown(socket.SHUT_WR)
            said = heard(connection)
        return [int(each[:3]) for each in said.split(b"HTTP/1.1 ")[1:]]

    def status_of(self, body: bytes, *headers: bytes, path: bytes = b"exception") -> int:
        with self.connect() as connection:
            connection.sendall(self.head(*headers, b"Connection: close", path=path, length=len(body)))
            with suppress(OSError):  # It may have answered and hung up before all was said.
                connection.sendall(body)
            return int(heard(connection)[9:12])

    def memory(self) -> int:
        lines = Path(f"/proc/{self.running.part('door')}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def heard(connection: socket.socket) -> bytes:
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Running(tmp_path_factory.mktemp("hostile") / "data") as running:
        platform = Platform(running, running.key())
        assert platform.status_of(EVENT) == 202
        before = platform.memory()
        yield platform
        assert platform.status_of(EVENT) == 202
        assert platform.memory() - before < 120 * MEGABYTE, "The most that it ever took."
        assert "Traceback" not in running.said()
        assert "starting it again" not in running.said()


@cache
def bomb(size: int) -> bytes:
    """So many zeroes as gzip, made a megabyte at a time."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeroes = bytes(MEGABYTE)
    return b"".join(packer.compress(zeroes) for _ in range(size // MEGABYTE)) + packer.flush()


@pytest.mark.parametrize("path", [b"exception", b"heartbeat", b"job", b"batch"])
@pytest.mark.parametrize("size", [10 * MEGABYTE, 300 * MEGABYTE])
def test_a_bomb_does_not_go_off(platform, path, size):
    assert platform.status_of(bomb(size), b"Content-Encoding: gzip", path=path) == 413


def test_a_bomb_in_a_bomb_is_not_opened(platform):
    assert platform.status_of(gzip.compress(bomb(300 * MEGABYTE)), b"Content-Encoding: gzip") == 400


def test_ten_gigabytes_that_come_in_chunks_are_not_waited_for(platform):
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    zeroes = bytes(MEGABYTE)

    def chunks() -> Iterator[bytes]:
        yield platform.head(b"Content-Encoding: gzip", b"Transfer-Encoding: chunked")
        # As much as unpacks to ten gigabytes: the same compressed megabyte over and over.
        piece = packer.compress(zeroes * 64) + packer.flush(zlib.Z_FULL_FLUSH)
        chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
        for _ in range(10 * 1024 // 64):
            yield chunk

    assert platform.statuses(*chunks())[:1] == [413]


def test_fifty_megabytes_of_batch_are_refused(platform):
    assert platform.status_of(b"{}\n" + EVENT * 1_000_000, path=b"batch") == 413


def test_requests_that_come_at_once_are_answered_in_their_order(platform):
    one = platform.head(length=len(EVENT)) + EVENT
    other = platform.head(length=2) + b"[]"
    last = platform.head(b"Connection: close", length=2) + b"[]"
    said = one + other + one + other * 2 + one * 20 + last
    assert platform.statuses(said, ends=False) == [202, 400, 202, 400, 400, *[202] * 20, 400]


@pytest.mark.parametrize(
    ("headers", "body", "statuses"),
    [
        ([b"Content-Length: 7", b"Content-Length: 8"], EVENT, [400]),
        ([b"Content-Length: +7"], EVENT, [400]),
        ([b"Content-Length: 0x10"], EVENT, [400]),
        ([b"Content-Length: 99999999999999999999999"], EVENT, [400]),
        ([b"Content-Length: 7", b"Transfer-Encoding: chunked"], b"0\r\n\r\n", [400]),
        ([b"Transfer-Encoding: chunked"], b"zz\r\n", [400]),
        ([b"Transfer-Encoding: chunked"], b"ffffffffffffffffff\r\n", [400]),
        ([b"Content-Length: 4"], EVENT, [400]),
    ],
    ids=["two", "signed", "hex", "huge", "both", "no chunk", "huge chunk", "too short"],
)
def test_wrong_lengths_are_refused(platform, headers, body, statuses):
    assert platform.statuses(platform.head(*headers), body)[: len(statuses)] == statuses


@pytest.mark.parametrize("said", [b"", EVENT[:20]], ids=["nothing", "half"])
def test_half_a_body_is_no_report(platform, said):
    assert platform.statuses(platform.head(length=len(EVENT)), said) == []


NESTED = b'{"signal_type": "exception", "service": "hostile", "contexts": {"a": %s}}'
ODD = {
    "deep arrays": NESTED % (b"[" * 100_000 + b"]" * 100_000),
    "deep objects": NESTED % (b'{"a":' * 50_000 + b"1" + b"}" * 50_000),
    "a million digits": NESTED % (b"9" * 900_000),
    "a huge exponent": NESTED % b'{"x": 1e999999999}',
    "NaN": NESTED % b'{"x": NaN, "y": -Infinity}',
    "NULs": json.dumps({"signal_type": "exception", "service": "a\0b", "message": "\0" * 100_000}).encode(),
    "raw NULs": EVENT[:-1] + b', "message": "\0\0"}',
    "no UTF-8": EVENT[:-1] + b', "message": "\xff\xfe\xed\xa0\x80"}',
    "ten thousand tags": json.dumps(
        {"signal_type": "exception", "service": "hostile", "tags": {f"t{number}": "x" for number in range(10_000)}}
    ).encode(),
    "ten thousand of the same field": EVENT[:-1] + b', "message": "x"' * 10_000 + b"}",
    "a message of a megabyte": EVENT[:-1] + b', "message": "' + b"x" * 900_000 + b'"}',
    "a hundred thousand frames": json.dumps(
        {
            "signal_type": "exception",
            "service": "hostile",
            "exceptions": [{"type": "E", "frames": [{"line": 1}] * 60_000}],
        }
    ).encode(),
    "blanks": b" " * 900_000 + EVENT,
}


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_an_odd_body_is_taken_or_refused_but_breaks_nothing(platform, body):
    assert platform.status_of(body) in (202, 400)


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_an_odd_line_costs_nobody_in_its_batch_anything(platform, body):
    text = b"\n".join([b"{}", EVENT, body.replace(b"\n", b" "), EVENT])
    assert platform.status_of(gzip.compress(text), b"Content-Encoding: gzip", path=b"batch") == 202


def test_all_that_was_taken_is_digested_or_buried(platform):
    def waiting() -> int:
        with platform.connect() as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            text = heard(connection).decode()
        return int(next(line for line in text.splitlines() if line.startswith("aiops_intake_parcels ")).split()[1])

    eventually(lambda: waiting() == 0, "the intake to be empty")
