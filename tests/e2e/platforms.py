"""A running platform, installed from its wheel, and what a client reads from its JSON API."""

from __future__ import annotations

import contextlib
import json
import re
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from e2e.programs import Program, clean_environment, eventually, finished, free_port, installed, started

# What is on this machine is not reached through anybody's proxy.
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform with a key for services and a token for readers."""

    url: str
    data: Path
    program: Program
    key: str
    token: str

    def get(self, path: str, **query: str) -> Any:
        """What the JSON API answers to a GET."""
        address = f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {self.token}"})
        with OPENER.open(request, timeout=10) as answer:
            return json.load(answer)

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """What the JSON API answers to a write."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        with OPENER.open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def incidents(self, **query: str) -> list[dict[str, Any]]:
        """The incidents in every state, all of them."""
        found = self.get("/api/v1/incidents", **{"state": "all", "per_page": "100", **query})
        assert found["total"] == len(found["items"])
        return list(found["items"])

    def incident(self, *, service: str, message: str) -> dict[str, Any]:
        """Wait for the incident of that service whose message contains that text."""

        def look() -> list[dict[str, Any]]:
            return [row for row in self.incidents() if row["service"] == service and message in row["message"]]

        found = eventually(look, what=f"an incident of {service} that says {message!r}")
        assert len(found) == 1, found
        return found[0]

    def newest_event(self, incident: dict[str, Any]) -> dict[str, Any]:
        """The newest event of the incident, as it is kept."""
        return dict(self.get(f"/api/v1/incidents/{incident['id']}/events/newest"))

    def service(self, name: str, environment: str) -> dict[str, Any]:
        """Wait until that service is known."""

        def look() -> dict[str, Any] | None:
            rows = self.get("/api/v1/services")["items"]
            return next((row for row in rows if (row["name"], row["environment"]) == (name, environment)), None)

        found = eventually(look, what=f"the service {name} in {environment}")
        assert found is not None
        return found

    def send(self, body: dict[str, Any]) -> int:
        """Report an event as an SDK would, and return the status of the answer."""
        request = urllib.request.Request(
            f"{self.url}/v1/sdk/exception",
            data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"},
        )
        with OPENER.open(request, timeout=10) as answer:
            return int(answer.status)

    def catch_up(self, name: str) -> None:
        """Wait until all that was reported before this call has been digested: parcels are taken in their order."""
        assert self.send({"signal_type": "log_error", "service": "last", "message": f"The end of {name}"}) == 202
        self.incident(service="last", message=f"The end of {name}")

    def command(self, *arguments: str) -> str:
        """What one of the platform's commands prints while the platform runs."""
        return aiops(*arguments, data=self.data, url=self.url)

    def sign_in_link(self) -> str:
        """A fresh link."""
        link = re.search(r"https?://\S+", self.command("signin"))
        assert link
        return link.group()


def settings(url: str = "", **more: str) -> dict[str, str]:
    """The environment of the platform's commands."""
    return clean_environment(**({"AIOPS_SERVER_PUBLIC_URL": url} if url else {}), **more)


def aiops(*arguments: str, data: Path, url: str = "") -> str:
    """What a command of the platform prints on standard output."""
    done = finished([installed("e2e", "aiops"), *arguments, "--data", data], environment=settings(url))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def serve(data: Path, port: int) -> list[str | Path]:
    """The command that runs a platform there."""
    return [installed("e2e", "aiops"), "serve", "--data", data, "--port", str(port)]


def is_up(url: str) -> bool:
    """Whether something answers there."""
    with contextlib.suppress(OSError), OPENER.open(url, timeout=2) as answer:
        return bool(answer.status == 200)
    return False


@contextlib.contextmanager
def serving(data: Path, port: int, log: Path, more: Mapping[str, str]) -> Iterator[Program]:
    """A platform that serves what lies in that folder."""
    url = f"http://127.0.0.1:{port}"
    with started(serve(data, port), log=log, environment=settings(url, **more)) as program:
        eventually(
            lambda: is_up(f"{url}/health") or program.process.poll() is not None, what="the platform's first answer"
        )
        assert program.process.poll() is None, program.said()
        yield program


@contextlib.contextmanager
def running_platform(folder: Path, *, more: Mapping[str, str] | None = None) -> Iterator[Platform]:
    """A platform of its own, with everything in that folder. `more` are settings."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    data = folder / "data"
    with serving(data, port, folder / "platform.log", more or {}) as program:
        key = aiops("key", "create", "tests", data=data, url=url)
        token = aiops("token", "create", "tests", data=data, url=url)
        yield Platform(url=url, data=data, program=program, key=key, token=token)
