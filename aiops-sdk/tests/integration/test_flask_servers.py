"""A Flask app behind real servers: what reaches the platform, and what the servers' own noise does not become."""

from __future__ import annotations

import http.client
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List, Tuple

import flask
import pytest
from children import environment, free_port
from events import wait_until
from loopback import Platform
from werkzeug.serving import make_server

from aiops_sdk.integrations.flask import init_flask
from aiops_sdk.testing import capture_events

DEADLINE = 60.0

SHOP = """
import logging
import time

import aiops_sdk
from flask import Flask, Response, abort, jsonify, request

aiops_sdk.init(service_name="shop")
app = Flask(__name__)
aiops_sdk.init_flask(app)


@app.route("/crash/<int:number>")
def crash(number):
    return {}["crash %d" % number]


@app.route("/swallowed")
def swallowed():
    try:
        return [][int("3")]
    except IndexError as e:
        return jsonify({"message": str(e)}), 500


@app.route("/forbidden")
def forbidden():
    abort(403)


@app.route("/log")
def log():
    logging.getLogger("shop.orders").error("No stock")
    return "ok"


@app.route("/stream")
def stream():
    def pieces():
        yield "first"
        raise ValueError("the stream broke")

    return Response(pieces())


@app.route("/endless")
def endless():
    def pieces():
        while True:
            yield "x" * 65536

    return Response(pieces())


@app.route("/upload", methods=["POST"])
def upload():
    return str(len(request.get_data()))


@app.route("/hang")
def hang():
    while True:
        time.sleep(0.05)


@app.route("/health")
def health():
    logging.getLogger("shop").critical("The probe failed")
    raise RuntimeError("not healthy")


@app.route("/teapot")
def teapot():
    return "no", 418


inner = app.wsgi_app


def middleware(environ, start_response):
    if environ["PATH_INFO"] == "/middleware":
        raise RuntimeError("the middleware broke")
    return inner(environ, start_response)


app.wsgi_app = middleware
"""


