"""``aiops-sdk doctor`` and ``aiops-sdk send-test``, as commands, against a real server."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path
from typing import Dict, Mapping, Optional, Tuple

import pytest
from children import DEADLINE, Ended, environment, free_port
from loopback import BATCHES, EVENTS, Answer, Platform
from proxies import Proxy

KEY = "aiops_0123456789abcdef"


def command(folder: Path, name: str, platform_url: Optional[str], **more: str) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "aiops_sdk", name],
        cwd=str(folder),
        env=environment(platform_url, {"AIOPS_SERVICE_NAME": "shop", "AIOPS_API_KEY": KEY, **more}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=DEADLINE,
    )
    return Ended(done.returncode, done.stdout.decode(), done.stderr.decode(), 0.0)


def found(folder: Path, platform_url: Optional[str], **more: str) -> Tuple[int, Dict[str, str]]:
    """The exit status, and what is said about each thing, with the verdict first."""
    ended = command(folder, "doctor", platform_url, **more)
    assert ended.err == ""
    lines = [line.split(None, 1) for line in ended.out.split("\n\n")[0].splitlines()]
    told: Dict[str, str] = {}
    for verdict, rest in lines:
        assert verdict in ("ok", "warning", "fails")
        about, said = rest[:12].strip(), rest[13:]
        told.setdefault(about, f"{verdict}: {said}")
    return ended.code, told


def test_where_all_is_in_order_each_check_says_so_and_nothing_is_sent(tmp_path: Path, platform: Platform):
    platform.be_modern()
    code, told = found(tmp_path, platform.url)
    assert code == 0
    always = [
        "python",
        "sdk",
        "forks",
        "key",
        "service",
        "address",
        "spool",
        "proxy",
        "name",
        "connection",
        "answer",
        "clock",
    ]
    assert {about: told[about].partition(":")[0] for about in always} == dict.fromkeys(always, "ok")
    assert told["answer"] == "ok: the platform takes the key, and can: batch, gzip"
    assert told["key"] == "ok: the one that ends in …ef"
    assert told["service"] == "ok: shop in production"
    assert "0 event(s) wait" in told["spool"]
    assert platform.events == []
    assert platform.heartbeats == []
    assert [received.headers["Authorization"] for received in platform.received] == ["Bearer " + KEY]


@pytest.mark.parametrize(
    ("answer", "code", "expected"),
    [
        (Answer(401), 1, "fails: the platform does not take the key (401): was it revoked"),
        (Answer(404), 0, "warning: HTTP 404: this is a platform older than batches, or the address is wrong."),
        (Answer(200, b"<h1>Welcome</h1>"), 0, "warning: HTTP 200, but not in a platform's words"),
        (
            Answer(301, headers={"Location": "https://moved.example/"}),
            1,
            "fails: HTTP 301: the address has moved to https",
        ),
        (Answer(503, b"out of order"), 1, "fails: HTTP 503 (out of order)"),
        (Answer(hang_up=True), 1, "fails: RemoteDisconnected"),
    ],
)
def test_what_the_platform_answers_is_told(
    tmp_path: Path, platform: Platform, answer: Answer, code: int, expected: str
):
    platform.always_answer(answer, BATCHES)
    ended, told = found(tmp_path, platform.url)
    assert told["answer"].startswith(expected)
    assert ended == code


def test_a_platform_that_is_not_there_is_told_with_the_step_that_fails(tmp_path: Path):
    code, told = found(tmp_path, f"http://127.0.0.1:{free_port()}")
    assert code == 1
    assert told["connection"].startswith("fails: 127.0.0.1:")
    assert "refused" in told["connection"]
    assert "answer" not in told
    code, told = found(tmp_path, "http://no-such-host.invalid")
    assert code == 1
    assert told["name"].startswith("fails: no-such-host.invalid leads nowhere")
    assert told["address"].startswith("warning: http://no-such-host.invalid: without https")


def test_without_a_key_it_says_how_to_get_one(tmp_path: Path):
    code, told = found(tmp_path, None, AIOPS_API_KEY="")
    assert code == 1
    assert told["settings"].startswith("fails: No API key: ")
    assert told["python"].startswith("ok: CPython" if sys.implementation.name == "cpython" else "ok: ")


def test_what_is_left_at_its_default_is_pointed_at(tmp_path: Path):
    _, told = found(tmp_path, None, AIOPS_SERVICE_NAME="", HTTPS_PROXY=f"http://me:secret@127.0.0.1:{free_port()}")
    assert told["service"].startswith("warning: has no name")
    assert told["address"].startswith("warning: https://aiops.1genimpact.cloud, the default: set AIOPS_PLATFORM_URL")
    assert "secret" not in str(told)


def test_what_waits_on_disk_is_told_and_a_folder_that_cannot_be_used(tmp_path: Path, platform: Platform):
    platform.be_modern()
    spool = tmp_path / "kept"
    _, told = found(tmp_path, platform.url, AIOPS_SPOOL=str(spool))
    (folder,) = spool.iterdir()
    (folder / "1700000000000-1-3-abc.events").write_bytes(b"x" * 1000)
    _, told = found(tmp_path, platform.url, AIOPS_SPOOL=str(spool))
    assert told["spool"].startswith(f"ok: {folder}: 3 event(s) wait to be sent, 0 journal(s)")
    assert "1,000 bytes" in told["spool"]
    (tmp_path / "file").write_text("")
    code, told = found(tmp_path, platform.url, AIOPS_SPOOL=str(tmp_path / "file"))
    assert told["spool"].startswith("warning: no folder can be used")
    assert code == 0
    _, told = found(tmp_path, platform.url, AIOPS_SPOOL="off")
    assert told["spool"].startswith("warning: off")


def test_a_proxy_is_the_first_step_and_one_that_refuses_is_told(tmp_path: Path, platform: Platform):
    platform.be_modern()
    proxy = Proxy("me", "secret")
    address = f"http://platform.example:{platform.port}"
    through = proxy.url.replace("//", "//me:secret@")
    code, told = found(tmp_path, address, AIOPS_PROXY=through)
    assert code == 0
    assert told["proxy"] == f"ok: 127.0.0.1:{proxy.port}"
    assert told["answer"].startswith("ok: the platform takes the key")
    code, told = found(tmp_path, address, AIOPS_PROXY=proxy.url)
    assert code == 1
    assert "407" in told["answer"]
    code, told = found(tmp_path, address, AIOPS_PROXY="socks5://127.0.0.1:1080")
    assert code == 1
    assert told["proxy"].startswith("fails: a proxy of the kind socks5:// is not supported")
    proxy.stop()


def test_a_certificate_is_looked_at(tmp_path: Path):
    trustme = pytest.importorskip("trustme")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    secure = Platform(context=context)
    secure.be_modern()
    code, told = found(tmp_path, secure.url)
    assert code == 1
    assert "is not accepted: unable to get local issuer certificate" in told["encryption"]
    assert "AIOPS_CA_FILE" in told["encryption"]
    code, told = found(tmp_path, secure.url, AIOPS_CA_FILE=str(tmp_path / "ca.pem"))
    assert code == 0
    assert told["encryption"].startswith("ok: TLSv1.")
    secure.end()


UWSGI: Mapping[str, Tuple[str, str]] = {
    "threads": ("[uwsgi]\nmodule = shop\nenable-threads = true\n", "ok: uwsgi.ini has threads"),
    "none": ("[uwsgi]\nmodule = shop\n# enable-threads = true\n", "warning: uwsgi.ini has no enable-threads"),
    "off": ("[uwsgi]\nenable-threads = false\n[other]\nthreads = 2\n", "warning: uwsgi.ini has no enable-threads"),
    "skips": ("[uwsgi]\nthreads=4\nskip-atexit=1\n", "warning: uwsgi.ini has skip-atexit"),
}


@pytest.mark.parametrize("name", UWSGI)
def test_uwsgi_s_options_are_looked_at_where_it_is_used(tmp_path: Path, platform: Platform, name: str):
    ini, expected = UWSGI[name]
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "uwsgi").write_text("#!/bin/sh\n")
    (programs / "uwsgi").chmod(0o755)
    (tmp_path / "uwsgi.ini").write_text(ini)
    (tmp_path / "setup.ini").write_text("[other]\nx = 1\n")
    _, told = found(tmp_path, platform.url, PATH=str(programs))
    assert told["uWSGI"].startswith(expected)


def test_a_test_event_arrives_and_its_place_is_told(tmp_path: Path, platform: Platform):
    platform.be_modern()
    ended = command(tmp_path, "send-test", platform.url)
    assert (ended.code, ended.err) == (0, "")
    (event,) = platform.events
    assert (event["error_type"], event["service"]) == ("TestEvent", "shop")
    assert ended.out == (
        f"Test event {event['event_id']} has arrived.\n"
        f"See it at {platform.url}/incidents?service=shop&environment=production\n"
    )


def test_an_older_platform_gets_one_too(tmp_path: Path, platform: Platform):
    platform.be_old()
    ended = command(tmp_path, "send-test", platform.url)
    assert ended.out.endswith(f"See it at {platform.url}\n")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(401), "HTTP 401"),
        (Answer(400, b'{"accepted": 0, "rejected": [{"index": 0, "why": "no such signal"}]}'), "(no such signal)"),
    ],
)
def test_a_test_event_that_does_not_arrive_is_told_with_the_reason(
    tmp_path: Path, platform: Platform, answer: Answer, expected: str
):
    platform.always_answer(answer, EVENTS)
    ended = command(tmp_path, "send-test", platform.url)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(f"aiops-sdk: The test event did not reach {platform.url}: ")
    assert expected in ended.err
    assert "'aiops-sdk doctor' looks closer" in ended.err
    assert ended.err.count("\n") == 1


def test_without_a_key_no_test_event_is_tried(tmp_path: Path):
    ended = command(tmp_path, "send-test", None, AIOPS_API_KEY="")
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("aiops-sdk: No API key: ")


def test_a_command_that_does_not_exist_is_not_understood(tmp_path: Path):
    ended = command(tmp_path, "frobnicate", None)
    assert ended.code == 2
    assert "invalid choice" in ended.err
