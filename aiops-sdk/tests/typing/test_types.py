"""What type checkers say of programs that use the SDK."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable, Dict, List

import pytest

import aiops_sdk

DEADLINE = 120.0

RIGHT = """
import logging
import sys
from typing import Dict, Iterator, List, Optional

import aiops_sdk
from aiops_sdk.delivery.transport import Accepted, Retry, outcome_of
from aiops_sdk.testing import CapturedEvents, capture_events

TYPE_CHECKING = False
if TYPE_CHECKING:
    from aiops_sdk.delivery.transport import Outcome

# Beginning and ending.
client: aiops_sdk.Client = aiops_sdk.init("key", service_name="shop", skip_paths=["/ping"], release=None)
again: aiops_sdk.Client = aiops_sdk.init(
    api_key="key",
    environment="staging",
    platform_url="https://aiops.example",
    base_url=None,
    skip_paths="/ping,/pong",
    tags={"region": "eu", "shard": 7},
    aggregate_repeats=False,
    spool=False,
    flush_on_sigterm=True,
    shutdown_timeout=5,
    max_breadcrumbs=10,
    capture_sql=True,
    capture_http=True,
    capture_locals=True,
    capture_body=True,
    debug=True,
    proxy="http://proxy:3128",
    ca_file="/etc/ca.pem",
)
config: aiops_sdk.Config = client.config
done: bool = aiops_sdk.flush(1.5)
closed: bool = aiops_sdk.close()
numbers: Dict[str, object] = aiops_sdk.stats()
version: str = aiops_sdk.__version__
try:
    aiops_sdk.init()
except aiops_sdk.ConfigError as error:
    text: str = str(error)

# Handing over.
event_id: Optional[str] = aiops_sdk.capture_exception(ValueError())
event_id = aiops_sdk.capture_exception()
event_id = aiops_sdk.capture_exception(sys.exc_info())
event_id = aiops_sdk.capture_exception("whatever somebody raises", fingerprint=["orders", "stock"])
event_id = aiops_sdk.capture_message("the stock is low", "warning")

# Saying what it is about.
aiops_sdk.set_user(7)
aiops_sdk.set_user({"id": "7"})
aiops_sdk.set_user(id=7, email="a@example.com", name="Ann", ip_address="192.0.2.7")
aiops_sdk.set_user(None)
aiops_sdk.set_tag("tenant", 7)
aiops_sdk.add_breadcrumb("the cart was opened", category="cart", level="info", data={"items": 3})
with aiops_sdk.context(order_id=7, cart={"items": 3}):
    pass


# Jobs: what is decorated stays what it is.
@aiops_sdk.monitor("nightly-import", schedule="0 3 * * *")
def import_all(path: str, *, dry: bool = False) -> int:
    return len(path)


@aiops_sdk.monitor("every-minute", schedule=60)
async def poll(times: int) -> str:
    return str(times)


@aiops_sdk.monitor("rows", schedule={"every": 60, "timezone": "Europe/Berlin"})
def rows() -> Iterator[int]:
    yield 1


count: int = import_all("orders.csv", dry=True)
first: int = next(iter(rows()))
with aiops_sdk.monitor("block"):
    pass


async def main() -> None:
    told: str = await poll(3)
    async with aiops_sdk.monitor("block"):
        logging.info(told)


# Fixers: so do they.
@aiops_sdk.fixer("recycle-db-pool", description="Close all connections.", params={"pool": str}, timeout=5)
def recycle(pool: str = "main") -> int:
    return len(pool)


@aiops_sdk.fixer("drop-cache", each_instance=True)
async def drop(region: str) -> None: ...


count = recycle("orders")


# A transport of one's own.
class Courier:
    def send(self, path: str, body: bytes, *, compress: bool = False) -> "Outcome":
        if not body:
            return Retry("no way", after=3.0)
        return outcome_of(202, None, b"{}", 0.0) if compress else Accepted()

    def close(self) -> None: ...

    def abandon(self) -> None: ...


aiops_sdk.init("key", transport=Courier())

# In tests.
with capture_events() as events:
    captured: CapturedEvents = events
    types: List[str] = [event["error_type"] for event in events]
    reasons: List[Optional[str]] = [decision.why for decision in events.ignored]
"""

WRONG = """
import aiops_sdk

aiops_sdk.init(42)
aiops_sdk.init(service_name=42)
aiops_sdk.capture_message(42)
aiops_sdk.flush("soon")
aiops_sdk.set_user(id=[])
aiops_sdk.init(transport=object())
aiops_sdk.monitor("x", schedule=object())
aiops_sdk.monitor("x")(lambda: 1) + "x"
"""


def mypy(program: Path) -> List[int]:
    """The lines of which it complains."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", "cache", program.name],
        cwd=str(program.parent),
        env={**os.environ, "MYPYPATH": sources()},
        capture_output=True,
        timeout=DEADLINE,
    )
    found = [line for line in done.stdout.decode().splitlines() if ": error: " in line]
    assert done.returncode == bool(found), done.stdout.decode() + done.stderr.decode()
    return [int(line.split(":")[1]) for line in found]


def pyright(program: Path) -> List[int]:
    """The same, of Pyright in its strictest way."""
    (program.parent / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "pythonVersion": "3.10"}')
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, program.name],
        cwd=str(program.parent),
        env={**os.environ, "PYTHONPATH": sources()},
        capture_output=True,
        timeout=DEADLINE,
    )
    told = json.loads(done.stdout)["generalDiagnostics"]
    return [each["range"]["start"]["line"] + 1 for each in told if each["severity"] == "error"]


def sources() -> str:
    return str(Path(aiops_sdk.__file__).parent.parent)


CHECKERS: Dict[str, Callable[[Path], List[int]]] = {"mypy": mypy, "basedpyright": pyright}


@pytest.fixture(params=sorted(CHECKERS))
def complaints(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], List[int]]:
    """What a type checker says of a program; it must be installed."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"there is no {request.param} here")

    def check(text: str) -> List[int]:
        program = tmp_path / "program.py"
        program.write_text(text, encoding="utf-8")
        return CHECKERS[request.param](program)

    return check


def test_a_program_that_is_right_passes_the_strictest_check(complaints: Callable[[str], List[int]]) -> None:
    assert complaints(RIGHT) == []


def test_mistakes_are_found(complaints: Callable[[str], List[int]]) -> None:
    assert sorted(set(complaints(WRONG))) == [4, 5, 6, 7, 8, 9, 10, 11]


def test_nothing_is_public_that_is_not_used_here() -> None:
    unused = [name for name in aiops_sdk.__all__ if f"aiops_sdk.{name}" not in RIGHT]
    # Flask's function needs Flask; its own file is checked with it.
    assert unused == ["init_flask"]
