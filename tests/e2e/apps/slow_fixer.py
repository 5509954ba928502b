"""A service whose fixer writes down that it has begun, and goes on until somebody lets it end. Its folder is `FIXER_FOLDER`."""

from __future__ import annotations

import time

import turning
from flask import Flask

import aiops_sdk

app = Flask(__name__)


@aiops_sdk.fixer("turn-the-valve", description="Turns it, slowly.", timeout=300)
def turn_the_valve() -> str:
    """It takes as long as somebody wants."""
    turning.begin()
    while not turning.may_end():
        time.sleep(0.05)
    return turning.end()


@app.get("/")
def front_page() -> str:
    return "Here."


@app.get("/fail")
def fail() -> str:
    raise ConnectionError("The valve is stuck")


aiops_sdk.init(service_name="valve")
aiops_sdk.init_flask(app)
