"""More comes than can be digested: the door says so, grows no larger, and all that it took is digested afterwards."""

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from platform_process import Running, aiops, eventually

CLIENTS = 8
EACH = 150
BUDGET = 2 * 1024 * 1024
MEGABYTE = 1024 * 1024


def body_of(number: int) -> bytes:
    said = {"signal_type": "exception", "service": f"s{number % 7}", "error_type": f"E{number % 50}"}
    return json.dumps({**said, "message": "x" * 4_000}).encode()


def send_many(url: str, key: str, first: int) -> list[tuple[int, str | None]]:
    """The answers to `EACH` events over one connection, each with its `Retry-After`."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    answers = []
    for number in range(first, first + EACH):
        connection.request("POST", "/v1/sdk/exception", body_of(number), {"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        answer.read()
        answers.append((answer.status, answer.getheader("Retry-After")))
    connection.close()
    return answers


def pressed(url: str, key: str) -> list[tuple[int, str | None]]:
    with ThreadPoolExecutor(CLIENTS) as pool:
        told = pool.map(lambda number: send_many(url, key, number * EACH), range(CLIENTS))
        return [answer for answers in told for answer in answers]


def memory_of(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def stats(data: Path) -> dict[str, float]:
    return json.loads(aiops("stats", "--json", "--data", str(data)).stdout)


def test_more_than_can_be_digested_is_refused_and_what_was_taken_is_digested(tmp_path):
    data = tmp_path / "data"
    assert aiops("token", "create", "first", "--data", str(data)).returncode == 0
    key = aiops("key", "create", "tests", "--data", str(data)).stdout.split()[0]
    # Without a worker nothing is digested, so there is too much of anything soon.
    with Running(data, "api", AIOPS_SERVER_MAX_INTAKE=str(BUDGET)) as door:
        url = door.own_address()
        answers = pressed(url, key)
        before = memory_of(door.part("door"))
        answers += pressed(url, key)
        assert memory_of(door.part("door")) - before < 10 * MEGABYTE
        assert set(answers) == {(202, None), (503, "5")}
        accepted = answers.count((202, None))
        assert BUDGET / 8_000 < accepted < BUDGET / 4_000 + CLIENTS
        with Running(data, "work"):
            eventually(lambda: stats(data)["intake_depth"] == 0, "the intake to be empty")
            told = stats(data)
            assert told["accepted"] == told["digested"] == accepted
            assert told["duplicates"] == told["buried"] == 0
            eventually(lambda: send_many(url, key, 0)[-1] == (202, None), "the door to take reports again")
