"""Ours against a server that knows nothing but the two old endpoints, and what the old client lost there."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from children import run_program
from events import counts
from loopback import EVENTS, HEARTBEATS, Answer, Platform

import aiops_sdk


@pytest.mark.parametrize("body", [b"", b"OK", b'{"status": "ok"}', b"null", b"[]", b"<html>", b"\xff\xfe"])
def test_any_2xx_of_an_old_server_is_a_delivery(platform: Platform, body: bytes) -> None:
    """Our SDK must work against a server that knows only these two endpoints."""
    platform.always_answer(Answer(200, body=body))
    aiops_sdk.init("key", platform_url=platform.url)
    logging.getLogger("shop").error("it broke")
    assert aiops_sdk.flush(10)
    assert counts(aiops_sdk.stats()) == counts(captured=1, delivered=1)


def test_only_the_two_old_endpoints_are_asked(platform: Platform, tmp_path: Path) -> None:
    """Used only once the server has said that it can."""
    program = """
        import logging, time
        import aiops_sdk
        aiops_sdk.init()
        logging.getLogger("shop").error("it broke")
        time.sleep(0.5)
    """
    run_program(tmp_path, program, platform_url=platform.url)
    assert {received.path for received in platform.received} == {EVENTS, HEARTBEATS}
    assert not any("Content-Encoding" in received.headers for received in platform.received)


@pytest.mark.parametrize("status", [503, 429, 500])
def test_an_answer_other_than_2xx_is_no_delivery(platform: Platform, status: int) -> None:
    """It counts any HTTP answer as delivered (401, 503 and 429 lose the event)"""
    platform.answer(Answer(status), path=EVENTS)
    aiops_sdk.init("key", platform_url=platform.url)
    logging.getLogger("shop").error("it broke")
    assert aiops_sdk.flush(20)
    assert len(platform.events) == 2
    assert aiops_sdk.stats()["delivered"] == 1


def test_one_connection_serves_all_events(platform: Platform) -> None:
    """opens a new connection for each event"""
    aiops_sdk.init("key", platform_url=platform.url)
    for number in range(10):
        logging.getLogger("shop").error("number %d", number)
    assert aiops_sdk.flush(20)
    assert len({received.connection for received in platform.received if received.path == EVENTS}) == 1


def test_every_event_has_an_id_that_stays_the_same(platform: Platform) -> None:
    """has no event id (a retry can count twice)"""
    platform.answer(Answer(503), path=EVENTS)
    aiops_sdk.init("key", platform_url=platform.url)
    logging.getLogger("shop").error("it broke")
    assert aiops_sdk.flush(20)
    assert len({event["event_id"] for event in platform.events}) == 1


def test_secrets_are_scrubbed(platform: Platform) -> None:
    """and never scrubs secrets"""
    aiops_sdk.init("key", platform_url=platform.url)
    logging.getLogger("shop").error("cannot reach postgresql://shop:hunter2@db/orders")
    assert platform.wait_for_events()[0]["message"] == "cannot reach postgresql://shop:[hidden]@db/orders"
