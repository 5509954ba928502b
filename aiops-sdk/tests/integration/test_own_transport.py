"""``init(transport=…)``: what somebody wrote brings events and heartbeats to the platform."""

from __future__ import annotations

import http.client
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING, List, Set

import pytest
from children import run_program
from loopback import Platform

import aiops_sdk
from aiops_sdk.delivery.transport import Retry, outcome_of

if TYPE_CHECKING:
    from aiops_sdk.delivery.transport import Outcome


class Courier:
    """As people would write one: over a way of their own, here the simplest."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.paths: List[str] = []
        self.threads: Set[int] = set()
        self.at_once = 0
        self.most_at_once = 0

    def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.paths.append(path)
        self.threads.add(threading.get_ident())
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
            connection.request("POST", path, body, {"Content-Type": "application/json", "X-Courier": "yes"})
            answer = connection.getresponse()
            return outcome_of(answer.status, answer.getheader("Retry-After"), answer.read(), 0.0)
        except OSError as error:
            return Retry(str(error))
        finally:
            connection.close()
            self.at_once -= 1

    def close(self) -> None:
        self.paths.append("closed")

    def abandon(self) -> None:
        pass


def test_events_and_heartbeats_go_by_it_one_at_a_time(platform: Platform):
    courier = Courier(platform.port)
    aiops_sdk.init("key", transport=courier)
    for number in range(20):
        logging.getLogger("shop").error("it broke %d", number)
    assert aiops_sdk.flush(10)
    platform.wait_for_heartbeats()
    aiops_sdk.close()
    assert len(platform.events) == 20
    assert {received.headers.get("X-Courier") for received in platform.received} == {"yes"}
    assert len(courier.threads) >= 2
    assert courier.most_at_once == 1
    assert courier.paths[-1] == "closed"


def test_one_that_fails_or_gives_nonsense_loses_nothing_at_once(platform: Platform):
    class Broken(Courier):
        def send(self, path: str, body: bytes, *, compress: bool = False) -> Outcome:
            super().send(path, body, compress=compress)
            if path == "/v1/sdk/heartbeat":
                raise ValueError("no")
            return "sent"  # type: ignore[return-value]

    aiops_sdk.init("key", transport=Broken(platform.port))
    logging.getLogger("shop").error("it broke")
    platform.wait_for_events()
    assert not aiops_sdk.flush(0.5)
    told = aiops_sdk.stats()
    assert (told["delivered"], told["queued"]) == (0, 1)
    assert told["last_error"] == "the transport gave no outcome, but str"


def test_what_cannot_be_one_is_refused_with_the_reason():
    class Half:
        def send(self) -> None:
            pass

    with pytest.raises(RuntimeError, match=r"has no close\(\), abandon\(\)"):
        aiops_sdk.init("key", transport=Half())  # type: ignore[arg-type]


def test_a_forked_child_uses_it_too(tmp_path: Path, platform: Platform):
    program = f"""
        import os, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        sys.path.insert(0, {str(Path(__file__).parents[1])!r})
        import logging, aiops_sdk
        from test_own_transport import Courier
        aiops_sdk.init("key", transport=Courier({platform.port}), spool=False)
        logging.error("parent")
        aiops_sdk.flush(10)
        if os.fork() == 0:
            logging.error("child")
            sys.exit(0)
        os.wait()
    """
    ended = run_program(tmp_path, program)
    assert ended.code == 0, ended.err
    assert [event["message"] for event in platform.events] == ["parent", "child"]


def test_heartbeats_and_events_share_the_certificates_that_were_read(platform: Platform):
    client = aiops_sdk.init("key", platform_url=platform.url)
    platform.wait_for_heartbeats()
    first, second = client.connection(), client.connection()
    assert first is not second
    assert first._trust is second._trust  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("environ", "given", "expected"),
    [
        ({"AIOPS_PROXY": "http://own:1"}, None, "http://own:1"),
        ({"AIOPS_PROXY": "http://own:1", "https_proxy": "http://all:1"}, None, "http://own:1"),
        ({"AIOPS_PROXY": "off", "https_proxy": "http://all:1"}, None, None),
        ({"https_proxy": "http://all:1"}, "off", None),
        ({"https_proxy": "http://all:1"}, "http://given:1", "http://given:1"),
        ({"https_proxy": "http://all:1"}, None, "http://all:1"),
    ],
)
def test_a_proxy_can_be_chosen(environ, given, expected):
    config = aiops_sdk.Config.load(api_key="k", proxy=given, environ=environ)
    assert config.proxy == expected
    assert ":1" not in repr(config)


@pytest.mark.parametrize(
    ("environ", "given", "expected"),
    [
        ({}, None, None),
        ({"AIOPS_CA_FILE": "a", "REQUESTS_CA_BUNDLE": "b"}, None, "a"),
        ({"REQUESTS_CA_BUNDLE": "b", "CURL_CA_BUNDLE": "c"}, None, "b"),
        ({"CURL_CA_BUNDLE": "c"}, None, "c"),
        ({"AIOPS_CA_FILE": "a"}, "given", "given"),
    ],
)
def test_a_ca_can_be_chosen(environ, given, expected):
    assert aiops_sdk.Config.load(api_key="k", ca_file=given, environ=environ).ca_file == expected
