"""Requests that are posted to the app: how they are read from WSGI and ASGI, and answered. What they mean, the desk says."""

from __future__ import annotations

from http import HTTPStatus

from aiops_sdk.fixing.requests import LARGEST
from aiops_sdk.fixing.signing import ID, SIGNATURE, TIMESTAMP
from aiops_sdk.frozen import Frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    Push = Callable[[Mapping[str, str], bytes], "Answer"]

PATH = "/_aiops/fix"
_HEADERS = (ID, TIMESTAMP, SIGNATURE)
# More than any request may be: so it is refused with the words of all others.
_TOO_LARGE = bytes(LARGEST + 1)


class Answer(Frozen):
    """An answer, and the headers that sign it."""

    status: int
    body: bytes
    signed: Mapping[str, str] = {}

    @property
    def line(self) -> str:
        """The status as WSGI says it."""
        return "{} {}".format(self.status, HTTPStatus(self.status).phrase)

    @property
    def headers(self) -> List[Tuple[str, str]]:
        """All headers."""
        return [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(self.body))),
            ("Cache-Control", "no-store"),
            *self.signed.items(),
        ]


#: Whatever was wrong: who asks without the key learns nothing, not even how near they came.
REFUSED = Answer(401, b'{"error": "refused"}')


def answer_wsgi(push: Push, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """As a WSGI app would."""
    headers = {name: str(environ.get("HTTP_" + name.upper().replace("-", "_"), "")) for name in _HEADERS}
    answer = push(headers, body_of(environ.get("CONTENT_LENGTH"), environ["wsgi.input"].read))
    start_response(answer.line, answer.headers)
    return [answer.body]


def body_of(length: Optional[str], read: Callable[[int], bytes]) -> bytes:
    """The body, if its length is said and not too much; else something that is refused."""
    size = int(length) if length and length.isascii() and length.isdecimal() and len(length) < 10 else LARGEST + 1
    return read(size) if size <= LARGEST else _TOO_LARGE


async def answer_asgi(push: Push, connection: Any, receive: Any, send: Any) -> None:
    """As an ASGI app would."""
    headers: Dict[str, str] = {}
    for raw_name, raw_value in connection["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        # One that came twice is none that was signed.
        headers[name] = value if name not in headers else headers[name] + ", " + value
    answer = push(headers, await _received(receive))
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


async def _received(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return _TOO_LARGE
        body += message.get("body", b"")
        if len(body) > LARGEST:
            return _TOO_LARGE
        if not message.get("more_body", False):
            return bytes(body)
