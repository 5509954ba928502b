"""What the page's table "What Gets Captured" promises, apart from HTTP."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import pytest
from children import run_program
from loopback import EVENTS, Answer, Platform

import aiops_sdk


def test_unhandled_exceptions_by_sys_excepthook(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """| Unhandled exceptions | `sys.excepthook` replacement | … |"""
    before = sys.excepthook
    aiops_sdk.init("key", platform_url=platform.url)
    assert sys.excepthook is not before


def test_unhandled_exceptions_block_until_delivered(platform: Platform, tmp_path: Path) -> None:
    """| Unhandled exceptions | … | Blocks until delivered (sync send) |"""
    platform.answer(Answer(503), Answer(503), path=EVENTS)
    program = "import aiops_sdk\naiops_sdk.init()\nraise ValueError('nobody catches me')"
    run_program(tmp_path, program, platform_url=platform.url)
    # Two were refused for the time being; the third was delivered, and only then the process ended.
    assert [event["message"] for event in platform.events] == ["nobody catches me"] * 3
    assert len({event["event_id"] for event in platform.events}) == 1


@pytest.mark.parametrize(("level", "name"), [(logging.ERROR, "ERROR"), (logging.CRITICAL, "CRITICAL")])
def test_error_and_critical_logs(platform: Platform, level: int, name: str) -> None:
    """| ERROR / CRITICAL logs | Root logging handler | … |"""
    aiops_sdk.init("key", platform_url=platform.url)
    logging.getLogger("shop.orders").log(level, "order %d failed", 7)
    event = platform.wait_for_events()[0]
    assert (event["signal_type"], event["source"]) == ("log_error", "logging")
    assert (event["error_type"], event["message"], event["stack_trace"]) == (name, "order 7 failed", "")


def test_logs_with_the_stack_trace_from_exc_info(platform: Platform) -> None:
    """| ERROR / CRITICAL logs | … | Stack trace from `exc_info` when available |"""
    aiops_sdk.init("key", platform_url=platform.url)

    def fail() -> Any:
        return {}["missing"]

    try:
        fail()
    except KeyError:
        logging.getLogger("shop").exception("cannot order")
    event = platform.wait_for_events()[0]
    assert event["stack_trace"].startswith("Traceback (most recent call last):")
    assert event["stack_trace"].endswith("KeyError: 'missing'\n")
    assert ", in fail\n" in event["stack_trace"]
