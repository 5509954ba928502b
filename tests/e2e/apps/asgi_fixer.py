"""A valve as an ASGI app: its fixer is a coroutine, and runs on the loop that serves the app."""

from __future__ import annotations

import asyncio

import turning
from litestar import Litestar, get

import aiops_sdk

loops: list[asyncio.AbstractEventLoop] = []


@aiops_sdk.fixer("turn-the-valve", description="Turns it.")
async def turn_the_valve() -> str:
    """It says where it ran."""
    turning.begin()
    await asyncio.sleep(0)
    where = "there" if asyncio.get_running_loop() in loops else "elsewhere"
    return f"{turning.end()} On the loop that serves the app, or elsewhere: {where}"


@get("/")
async def front_page() -> str:
    loops.append(asyncio.get_running_loop())
    return "Here."


@get("/fail")
async def fail() -> None:
    raise ConnectionError("The valve is stuck")


aiops_sdk.init(service_name="valve")
app = Litestar([front_page, fail], openapi_config=None)
