"""The request around the running code."""

from __future__ import annotations

import contextvars
import threading

from aiops_sdk import scope
from aiops_sdk.scope import RequestScope


def test_outside_of_a_request_there_is_none():
    assert scope.current_request() is None


def test_a_request_is_there_from_its_beginning_to_its_end():
    request = RequestScope("GET", "/orders")
    token = scope.begin(request)
    assert scope.current_request() is request
    scope.end(token)
    assert scope.current_request() is None


def test_requests_nest():
    outer, inner = RequestScope("GET", "/outer"), RequestScope("GET", "/inner")
    first = scope.begin(outer)
    second = scope.begin(inner)
    scope.end(second)
    assert scope.current_request() is outer
    scope.end(first)


def test_a_request_that_ends_in_another_context_is_over_there():
    token = contextvars.copy_context().run(scope.begin, RequestScope("GET", "/orders"))
    mine = scope.begin(RequestScope("GET", "/other"))
    scope.end(token)
    assert scope.current_request() is None
    scope.end(mine)


def test_another_thread_is_in_no_request():
    token = scope.begin(RequestScope("GET", "/orders"))
    seen = []
    thread = threading.Thread(target=lambda: seen.append(scope.current_request()))
    thread.start()
    thread.join(20)
    scope.end(token)
    assert seen == [None]


def test_the_log_of_a_request_keeps_what_was_captured():
    log = RequestScope("GET", "/").log
    log.note("1", "first")
    assert (log.event_ids, log.messages, log.has_exception) == (["1"], ["first"], False)
    log.note("2", "second", has_exception=True)
    log.note("3", "third")
    assert (log.event_ids, log.messages, log.has_exception) == (["1", "2", "3"], ["first", "second", "third"], True)
