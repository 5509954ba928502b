"""Django's own tests about requests, from its source distribution, come out the same with the SDK listening to every handler."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import Platform as Loopback

from e2e.programs import ENVIRONMENTS, clean_environment, installed

# What has to do with requests, handlers, logs and signals. The others are about models, forms and templates.
LABELS = (
    *("asgi", "async", "auth_tests.test_middleware", "context_processors", "csrf_tests", "decorators", "deprecation"),
    *("dispatch", "gzip", "handlers", "httpwrappers", "logging_tests", "middleware", "middleware_exceptions"),
    *("requests_tests", "responses", "servers", "signals", "staticfiles_tests", "test_client", "test_client_regress"),
    *("urlpatterns", "urlpatterns_reverse", "user_commands", "view_tests", "wsgi"),
)
RUNNER = Path(__file__).parent / "foreign" / "run_django_tests.py"
DEADLINE = 150  # seconds for one run; it takes about fifteen


@pytest.fixture(scope="module")
def loopback() -> Iterator[Loopback]:
    running = Loopback()
    yield running
    running.stop()


def run(outcomes: Path, labels: tuple[str, ...] = LABELS, **environ: str) -> tuple[dict[str, str], str]:
    """How each test came out, by its name, and what was printed."""
    sources = next((ENVIRONMENTS / "django-suite" / "sources").glob("django-*"))
    done = subprocess.run(
        [str(installed("django-suite", "python")), str(RUNNER), str(outcomes), "--parallel", "1", *labels],
        cwd=sources / "tests",
        env=clean_environment(**environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert outcomes.is_file(), done.stdout
    return json.loads(outcomes.read_text()), done.stdout


def label(name: str) -> str:
    """What the runner calls a test that says of itself: test_it (handlers.tests.HandlerTests.test_it)."""
    return name.partition("(")[2].partition(")")[0]


@pytest.mark.timeout(3 * DEADLINE + 10)
def test_djangos_own_tests_come_out_the_same_with_the_sdk_listening_to_every_handler(
    tmp_path: Path, loopback: Loopback
) -> None:
    attached, ours = run(
        tmp_path / "attached.json",
        AIOPS_API_KEY="key-of-the-test",
        AIOPS_PLATFORM_URL=loopback.url,
        AIOPS_SPOOL=str(tmp_path / "spool"),
    )
    assert len(attached) > 1500, ours
    # What passes needs no comparison.
    others = {name: how for name, how in attached.items() if how != "addSuccess"}
    without = run(tmp_path / "others.json", tuple(map(label, others)))[0] if others else {}
    if without != others:
        # A test may depend on others.
        without, plain = run(tmp_path / "without.json")
        assert attached == without, f"{plain}\n{ours}"
    # It was listening: these tests raise, deny and log on purpose.
    assert len(loopback.wait_for_events(50)) >= 50
