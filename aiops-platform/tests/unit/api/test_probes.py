"""What machines are told of the platform, and which of them."""

import asyncio
import json
import re
from datetime import UTC, datetime

import pytest
from asgi_caller import Answered, call

from aiops_platform.api.ingest.answers import Reason
from aiops_platform.api.ingest.counts import Counts
from aiops_platform.api.probes import Probes
from aiops_platform.core.access import Holder
from aiops_platform.ports import StoreUnavailableError

NOW = datetime(2026, 11, 22, 3, 14, tzinfo=UTC)
NUMBERS = {"accepted": 99, "refused_quota_repeat": 3, "intake_depth": 5, "intake_oldest_seconds": 0.5, "store_bytes": 7}


class Tokens:
    """Knows one API token."""

    def holder_of_token(self, token: str, now: datetime) -> Holder | None:
        return Holder(1, 1) if token == "aiopst_right" else None


def unavailable() -> None:
    raise StoreUnavailableError("disk /secret/place is broken")


def ask(
    path: str,
    *,
    client="127.0.0.1",
    method="GET",
    counts=None,
    checks=None,
    numbers=lambda: NUMBERS,
    address="http://localhost:8400",
    **headers: str,
):
    probes = Probes(
        checks=checks or {"store": lambda: None},
        numbers=numbers,
        counts=counts or Counts(),
        access=Tokens(),
        clock=lambda: NOW,
        address=address,
    )

    async def from_client(scope, receive, send) -> None:
        await probes({**scope, "client": client and (client, 5)}, receive, send)

    given = {"host": "localhost:8400"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(call(from_client, method, path, given, []))


def values(answered: Answered) -> dict[str, float]:
    lines = answered.body.decode().splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_a_process_that_answers_is_up():
    answered = ask("/healthz", client="203.0.113.9")
    assert (answered.status, answered.body, answered.headers["cache-control"]) == (200, b"ok\n", "no-store")


def test_it_is_ready_when_every_part_is():
    answered = ask("/readyz", client="203.0.113.9")
    assert (answered.status, answered.said) == (200, {"ready": True, "store": "ok"})


def test_it_is_not_ready_when_one_part_is_not_and_says_which_but_not_how_it_looks_inside():
    checks = {"store": unavailable, "worker": lambda: "does not run", "intake": lambda: None}
    answered = ask("/readyz", checks=checks)
    assert answered.status == 503
    told = {"ready": False, "store": "cannot be used now", "worker": "does not run", "intake": "ok"}
    assert json.loads(answered.body) == told


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_only_look(path):
    answered = ask(path, method="POST")
    assert (answered.status, answered.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("203.0.113.9", {}, 401),
        (None, {}, 401),
        ("127.0.0.1", {"x_forwarded_for": "203.0.113.9"}, 401),
        ("127.0.0.1", {"forwarded": "for=203.0.113.9"}, 401),
        ("127.0.0.1", {"host": "127.0.0.1:8400"}, 200),
        ("::1", {"host": "[::1]:8400"}, 200),
        ("127.0.0.1", {"host": "aiops.example.com"}, 401),
        ("127.0.0.1", {"host": ""}, 401),
        ("127.0.0.1", {"host": "[2001:db8::1]:8400"}, 401),
        ("203.0.113.9", {"authorization": "Bearer aiopst_wrong"}, 401),
        ("203.0.113.9", {"authorization": "Basic aiopst_right"}, 401),
        ("203.0.113.9", {"authorization": "Bearer aiopst_right"}, 200),
        ("127.0.0.1", {"authorization": "Bearer aiopst_right", "x_forwarded_for": "203.0.113.9"}, 200),
    ],
)
def test_numbers_are_for_this_machine_and_for_who_has_a_token(client, headers, status):
    assert ask("/metrics", client=client, **headers).status == status


def test_behind_a_proxy_that_says_nothing_of_itself_nobody_is_a_neighbour():
    assert ask("/metrics", address="https://aiops.example.com").status == 401
    assert ask("/metrics", address="https://aiops.example.com", authorization="Bearer aiopst_right").status == 200


def test_the_numbers_are_those_of_intake_and_store_and_what_the_door_has_not_written_down():
    counts = Counts()
    counts.answered(0.004, {Reason.QUOTA_REPEAT: 2})
    counts.answered(7.0, {Reason.TOO_LARGE: 1})
    answered = ask("/metrics", counts=counts)
    assert answered.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    told = values(answered)
    assert told["aiops_reports_accepted_total"] == 99
    assert told['aiops_reports_refused_total{reason="quota_repeat"}'] == 5
    assert told['aiops_reports_refused_total{reason="too_large"}'] == 1
    assert (told["aiops_intake_parcels"], told["aiops_digest_lag_seconds"], told["aiops_store_bytes"]) == (5, 0.5, 7)
    assert told['aiops_answer_seconds_bucket{le="0.0025"}'] == 0
    assert told['aiops_answer_seconds_bucket{le="0.005"}'] == 1
    assert told['aiops_answer_seconds_bucket{le="+Inf"}'] == told["aiops_answer_seconds_count"] == 2
    assert told["aiops_answer_seconds_sum"] == pytest.approx(7.004)


def test_prometheus_can_read_every_line():
    text = ask("/metrics").body.decode()
    assert text.endswith("\n")
    sample = re.compile(r'aiops_[a-z_]+(\{[a-z]+="[a-zA-Z0-9_.+]+"\})? [0-9.]+(e[+-]?[0-9]+)?')
    for line in text.splitlines():
        assert re.fullmatch(r"# (HELP|TYPE) aiops_[a-z_]+ .+", line) or sample.fullmatch(line), line


def test_numbers_that_cannot_be_read_are_said_to_be_so():
    answered = ask("/metrics", numbers=unavailable)
    assert (answered.status, answered.headers["retry-after"]) == (503, "5")
    assert b"secret" not in answered.body
