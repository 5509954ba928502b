"""Breadcrumbs of SQL statements and of calls of other services."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import aiops_sdk
from aiops_sdk import client as clients
from aiops_sdk import scope
from aiops_sdk.config import Config
from aiops_sdk.integrations import http_client
from aiops_sdk.scope import RequestScope
from aiops_sdk.testing import capture_events


class Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503 if self.path.startswith("/down") else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(20)


@pytest.fixture
def captured():
    with capture_events(Config(api_key="k")) as events:
        token = scope.begin(RequestScope("GET", "/"))
        yield events
        scope.end(token)


def told(events):
    aiops_sdk.capture_exception(ValueError("x"))
    return [(crumb["category"], crumb["level"], crumb["message"]) for crumb in events[0].get("breadcrumbs", [])]


def test_what_the_standard_library_calls(captured, address):
    undo = http_client.install(clients.current())
    try:
        urllib.request.urlopen(address + "/stock?token=abc", timeout=20).read()
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(address + "/down", timeout=20)
        refused = http.client.HTTPConnection("127.0.0.1", 1, timeout=5)
        with pytest.raises(ConnectionRefusedError):
            refused.request("GET", "/")
    finally:
        undo()
    urllib.request.urlopen(address + "/unheard", timeout=20).read()
    assert told(captured) == [
        ("http", "info", f"GET {address}/stock 200"),
        ("http", "warning", f"GET {address}/down 503"),
        ("http", "warning", "GET http://127.0.0.1:1/ ConnectionRefusedError"),
    ]
    data = captured[0]["breadcrumbs"][0]["data"]
    assert (data["method"], data["url"], data["result"]) == ("GET", address + "/stock", 200)
    assert data["duration"] >= 0


def test_httpx(captured, address, caplog):
    httpx = pytest.importorskip("httpx")
    # It logs each call, too, which is heard where a program, or the test before this one, has set that up.
    caplog.set_level(logging.WARNING, "httpx")
    from aiops_sdk.integrations import httpx as ours

    undo = ours.install(clients.current())

    async def call() -> None:
        async with httpx.AsyncClient() as client:
            await client.get(address + "/async?password=abc")

    try:
        httpx.get(address + "/sync")
        asyncio.run(call())
        with pytest.raises(httpx.ConnectError):
            httpx.get("http://127.0.0.1:1/")
    finally:
        undo()
    httpx.get(address + "/unheard")
    assert told(captured) == [
        ("http", "info", f"GET {address}/sync 200"),
        ("http", "info", f"GET {address}/async 200"),
        ("http", "warning", "GET http://127.0.0.1:1/ ConnectError"),
    ]


def test_aiohttp_s_client(captured, address):
    aiohttp = pytest.importorskip("aiohttp")
    from aiops_sdk.integrations import aiohttp_client as ours

    async def call(path: str, base: str = address) -> None:
        async with aiohttp.ClientSession() as session, session.get(base + path) as response:
            await response.read()

    async def calls() -> None:
        await call("/stock?password=abc")
        await call("/down")
        with pytest.raises(aiohttp.ClientConnectionError):
            await call("/", "http://127.0.0.1:1")
        aiops_sdk.capture_exception(ValueError("told here"))

    undo = ours.install(clients.current())
    try:
        asyncio.run(calls())
    finally:
        undo()
    asyncio.run(call("/unheard"))
    crumbs = [crumb for crumb in captured[0]["breadcrumbs"] if crumb["category"] == "http"]
    assert [(crumb["level"], crumb["message"].partition(" Client")[0]) for crumb in crumbs] == [
        ("info", f"GET {address}/stock 200"),
        ("warning", f"GET {address}/down 503"),
        ("warning", "GET http://127.0.0.1:1/"),
    ]


def test_sqlalchemy(captured):
    sqlalchemy = pytest.importorskip("sqlalchemy")
    from aiops_sdk.integrations import sqlalchemy as ours

    engine = sqlalchemy.create_engine("sqlite://")
    undo = ours.install(clients.current())
    try:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("select :number + 1"), {"number": 41})
    finally:
        undo()
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("select 1"))
    assert told(captured) == [("sql", "info", "select ? + 1")]


PROGRAM = """
import json, os, sys
import aiops_sdk
from aiops_sdk.testing import InMemoryTransport
client = aiops_sdk.init("k", platform_url="http://127.0.0.1:9", capture_http=True, capture_sql=True, spool=False)
from aiops_sdk.client import current
from aiops_sdk import scope
import sqlalchemy, httpx, urllib.request
engine = sqlalchemy.create_engine("sqlite://")
with engine.connect() as connection:
    connection.execute(sqlalchemy.text("select 1"))
for call in (urllib.request.urlopen, httpx.get):
    try:
        call(sys.argv[1])
    except Exception as exc:
        pass
print(json.dumps([crumb[3] for crumb in scope.trail(50)]), flush=True)
os._exit(0)
"""


def test_the_options_attach_what_is_loaded_later(address):
    pytest.importorskip("sqlalchemy")
    pytest.importorskip("httpx")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, address + "/"],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == [
        "select 1",
        f"GET {address}/ 200",
        f"GET {address}/ 200",
    ]


DJANGO = """
import json, os
import aiops_sdk
client = aiops_sdk.init("k", platform_url="http://127.0.0.1:9", capture_sql=True, spool=False)
from aiops_sdk import scope
from django.conf import settings
settings.configure(DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
import django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("select %s + 1", [41])
    cursor.execute("create table stock (number integer)")
    cursor.executemany("insert into stock values (%s)", [[1], [2]])
    try:
        cursor.execute("select nonsense")
    except Exception:
        pass
print(json.dumps([crumb[3] for crumb in scope.trail(50)]), flush=True)
os._exit(0)
"""


def test_django():
    pytest.importorskip("django")
    done = subprocess.run([sys.executable, "-c", DJANGO], stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    assert json.loads(done.stdout) == [
        "select %s + 1",
        "create table stock (number integer)",
        "insert into stock values (%s)",
        "select nonsense",
    ]
