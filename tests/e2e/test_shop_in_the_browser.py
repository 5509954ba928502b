"""Real input 2: our SDK in the example shop, our platform, both from built wheels; a person at a browser sees it happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from e2e.platforms import Platform
from e2e.programs import PATIENCE
from e2e.shops import SERVERS, Shop, running_shop

MILLISECONDS = 1000


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What one of the shop's buttons makes, as the platform's page shall show it."""

    button: str
    type: str
    message: str
    headline: str = ""
    """What stands largest; empty where that is the type."""
    inside: str = ""
    """A function that the traceback must lead to; empty where there is no traceback."""


FAILURES = (
    Failure(button="fail-unhandled", type="KeyError", message="42", inside="show_order"),
    Failure(button="fail-swallowed", type="ZeroDivisionError", message="division by zero"),
    Failure(button="fail-forbidden", type="HTTPError", message="GET /admin/prices returned HTTP 403"),
    Failure(
        button="fail-log",
        type="ERROR",
        message="The payment provider declined order 1002",
        headline="The payment provider declined order 1002",
    ),
    Failure(
        button="fail-log-traceback",
        type="ERROR",
        message="No label could be printed for order 1002",
        headline="No label could be printed for order 1002",
        inside="weigh",
    ),
    Failure(button="fail-thread", type="IndexError", message="list index out of range", inside="write_newsletter"),
    Failure(button="fail-database", type="IntegrityError", message="CHECK constraint failed", inside="sell"),
)
SILENT = {"silent-404": 404, "silent-429": 429, "silent-options": 200, "silent-health": 503, "silent-static": 500}


@pytest.fixture(scope="module", params=SERVERS)
def shop(
    request: pytest.FixtureRequest, platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    with running_shop(
        request.param, folder, platform_url=platform.url, key=platform.key, environment=request.param
    ) as running:
        yield running


@pytest.fixture(scope="module")
def person(browser: Browser, platform: Platform) -> Iterator[BrowserContext]:
    """Somebody who is signed in to the platform."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE * MILLISECONDS)
    page = context.new_page()
    page.goto(platform.sign_in_link())
    page.close()
    yield context
    context.close()


@pytest.fixture
def front_page(person: BrowserContext, shop: Shop) -> Iterator[Page]:
    """The shop, in a tab of its own."""
    page = person.new_page()
    page.goto(shop.url)
    yield page
    page.close()


@pytest.fixture
def incidents(person: BrowserContext, platform: Platform, shop: Shop, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The platform's list of this shop's incidents, in a tab that nobody touches."""
    page = person.new_page()
    page.goto(f"{platform.url}/incidents?environment={request.node.callspec.params['shop']}")
    page.evaluate("window.sameAsBefore = true")
    yield page
    page.close()


def bring_in(incidents: Page, row: Locator) -> None:
    """Where others are listed already, a bar says that something came in; a click shows it."""
    news, until = incidents.locator("#news-bar"), monotonic() + PATIENCE
    while not row.count() and monotonic() < until:
        if news.is_visible():
            news.click()
        incidents.wait_for_timeout(100)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.button)
def test_a_press_becomes_an_incident_on_the_open_page(front_page: Page, incidents: Page, failure: Failure) -> None:
    press(front_page, failure.button)

    incidents.bring_to_front()
    row = incidents.get_by_test_id("incident").filter(has_text=failure.message).filter(has_text=failure.type)
    bring_in(incidents, row)
    expect(row).to_have_count(1, timeout=PATIENCE * MILLISECONDS)
    assert incidents.evaluate("window.sameAsBefore"), "The page was loaded anew; it shall turn by itself."

    row.get_by_role("link").first.click()
    expect(incidents.get_by_role("heading", level=1)).to_contain_text(failure.headline or failure.type)
    if failure.inside:
        expect(incidents.get_by_test_id("traceback")).to_contain_text(failure.inside)


def test_a_page_turns_live_however_late_a_script_arrives(person: BrowserContext, platform: Platform) -> None:
    page = person.new_page()

    def late(route: Route) -> None:
        page.wait_for_timeout(500)
        route.continue_()

    page.route("**/hx-sse*", late)

    with page.expect_request("**/live?*"):
        page.goto(f"{platform.url}/incidents")

    page.close()


def test_one_failure_is_one_incident(platform: Platform, tmp_path: Path) -> None:
    with running_shop("gunicorn", tmp_path, platform_url=platform.url, key=platform.key, environment="once") as shop:
        for failure in FAILURES:
            shop.press(failure.button)
        assert shop.program.end() == 0
    platform.catch_up("one failure, one incident")

    seen = sorted((row["type"], row["count"]) for row in platform.incidents(environment="once"))

    assert seen == sorted((failure.type, 1) for failure in FAILURES)


@pytest.mark.parametrize("server", SERVERS)
def test_what_is_no_failure_makes_no_incident(
    browser: Browser, platform: Platform, tmp_path: Path, server: str
) -> None:
    environment = f"silent-{server}"
    with running_shop(server, tmp_path, platform_url=platform.url, key=platform.key, environment=environment) as shop:
        page = browser.new_page()
        page.goto(shop.url)
        for button, status in SILENT.items():
            assert f"→ {status} " in press(page, button)
        page.close()
        # An orderly end sends all that was still waiting, so nothing can come later.
        shop.program.end()
    platform.catch_up(environment)

    assert platform.service("shop", environment)["last_beat_at"], "It did report that it lives."
    assert platform.incidents(environment=environment) == []


def press(page: Page, button: str) -> str:
    """Press one of the shop's buttons and return what the shop answered."""
    page.bring_to_front()
    page.get_by_test_id(button).click()
    answer = page.locator("output[data-answered]")
    expect(answer).to_contain_text("→")
    return answer.inner_text() + " "
