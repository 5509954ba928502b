"""Signs of life over real sockets."""

from __future__ import annotations

import logging
from typing import Any, Iterator

import pytest
from events import a_config, counts, wait_until
from loopback import EVENTS, HEARTBEATS, Answer, Platform

import aiops_sdk
from aiops_sdk import heartbeats
from aiops_sdk.client import Client, http_transport
from aiops_sdk.delivery.link import Link


@pytest.fixture
def client(platform: Platform) -> Iterator[Client]:
    made = Client(a_config(platform_url=platform.url))
    yield made
    made.close(5.0)


def test_the_first_beat_comes_at_once_and_says_who_is_alive(platform: Platform, client: Client):
    heartbeats.install(client)
    beat = platform.wait_for_heartbeats()[0]
    assert (beat["signal_type"], beat["service"], beat["environment"]) == ("heartbeat", "shop", "production")
    assert (beat["base_url"], beat["interval"], beat["closing"]) == (None, 30.0, False)
    assert counts(beat["stats"]) == counts()
    assert beat["instance"] == {"id": client.origin.instance_id, "host": client.origin.host, "pid": client.origin.pid}


def test_one_beat_follows_the_other_on_one_connection(platform: Platform, client: Client):
    heartbeats.install(client, interval=0.05)
    assert len(platform.wait_for_heartbeats(5)) >= 5
    assert {received.connection for received in platform.received} == {1}


def test_the_interval_is_thirty_seconds():
    assert heartbeats.INTERVAL == 30.0


def test_the_address_of_the_first_request_is_told(platform: Platform, client: Client):
    client.saw_base_url("https://shop.example.com/")
    client.saw_base_url("https://other.example.com")
    heartbeats.install(client)
    assert platform.wait_for_heartbeats()[0]["base_url"] == "https://shop.example.com"


def test_a_configured_address_wins(platform: Platform):
    client = Client(a_config(platform_url=platform.url, base_url="https://configured.example.com"))
    client.saw_base_url("https://seen.example.com")
    heartbeats.install(client)
    assert platform.wait_for_heartbeats()[0]["base_url"] == "https://configured.example.com"
    client.close(5.0)


def test_a_platform_that_comes_back_is_found_again(platform: Platform, client: Client):
    heartbeats.install(client, interval=0.05)
    platform.wait_for_heartbeats()
    platform.stop()
    before = len(platform.heartbeats)
    platform.start_again()
    platform.wait_for_heartbeats(before + 2)


def test_a_platform_that_wants_to_be_left_alone_gets_its_time(platform: Platform, client: Client):
    platform.answer(Answer(429, headers={"Retry-After": "1"}), path=HEARTBEATS)
    heartbeats.install(client, interval=0.01)
    platform.wait_for_heartbeats(2)
    first, second = platform.received[:2]
    assert second.at - first.at >= 1.0


@pytest.mark.parametrize("status", [401, 404])
def test_a_wrong_key_or_address_is_left_alone_for_a_while(
    platform: Platform, client: Client, monkeypatch: pytest.MonkeyPatch, status: int
):
    monkeypatch.setattr("aiops_sdk.delivery.worker.Link", lambda: Link(barred=(0.5,)))
    hasty = Client(client.config)
    platform.answer(Answer(status), path=HEARTBEATS)
    heartbeats.install(hasty, interval=0.01)
    platform.wait_for_heartbeats(2)
    first, second = platform.received[:2]
    assert second.at - first.at >= 0.25
    hasty.close(5.0)


@pytest.mark.parametrize("status", [400, 429, 500, 503])
def test_no_answer_ends_the_beating(platform: Platform, client: Client, status: int):
    platform.answer(*[Answer(status)] * 2, path=HEARTBEATS)
    heartbeats.install(client, interval=0.05)
    platform.wait_for_heartbeats(4)


def test_nothing_that_goes_wrong_ends_the_beating(platform: Platform, client: Client, monkeypatch: pytest.MonkeyPatch):
    failures = [SystemExit(), KeyboardInterrupt(), MemoryError()]

    def stats() -> Any:
        if failures:
            raise failures.pop()
        return {}

    monkeypatch.setattr(client, "stats", stats)
    heartbeats.install(client, interval=0.01)
    assert platform.wait_for_heartbeats()[0]["stats"] == {}
    assert failures == []


def test_a_beat_does_not_wait_behind_events(platform: Platform, client: Client):
    platform.always_answer(Answer(delay=600.0), EVENTS)
    client.capture_exception(ValueError("slow to deliver"))
    platform.wait_for_events()
    heartbeats.install(client, interval=0.05)
    assert platform.wait_for_heartbeats(3)[2]["stats"]["queued"] == 1
    client.close(0.0)


def test_a_failed_beat_is_tried_again_soon(platform: Platform, client: Client):
    platform.answer(Answer(503), path=HEARTBEATS)
    heartbeats.install(client)
    platform.wait_for_heartbeats(2)
    first, second = platform.received[:2]
    assert second.at - first.at < heartbeats.INTERVAL


def test_a_platform_that_asks_for_time_gets_it(platform: Platform, client: Client):
    platform.always_answer(Answer(503, headers={"Retry-After": "20"}), HEARTBEATS)
    beats = heartbeats.Heartbeats(client, http_transport(client.config))
    beats._beat()
    assert len(platform.heartbeats) == 1


def test_the_last_beat_of_a_clean_end_says_so(platform: Platform, client: Client):
    beats = heartbeats.install(client)
    platform.wait_for_heartbeats()
    wait_until(lambda: beats._arrived, "the platform's answer")
    client.close(10.0)
    assert [beat["closing"] for beat in platform.heartbeats] == [False, True]


def test_a_beat_that_is_under_way_at_the_end_is_followed_by_the_one_that_says_so(platform: Platform, client: Client):
    platform.answer(Answer(200, delay=0.2), path=HEARTBEATS)
    heartbeats.install(client)
    platform.wait_until(lambda: bool(platform.received), "the first beat")
    client.close(10.0)
    assert [beat["closing"] for beat in platform.heartbeats] == [False, True]


def test_a_key_that_is_not_accepted_is_said_once(platform: Platform, client: Client, caplog: pytest.LogCaptureFixture):
    platform.always_answer(Answer(401))
    heartbeats.install(client, interval=0.02)
    client.capture_exception(ValueError())
    platform.wait_until(lambda: bool(platform.received), "a request")
    client.flush(0.5)
    assert len(platform.received) <= 2
    said = [record for record in caplog.records if record.name == "aiops_sdk"]
    assert [record.levelname for record in said] == ["ERROR"]


def test_init_begins_it_and_close_ends_it(platform: Platform):
    aiops_sdk.init("key", platform_url=platform.url)
    platform.wait_for_heartbeats()
    aiops_sdk.close(10.0)
    logging.getLogger("shop").error("nobody listens any more")
    assert platform.events == []
