"""What the SDK says about itself, seldom."""

from __future__ import annotations

import pytest

from aiops_sdk.delivery.voice import Voice


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_losses_are_said_at_most_once_a_minute_and_none_is_forgotten(caplog: pytest.LogCaptureFixture):
    clock = Clock()
    voice = Voice("http://platform", clock)
    for second in (0, 1, 59, 60, 61):
        clock.now = second
        voice.lost("HTTP 503")
    clock.now = 200
    voice.lost("HTTP 500", events=3)
    assert caplog.messages == [
        "1 event(s) could not be delivered to http://platform: HTTP 503",
        "3 event(s) could not be delivered to http://platform: HTTP 503",
        "4 event(s) could not be delivered to http://platform: HTTP 500",
    ]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_a_key_that_is_not_accepted_is_said_once_with_what_to_do(caplog: pytest.LogCaptureFixture):
    voice = Voice("http://platform")
    voice.unauthorized()
    voice.unauthorized()
    (said,) = caplog.messages
    assert "does not accept the API key (401)" in said
    assert "AIOPS_API_KEY" in said
    assert caplog.records[0].levelname == "ERROR"


def test_that_nobody_hears_the_heartbeats_is_said_once_until_somebody_does(caplog: pytest.LogCaptureFixture):
    now = [0.0]
    voice = Voice("http://platform", clock=lambda: now[0])
    voice.unheard("ConnectionRefusedError")
    now[0] = 61.0
    voice.unheard("ConnectionRefusedError")
    voice.heard()
    voice.unheard("HTTP 503")
    assert [message.partition(". ")[0] for message in caplog.messages] == [
        "Heartbeats do not reach http://platform: ConnectionRefusedError",
        "Heartbeats do not reach http://platform: HTTP 503",
    ]
    assert "AIOPS_PLATFORM_URL" in caplog.messages[0]


def test_heartbeats_and_events_share_the_one_line_a_minute(caplog: pytest.LogCaptureFixture):
    now = [0.0]
    voice = Voice("http://platform", clock=lambda: now[0])
    voice.held(1, "HTTP 503", on_disk=True)
    voice.unheard("HTTP 503")
    assert len(caplog.messages) == 1
    now[0] = 61.0
    voice.unheard("HTTP 503")
    voice.held(1, "HTTP 503", on_disk=True)
    assert len(caplog.messages) == 2


def test_what_waits_in_memory_is_not_counted_again_each_time(caplog: pytest.LogCaptureFixture):
    now = [0.0]
    voice = Voice("http://platform", clock=lambda: now[0])
    for _ in range(3):
        voice.held(7, "HTTP 503", on_disk=False)
    now[0] = 61.0
    voice.held(7, "HTTP 503", on_disk=False)
    assert all(message.startswith("7 event(s)") for message in caplog.messages)
