"""Two lines are enough: what is imported after ``init()`` is listened to, in a program of its own for each framework."""

from __future__ import annotations

from pathlib import Path

import pytest
from children import run_program
from loopback import Platform

ASK = """
import asyncio

async def ask():
    messages, done = [{"type": "http.request", "body": b"", "more_body": False}], asyncio.Event()
    async def receive():
        if messages:
            return messages.pop()
        await done.wait()
        return {"type": "http.disconnect"}
    async def send(message):
        if message["type"] == "http.response.body" and not message.get("more_body"):
            done.set()
    connection = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/orders", "raw_path": b"/orders", "query_string": b"", "root_path": "", "extensions": {},
        "headers": [(b"host", b"a")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }
    await asyncio.wait_for(app(connection, receive, send), 20)

try:
    asyncio.run(ask())
except Exception:
    pass
"""

PROGRAMS = {
    "starlette": """
from starlette.applications import Starlette
from starlette.routing import Route

async def orders(request):
    raise KeyError("sku")

app = Starlette(routes=[Route("/orders", orders)])
"""
    + ASK,
    "fastapi": """
from fastapi import FastAPI
app = FastAPI()

@app.get("/orders")
def orders():
    raise KeyError("sku")
"""
    + ASK,
    "litestar": """
from litestar import Litestar, get

@get("/orders")
async def orders() -> None:
    raise KeyError("sku")

app = Litestar([orders])
"""
    + ASK,
    "quart": """
from quart import Quart
app = Quart("shop")

@app.route("/orders")
async def orders():
    raise KeyError("sku")
"""
    + ASK,
    "aiohttp": """
import asyncio
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

async def orders(request):
    raise KeyError("sku")

app = web.Application()
app.router.add_get("/orders", orders)

async def ask():
    async with TestServer(app) as server, ClientSession() as session:
        async with session.get(server.make_url("/orders")) as answer:
            await answer.read()

asyncio.run(asyncio.wait_for(ask(), 20))
""",
    "flask": """
from flask import Flask
app = Flask("shop")

@app.route("/orders")
def orders():
    raise KeyError("sku")

app.test_client().get("/orders")
""",
}


@pytest.mark.parametrize("framework", list(PROGRAMS))
def test_what_is_imported_after_init_is_listened_to(tmp_path: Path, platform: Platform, framework: str) -> None:
    pytest.importorskip(framework)

    ended = run_program(
        tmp_path,
        "import aiops_sdk\naiops_sdk.init()\n" + PROGRAMS[framework] + "\naiops_sdk.flush(20)",
        platform_url=platform.url,
    )

    assert ended.code == 0, ended.err
    (event,) = platform.events
    assert (event["signal_type"], event["error_type"], event["route"]) == ("exception", "KeyError", "/orders")
    assert event["exceptions"][0]["frames"][-1]["function"] == "orders"


@pytest.mark.parametrize("framework", list(PROGRAMS))
def test_without_init_nothing_is_loaded_or_changed(tmp_path: Path, platform: Platform, framework: str) -> None:
    pytest.importorskip(framework)

    ended = run_program(
        tmp_path,
        "import aiops_sdk\n"
        + PROGRAMS[framework]
        + "\nimport sys\nprint([n for n in sys.modules if n.startswith('aiops_sdk.integrations')])",
        platform_url=platform.url,
    )

    assert (ended.code, ended.out.strip().splitlines()[-1]) == (0, "[]"), ended.err
    assert platform.events == []
