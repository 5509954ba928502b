import gzip
import http.client
import json
import os
import resource
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from platform_process import Running, eventually

EVENT = {"signal_type": "exception", "service": "shop", "error_type": "KeyError", "message": "42"}


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with Running(tmp_path_factory.mktemp("reports") / "data", AIOPS_SERVER_MAX_BODY="100000") as platform:
        platform.key()
        yield platform


def incidents(platform) -> list[tuple[str, str, int]]:
    connection = sqlite3.connect(platform.data / "store.db")
    found = connection.execute("SELECT type, message, count FROM incidents ORDER BY id").fetchall()
    connection.close()
    return found


def services(platform) -> set[str]:
    connection = sqlite3.connect(platform.data / "store.db")
    found = {
        name for (name,) in connection.execute("SELECT name FROM services JOIN monitors ON service_id = services.id")
    }
    connection.close()
    return found


def test_a_report_becomes_an_incident(platform):
    assert platform.send(EVENT) == (
        202,
        {"accepted": 1, "rejected": [], "capabilities": ["batch", "fixes", "gzip", "jobs"]},
    )

    eventually(lambda: ("KeyError", "42", 1) in incidents(platform), "the incident")


def test_a_heartbeat_becomes_a_monitor(platform):
    assert platform.send({"signal_type": "heartbeat", "service": "beating"}, path="/v1/sdk/heartbeat/")[0] == 202

    eventually(lambda: "beating" in services(platform), "the monitor")


def test_a_packed_report_is_taken(platform):
    packed = gzip.compress(json.dumps(EVENT | {"service": "packed"}).encode())

    assert platform.send(packed, **{"Content-Encoding": "gzip"})[0] == 202


def test_a_batch_becomes_incidents(platform):
    lines = [
        {"service": "shop"},
        *({**EVENT, "error_type": f"Batched{each % 2}"} for each in range(500)),
        {"no": "event"},
    ]
    packed = gzip.compress("\n".join(map(json.dumps, lines)).encode())

    status, said = platform.send(packed, path="/v1/sdk/batch", **{"Content-Encoding": "gzip"})

    assert (status, said["accepted"]) == (202, 500)
    assert said["rejected"] == [{"index": 500, "why": "signal_type: missing"}]
    eventually(
        lambda: {("Batched0", "42", 250), ("Batched1", "42", 250)} <= set(incidents(platform)),
        "every event of the batch",
    )


def test_what_is_too_large_is_refused_once_it_was_sent(platform):
    status, said = platform.send(EVENT | {"message": "x" * 100_000})

    assert status == 413
    assert "100000 bytes" in said["rejected"][0]["why"]


def test_what_is_not_understood_is_refused(platform):
    assert platform.send(b"{")[0] == 400
    assert platform.send(EVENT, path="/v1/sdk/heartbeat")[0] == 400
    assert platform.send(EVENT, key="aiops_" + "x" * 43)[0] == 401


def test_one_connection_takes_many_reports_even_after_refusals(platform):
    connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=60)
    good, bad = json.dumps(EVENT).encode(), b"x" * 200_000
    statuses = []
    for body, key in [(good, platform.key()), (bad, platform.key()), (good, "wrong"), (b"{", platform.key())] * 3:
        connection.request("POST", "/v1/sdk/exception", body, {"Authorization": f"Bearer {key}"})
        first_socket = connection.sock
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        assert connection.sock is first_socket, "The same connection, still."
    connection.close()

    assert statuses == [202, 413, 401, 400] * 3


def test_chunks_are_taken(platform):
    connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=60)
    text = json.dumps(EVENT).encode()
    headers = {"Authorization": f"Bearer {platform.key()}"}
    connection.request("POST", "/v1/sdk/exception", iter([text[:9], text[9:]]), headers, encode_chunked=True)

    assert connection.getresponse().status == 202
    connection.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_only_post_is_spoken(platform, method):
    connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=60)
    connection.request(method, "/v1/sdk/exception")
    answer = connection.getresponse()

    assert (answer.status, answer.getheader("Allow")) == (405, "POST")
    connection.close()


def test_a_full_disk_refuses_reports_and_takes_them_again_when_there_is_room(tmp_path):
    with Running(tmp_path / "data") as platform:
        assert platform.send()[0] == 202
        door, unlimited = platform.part("door"), resource.RLIM_INFINITY
        # No file may grow beyond its first page: to the door that is what a full disk is.
        resource.prlimit(door, resource.RLIMIT_FSIZE, (4096, unlimited))

        status, said = platform.send()

        assert (status, said["accepted"]) == (503, 0)
        platform.says("Cannot keep reports, clients are told to try again")
        resource.prlimit(door, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        eventually(lambda: platform.send()[0] == 202, "reports being taken again")
        assert platform.part("door") == door, "It did not have to be started again for that."


def test_what_was_accepted_survives_the_death_of_every_process(tmp_path):

    accepted = 0
    with Running(tmp_path / "data") as platform:
        key = platform.key()
        for _ in range(50):
            accepted += platform.send(EVENT)[0] == 202
        for each in platform.living():
            os.kill(each, signal.SIGKILL)
        platform.process.wait(60)
    with Running(tmp_path / "data") as platform:
        platform.send(EVENT, key=key)

        eventually(lambda: incidents(platform) == [("KeyError", "42", accepted + 1)], "every report, each once")


def test_many_at_once_are_all_accepted_and_counted_once_each(platform):
    def send_twenty(_: int) -> list[int]:
        connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=60)
        headers = {"Authorization": f"Bearer {platform.key()}"}
        statuses = []
        for _ in range(20):
            connection.request("POST", "/v1/sdk/exception", crowd, headers)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()
        return statuses

    crowd = json.dumps(EVENT | {"message": "crowd", "stack_trace": "x" * 2000}).encode()
    with ThreadPoolExecutor(32) as clients:
        statuses = [status for each in clients.map(send_twenty, range(32)) for status in each]

    assert statuses == [202] * 640
    eventually(lambda: ("KeyError", "crowd", 640) in incidents(platform), "all of them, counted")
