"""The example shop, running under the servers that people use, with our SDK from its wheel."""

from __future__ import annotations

import contextlib
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from e2e.platforms import OPENER, is_up
from e2e.programs import SHOP, Program, clean_environment, eventually, free_port, installed, started

SERVERS = ("gunicorn", "flask")


@dataclass(frozen=True, kw_only=True)
class Shop:
    """A running shop."""

    url: str
    program: Program

    def buttons(self) -> dict[str, tuple[str, str]]:
        """The front page's buttons by their test id: the method and the path of what they ask for."""
        with OPENER.open(self.url, timeout=10) as answer:
            page = answer.read().decode()
        found = re.findall(r'data-testid="((?:fail|silent|break|try)-[\w-]+)" data-(get|post|options)="([^"]+)"', page)
        return {name: (method.upper(), path) for name, method, path in found}

    def press(self, button: str) -> int:
        """Do what the button does, and return the status of the answer."""
        method, path = self.buttons()[button]
        request = urllib.request.Request(self.url + path, method=method, data=b"" if method == "POST" else None)
        try:
            with OPENER.open(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return refusal.code


def command(server: str, port: int) -> list[str | Path]:
    """How the shop is started under that server."""
    if server == "gunicorn":
        return [installed("e2e", "gunicorn"), "--workers", "2", "--bind", f"127.0.0.1:{port}", "app:app"]
    return [installed("e2e", "flask"), "--app", "app", "run", "--port", str(port)]


@contextlib.contextmanager
def running_shop(
    server: str, folder: Path, *, platform_url: str, key: str, environment: str = "production", says_where: bool = False
) -> Iterator[Shop]:
    """The shop under that server, reporting to that platform; with `says_where` it tells its address from the start."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    own = {"AIOPS_SERVICE_BASE_URL": url} if says_where else {}
    surroundings = clean_environment(
        SHOP_DATABASE=str(folder / "stock.db"),
        AIOPS_PLATFORM_URL=platform_url,
        AIOPS_API_KEY=key,
        AIOPS_ENV=environment,
        AIOPS_SPOOL=str(folder / "spool"),
        **own,
    )
    with started(command(server, port), log=folder / "shop.log", environment=surroundings, directory=SHOP) as program:
        eventually(lambda: is_up(url) or program.process.poll() is not None, what="the shop's first answer")
        assert program.process.poll() is None, program.said()
        yield Shop(url=url, program=program)
