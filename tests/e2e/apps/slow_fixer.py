"""A service whose fixer writes down that it has begun, and goes on until somebody lets it end. Its folder is `FIXER_FOLDER`."""

from __future__ import annotations

import os
import time
from pathlib import Path

from flask import Flask

import aiops_sdk

app = Flask(__name__)
folder = Path(os.environ["FIXER_FOLDER"])


@aiops_sdk.fixer("turn-the-valve", description="Turns it, slowly.", timeout=300)
def turn_the_valve() -> str:
    """Each time that it begins is a line of its own: so it shows if it is ever run twice."""
    with (folder / "begun").open("a") as begun:
        begun.write("begun\n")
    while not (folder / "leave").exists():
        time.sleep(0.05)
    with (folder / "ended").open("a") as ended:
        ended.write("ended\n")
    return "It is turned."


@app.get("/")
def front_page() -> str:
    return "Here."


@app.get("/fail")
def fail() -> str:
    raise ConnectionError("The valve is stuck")


aiops_sdk.init(service_name="valve")
aiops_sdk.init_flask(app)
