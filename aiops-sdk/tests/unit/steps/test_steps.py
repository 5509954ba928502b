"""The steps run in their order."""

from __future__ import annotations

from typing import Optional

from events import an_event

from aiops_sdk import steps
from aiops_sdk.event import Event
from aiops_sdk.frozen import replace
from aiops_sdk.steps.scrubbing import scrub


def test_each_step_gets_what_the_one_before_made():
    def add(letter: str) -> steps.Step:
        return lambda event: replace(event, message=event.message + letter)

    told = steps.run(an_event(message=""), [add("a"), add("b")])
    assert told is not None
    assert told.message == "ab"


def test_a_step_can_drop_an_event_and_then_no_other_sees_it():
    def drop(event: Event) -> Optional[Event]:
        return None

    def fail(event: Event) -> Optional[Event]:
        raise AssertionError

    assert steps.run(an_event(), [drop, fail]) is None


def test_scrubbing_is_the_last():
    assert steps.STEPS[-1] is scrub
