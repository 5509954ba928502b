"""What users' tests can ask for."""

from __future__ import annotations

import logging
import sys

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk import scope
from aiops_sdk.testing import capture_events


def test_what_happens_in_the_block_is_captured():
    with capture_events() as events:
        aiops_sdk.capture_exception(ValueError("first"))
        logging.getLogger("shop").error("second")
        assert [event["message"] for event in events] == ["first", "second"]
        assert events[0]["error_type"] == "ValueError"
        assert [event["message"] for event in events[1:]] == ["second"]
        assert repr(events) == "<2 captured: ValueError: first; ERROR: second>"


def test_what_was_captured_can_be_looked_at_afterwards():
    with capture_events() as events:
        aiops_sdk.capture_exception(ValueError("first"))
    assert len(events) == 1


def test_outside_of_the_block_nothing_is_captured():
    with capture_events() as events:
        pass
    aiops_sdk.capture_exception(ValueError())
    logging.getLogger("shop").error("nobody listens")
    assert list(events) == []
    assert repr(events) == "<0 captured: nothing>"


def test_blocks_nest_and_the_inner_one_hears():
    with capture_events() as outer:
        with capture_events() as inner:
            aiops_sdk.capture_exception(ValueError("inner"))
        aiops_sdk.capture_exception(ValueError("outer"))
    assert [event["message"] for event in inner] == ["inner"]
    assert [event["message"] for event in outer] == ["outer"]


def test_afterwards_there_is_no_client():
    with capture_events():
        assert clients.current() is not None
    assert clients.current() is None


def test_a_client_that_was_current_before_hears_nothing_meanwhile():
    with capture_events() as outer, capture_events() as inner:
        logging.getLogger("shop").error("inner")
    assert [event["message"] for event in inner] == ["inner"]
    assert list(outer) == []


def test_what_was_ignored_is_told_with_the_reason():
    with capture_events() as events:
        aiops_sdk.capture_exception(KeyboardInterrupt())
        logging.getLogger("urllib3.connectionpool").error("connection lost")
    assert list(events) == []
    assert [decision.outcome for decision in events.ignored] == ["ignored", "ignored"]
    for decision in events.ignored:
        assert decision.rule
        assert decision.why
        assert str(decision) in repr(events)
    assert "urllib3" in events.ignored[1].what
    assert "0 captured: nothing. Besides: ignored KeyboardInterrupt" in repr(events)


def test_one_failure_that_is_seen_twice_is_told_as_merged():
    with capture_events() as events:
        try:
            raise ValueError("once")
        except ValueError as error:
            logging.getLogger("shop").exception("it broke")
            aiops_sdk.capture_exception(error)
        assert len(events) == 1
    assert [decision.outcome for decision in events.ignored] == ["merged"]
    assert events.ignored[0].event_id == events[0]["event_id"]


def test_every_hook_is_laid_and_taken_away():
    before = sys.excepthook
    with capture_events() as events:
        assert sys.excepthook is not before
        sys.excepthook(ValueError, ValueError("uncaught"), None)
        assert [(event["message"], event["source"]) for event in events] == [("uncaught", "process")]
    assert sys.excepthook is before


def test_events_come_in_the_order_in_which_they_were_captured():
    with capture_events() as events:
        with aiops_sdk.monitor("import"):
            # Held for a moment, because the same failure may be seen again in the same work.
            aiops_sdk.capture_exception(ValueError("in the job"))
        aiops_sdk.capture_exception(ValueError("after the job"))
        assert [event["message"] for event in events] == ["in the job", "after the job"]


def test_what_one_test_says_is_not_said_in_the_next():
    aiops_sdk.set_tag("of", "the module")
    for number in (1, 2):
        with capture_events() as events:
            aiops_sdk.set_tag(f"test_{number}", True)
            aiops_sdk.set_user(number)
            aiops_sdk.add_breadcrumb("said")
            aiops_sdk.capture_message("x")
            assert events[0]["tags"] == {"of": "the module", f"test_{number}": "True"}
            assert len(events[0]["breadcrumbs"]) == 1
    scope.forget()
