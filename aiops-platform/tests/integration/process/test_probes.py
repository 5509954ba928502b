"""Is it up, is it ready, how much has it done: asked of the platform as it really runs."""

import json
import os
import re
import signal
import time
import urllib.error
import urllib.request

from platform_process import OPENER, Running, aiops, eventually


def asked(url: str, **headers: str) -> tuple[int, str]:
    try:
        with OPENER.open(urllib.request.Request(url, headers=headers), timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def numbers(url: str) -> dict[str, float]:
    status, text = asked(url + "/metrics")
    assert status == 200
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_a_platform_that_runs_is_ready_and_tells_what_it_does(tmp_path):
    with Running(tmp_path / "data", AIOPS_SERVER_SERVICE_RATE="1") as platform:
        assert platform.send()[0] == 202
        assert platform.send(b"nonsense")[0] == 400
        assert asked(platform.url + "/healthz") == (200, "ok\n")
        assert json.loads(asked(platform.url + "/readyz")[1]) == {
            "ready": True,
            "store": "ok",
            "intake": "ok",
            "worker": "ok",
        }
        eventually(lambda: numbers(platform.url)["aiops_reports_digested_total"] == 1, "the report to be digested")
        told = numbers(platform.url)
        assert told["aiops_reports_accepted_total"] == told["aiops_worker_running"] == 1
        assert told['aiops_reports_refused_total{reason="not_understood"}'] == 1
        assert told["aiops_intake_parcels"] == told["aiops_digest_lag_seconds"] == 0
        assert told["aiops_answer_seconds_count"] == 2
        assert asked(platform.url + "/metrics", **{"X-Forwarded-For": "203.0.113.9"})[0] == 401


def test_where_both_want_the_processor_the_door_is_first(tmp_path):
    with Running(tmp_path / "data") as platform:
        assert platform.url
        door, worker = (os.getpriority(os.PRIO_PROCESS, platform.part(name)) for name in ("door", "work"))
        assert worker == min(door + 5, 19)


def test_a_door_without_a_worker_is_up_and_not_ready(tmp_path):
    with Running(tmp_path / "data", "api") as door:
        assert asked(door.own_address() + "/healthz")[0] == 200
        status, said = asked(door.own_address() + "/readyz")
        assert (status, json.loads(said)["worker"]) == (503, "does not run")


def test_a_worker_that_stands_still_is_not_ready_and_the_doctor_says_so(tmp_path):
    data = tmp_path / "data"
    with Running(data) as platform:
        url = platform.url
        os.kill(worker := platform.part("work"), signal.SIGSTOP)
        try:
            # As if a while had passed.
            os.utime(data / "work.lock", (time.time() - 90, time.time() - 90))
            status, said = asked(url + "/readyz")
            assert status == 503
            assert re.fullmatch(r"has done nothing for 9\d seconds", json.loads(said)["worker"])
            assert numbers(url)["aiops_worker_running"] == 0
            found = aiops("doctor", "--data", str(data)).stdout
            assert re.search(rf"TO DO +worker +has done nothing for \d+ s \(process {worker}\): restart", found)
        finally:
            os.kill(worker, signal.SIGCONT)
        eventually(lambda: asked(url + "/readyz")[0] == 200, "the worker to be seen at work")
