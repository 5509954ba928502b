"""What fails in a function on AWS Lambda: ``@handler`` listens to it, and lets nothing wait when the function has answered.

Between two calls such a process stands still, and it may never go on: so what a call has captured is sent before it is
over. Nothing is imported of Amazon's; events and contexts are read as they are documented.
"""

from __future__ import annotations

import functools
import json
import time
from urllib.parse import urlencode

from aiops_sdk import _safety, answers, hostile, listening, scope
from aiops_sdk.answers import AnsweredRequest
from aiops_sdk.frozen import replace
from aiops_sdk.scope import TaskScope, WorkLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Mapping, Optional, TypeVar, Union

    from aiops_sdk.client import Client
    from aiops_sdk.listening import Listener

    Function = TypeVar("Function", bound=Callable[..., Any])

_MECHANISM = "aws_lambda"

#: The sending may take so long at most, in seconds, and leaves so many of the call's time to it.
SECONDS = 2.0
SPARE = 0.5

_CONTEXT = ("function_name", "function_version", "invoked_function_arn", "memory_limit_in_mb", "log_stream_name")


def handler(function: Function) -> Function:
    """The same function, for AWS to call, and heard by the client that ``aiops_sdk.init()`` made.

    Reported are exceptions that leave it, and answers for API Gateway, a load balancer or a function's address that say
    that something failed. What was captured is sent before the call is over, within 2 s and the time that is left to it.
    """
    ears = listening.Ears()

    @functools.wraps(function)
    def heard(event: Any = None, context: Any = None, *rest: Any, **named: Any) -> Any:
        call: Optional[_Call] = _begin(ears, event, context)
        if call is None:
            return function(event, context, *rest, **named)
        token = scope.begin(call.work)
        try:
            answer = function(event, context, *rest, **named)
        except BaseException as exc:
            listening.step_aside(exc)
            call.failed(exc)
            raise
        else:
            call.answered(answer)
        finally:
            scope.end(token)
            call.end()
        return answer

    return heard  # type: ignore[return-value]  # it is called alike


class _Call:
    """One call of the function, and the client that hears of it."""

    __slots__ = ("_client", "_context", "work")

    def __init__(self, client: Client, context: Any, work: Union[LambdaRequest, TaskScope]) -> None:
        self._client = client
        self._context = context
        self.work = work

    def failed(self, exc: BaseException) -> None:
        """The function raised this."""
        self._client.capture_exception(exc, mechanism=_MECHANISM)
        self.work.log.has_exception = True

    @_safety.harmless
    def answered(self, answer: Any) -> None:
        """The function gave this. Only who asked by HTTP reads a status in it."""
        status = _status_in(answer)
        if isinstance(self.work, LambdaRequest) and status >= 400:
            answers.judge(self._client, self.work, status, _message_in(answer), mechanism=_MECHANISM)

    @_safety.harmless
    def end(self) -> None:
        """Let nothing of this call wait for the next one, which may never come."""
        words = self._client.words
        if self.work.log.event_ids or (words is not None and words.wait()):
            self._client.flush(_time_left(self._context))


class LambdaRequest(AnsweredRequest):
    """A request that came by API Gateway, a load balancer, or the function's own address, read when it is asked for."""

    #: The event as the function gets it.
    original: Mapping[str, Any]

    def __init__(self, event: Mapping[str, Any], listener: Listener) -> None:
        self.original = event
        self.began = time.monotonic()
        self._listener = listener

    @property
    def body(self) -> object:  # type: ignore[override]  # read when it is asked for, too
        """The JSON that came with it."""
        return _body(self.original)


@_safety.harmless
def _begin(ears: listening.Ears, event: Any, context: Any) -> Optional[_Call]:
    listener = ears.listener()
    if listener is None:
        return None
    work: Union[LambdaRequest, TaskScope]
    if _is_request(event):
        work = LambdaRequest(event, listener)
    else:
        work = TaskScope(_MECHANISM, _text(getattr(context, "function_name", None)) or "function", id=_id_of(context))
    work.around = replace(scope.NOTHING, contexts={_MECHANISM: _told(context)})
    return _Call(listener.client, context, work)


def _told(context: Any) -> Dict[str, object]:
    found: Dict[str, object] = {name: _text(getattr(context, name, None)) for name in _CONTEXT}
    found["request_id"] = _id_of(context)
    return {name: value for name, value in found.items() if value is not None}


