"""Real input 1: the SDK as it was last published, unmodified, against our platform. Every signal becomes what it should."""

from __future__ import annotations

import contextlib
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.platforms import OPENER, Platform, is_up
from e2e.programs import clean_environment, eventually, finished, free_port, installed, started

APPS = Path(__file__).parent / "apps"


def surroundings(platform: Platform, **more: str) -> dict[str, str]:
    return clean_environment(AIOPS_PLATFORM_URL=platform.url, AIOPS_API_KEY=platform.key, **more)


@pytest.fixture(scope="module")
def service(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Flask service that reports with the published SDK."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = surroundings(
        platform, AIOPS_SERVICE_NAME="bank", AIOPS_ENV="staging", AIOPS_SERVICE_BASE_URL="http://bank.test"
    )
    command: list[str | Path] = [installed("published", "flask"), "--app", "published", "run", "--port", str(port)]
    log = tmp_path_factory.mktemp("published") / "service.log"
    with started(command, log=log, environment=environment, directory=APPS) as program:
        eventually(lambda: is_up(url) or program.process.poll() is not None, what="the service's first answer")
        assert program.process.poll() is None, program.said()
        yield url


def visit(address: str) -> None:
    with contextlib.suppress(urllib.error.HTTPError), OPENER.open(address, timeout=10) as answer:
        answer.read()


def test_an_exception_in_a_view_is_an_incident_with_its_traceback(platform: Platform, service: str) -> None:
    visit(f"{service}/crash/pears")

    incident = platform.incident(service="bank", message="There is no price for pears")

    assert (incident["kind"], incident["type"], incident["environment"]) == ("exception", "LookupError", "staging")
    assert "in crash" in platform.newest_event(incident)["body"]["stack_trace"]


def test_the_same_exception_for_another_thing_is_the_same_incident(platform: Platform, service: str) -> None:
    for number in (4711, 4712):
        visit(f"{service}/crash/fruit-{number}")

    eventually(
        # Two reports of each: the exception, and the line that Flask logs of it.
        lambda: platform.incident(service="bank", message="There is no price for fruit")["count"] >= 2,
        what="both in one incident",
    )


def test_an_error_swallowed_into_an_answer_is_an_incident_of_the_inferred_type(
    platform: Platform, service: str
) -> None:
    visit(f"{service}/swallowed")

    incident = platform.incident(service="bank", message="'NoneType' object has no attribute 'price'")

    assert (incident["kind"], incident["type"], incident["status_code"]) == ("http_error", "AttributeError", 500)
    assert platform.newest_event(incident)["body"]["request_path"] == "/swallowed"


@pytest.mark.parametrize("status", [400, 401, 403, 502, 503, 504])
def test_each_status_that_counts_is_an_incident(platform: Platform, service: str, status: int) -> None:
    visit(f"{service}/refused/{status}")

    incident = platform.incident(service="bank", message=f"GET /refused/{status} returned HTTP {status}")

    assert (incident["kind"], incident["type"], incident["status_code"]) == ("http_error", "HTTPError", status)


def test_a_logged_error_is_an_incident(platform: Platform, service: str) -> None:
    visit(f"{service}/logged")

    incident = platform.incident(service="bank", message="The bank did not answer for account 17")

    assert (incident["kind"], incident["type"]) == ("log_error", "ERROR")


def test_a_logged_error_keeps_its_traceback(platform: Platform, service: str) -> None:
    visit(f"{service}/logged-with-traceback")

    incident = platform.incident(service="bank", message="The statement could not be read")

    assert incident["kind"] == "log_error"
    assert "ValueError: invalid literal" in platform.newest_event(incident)["body"]["stack_trace"]


def test_an_exception_that_was_handed_over_is_an_incident(platform: Platform, service: str) -> None:
    visit(f"{service}/handed-over")

    incident = platform.incident(service="bank", message="'balance'")

    assert (incident["kind"], incident["type"]) == ("exception", "KeyError")


def test_its_heartbeat_makes_the_service_known_and_alive(platform: Platform, service: str) -> None:
    row = platform.service("bank", "staging")

    assert row["state"] == "alive"
    assert row["base_url"] == "http://bank.test"


def test_a_crash_of_the_whole_process_is_an_incident(platform: Platform) -> None:
    program = "import aiops_sdk; aiops_sdk.init(); raise SystemError('The ledger is torn')"
    done = finished(
        [installed("published", "python"), "-c", program],
        environment=surroundings(platform, AIOPS_SERVICE_NAME="ledger"),
    )
    assert done.returncode == 1

    incident = platform.incident(service="ledger", message="The ledger is torn")

    assert (incident["kind"], incident["type"], incident["environment"]) == ("exception", "SystemError", "production")
    assert platform.newest_event(incident)["body"]["source"] == "process"


def test_a_service_that_gives_no_name_is_known_all_the_same(platform: Platform) -> None:
    finished(
        [installed("published", "python"), "-c", "import aiops_sdk; aiops_sdk.init(); raise OSError('nameless')"],
        environment=surroundings(platform),
    )

    assert platform.incident(service="unknown-service", message="nameless")["type"] == "OSError"
