"""Decisions, as they are told."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from aiops_sdk import deciding
from aiops_sdk.deciding import CAPTURED, COUNTED, DROPPED, IGNORED, MERGED, Decision


@pytest.mark.parametrize(
    ("decision", "line"),
    [
        (Decision(CAPTURED, "ValueError: x", event_id="e-1"), "captured ValueError: x as e-1"),
        (Decision(MERGED, "what http saw", event_id="e-1"), "merged what http saw into e-1"),
        (Decision(COUNTED, "ValueError: x", event_id="e-1"), "counted ValueError: x into e-1"),
        (Decision(COUNTED, "404 on (none)", rule="r", why="so be it"), "counted 404 on (none), rule r: so be it"),
        (Decision(IGNORED, "GET /health", rule="r", why="so be it"), "ignored GET /health, rule r: so be it"),
        (Decision(DROPPED, "2 event(s)", why="queue_full"), "dropped 2 event(s): queue_full"),
    ],
)
def test_a_decision_is_one_line(decision: Decision, line: str, capsys: pytest.CaptureFixture[str]):
    assert str(decision) == line
    deciding.say(decision)
    assert capsys.readouterr() == ("", f"aiops_sdk: {line}\n")


def test_where_there_is_no_standard_error_nothing_is_said(monkeypatch: Any):
    there = io.StringIO()
    decision = Decision(DROPPED, "1 event(s)")
    for stream in (there, None):
        monkeypatch.setattr(sys, "stderr", stream)
        deciding.say(decision)
    assert there.getvalue() == f"aiops_sdk: {decision}\n"


def test_of_a_text_the_beginning_of_the_first_line_is_shown():
    assert deciding.shown(" one\ntwo") == "one"
    assert deciding.shown("x" * 500) == "x" * 199 + "…"