def _id_of(context: Any) -> Optional[str]:
    return _text(getattr(context, "aws_request_id", None))


def _time_left(context: Any) -> float:
    """How many seconds the sending may take. AWS ends a call that goes on for too long, and says nothing."""
    ask = getattr(context, "get_remaining_time_in_millis", None)
    return SECONDS if ask is None else max(0.0, min(SECONDS, float(ask()) / 1000.0 - SPARE))


# What an event says. There are two formats: that of REST APIs and load balancers, and that of HTTP APIs and functions'
# own addresses, which has the path as it came.


def _is_request(event: Any) -> bool:
    return isinstance(event, dict) and ("httpMethod" in event or _http(event) is not None)


def _http(event: Mapping[str, Any]) -> Optional[Mapping[str, Any]]:
    around = event.get("requestContext")
    found = around.get("http") if isinstance(around, dict) else None
    return found if isinstance(found, dict) else None


def _method(event: Mapping[str, Any]) -> str:
    return str(event.get("httpMethod") or (_http(event) or {}).get("method") or "GET").upper()


def _path(event: Mapping[str, Any]) -> str:
    return "/" + str(event.get("rawPath") or event.get("path") or "").lstrip("/")


def _route(event: Mapping[str, Any]) -> Optional[str]:
    """The pattern: of a REST API it is the resource, of an HTTP API it comes after the method."""
    key = str(event.get("resource") or event.get("routeKey") or "").rpartition(" ")[2]
    return key if key.startswith("/") else None


def _query(event: Mapping[str, Any]) -> Optional[str]:
    raw = event.get("rawQueryString")
    if isinstance(raw, str):
        return raw or None
    found = event.get("multiValueQueryStringParameters") or event.get("queryStringParameters") or {}
    return urlencode(found, doseq=True) or None


def _headers(event: Mapping[str, Any]) -> Mapping[str, str]:
    several = event.get("multiValueHeaders") or {}
    found = event.get("headers") or {name: ", ".join(values) for name, values in several.items()}
    return {"-".join(word.capitalize() for word in str(name).split("-")): str(value) for name, value in found.items()}


def _url(request: LambdaRequest) -> Optional[str]:
    host = request.headers.get("Host")
    if not host:
        return None
    address = "{}://{}{}".format(request.headers.get("X-Forwarded-Proto") or "https", host, request.path)
    return address + "?" + request.query if request.query else address


def _remote_addr(event: Mapping[str, Any]) -> Optional[str]:
    identity = (event.get("requestContext") or {}).get("identity") or _http(event) or {}
    return _text(identity.get("sourceIp"))


def _body(event: Mapping[str, Any]) -> object:
    raw = event.get("body")
    if not isinstance(raw, str) or event.get("isBase64Encoded") or len(raw) > answers.MAX_BODY:
        return None
    if not answers.is_json(_headers(event).get("Content-Type")):
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


# What an answer says.


def _status_in(answer: Any) -> int:
    status = answer.get("statusCode") if isinstance(answer, dict) else None
    return int(status) if isinstance(status, (int, str)) and str(status).isdecimal() else 0


def _message_in(answer: Mapping[str, Any]) -> Optional[str]:
    """What a JSON body says. Many functions leave out to say that it is JSON, so a body that begins so is taken as such."""
    body = answer.get("body")
    if not isinstance(body, str) or answer.get("isBase64Encoded"):
        return None
    headers = _headers(answer)
    kind = headers.get("Content-Type") or ("application/json" if body.lstrip().startswith("{") else None)
    return answers.message_in(body.encode("utf-8", "replace"), kind, headers.get("Content-Encoding"))


def _text(value: object) -> Optional[str]:
    return None if value is None else hostile.text_of(value)


LambdaRequest.FOUND_OUT = {
    "log": lambda _: WorkLog(),
    "method": lambda request: _method(request.original),
    "path": lambda request: _path(request.original),
    "silent": lambda request: request._listener.skips(request.method, request.path, None),
    "url": _url,
    "route": lambda request: _route(request.original),
    "query": lambda request: _query(request.original),
    "headers": lambda request: _headers(request.original),
    "remote_addr": lambda request: _remote_addr(request.original),
}
