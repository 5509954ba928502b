"""Answers that say that something failed: whether that is news, what the body says, and telling the client.

All web frameworks share it. Their integrations note what they see of a request, and hand its answer over here.
"""

from __future__ import annotations

import json

from aiops_sdk import _safety, chain, hostile, noise, responses, scope, seen
from aiops_sdk.scope import RequestScope, WorkLog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Mapping, Optional, Tuple, Type

    from aiops_sdk.client import Client, Fixes


MAX_BODY = 64 * 1024
"""Bytes of an answer's body that are read at most; a longer one says nothing."""

_BAD_REQUEST = 400

_PLAIN_ENCODINGS = ("", "identity")
_ZLIB_ENCODINGS = ("gzip", "x-gzip", "deflate")


class Notes:
    """What is learnt about a request that fails, and needed later. Apps mounted in one another share it."""

    __slots__ = ("answered", "handled", "message", "unhandled")

    def __init__(self) -> None:
        #: The framework's answer was looked at.
        self.answered: bool = False
        #: The exception that an error handler is turning into an answer.
        self.handled: Optional[BaseException] = None
        #: The exception that nobody handled, while the framework's last resort makes an answer of it.
        self.unhandled: Optional[BaseException] = None
        #: What the body of the answer said before others compressed it.
        self.message: Optional[str] = None


class AnsweredRequest(RequestScope):
    """A request whose answer is looked at.

    What costs time is looked up only when something is captured: most requests succeed. A framework's own kind says in
    ``FOUND_OUT`` how, and takes at the beginning what the app may change.
    """

    #: How each attribute that is not known yet is found out, from the request itself.
    FOUND_OUT: Mapping[str, Callable[[Any], object]] = {}

    _notes: Optional[Notes] = None

    def __getattr__(self, name: str) -> Any:
        """What is not known yet: find it out, and keep it."""
        find = type(self).FOUND_OUT.get(name)
        if find is None:
            raise AttributeError(name)
        found = find(self)
        setattr(self, name, found)
        return found

    @property
    def notes(self) -> Notes:
        """What was learnt about its failure; made when there is something to note."""
        if self._notes is None:
            self._notes = Notes()
        return self._notes

    def is_inside(self, outer: AnsweredRequest) -> None:
        """The app of this request is mounted in that of `outer`: a failure of one is the failure of both."""
        self.log, self._notes = outer.log, outer.notes

    def answers(self, exc: BaseException) -> bool:
        """Whether a handler of the framework's is turning this exception into the answer."""
        notes = self._notes
        return notes is not None and (notes.handled is exc or notes.unhandled is exc)

    def forget_handled(self) -> None:
        """Let go of the exception that was handled: it leads to frames, and they to everything that this request used."""
        if self._notes is not None:
            self._notes.handled = self._notes.unhandled = None


def report(
    client: Client,
    request: AnsweredRequest,
    status: int,
    message: Optional[str] = None,
    *,
    answers: Tuple[Type[BaseException], ...] = (),
    mechanism: str = "http",
) -> None:
    """Report an answer with this status, which counts as a failure, unless the failure is known or noise.

    ``message`` is what the body says. Of the exception that was handled, as far as ``notes`` tell, the event shows the
    frames, and the type unless it is one of ``answers``: those are a framework's way to answer, as ``abort(403)`` is.
    Where the answer says no more than 500, the exception itself is reported, as seen by ``mechanism``.
    """
    is_new = says_more = False
    error_type, handled = "HTTPError", request.notes.handled
    with _safety.guarded():
        error_type = _error_type(message, handled, answers)
        is_new = _is_new(client, request, status, message, answers)
        says_more = status != 500 or handled is None or issubclass(type(handled), answers) or _says_something(message)
    if is_new and not says_more:
        token = scope.begin(request)
        try:
            client.capture_exception(handled, mechanism=mechanism)
        finally:
            scope.end(token)
    elif is_new:
        client.capture_http_error(
            status_code=status,
            message=message or "{} {} returned HTTP {}".format(request.method, request.path, status),
            error_type=error_type,
            request=request,
            exc=handled,
        )


def raised(client: Client, exc: BaseException, mechanism: str) -> None:
    """Report what ended a request, or did not begin to be one.

    Whoever sees it further out, as a server that logs it, tells nothing new, also where it was noise or its request is
    silent.
    """
    client.capture_exception(exc, mechanism=mechanism)
    with _safety.guarded():
        if seen.known_event(exc) is None and not noise.is_failed_exit(exc):
            seen.mark(exc, seen.NOTHING)


def judge(client: Client, request: AnsweredRequest, status: int, message: Optional[str] = None, **how: Any) -> None:
    """Report an answer with a status of 400 or more, or count it, unless an app within this one has done so. As ``report``."""
    if request.notes.answered:
        return
    request.notes.answered = True
    if noise.counts_as_failure(status):
        report(client, request, status, message, **how)
    else:
        count(client, request, status)