class Server:
    """A server in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self._log = log

    def get(self, path: str, method: str = "GET", **headers: str) -> Tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            try:
                return answer.status, answer.read()
            except http.client.IncompleteRead as cut:
                return answer.status, cut.partial
        except (http.client.BadStatusLine, ConnectionError):
            return 0, b""
        finally:
            connection.close()

    def say(self, raw: bytes) -> bytes:
        """Send bytes as they are, and read until the server hangs up or is silent for a moment."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
            connection.sendall(raw)
            try:
                return connection.recv(65536)
            except OSError:
                return b""

    def wait(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
                return
            except OSError:
                assert self.process.poll() is None, self.log()
                assert time.monotonic() < deadline, self.log()
                time.sleep(0.05)

    def log(self) -> str:
        return self._log.read_text(errors="replace")


@contextmanager
def serving(folder: Path, platform: Platform, command: List[str], code: str = SHOP, **environ: str) -> Iterator[Server]:
    """Run `command` with the shop in its folder. `{port}` in it is the port to listen on."""
    (folder / "shop.py").write_text(code, encoding="utf-8")
    port = free_port()
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *(part.replace("{port}", str(port)) for part in command)],
            cwd=str(folder),
            env=environment(
                platform.url, {"FLASK_APP": "shop", "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "ignore", **environ}
            ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        server.wait()
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(DEADLINE)


FLASK = ["-m", "flask", "run", "--port", "{port}"]
GUNICORN = ["-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--graceful-timeout", "2", "shop:app"]
SERVERS = {"flask run": FLASK, "gunicorn": GUNICORN}
WITH_THREADS = {"flask run": FLASK, "gunicorn with threads": [*GUNICORN, "--threads", "2"]}


def told(events):
    """Kind, type and path of each."""
    return sorted((event["signal_type"], event["error_type"], event["request_path"] or "") for event in events)


@pytest.mark.parametrize("command", SERVERS.values(), ids=SERVERS)
def test_each_failure_is_one_event_and_noise_is_none(tmp_path: Path, platform: Platform, command: List[str]) -> None:
    with serving(tmp_path, platform, command) as server:
        for path in ("/health", "/health/", "/logo.png", "/nowhere", "/teapot"):
            server.get(path)
        assert server.get("/crash/3", "HEAD")[0] == 500
        server.get("/crash/3", "OPTIONS")
        for raw in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
        ):
            server.say(raw)

        assert server.get("/crash/7?page=2")[0] == 500
        assert server.get("/swallowed") == (500, b'{"message":"list index out of range"}\n')
        assert server.get("/forbidden")[0] == 403
        assert server.get("/log") == (200, b"ok")
        assert server.get("/stream") == (200, b"first")
        server.get("/middleware")
        platform.wait_for_events(6)
    # The server has ended, and with it all that was still on its way.
    assert told(platform.events) == [
        ("exception", "KeyError", "/crash/7"),
        # Of a middleware that was put around the app: the app is heard from outside of it.
        ("exception", "RuntimeError", "/middleware"),
        ("exception", "ValueError", "/stream"),
        ("http_error", "HTTPError", "/forbidden"),
        ("http_error", "IndexError", "/swallowed"),
        ("log_error", "ERROR", "/log"),
    ], server.log()
    (broken,) = [event for event in platform.events if "the middleware broke" in event["stack_trace"]]
    assert broken["exceptions"][0]["type"] == "RuntimeError"
    (crashed,) = [event for event in platform.events if event["error_type"] == "KeyError"]
    assert crashed["route"] == "/crash/<int:number>"
    assert "in crash" in crashed["stack_trace"]


def test_an_exception_that_flask_lets_through_to_the_server_is_one_event(tmp_path: Path, platform: Platform) -> None:
    code = SHOP + "\napp.config['PROPAGATE_EXCEPTIONS'] = True\n"
    with serving(tmp_path, platform, FLASK, code) as server:
        server.get("/crash/7")
        assert server.get("/log") == (200, b"ok")
        platform.wait_for_events(2)
        wait_until(lambda: "Error on request" in server.log(), "the server's own line about the crash")

    assert told(platform.events) == [("exception", "KeyError", "/crash/7"), ("log_error", "ERROR", "/log")]


@pytest.mark.parametrize("command", WITH_THREADS.values(), ids=WITH_THREADS)
def test_a_client_that_hangs_up_is_no_event(tmp_path: Path, platform: Platform, command: List[str]) -> None:
    with serving(tmp_path, platform, command) as server:
        for _ in range(3):
            hang_up(server, b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n", read=100_000)
            hang_up(server, b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1000)
            hang_up(server, b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nx")
        assert server.get("/log") == (200, b"ok")
        platform.wait_for_events(1)

    assert told(platform.events) == [("log_error", "ERROR", "/log")], server.log()


def hang_up(server: Server, raw: bytes, read: int = 0) -> None:
    """Send something, perhaps read something, and reset the connection."""
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.sendall(raw)
    while read > 0:
        received = len(connection.recv(65536))
        if not received:
            break
        read -= received
    connection.close()


def test_a_worker_that_gunicorn_ends_because_it_hangs_says_where_it_hung(tmp_path: Path, platform: Platform) -> None:
    with serving(tmp_path, platform, [*GUNICORN, "--timeout", "1"]) as server:
        server.get("/hang")
        platform.wait_until(lambda: any("in hang" in event["stack_trace"] for event in platform.events), "the hang")

    hung = [event for event in platform.events if "in hang" in event["stack_trace"]]
    assert [event["signal_type"] for event in hung] == ["log_error"]


def test_heartbeats_tell_the_address_that_a_proxy_named(tmp_path: Path, platform: Platform) -> None:
    with serving(tmp_path, platform, FLASK, SHOP.replace("/hang", "/other")) as server:
        # The last one is sent only where the first was taken.
        platform.wait_for_heartbeats()
        server.get("/log", X_Forwarded_Proto="https, http", X_Forwarded_Host="shop.example.com, 10.0.0.1")
        server.get("/log", Host="elsewhere.example.com")

    assert platform.heartbeats[-1]["base_url"] == "https://shop.example.com"


# The development server's own lines, however it is reached.


@contextmanager
def in_this_process(host: str) -> Iterator[Tuple[int, str]]:
    app = flask.Flask("shop")
    app.add_url_rule("/crash", "crash", lambda: {}["crash"])
    init_flask(app)
    server = make_server(host, 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.socket.family, server.socket.getsockname()
    finally:
        server.shutdown()
        server.server_close()
        thread.join(DEADLINE)


GARBAGE = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET\r\n\r\n",
    b"\x05\x01\x00\r\n\r\n",
    b"GET /a b c HTTP/1.1\r\n\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /crash HTTP/1.1\r\nHost: a\r\n" + b"X: 1\r\n" * 200 + b"\r\n",
]


@pytest.mark.parametrize("family", ["IPv4", "IPv6", "unix"])
def test_the_development_server_s_lines_are_silent(
    family: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = {"IPv4": "127.0.0.1", "IPv6": "::1", "unix": f"unix://{tmp_path}/s"}[family]
    if family == "IPv6" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    caplog.set_level(logging.INFO)
    with capture_events() as events, in_this_process(host) as (kind, address):
        for raw in GARBAGE:
            with socket.socket(kind) as connection:
                connection.settimeout(DEADLINE)
                connection.connect(address)
                try:
                    connection.sendall(raw)
                    while connection.recv(65536):
                        pass
                except OSError:
                    continue

    assert "code 400" in caplog.text
    assert len(events) == 0


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def test_an_app_that_quotes_a_line_of_the_server_is_heard() -> None:
    with capture_events() as events:
        logging.getLogger("shop.proxy").error('Upstream: 127.0.0.1 - - [22/Nov/2026 03:14:07] "GET / HTTP/1.1" 500 -')

    assert len(events) == 1


def test_a_crash_behind_the_development_server_is_one_event() -> None:
    with capture_events() as events, in_this_process("127.0.0.1") as (_, address):
        connection = http.client.HTTPConnection(*address[:2], timeout=DEADLINE)
        connection.request("GET", "/crash")
        assert connection.getresponse().status == 500
        connection.close()

    assert told(events) == [("exception", "KeyError", "/crash")]
