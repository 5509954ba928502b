"""ASGI apps behind real servers: what reaches the platform, and what the servers' own lines do not become."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List

import pytest
from children import environment, free_port
from events import wait_until
from loopback import Platform

pytest.importorskip("uvicorn")
pytest.importorskip("fastapi")

DEADLINE = 60.0

# Two lines of ours: the import and init().
SHOP = """
import asyncio
import logging

import aiops_sdk

aiops_sdk.init(service_name="shop")

from fastapi import FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse

app = FastAPI()


@app.get("/crash/{number}")
async def crash(number: int):
    return {}["crash %d" % number]


@app.get("/threaded")
def threaded():
    return [][3]


@app.get("/swallowed")
async def swallowed():
    try:
        return [][int("3")]
    except IndexError as e:
        return JSONResponse({"message": str(e)}, status_code=500)


@app.get("/forbidden")
async def forbidden():
    raise HTTPException(403)


@app.get("/stream")
async def stream():
    async def pieces():
        yield "first"
        raise ValueError("the stream broke")

    return StreamingResponse(pieces())


@app.get("/endless")
async def endless():
    async def pieces():
        while True:
            yield "x" * 65536
            await asyncio.sleep(0)

    return StreamingResponse(pieces())


@app.post("/upload")
async def upload(request: Request):
    return len(await request.body())


@app.get("/health")
async def health():
    raise RuntimeError("not healthy")


@app.get("/sleep")
async def sleep():
    await asyncio.sleep(60)


@app.get("/log")
async def log():
    logging.getLogger("shop.orders").error("No stock")


@app.websocket("/rooms/{room}")
async def chat(websocket: WebSocket, room: str):
    await websocket.accept()
    while True:
        await websocket.receive_text()
"""

UVICORN = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--lifespan", "on"]
UVICORN += ["--timeout-graceful-shutdown", "1"]
SERVERS = {
    "uvicorn with uvloop and httptools": ("uvloop", [*UVICORN, "--loop", "uvloop", "--http", "httptools", "--port"]),
    "uvicorn with asyncio and h11": ("uvicorn", [*UVICORN, "--loop", "asyncio", "--http", "h11", "--port"]),
}


@pytest.fixture(params=list(SERVERS))
def command(request: pytest.FixtureRequest) -> List[str]:
    needed, command = SERVERS[request.param]
    pytest.importorskip(needed)
    return command


@contextmanager
def served(folder: Path, command: List[str], platform: Platform, code: str = SHOP) -> Iterator[int]:
    (folder / "shop.py").write_text(code)
    port = free_port()
    printed = (folder / "printed.txt").open("wb")
    server = subprocess.Popen(
        [*command, str(port), "shop:app"],
        cwd=str(folder),
        env=environment(platform.url),
        stdout=printed,
        stderr=printed,
        start_new_session=True,
    )
    try:
        wait_until(lambda: answers(port) or server.poll() is not None, "the server listens")
        yield port
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait(DEADLINE)
        printed.close()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path, headers={"User-Agent": "a test"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def told(platform: Platform) -> List[str]:
    return sorted("{} {}".format(event["request_path"], event["error_type"]) for event in platform.events)


def test_each_failure_is_one_event_whatever_the_server_logs_of_it(
    tmp_path: Path, platform: Platform, command: List[str]
) -> None:
    with served(tmp_path, command, platform) as port:
        assert get(port, "/crash/17") == 500
        assert get(port, "/threaded") == 500
        assert get(port, "/swallowed") == 500
        assert get(port, "/forbidden") == 403
        assert get(port, "/health") == 500
        assert get(port, "/nowhere") == 404
        assert get(port, "/crash/x") == 422
        with pytest.raises(http.client.IncompleteRead):
            get(port, "/stream")
        assert get(port, "/log") == 200
        # Its end by SIGTERM would leave to the next start what was not sent.
        platform.wait_for_events(6)

    # Some versions of Starlette send a stream within a group of tasks.
    assert [line.replace("ExceptionGroup", "ValueError") for line in told(platform)] == [
        "/crash/17 KeyError",
        "/forbidden HTTPError",
        "/log ERROR",
        "/stream ValueError",
        "/swallowed IndexError",
        "/threaded IndexError",
    ]
    crash = next(event for event in platform.events if event["request_path"] == "/crash/17")
    assert crash["route"] == "/crash/{number}"
    assert crash["request"]["headers"]["User-Agent"] == "a test"
    assert crash["request"]["remote_addr"] == "127.0.0.1"
    assert crash["exceptions"][0]["frames"][-1]["function"] == "crash"
    assert "KeyError: 'crash 17'" in (tmp_path / "printed.txt").read_text()


def test_clients_that_hang_up_are_no_failures(tmp_path: Path, platform: Platform, command: List[str]) -> None:
    with served(tmp_path, command, platform) as port:
        for request, reads in (
            (b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n", True),
            (b"GET /sleep HTTP/1.1\r\nHost: a\r\n\r\n", False),
            (b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx", False),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", False),
            (
                (
                    b"GET /rooms/7 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                ),
                True,
            ),
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as client:
                client.sendall(request)
                if reads:
                    assert client.recv(1000)
        assert get(port, "/log") == 200
        platform.wait_for_events(1)

    # Among what the server logged meanwhile is that it cancelled a request.
    assert told(platform) == ["/log ERROR"]
    assert "graceful shutdown exceeded" in (tmp_path / "printed.txt").read_text()


def test_a_start_that_fails_is_one_event(tmp_path: Path, platform: Platform, command: List[str]) -> None:
    broken = SHOP.replace(
        "app = FastAPI()",
        """
from contextlib import asynccontextmanager

@asynccontextmanager
async def lifespan(app):
    raise ConnectionError("no database")
    yield

app = FastAPI(lifespan=lifespan)
""",
    )
    with served(tmp_path, command, platform, broken):
        platform.wait_for_events(1)

    assert told(platform) == ["None ConnectionError"]
