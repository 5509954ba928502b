"""``aiops-sdk run`` with the servers and frameworks that people use: apps in which no line is ours."""

from __future__ import annotations

import http.client
import importlib.util
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List

import pytest
from children import environment, free_port, run_program
from loopback import Platform

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork on this system")

DEADLINE = 60.0

FLASK = """
    import logging
    from flask import Flask

    app = Flask(__name__)

    @app.route("/orders/<int:number>")
    def order(number):
        return str(1 / 0)

    @app.route("/")
    def hello():
        return "hello"
"""

FASTAPI = """
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/orders/{number}")
    def order(number: int):
        return 1 / 0

    @app.get("/")
    async def hello():
        return "hello"
"""

DJANGO = """
    import django
    from django.conf import settings
    from django.http import HttpResponse
    from django.urls import path

    settings.configure(ROOT_URLCONF=__name__, SECRET_KEY="x", ALLOWED_HOSTS=["*"])

    def order(request, number):
        return 1 / 0

    urlpatterns = [path("orders/<int:number>", order), path("", lambda request: HttpResponse("hello"))]

    from django.core.wsgi import get_wsgi_application

    app = get_wsgi_application()
"""


def program(name: str) -> str:
    """The command of this environment."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        pytest.skip(f"there is no {name} here")
    return str(path)


def needs(*names: str) -> None:
    for name in names:
        # Celery's module, once it is loaded, hides what it was found by.
        if name not in sys.modules and importlib.util.find_spec(name) is None:
            pytest.skip(f"there is no {name} here")


@contextmanager
def running(folder: Path, platform: Platform, code: str, command: List[str]) -> Iterator[int]:
    """The port of a server with this app, once it answers. It is ended in order."""
    (folder / "shop.py").write_text(textwrap.dedent(code), encoding="utf-8")
    port, log = free_port(), folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "aiops_sdk", "run", *[part.replace("{port}", str(port)) for part in command]],
            cwd=str(folder),
            env=environment(platform.url, {"AIOPS_SERVICE_NAME": "shop"}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        begun = time.monotonic()
        while asked(port, "/") != 200:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() - begun < DEADLINE, log.read_text()
            time.sleep(0.05)
        yield port
        process.send_signal(signal.SIGTERM if "--master" not in command else signal.SIGINT)
        process.wait(DEADLINE)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(DEADLINE)


def asked(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def is_one_failing_order(platform: Platform) -> None:
    """One event, with the exception, the path and the service; nothing but that."""
    platform.wait_for_events()
    time.sleep(0.3)  # For a second one, which must not come.
    (event,) = platform.events
    assert (event["error_type"], event["service"]) == ("ZeroDivisionError", "shop")
    assert event["request_path"] == "/orders/7"
    assert "orders" in event["route"]
    platform.wait_for_heartbeats()


GUNICORN = ["--bind", "127.0.0.1:{port}", "--workers", "1", "shop:app"]


@pytest.mark.parametrize("options", [[], ["--preload"], ["--worker-class", "gthread"]])
def test_flask_under_gunicorn(tmp_path: Path, platform: Platform, options: List[str]):
    needs("flask", "gunicorn")
    with running(tmp_path, platform, FLASK, [program("gunicorn"), *options, *GUNICORN]) as port:
        assert asked(port, "/orders/7") == 500
        is_one_failing_order(platform)


def test_flask_s_own_server(tmp_path: Path, platform: Platform):
    needs("flask")
    # As all versions have it.
    command = [sys.executable, "-c", "from shop import app; app.run(port={port})"]
    with running(tmp_path, platform, FLASK, command) as port:
        assert asked(port, "/orders/7") == 500
        is_one_failing_order(platform)


@pytest.mark.parametrize("options", [[], ["--workers", "2"]])
def test_fastapi_under_uvicorn(tmp_path: Path, platform: Platform, options: List[str]):
    needs("fastapi", "uvicorn")
    command = [program("uvicorn"), *options, "--port", "{port}", "shop:app"]
    with running(tmp_path, platform, FASTAPI, command) as port:
        assert asked(port, "/orders/7") == 500
        is_one_failing_order(platform)


def test_django_under_gunicorn(tmp_path: Path, platform: Platform):
    needs("django", "gunicorn")
    with running(tmp_path, platform, DJANGO, [program("gunicorn"), *GUNICORN]) as port:
        assert asked(port, "/orders/7") == 500
        is_one_failing_order(platform)


CELERY = """
    from pathlib import Path
    from celery import Celery

    here = Path(__file__).parent
    app = Celery("shop", broker="filesystem://")
    folders = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
    app.conf.update(
        broker_transport_options={name: str(here / folder) for name, folder in folders.items()}, task_ignore_result=True
    )

    @app.task
    def order(number):
        return number / 0
"""


def test_a_celery_worker(tmp_path: Path, platform: Platform):
    needs("celery")
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    (tmp_path / "shop.py").write_text(textwrap.dedent(CELERY), encoding="utf-8")
    assert run_program(tmp_path, "import shop; shop.order.delay(7)").code == 0
    with (tmp_path / "worker.log").open("wb") as output:
        worker = subprocess.Popen(
            [
                *[sys.executable, "-m", "aiops_sdk", "run", program("celery"), "-A", "shop", "worker"],
                *["--concurrency", "1", "--without-gossip", "--without-mingle"],
            ],
            cwd=str(tmp_path),
            env=environment(platform.url, {"AIOPS_SERVICE_NAME": "shop"}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        platform.wait_for_events()
        worker.send_signal(signal.SIGTERM)
        worker.wait(DEADLINE)
    finally:
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(DEADLINE)
    (event,) = platform.events
    assert (event["error_type"], event["service"]) == ("ZeroDivisionError", "shop")


@pytest.mark.parametrize("options", [[], ["--lazy-apps"], ["--processes", "2"]])
def test_flask_under_uwsgi(tmp_path: Path, platform: Platform, options: List[str]):
    needs("flask")
    command = [
        *[program("uwsgi"), "--master", "--die-on-term", "--enable-threads", "--need-app", *options],
        *["--http-socket", "127.0.0.1:{port}", "--module", "shop:app"],
    ]
    with running(tmp_path, platform, FLASK, command) as port:
        assert asked(port, "/orders/7") == 500
        is_one_failing_order(platform)
