"""The platform's bench sends what it says, believes only what was acknowledged, and speaks both protocols."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bodies
import figures
import load
import prefilled
import pytest

from aiops_platform import assembly
from aiops_platform.core import batch, wire
from aiops_platform.core.event import Event
from aiops_platform.core.parcel import Parcel, ParcelKind
from aiops_platform.core.wire import Unreadable
from aiops_platform.intake.sqlite import SqliteIntake
from aiops_platform.process.clock import utc_now
from aiops_platform.settings import Settings

GOLDEN = Path(__file__).parents[2] / "wire" / "samples" / "event-everything.json"


@pytest.fixture(scope="module")
def event() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(GOLDEN.read_text())
    return {"instance": {"id": "1"}, "sent_at": said["occurred_at"], **said}


class Answering(BaseHTTPRequestHandler):
    """202 to the first request and to each third after it, 429 to the others; hangs up after each, if so asked."""

    protocol_version = "HTTP/1.1"
    seen: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen.append(body)
        self.send_response(202 if len(self.seen) % 3 == 1 else 429)
        self.send_header("Content-Length", "2")
        if self.path == "/hangs-up":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Answering.seen = []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize("path", ["/stays", "/hangs-up"])
@pytest.mark.parametrize("rate", [None, 300.0], ids=["one after the other", "by the clock"])
def test_a_load_knows_the_ids_of_what_was_acknowledged(
    server: ThreadingHTTPServer, tmp_path: Path, path: str, rate: float | None
) -> None:
    order = load.Order(
        host="127.0.0.1", port=server.server_address[1], connections=1, seconds=30, most=20, rate=rate,
        mail=bodies.Mail(name="", path=path, bodies=[json.dumps({"n": 1, "id": bodies.ID})], packed=True),
        ids=str(tmp_path / "ids"),
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, load.__file__], input=order.said() + "\ngo\n", capture_output=True, text=True, timeout=60,
        check=True,
    )  # fmt: skip

    found = load.Found(**json.loads(done.stdout.splitlines()[-1]))
    sent = [json.loads(gzip.decompress(each))["id"].replace("-", "") for each in Answering.seen]
    acknowledged = (tmp_path / "ids").read_text().split()
    assert (found.statuses, found.accepted, found.broken) == ({"202": 7, "429": 13}, 7, 0)
    assert len(found.latencies) == 20
    assert len(set(sent)) == 20
    assert acknowledged == sent[::3]


def test_what_is_sent_to_us_is_read_without_remarks(event: dict[str, Any]) -> None:
    for mail in (bodies.ours_long([event]), bodies.ours_short([event])):
        (body,) = (each.replace(bodies.ID, "3d0f6f0a-6a0e-4a53-8f1c-0f5a1c3f7b52") for each in mail.bodies)
        read = wire.parse(body.encode(), ParcelKind.EXCEPTION)
        assert isinstance(read, Event)
        assert read.remarks == ()
        assert read.event_id is not None
    assert len(bodies.ours_short([event]).bodies[0]) < 2_300
    for beat in bodies.ours_beats([event]).bodies[:3]:
        assert not isinstance(wire.parse(beat.encode(), ParcelKind.HEARTBEAT), Unreadable)


def test_a_batch_holds_a_hundred_of_ten_kinds(event: dict[str, Any]) -> None:
    (text,) = bodies.ours_in_batches([event] * 10).bodies

    looked = batch.look(text.encode(), batch.Limits())

    assert isinstance(looked, batch.Looked)
    assert (text.count(bodies.ID), len(looked.rejected)) == (100, 0)
    assert text.count('{"frames":') == 10


def test_an_envelope_says_the_same(event: dict[str, Any]) -> None:
    (envelope,) = bodies.sentry_long([event], project=1, key="k").bodies
    head, about, said = map(json.loads, envelope.splitlines())

    assert head["event_id"] == said["event_id"] == bodies.ID
    assert about["type"] == "event"
    thrown = said["exception"]["values"]
    assert [each["type"] for each in thrown] == [each["type"] for each in reversed(event["exceptions"])]
    assert thrown[-1]["stacktrace"]["frames"][-1]["lineno"] == event["exceptions"][0]["frames"][-1]["line"]


def test_a_store_is_filled_with_copies_that_digesting_goes_on_with(tmp_path: Path) -> None:
    settings = Settings.load({"data": tmp_path}, {})
    with assembly.opened(settings) as platform:
        project = platform.project_id
    bodies_sent = [json.dumps({"signal_type": "exception", "error_type": f"E{number % 3}"}) for number in range(12)]
    for number in (0, 1):
        parcels = [
            Parcel(
                id=bytes([number, place]) * 8, project_id=project, kind=ParcelKind.EXCEPTION, received_at=utc_now(),
                body=body.encode(),
            )
            for place, body in enumerate(bodies_sent)
        ]  # fmt: skip
        with closing(SqliteIntake(tmp_path / "intake.db")) as intake:
            intake.append(parcels).result(30)
        with assembly.duties(settings) as duties:
            digest = next(duty for duty in duties if duty.name == "digest")
            while digest.step(utc_now()):
                pass
        if not number:
            assert prefilled.fill(tmp_path / "store.db", 100) == 108

    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:

        def number_of(question: str) -> int:
            return int(connection.execute(f"SELECT {question}").fetchone()[0])

        assert number_of("count(DISTINCT event_id) FROM events") == 108 + 12
        assert number_of("count(*) FROM seen_events") == 108 + 12
        assert number_of("count(*) FROM incidents") == 27
        assert number_of("sum(count) FROM incidents WHERE id <= 3") == 24
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_promise_that_is_not_kept_says_so() -> None:
    page = figures.page(
        {
            "ours": {"accepted long": 1000.0, "kill lost": 0.0},
            "bugsink": {"accepted long": 100.0, "latency": "no answer"},
        },
        ["ours", "bugsink"],
    )

    assert "| accepted/s, 20 KB, gzip | 1,000 | 100 | 10 | ≥ 2,000 | **no** |" in page
    assert "| – of them lost | 0 | – |  | 0 | yes |" in page
    assert "- Bugsink, latency: n/a: no answer" in page
