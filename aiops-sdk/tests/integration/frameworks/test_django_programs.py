"""A Django project as people run it: commands, Django's own server and its reloader, gunicorn, uvicorn."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest
from children import environment, free_port
from events import wait_until
from loopback import Platform

pytest.importorskip("django")

import django

DEADLINE = 60.0

# As `django-admin startproject` makes it, but for the comments; in the settings stands the one line that is ours.
SETTINGS = """
import aiops_sdk

aiops_sdk.init(service_name="shop")

SECRET_KEY = "of the test"
DEBUG = {debug}
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["orders"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = True
"""
URLS = """
import time

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path


def crash(request, number):
    return {}["crash %d" % number]


def endless(request):
    def pieces():
        while True:
            yield b"x" * 65536

    return StreamingHttpResponse(pieces())


urlpatterns = [
    path("crash/<int:number>", crash),
    path("fine", lambda request: HttpResponse("fine")),
    path("refused", lambda request: JsonResponse({"error": "no luck today"}, status=403)),
    path("unavailable", lambda request: HttpResponse("later", status=503)),
    path("endless", endless),
]
"""
PROGRAM = """
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""
WSGI = """
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
"""
ASGI = WSGI.replace("wsgi", "asgi")
COMMAND = """
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("how")

    def handle(self, how, **options):
        if how == "refuse":
            raise CommandError("there is nothing to count")
        if how == "fail":
            raise LookupError("the stock is gone")
"""
TESTS = """
from django.test import SimpleTestCase


class Orders(SimpleTestCase):
    def test_fine(self):
        assert self.client.get("/fine", HTTP_HOST="127.0.0.1").content == b"fine"

    def test_refused(self):
        assert self.client.get("/refused", HTTP_HOST="127.0.0.1").status_code == 403

    def test_crash(self):
        with self.assertRaises(KeyError):
            self.client.get("/crash/7", HTTP_HOST="127.0.0.1")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "manage.py": PROGRAM,
        "shop/__init__.py": "",
        "shop/settings.py": SETTINGS.format(debug=False),
        "shop/urls.py": URLS,
        "shop/wsgi.py": WSGI,
        "shop/asgi.py": ASGI,
        "orders/__init__.py": "",
        "orders/tests.py": TESTS,
        "orders/management/__init__.py": "",
        "orders/management/commands/__init__.py": "",
        "orders/management/commands/stock.py": COMMAND,
    }
    for name, content in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path


def manage(project: Path, platform: Platform, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=str(project),
        env=environment(platform.url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE,
        text=True,
    )


class Server:
    """A server in a process of its own, and what it printed."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def get(self, path: str) -> Tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def hang_up(self, path: str) -> None:
        """Ask for something, and go while it is coming."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("GET", path)
        connection.getresponse().read(1000)
        connection.close()

    def answers(self, path: str = "/fine", answer: Tuple[int, bytes] = (200, b"fine")) -> bool:
        """Whether this is what it says now. While it starts anew, it says nothing."""
        try:
            return self.get(path) == answer
        except (OSError, http.client.HTTPException):
            return False


@contextmanager
def serving(project: Path, platform: Platform, *command: str) -> Iterator[Server]:
    """A server that answers. ``{port}`` in its command is where it is to listen."""
    port = free_port()
    log = (project / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, *(word.replace("{port}", str(port)) for word in command)],
        cwd=str(project),
        env=environment(platform.url),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        start_new_session=True,
    )
    server = Server(process, port)
    try:
        wait_until(lambda: server.answers() or process.poll() is not None, DEADLINE)
        assert process.poll() is None, (project / "log").read_text()
        yield server
        process.send_signal(signal.SIGTERM)
        process.wait(DEADLINE)
    finally:
        log.close()
        if process.poll() is None:
            process.kill()
            process.wait()


def told(platform: Platform) -> List[Tuple[str, str]]:
    return sorted((event["error_type"], event["request_path"]) for event in platform.events)


# Commands.


def test_a_command_that_fails_is_reported_and_one_that_refuses_is_not(project, platform):
    refused = manage(project, platform, "stock", "refuse")
    assert (refused.returncode, "there is nothing to count" in refused.stdout) == (1, True)
    failed = manage(project, platform, "stock", "fail")
    assert failed.returncode == 1
    assert failed.stdout.rstrip().endswith("LookupError: the stock is gone")

    assert [event["error_type"] for event in platform.events] == ["LookupError"]


def test_the_tests_of_a_project_pass_as_ever(project, platform):
    done = manage(project, platform, "test")

    assert "Ran 3 tests" in done.stdout
    assert done.returncode == 0, done.stdout


# Servers.


def look(server: Server, platform: Platform, *, hangs_up: bool = True) -> None:
    """Ask for what works and what does not, and go away in the midst of an answer."""
    assert server.get("/crash/7")[0] == 500
    assert server.get("/refused") == (403, b'{"error": "no luck today"}')
    assert server.get("/unavailable") == (503, b"later")
    assert server.get("/nowhere")[0] == 404
    if hangs_up:
        server.hang_up("/endless")
    assert server.get("/crash/8")[0] == 500
    platform.wait_for_events(4)


ALL = [("HTTPError", "/refused"), ("HTTPError", "/unavailable"), ("KeyError", "/crash/7"), ("KeyError", "/crash/8")]


def test_djangos_own_server_reports_each_failure_once_and_no_line_of_its_own(project, platform):
    with serving(project, platform, "manage.py", "runserver", "--noreload", "127.0.0.1:{port}") as server:
        look(server, platform)

    assert told(platform) == ALL
    log = (project / "log").read_text()
    assert "aiops_sdk" not in log, log


def test_djangos_own_server_reloads_as_ever(project, platform):
    (project / "shop" / "settings.py").write_text(SETTINGS.format(debug=True))
    with serving(project, platform, "manage.py", "runserver", "127.0.0.1:{port}") as server:
        assert server.get("/crash/7")[0] == 500
        urls = project / "shop" / "urls.py"
        # Its look at the files is one of whole seconds.
        time.sleep(1.1)
        urls.write_text(URLS.replace('"later"', '"sooner"'))
        wait_until(lambda: server.answers("/unavailable", (503, b"sooner")), DEADLINE)
        platform.wait_for_events(2)

    assert ("KeyError", "/crash/7") in told(platform)
    # Asked while it was starting anew, it may have answered more than once.
    assert set(told(platform)) == {("KeyError", "/crash/7"), ("HTTPError", "/unavailable")}


@pytest.mark.parametrize(
    "options",
    [(), ("--preload",), ("--worker-class", "gthread", "--threads", "4"), ("--worker-class", "gevent")],
    ids=["sync", "preload", "gthread", "gevent"],
)
def test_under_gunicorn_each_failure_is_reported_once(project, platform, options):
    pytest.importorskip("gunicorn")
    if "gevent" in options:
        pytest.importorskip("gevent")
    command = ("-m", "gunicorn", "--workers", "2", "--bind", "127.0.0.1:{port}", *options, "shop.wsgi")
    with serving(project, platform, *command) as server:
        look(server, platform)

    assert told(platform) == ALL


@pytest.mark.skipif(django.VERSION < (3, 0), reason="Django speaks ASGI from 3.0 on")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_under_uvicorn_each_failure_is_reported_once(project, platform, workers):
    pytest.importorskip("uvicorn")
    command = ("-m", "uvicorn", "--port", "{port}", "--workers", workers, "--lifespan", "off")
    with serving(project, platform, *command, "shop.asgi:application") as server:
        # What never ends cannot be sent by a handler that is asynchronous: it would be collected first.
        look(server, platform, hangs_up=False)

    assert told(platform) == ALL


def test_under_uwsgi_each_failure_is_reported_once(project, platform):
    uwsgi = Path(sys.executable).with_name("uwsgi")
    if not uwsgi.exists():
        pytest.skip("uWSGI is not installed")
    start = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"
    options = ("--master", "--processes", "2", "--enable-threads", "--die-on-term", "--need-app")
    command = ("-c", start, str(uwsgi), "--http", "127.0.0.1:{port}", "--module", "shop.wsgi", *options)
    with serving(project, platform, *command) as server:
        look(server, platform)

    assert told(platform) == ALL
