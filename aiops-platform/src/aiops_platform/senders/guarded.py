"""One POST to an address that somebody typed: looked up once, checked, pinned, no redirects, and over at its deadline."""

import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException, HTTPResponse
from ipaddress import ip_address
from threading import Thread
from typing import Any, Final, cast

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.targets import Address, Policy, Target, TargetError, check_address, parsed

MOST_ANSWER: Final = 4096
# Of a head that never ends nothing is learned.
_MOST_READ: Final = 64 * 1024
_CONNECT_SECONDS: Final = 5.0
_BODY_SECONDS: Final = 2.0

Resolve = Callable[[str, int], Sequence[Address]]


class UnreachableError(PlatformError):
    """The receiver could not be reached, or said nothing that makes sense; it may later."""


class UnconnectedError(UnreachableError):
    """No connection could be made: nothing was said to anybody."""


@dataclass(frozen=True)
class Answer:
    """What a receiver said. `headers` have small letters; of the body there are the first 4 kB."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Guarded:
    """Posts to where the policy allows. May be used by many threads at once.

    `seconds` are for all of one exchange. `resolve` and `context` are for tests: what a name leads to, and whom to trust.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        agent: str,
        seconds: float = 15.0,
        resolve: Resolve | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._agent = agent
        self._seconds = seconds
        self._resolve = resolve or _look_up
        self._context = context

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Sends it once. Raises TargetError for an address that must not be sent to, UnconnectedError and UnreachableError."""
        deadline = time.monotonic() + self._seconds
        target = parsed(url, self._policy)
        request = _request(target, body, {"User-Agent": self._agent} | dict(headers))
        try:
            connection = self._connected(target, self._addresses(target, deadline), deadline)
        except (OSError, HTTPException) as cause:
            raise UnconnectedError(self._why(cause)) from cause
        try:
            with connection:
                return _exchange(connection, request, deadline)
        except (OSError, HTTPException) as cause:
            raise UnreachableError(self._why(cause)) from cause

    def _why(self, cause: OSError | HTTPException) -> str:
        match cause:
            case ssl.SSLCertVerificationError():
                return f"Its certificate cannot be trusted: {cause.verify_message}"
            case TimeoutError():
                return f"It did not answer within {self._seconds:g} seconds"
            case HTTPException():
                return "It did not answer as a web server does"
            case _:
                return f"The connection broke: {_reason(cause)}"

    def _addresses(self, target: Target, deadline: float) -> Sequence[Address]:
        found = [target.literal] if target.literal is not None else _within(deadline, self._resolve, target)
        if not found:
            raise UnconnectedError(f"There is no address for {target.host}")
        # All of them: a name that leads here and there is a trick.
        for address in found:
            check_address(address, target.scheme, self._policy)
        return found

    def _connected(self, target: Target, addresses: Sequence[Address], deadline: float) -> socket.socket:
        last: OSError = TimeoutError()
        for address in addresses[:4]:
            try:
                seconds = min(_left(deadline), _CONNECT_SECONDS)
                plain = socket.create_connection((str(address), target.port), timeout=seconds)
            except OSError as error:
                last = error
                continue
            if target.scheme == "http":
                return plain
            try:
                plain.settimeout(_left(deadline))
                return self._trusted.wrap_socket(plain, server_hostname=target.host)
            except BaseException:
                plain.close()
                raise
        raise last

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        return self._context or ssl.create_default_context()


class _Bounded(io.RawIOBase):
    """Reads from a socket until the deadline, however slowly it comes, and no more than is allowed."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._room = _MOST_READ
        self.deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._room <= 0:
            raise HTTPException("too long")
        self._connection.settimeout(_left(self.deadline))
        read = self._connection.recv_into(memoryview(buffer)[: self._room])
        self._room -= read
        return read


class _Readable:
    # As much of a socket as HTTPResponse asks for.
    def __init__(self, bounded: _Bounded) -> None:
        self._bounded = bounded

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._bounded)


def _exchange(connection: socket.socket, request: bytes, deadline: float) -> Answer:
    try:
        connection.settimeout(_left(deadline))
        connection.sendall(request)
    except (BrokenPipeError, ConnectionResetError):
        pass  # It may have answered before it heard all, such as "too large".
    bounded = _Bounded(connection, deadline)
    response = HTTPResponse(cast("socket.socket", _Readable(bounded)), method="POST")
    response.begin()
    headers = {name.lower(): value for name, value in response.getheaders()}
    # The status is what counts: nobody waits long for the rest.
    bounded.deadline = min(deadline, time.monotonic() + _BODY_SECONDS)
    return Answer(response.status, headers, _beginning(response))


def _beginning(response: HTTPResponse) -> bytes:
    body = b""
    try:
        while len(body) < MOST_ANSWER and (more := response.read1(MOST_ANSWER - len(body))):
            body += more
    except (OSError, HTTPException, ValueError):
        pass
    return body


def _request(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    said = {"Host": target.authority, **headers, "Content-Length": str(len(body))}
    said |= {"Accept-Encoding": "identity", "Connection": "close"}
    for name, value in said.items():
        if not (name + value).isascii() or not value.isprintable():
            raise TargetError(f"The header {name} has characters that no header has")
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in said.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _within(deadline: float, resolve: Resolve, target: Target) -> Sequence[Address]:
    """What a name leads to. A resolver cannot be told how long it may take: a thread of its own waits for it."""
    found: list[Address] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(resolve(target.host, target.port))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    asking = Thread(target=ask, name="look-up", daemon=True)
    asking.start()
    asking.join(_left(deadline))
    if asking.is_alive():
        raise UnconnectedError(f"Nobody said in time where {target.host} is")
    if failed:
        raise UnconnectedError(f"There is no address for {target.host}") from failed[0]
    return found


def _look_up(host: str, port: int) -> Sequence[Address]:
    every = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(place[0]) for *_, place in every))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _reason(error: OSError) -> str:
    reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
    return str(reason).replace("_", " ").lower()