def count(client: Client, request: AnsweredRequest, status: int) -> None:
    """An answer with this status is no incident: count it, unless nobody asks what becomes of such requests."""
    with _safety.guarded():
        if not request.silent:
            client.count_answer(status, request.route)
        else:
            client.is_silent(request, "{} on {}".format(status, request.path))


def went_well(fixes: Fixes, request: AnsweredRequest) -> None:
    """An answer with a status below 400, in a program with fixers. Without fixers nobody is to come here: it would cost."""
    with _safety.guarded():
        route = request.route
        if route and not request.silent:
            fixes.answered(request.method, route)


def message_in(body: bytes, content_type: Optional[str], encoding: Optional[str] = None) -> Optional[str]:
    """What this whole body says went wrong, given the headers Content-Type and Content-Encoding.

    None if it is no JSON, longer than ``MAX_BODY``, packed in a way that Python itself cannot undo, or says nothing that
    we understand.
    """
    if not is_json(content_type) or len(body) > MAX_BODY:
        return None
    plain = _unpacked(body, (encoding or "").strip().lower())
    try:
        return responses.message_from(json.loads(plain)) if len(plain) <= MAX_BODY else None
    except (ValueError, RecursionError):
        return None


def is_json(content_type: Optional[str]) -> bool:
    """Whether a body of this type is JSON: ``application/json``, or one that ends with ``+json``."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def _is_new(
    client: Client,
    request: AnsweredRequest,
    status: int,
    message: Optional[str],
    answers: Tuple[Type[BaseException], ...],
) -> bool:
    """Whether an answer with this status is to be reported: a request has one failure, not one for each symptom.

    Where it is none, the event that tells of the failure learns that the answer tells of it, too.
    """
    handled = request.notes.handled
    if client.is_silent(request, "{} on {}".format(status, request.path)):
        return False
    rule = noise.exception_rule(handled, in_request=True)
    if rule is not None:
        client.ignored(handled, rule)
        return False
    is_known, event_id = _known(request, status, message, answers)
    client.also_seen(event_id, "http")
    return not is_known


def _known(
    request: AnsweredRequest, status: int, message: Optional[str], answers: Tuple[Type[BaseException], ...]
) -> Tuple[bool, Optional[str]]:
    """Whether the failure behind this answer was captured, or is noise; and the event that tells of it, as far as there is one."""
    log, handled = request.log, request.notes.handled
    if status >= 500 and log.has_exception:
        return True, log.exception_id
    if message:
        for event_id, known in zip(log.event_ids, log.messages):
            if seen.quotes(known, message):
                return True, event_id
    told_by = None if handled is None else seen.known_event(handled, since=request.began)
    if told_by is None and _answers_what_was_told(log, status, handled, answers):
        # Whoever reports something in an `except` block, and then answers that it failed, means that.
        told_by = log.handled_id
    if told_by is None and status >= 500 and log.event_ids and not _says_something(message):
        # Nor does an answer that says nothing tell of anything else than what was reported before it.
        tells_more = handled is not None and not (issubclass(type(handled), answers) and chain.is_alone(handled))
        told_by = None if tells_more else log.event_ids[-1]
    return told_by is not None, told_by


def _answers_what_was_told(
    log: WorkLog, status: int, handled: Optional[BaseException], answers: Tuple[Type[BaseException], ...]
) -> bool:
    """Whether this is the answer to what was reported last while an exception was being handled.

    Given, or raised as a framework lets one answer: then neither while another exception was being handled.
    """
    if handled is None:
        return status >= 500 or _tells_of_exception(log, status)
    if status < 500 or not issubclass(type(handled), answers):
        return False
    return chain.is_alone(handled) or any(seen.beside(each) == log.handled_id for each in chain.ancestors(handled))


def _tells_of_exception(log: WorkLog, status: int) -> bool:
    """Whether this is the answer to a bad request, and what was reported last in an `except` block is an exception."""
    return status == _BAD_REQUEST and log.handled_id == log.exception_id


def _unpacked(body: bytes, encoding: str) -> bytes:
    """The body itself, or a little more than ``MAX_BODY`` of it; nothing if it cannot be had."""
    if encoding in _PLAIN_ENCODINGS:
        return body
    if encoding not in _ZLIB_ENCODINGS:
        return b""
    import zlib

    try:
        # 32: with the header of either.
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(body, MAX_BODY + 1)
    except zlib.error:
        return b""


def _says_something(message: Optional[str]) -> bool:
    return bool(message) and message != "Internal Server Error"


def _error_type(
    message: Optional[str], handled: Optional[BaseException], answers: Tuple[Type[BaseException], ...]
) -> str:
    if handled is not None and not issubclass(type(handled), answers):
        return hostile.name_of(type(handled))
    return responses.error_type_from(message) if message else "HTTPError"
