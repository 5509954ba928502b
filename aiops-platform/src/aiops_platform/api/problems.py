"""Errors as machines like them: problem details (RFC 9457). They say what was wrong, never what our code looks like."""

import inspect
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec

from aiops_platform.api import allowed
from aiops_platform.api.parameters import Write
from aiops_platform.ports import StoreUnavailableError

_log = logging.getLogger(__name__)

# Litestar keeps the name `state` for itself, so the handler's parameter is called otherwise.
_NAMES = {"standing": "state", "text_query": "query", "since": "from", "until": "to"}

NOWHERE = "There is nothing at this address: `/api/docs` lists what there is."
_SAYS = {
    404: NOWHERE,
    405: "This address does not take that method: `/api/docs` says what each takes.",
}

_ApiRequest = Request[None, None, State]
_TYPE = "application/problem+json"


@dataclass(frozen=True, kw_only=True)
class WrongPart:
    """A parameter or a field that makes no sense here."""

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why there is no other answer (RFC 9457). `errors` only where parts of the request are wrong.

    `position` is the character of a search, from 0 on, at which it cannot be read.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[WrongPart, ...] = ()
    position: int | None = None


# For a handler whose body names what may not be there; of what its path names it is said anyway.
MISSING: Final = {404: ResponseSpec(Problem, False, "There is no such thing.", _TYPE)}

# For a handler that decides what may have been decided by then.
DECIDED: Final = {409: ResponseSpec(Problem, False, "It is too late for that: `detail` says how it stands.", _TYPE)}


def documented(*handlers: HTTPRouteHandler) -> tuple[HTTPRouteHandler, ...]:
    """These, each with the problems that it may answer with in the API's description."""
    for handler in handlers:
        said = {status: ResponseSpec(Problem, False, why, _TYPE) for status, why in _problems_of(handler)}
        handler.responses = said | dict(handler.responses or {})
        if _is_write(handler):
            handler.operation_class = Write
    return handlers


def _problems_of(handler: HTTPRouteHandler) -> Iterator[tuple[int, str]]:
    yield 400, "A parameter or a part of the body makes no sense here; `errors` names it."
    yield 401, "There is no API token, or one that is unknown or revoked."
    if _is_write(handler):
        yield 403, "This API token may only read."
    if any("{" in path for path in handler.paths):
        yield 404, "There is no such thing."
    if _is_write(handler):
        yield (
            409,
            "The same write, with the same `Idempotency-Key`, is being done. `Retry-After` says when to try again.",
        )
        yield 422, "The `Idempotency-Key` was sent with something else before."
    if "data" in inspect.signature(handler.fn).parameters:
        yield 413, "The body is too large."
    yield 429, "More requests came of this token than are answered. `Retry-After` says when to try again."
    yield 503, "The store cannot be used now. `Retry-After` says when to try again."


def _is_write(handler: HTTPRouteHandler) -> bool:
    return not handler.http_methods <= {"GET", "HEAD", "OPTIONS"}


def problem(status: int, detail: str, **more: Any) -> Response[dict[str, Any]]:
    """An answer that is a problem."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail} | more
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="aiops"'
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "5"
    return Response(content, status_code=status, media_type=_TYPE, headers=headers)


def invalid(request: _ApiRequest, error: ValidationException) -> Response[dict[str, Any]]:
    """A parameter, or a field of the body, that cannot be; `errors` names each, and what would be right."""
    said = error.extra if isinstance(error.extra, list) else []
    taken = {name: each.annotation for name, each in request.route_handler.parsed_fn_signature.parameters.items()}
    taken |= {_NAMES[name]: kind for name, kind in taken.items() if name in _NAMES}
    errors = [
        allowed.told(_NAMES.get(name := str(each.get("key", "")), name), str(each.get("message", "")), taken)
        for each in said
        if isinstance(each, dict)
    ]
    return problem(400, "A parameter makes no sense here.", errors=errors)


def refused(_: _ApiRequest, error: HTTPException) -> Response[dict[str, Any]]:
    """What is not there, or not allowed."""
    status = HTTPStatus(error.status_code)
    # The framework's own errors say no more than their status.
    said = error.detail if error.detail != status.phrase else _SAYS.get(status, status.description)
    return problem(status, said or status.phrase)


def store_unavailable(_: _ApiRequest, error: StoreUnavailableError) -> Response[dict[str, Any]]:
    """The store is busy or has no room."""
    _log.warning("The API could not answer: %s", error)
    return problem(503, "The store cannot be used now. Try again.")


def broken(request: _ApiRequest, error: Exception) -> Response[dict[str, Any]]:
    """Our own mistake."""
    _log.error("The API could not answer", exc_info=error, extra={"path": request.url.path})
    return problem(500, "The mistake is ours, and is in the server's log.")
