"""One request to a platform, and its answer: tried again while it is only refused for a moment."""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, OpenerDirector, Request, build_opener
from uuid import uuid4

import msgspec

from aiops_platform.core.errors import PlatformError
from aiops_platform.core.text import one_line

_MOST_BYTES: Final = 64 * 1024**2
_FOR_A_MOMENT: Final = (429, 503)
_LEAST_PAUSE: Final = 0.2
_LONGEST_WORD: Final = 300

Answer = TypeVar("Answer")


class UnreachableError(PlatformError):
    """Nothing that is a platform answers at this address; the message says what was tried."""


class ApiError(PlatformError):
    """The platform refuses: `status` as in HTTP, the message says why, `position` where a search cannot be read."""

    def __init__(self, status: int, detail: str, position: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.position = position


class _Refusal(msgspec.Struct):
    detail: str = ""
    position: int | None = None


@dataclass(frozen=True, kw_only=True)
class Link:
    """Where a platform is and with which token it is asked. `timeout` is for one answer, `patience` for all attempts."""

    url: str
    token: str
    timeout: float
    patience: float

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise UnreachableError(f"'{self.url}' is no address: give one such as https://aiops.example.com")
        if not (self.token.isascii() and self.token.isprintable()) or " " in self.token:
            raise ApiError(401, "This is no API token: `aiops token create NAME` makes one.")

    def ask(
        self,
        kind: type[Answer],
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str | int | None] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """What is answered, read as this kind. Raises ApiError and UnreachableError."""
        answer = self.raw(method, path, parameters=parameters, body=body, headers=headers)
        try:
            return msgspec.json.decode(answer or b"null", type=kind)
        except msgspec.MsgspecError as error:
            raise UnreachableError(
                f"What {self.url} answers is not what this version of aiops-platform knows ({error}): is it one, and as new?"
            ) from error

    def raw(
        self,
        method: str,
        path: str,
        *,
        parameters: Mapping[str, str | int | None] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """What is answered, as it came. Raises ApiError and UnreachableError."""
        said = {name: value for name, value in (parameters or {}).items() if value is not None}
        request = Request(  # noqa: S310 - `__post_init__` has looked at the scheme
            f"{self.url.rstrip('/')}/api/v1{path}" + (f"?{urlencode(said)}" if said else ""),
            method=method,
            data=None if body is None else msgspec.json.encode(body),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Accept": "application/json",
                **({} if body is None else {"Content-Type": "application/json"}),
                # The same for each attempt: what was done is not done again.
                **({} if method == "GET" else {"Idempotency-Key": uuid4().hex}),
                **(headers or {}),
            },
        )
        return self._patiently(request)

    def _patiently(self, request: Request) -> bytes:
        until = time.monotonic() + self.patience
        while True:
            try:
                return self._once(request)
            except HTTPError as error:
                pause = _pause(error)
                if error.code not in _FOR_A_MOMENT or time.monotonic() + pause > until:
                    raise _refused(error, self.url) from None
            time.sleep(pause)

    def _once(self, request: Request) -> bytes:
        try:
            with _opener().open(request, timeout=self.timeout) as answer:
                content: bytes = answer.read(_MOST_BYTES + 1)
        except HTTPError:
            raise
        except URLError as error:
            raise UnreachableError(f"{self.url} does not answer: {error.reason}") from error
        except (OSError, HTTPException) as error:
            raise UnreachableError(f"{self.url} does not answer: {str(error) or type(error).__name__}") from error
        if len(content) > _MOST_BYTES:
            raise UnreachableError(f"{self.url} answers with more than {_MOST_BYTES >> 20} MiB")
        return content


class _NoRedirects(HTTPRedirectHandler):
    # The token is for this address alone.
    def redirect_request(self, *_: Any) -> None:
        """See `HTTPRedirectHandler`: no request instead of this one."""


def _opener() -> OpenerDirector:
    return build_opener(_NoRedirects, HTTPSHandler(context=ssl.create_default_context()))


def _pause(error: HTTPError) -> float:
    said = error.headers.get("Retry-After", "")
    return max(_LEAST_PAUSE, float(said) if said.isdecimal() and len(said) < 6 else 0.0)


def _refused(error: HTTPError, url: str) -> PlatformError:
    if 300 <= error.code < 400:
        elsewhere = one_line(error.headers.get("Location", "elsewhere"), _LONGEST_WORD)
        return UnreachableError(f"{url} sends to {elsewhere}: give the address itself")
    try:
        told = msgspec.json.decode(error.read(_MOST_BYTES), type=_Refusal)
    except (msgspec.MsgspecError, OSError, HTTPException):
        told = _Refusal()
    return ApiError(error.code, told.detail or f"{url} answers {error.code}", told.position)
